// SPDX-License-Identifier: GPL-2.0-or-later
/* report - a home's week: how often the owner was disturbed, how often in vain, and how
 * much is not known yet. No peer and no name of one leaves by it. */
#include "profiles/maintain/maintain_priv.h"

#include <inttypes.h>

#define PERCENT 100.0

static void json_counts(const struct maintain_week *w, struct jsonw *out)
{
	jsonw_kv_u64(out, "alerts", w->alerts);
	jsonw_kv_u64(out, "blocked", w->conversations[MAINTAIN_BLOCKED]);
	jsonw_kv_u64(out, "false_blocks", w->false_blocks);
	jsonw_kv_u64(out, "poison", w->conversations[MAINTAIN_POISON]);
	jsonw_kv_u64(out, "windows", w->windows);
	jsonw_key(out, "proposals");
	jsonw_object(out);
	jsonw_kv_u64(out, "asked", w->asked);
	jsonw_kv_u64(out, "accepted", w->accepted);
	jsonw_kv_u64(out, "auto_accepted", w->automatic);
	jsonw_kv_u64(out, "rejected", w->rejected);
	jsonw_kv_u64(out, "expired", w->expired);
	jsonw_object_end(out);
}

static void json_unseen(const struct learned_unseen *u, struct jsonw *out)
{
	jsonw_key(out, "unseen");
	jsonw_object(out);
	jsonw_kv_string(out, "state", learned_state_name(u->state));
	jsonw_key(out, "share");
	if (u->state == LEARNED_UNKNOWN)
		jsonw_null(out);
	else
		jsonw_decimal(out, u->share);
	jsonw_key(out, "bound");
	if (u->state == LEARNED_UNKNOWN)
		jsonw_null(out);
	else
		jsonw_decimal(out, u->bound);
	jsonw_object_end(out);
}

static void json_device(const struct maintain_report_device *d, struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_mac(out, "mac", &d->mac);
	jsonw_kv_untrusted(out, "name", d->name);
	json_counts(&d->week, out);
	jsonw_key(out, "conversations");
	jsonw_object(out);
	for (int v = 0; v < MAINTAIN_VERDICT_MAX; v++)
		jsonw_kv_u64(out, maintain_verdict_name(v), d->week.conversations[v]);
	jsonw_object_end(out);
	jsonw_kv_u64(out, "versions", d->week.versions);
	jsonw_kv_u64(out, "waiting", d->waiting);
	jsonw_kv_bool(out, "window_open", d->window);
	json_unseen(&d->unseen, out);
	jsonw_object_end(out);
}

static struct maintain_week sum_of(const struct maintain_report *r)
{
	struct maintain_week sum = {.since = r->since};

	for (size_t i = 0; i < r->count; i++) {
		const struct maintain_week *w = &r->devices[i].week;

		for (int v = 0; v < MAINTAIN_VERDICT_MAX; v++)
			sum.conversations[v] += w->conversations[v];
		sum.alerts += w->alerts;
		sum.false_blocks += w->false_blocks;
		sum.asked += w->asked;
		sum.accepted += w->accepted;
		sum.automatic += w->automatic;
		sum.rejected += w->rejected;
		sum.expired += w->expired;
		sum.windows += w->windows;
		sum.versions += w->versions;
	}
	return sum;
}

void maintain_report_json(const struct maintain_report *r, struct jsonw *out)
{
	struct maintain_week sum = sum_of(r);

	jsonw_object(out);
	jsonw_kv_string(out, "schema", "cardea.week/1");
	jsonw_kv_time(out, "since", r->since);
	jsonw_key(out, "house");
	jsonw_object(out);
	jsonw_kv_u64(out, "devices", r->count);
	json_counts(&sum, out);
	jsonw_object_end(out);
	jsonw_key(out, "devices");
	jsonw_array(out);
	for (size_t i = 0; i < r->count; i++)
		json_device(&r->devices[i], out);
	jsonw_array_end(out);
	jsonw_object_end(out);
}

static void text_unseen(const struct learned_unseen *u, FILE *out)
{
	if (u->state == LEARNED_UNKNOWN)
		fprintf(out, "unseen: unknown (%" PRIu32 " of %d episodes)",
			u->episodes, LEARNED_EPISODES_LEAST);
	else
		fprintf(out, "unseen: %.1f %%, %.1f %% at most (%s)",
			u->share * PERCENT, u->bound * PERCENT,
			learned_state_name(u->state));
}

static void text_counts(const struct maintain_week *w, FILE *out)
{
	fprintf(out,
		"%" PRIu64 " alert%s, %" PRIu64 " blocked, %" PRIu64
		" of those without need; %" PRIu32 " asked, %" PRIu32
		" accepted, %" PRIu32 " by itself, %" PRIu32 " refused",
		w->alerts, w->alerts == 1 ? "" : "s",
		w->conversations[MAINTAIN_BLOCKED], w->false_blocks, w->asked,
		w->accepted, w->automatic, w->rejected);
	if (w->windows)
		fprintf(out, "; %" PRIu32 " update%s", w->windows,
			w->windows == 1 ? "" : "s");
}

void maintain_report_text(const struct maintain_report *r, FILE *out)
{
	struct maintain_week sum = sum_of(r);
	char date[CLOCK_TEXT_MAX], mac[MAC_TEXT_MAX];

	fprintf(out, "Week of %.10s, %zu device%s: ", clock_format(r->since, date),
		r->count, r->count == 1 ? "" : "s");
	text_counts(&sum, out);
	fputc('\n', out);
	for (size_t i = 0; i < r->count; i++) {
		const struct maintain_report_device *d = &r->devices[i];
		char name[LIMIT_NAME];

		fprintf(out, "  %s: ",
			d->name[0] ? str_escape(str_untrusted(d->name), name,
					     sizeof(name))
				   : mac_format(&d->mac, mac));
		text_counts(&d->week, out);
		fprintf(out, "\n    %" PRIu32 " waiting%s; ", d->waiting,
			d->window ? ", learning anew after an update" : "");
		text_unseen(&d->unseen, out);
		fputc('\n', out);
	}
}
