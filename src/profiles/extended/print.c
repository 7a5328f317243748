// SPDX-License-Identifier: GPL-2.0-or-later
/* print - a profile as its canonical text: what is equal prints equal, and what was
 * printed reads back as it was. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "profiles/extended/extended_priv.h"

#define INDENT 2

static void print_indent(FILE *out, unsigned depth)
{
	fprintf(out, "%*s", (int)(depth * INDENT), "");
}

static bool text_is_plain(const char *text)
{
	if (!isalnum((unsigned char)text[0]) || strcmp(text, "null") == 0)
		return false;
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_./", *p))
			return false;
	return true;
}

/* Between single quotes nothing is special but they themselves. */
static void print_text(FILE *out, const char *text)
{
	if (text_is_plain(text)) {
		fputs(text, out);
		return;
	}
	putc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			putc('\'', out);
		putc(*text, out);
	}
	putc('\'', out);
}

static void print_key_text(FILE *out, unsigned depth, const char *key, const char *text)
{
	if (!text)
		return;
	print_indent(out, depth);
	fprintf(out, "%s: ", key);
	print_text(out, text);
	putc('\n', out);
}

static void print_key(FILE *out, unsigned depth, const char *key)
{
	print_indent(out, depth);
	print_text(out, key);
	fputs(":\n", out);
}

void print_time(FILE *out, nstime t)
{
	static const struct {
		const char *name;
		nstime ns;
	} units[] = {{"d", 86400 * NS_PER_SEC}, {"h", 3600 * NS_PER_SEC},
		{"m", 60 * NS_PER_SEC}, {"s", NS_PER_SEC}, {"ms", NS_PER_MS}, {"us", 1000}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (t == 0 || t % units[i].ns)
			continue;
		fprintf(out, "%lld %s", (long long)(t / units[i].ns), units[i].name);
		return;
	}
	fprintf(out, "%lld ns", (long long)t);
}

static void print_octets(FILE *out, uint64_t n)
{
	if (n && n % 1000000000 == 0)
		fprintf(out, "%llu GB", (unsigned long long)n / 1000000000);
	else if (n && n % 1000000 == 0)
		fprintf(out, "%llu MB", (unsigned long long)n / 1000000);
	else if (n && n % 1000 == 0)
		fprintf(out, "%llu kB", (unsigned long long)n / 1000);
	else
		fprintf(out, "%llu bytes", (unsigned long long)n);
}

static const char *range_word(const struct schema_key *k, const struct extended_value *v)
{
	if (v->lo != v->hi)
		return NULL;
	for (const struct schema_word *w = k->words; w && w->word; w++)
		if (w->value == v->lo)
			return w->word;
	return NULL;
}

static void print_range(const struct schema_key *k, const struct extended_value *v,
	char *buf, size_t size)
{
	const char *word = range_word(k, v);

	if (word)
		(void)str_copy(buf, size, word);
	else if (v->lo == v->hi)
		(void)str_print(buf, size, "%u", v->lo);
	else
		(void)str_print(buf, size, "%u-%u", v->lo, v->hi);
}

static void print_net(const struct prefix *net, char *buf, size_t size)
{
	char text[PREFIX_TEXT_MAX];

	if (net->len == addr_bits(&net->addr))
		addr_format(&net->addr, text);
	else
		prefix_format(net, text);
	(void)str_copy(buf, size, text);
}

/* buf must hold TREE_SCALAR and a * of a text that begins so. */
char *print_value(const struct extended_profile *p, enum extended_key key,
	const struct extended_value *v, char *buf, size_t size)
{
	char mac[MAC_TEXT_MAX];

	switch (v->kind) {
	case VALUE_RANGE:
		print_range(&schema_keys[key], v, buf, size);
		return buf;
	case VALUE_BOOL:
		(void)str_copy(buf, size, v->lo ? "true" : "false");
		return buf;
	case VALUE_TEXT:
	case VALUE_NAME:
		(void)str_copy(buf, size, v->text);
		return buf;
	case VALUE_START:
		(void)str_print(buf, size, "%s*", v->text);
		return buf;
	case VALUE_NET:
		print_net(&v->net, buf, size);
		return buf;
	case VALUE_MAC:
		(void)str_copy(buf, size, mac_format(&v->mac, mac));
		return buf;
	case VALUE_ROLE:
		(void)str_copy(buf, size, p->roles[v->lo].name);
		return buf;
	case VALUE_GROUP:
		(void)str_copy(buf, size, schema_group_name((enum extended_group)v->lo));
		return buf;
	}
	return buf;
}

static void print_field(const struct extended_profile *p, const struct extended_field *f,
	unsigned depth, FILE *out)
{
	char buf[TREE_SCALAR + 2];

	print_indent(out, depth);
	fprintf(out, "%s: ", schema_keys[f->key].name);
	if (f->count > 1)
		putc('[', out);
	for (uint32_t i = 0; i < f->count; i++) {
		if (i)
			fputs(", ", out);
		print_value(p, f->key, &f->values[i], buf, sizeof buf);
		/* a colon or comma in a list in one line would end the value */
		print_text(out, buf);
	}
	fputs(f->count > 1 ? "]\n" : "\n", out);
}

static void print_match(const struct extended_profile *p, const struct extended_match *m,
	unsigned depth, FILE *out)
{
	print_key(out, depth, "match");
	for (unsigned proto = 0; proto < EXTENDED_PROTO_MAX; proto++) {
		if (!(m->protos & 1u << proto))
			continue;
		print_key(out, depth + 1, schema_protos[proto]);
		for (uint32_t i = 0; i < m->count; i++)
			if (schema_keys[m->fields[i].key].proto == proto)
				print_field(p, &m->fields[i], depth + 2, out);
	}
}

typedef void (*amount_printer)(FILE *out, uint64_t n);

static void amount_count(FILE *out, uint64_t n)
{
	fprintf(out, "%llu", (unsigned long long)n);
}

static void amount_time(FILE *out, uint64_t n)
{
	print_time(out, (nstime)n);
}

static void print_amount(FILE *out, unsigned depth, const char *key,
	const struct extended_amount *a, amount_printer print)
{
	if (!a->is_set)
		return;
	print_indent(out, depth);
	fprintf(out, "%s: ", key);
	if (a->is_split) {
		fputs("{forward: ", out);
		print(out, a->forward);
		fputs(", backward: ", out);
		print(out, a->backward);
		fputs("}\n", out);
	} else {
		print(out, a->both);
		putc('\n', out);
	}
}

static void print_rate(const struct extended_stats *s, unsigned depth, FILE *out)
{
	if (!s->has_rate)
		return;
	print_indent(out, depth);
	if (s->rate_unlimited) {
		fputs("rate: unlimited\n", out);
		return;
	}
	fprintf(out, "rate: %llu/%s", (unsigned long long)s->rate, schema_units[s->unit]);
	if (s->burst && s->burst_is_bytes) {
		fputs(" burst ", out);
		print_octets(out, s->burst);
	} else if (s->burst) {
		fprintf(out, " burst %llu packets", (unsigned long long)s->burst);
	}
	putc('\n', out);
}

static void print_stats(const struct extended_stats *s, unsigned depth, FILE *out)
{
	if (!s->has_rate && !s->bitrate && !s->bytes.is_set && !s->has_size &&
		!s->packets.is_set && !s->duration.is_set)
		return;
	print_key(out, depth, "stats");
	print_rate(s, depth + 1, out);
	if (s->bitrate) {
		print_indent(out, depth + 1);
		fprintf(out, "bitrate: %llu bit/s", (unsigned long long)s->bitrate);
		if (s->bitrate_burst) {
			fputs(" burst ", out);
			print_octets(out, s->bitrate_burst);
		}
		putc('\n', out);
	}
	print_amount(out, depth + 1, "bytes", &s->bytes, print_octets);
	if (s->has_size) {
		print_indent(out, depth + 1);
		fprintf(out, "packet-size: %u-%u\n", s->size_lo, s->size_hi);
	}
	print_amount(out, depth + 1, "packet-count", &s->packets, amount_count);
	print_amount(out, depth + 1, "duration", &s->duration, amount_time);
}

static void print_window(const struct extended_window *w, unsigned depth, FILE *out)
{
	const int8_t parts[] = {w->minute, w->hour, w->month_day, w->week_day};

	if (!w->is_set)
		return;
	print_key(out, depth, "activity");
	print_indent(out, depth + 1);
	fputs("start: '", out);
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			putc(' ', out);
		if (parts[i] == WINDOW_ANY)
			putc('*', out);
		else
			fprintf(out, "%d", parts[i]);
	}
	fputs("'\n", out);
	print_indent(out, depth + 1);
	fputs("duration: ", out);
	print_time(out, w->duration);
	putc('\n', out);
}

static void print_seen(const struct extended_provenance *p, unsigned depth, FILE *out)
{
	if (p->period) {
		print_indent(out, depth);
		fputs("period: ", out);
		print_time(out, p->period);
		putc('\n', out);
	}
	if (p->bytes_median) {
		print_indent(out, depth);
		fputs("bytes-median: ", out);
		print_octets(out, p->bytes_median);
		putc('\n', out);
	}
	if (p->bytes_p99) {
		print_indent(out, depth);
		fputs("bytes-p99: ", out);
		print_octets(out, p->bytes_p99);
		putc('\n', out);
	}
	print_key_text(out, depth, "said", p->said);
}

static void print_provenance(const struct extended_provenance *p, unsigned depth, FILE *out)
{
	if (!p->is_set)
		return;
	print_indent(out, depth);
	if (p->source == SOURCE_NONE && !p->episodes && !p->context_count && !p->first &&
		!p->last && !p->file && !p->line && !p->period && !p->bytes_median &&
		!p->bytes_p99 && !p->said) {
		fputs("provenance: {}\n", out);
		return;
	}
	fputs("provenance:\n", out);
	if (p->source != SOURCE_NONE)
		print_key_text(out, depth + 1, "source", schema_sources[p->source]);
	if (p->episodes) {
		print_indent(out, depth + 1);
		fprintf(out, "episodes: %u\n", p->episodes);
	}
	if (p->context_count) {
		print_indent(out, depth + 1);
		for (uint32_t i = 0; i < p->context_count; i++)
			fprintf(out, "%s%s", i ? ", " : "contexts: [", p->contexts[i]);
		fputs("]\n", out);
	}
	print_key_text(out, depth + 1, "first", p->first);
	print_key_text(out, depth + 1, "last", p->last);
	print_seen(p, depth + 1, out);
	print_key_text(out, depth + 1, "file", p->file);
	if (p->line) {
		print_indent(out, depth + 1);
		fprintf(out, "line: %u\n", p->line);
	}
}

static void print_policy(const struct extended_profile *p, const struct extended_policy *policy,
	unsigned depth, FILE *out)
{
	static const char *const sides[] = {NULL, "src", "dst"};

	print_match(p, &policy->match, depth, out);
	if (policy->deny)
		print_key_text(out, depth, "action", "deny");
	if (policy->bidirectional)
		print_key_text(out, depth, "bidirectional", "true");
	print_key_text(out, depth, "initiator", sides[policy->initiator]);
	print_stats(&policy->stats, depth, out);
	print_window(&policy->window, depth, out);
	print_key_text(out, depth, "fallback-of", policy->fallback_of);
	if (policy->confidence == 1000) {
		print_key_text(out, depth, "confidence", "1");
	} else if (policy->confidence >= 0) {
		print_indent(out, depth);
		fprintf(out, "confidence: 0.%03d\n", policy->confidence);
	}
	print_provenance(&policy->provenance, depth, out);
}

static void print_nodes(const struct extended_profile *p, const struct extended_node *n,
	unsigned depth, FILE *out);

static void print_step(const struct extended_profile *p, const struct extended_policy *step,
	unsigned depth, FILE *out)
{
	print_text(out, step->name);
	putc('\n', out);
	if (step->optional)
		print_key_text(out, depth, "optional", "true");
	if (step->repeatable)
		print_key_text(out, depth, "repeatable", "true");
	if (step->timeout) {
		print_indent(out, depth);
		fputs("timeout: ", out);
		print_time(out, step->timeout);
		putc('\n', out);
	}
	print_policy(p, step, depth, out);
}

static void print_branch(const struct extended_profile *p, const struct extended_node *n,
	unsigned depth, FILE *out)
{
	if (n->kind == NODE_CHOICE) {
		fputs("choice:\n", out);
		for (const struct extended_node *c = n->child; c; c = c->next) {
			print_indent(out, depth + 1);
			fputs("-\n", out);
			print_nodes(p, c->child, depth + 2, out);
		}
		return;
	}
	fputs("loop:\n", out);
	if (n->min != 1) {
		print_indent(out, depth + 1);
		fprintf(out, "min: %u\n", n->min);
	}
	if (n->max) {
		print_indent(out, depth + 1);
		fprintf(out, "max: %u\n", n->max);
	}
	print_key(out, depth + 1, "steps");
	print_nodes(p, n->child->child, depth + 2, out);
}

static void print_nodes(const struct extended_profile *p, const struct extended_node *n,
	unsigned depth, FILE *out)
{
	for (; n; n = n->next) {
		print_indent(out, depth);
		fputs(n->kind == NODE_STEP ? "- name: " : "- ", out);
		if (n->kind == NODE_STEP)
			print_step(p, n->step, depth + 1, out);
		else
			print_branch(p, n, depth + 1, out);
	}
}

static void print_header(const struct extended_profile *p, FILE *out)
{
	fprintf(out, "cardea-profile: %u\ndevice:\n", (unsigned)EXTENDED_VERSION);
	print_key_text(out, 1, "name", p->name);
	print_key_text(out, 1, "manufacturer", p->manufacturer);
	print_key_text(out, 1, "model", p->model);
	print_key_text(out, 1, "medium", p->medium);
	print_key_text(out, 1, "mud-url", p->mud_url);
	print_key_text(out, 1, "updated", p->updated);
	print_key_text(out, 1, "description", p->description);
	if (p->role_count > 2)
		fputs("roles:\n", out);
	for (uint32_t i = 2; i < p->role_count; i++) {
		const struct extended_role *r = &p->roles[i];

		print_key(out, 1, r->name);
		print_key_text(out, 2, "kind", schema_roles[r->kind]);
		print_key_text(out, 2, "type", r->type);
		print_key_text(out, 2, "domain", r->domain);
	}
}

static void print_interaction(const struct extended_profile *p,
	const struct extended_interaction *i, FILE *out)
{
	print_key(out, 1, i->name);
	if (i->instances != 1) {
		print_indent(out, 2);
		fprintf(out, "instances: %u\n", i->instances);
	}
	if (i->replace)
		print_key_text(out, 2, "when-full", "replace");
	if (i->timeout) {
		print_indent(out, 2);
		fputs("timeout: ", out);
		print_time(out, i->timeout);
		putc('\n', out);
	}
	print_key(out, 2, "steps");
	print_nodes(p, i->nodes->child, 3, out);
}

static void print_permit(const struct extended_profile *p, const struct extended_permit *permit,
	FILE *out)
{
	print_key(out, 1, permit->name);
	print_key(out, 2, "trigger");
	print_policy(p, &permit->trigger, 3, out);
	print_indent(out, 2);
	fputs("within: ", out);
	print_time(out, permit->within);
	putc('\n', out);
	print_key(out, 2, "effect");
	print_policy(p, &permit->effect, 3, out);
}

int extended_print(const struct extended_profile *p, FILE *out)
{
	print_header(p, out);
	if (p->policy_count)
		fputs("policies:\n", out);
	for (uint32_t i = 0; i < p->policy_count; i++) {
		print_key(out, 1, p->policies[i].name);
		print_policy(p, &p->policies[i], 2, out);
	}
	if (p->interaction_count)
		fputs("interactions:\n", out);
	for (uint32_t i = 0; i < p->interaction_count; i++)
		print_interaction(p, &p->interactions[i], out);
	if (p->permit_count)
		fputs("permits:\n", out);
	for (uint32_t i = 0; i < p->permit_count; i++)
		print_permit(p, &p->permits[i], out);
	return ferror(out) ? -EIO : 0;
}

static void print_addrs(FILE *out, unsigned depth, const char *key, const struct addr *addrs,
	uint32_t count, uint8_t family)
{
	char text[ADDR_TEXT_MAX];
	bool first = true;

	for (uint32_t i = 0; i < count; i++) {
		if (family && addrs[i].family != family)
			continue;
		if (first) {
			print_indent(out, depth);
			print_text(out, key);
			fputs(": [", out);
		}
		fputs(first ? "" : ", ", out);
		print_text(out, addr_format(&addrs[i], text));
		first = false;
	}
	if (!first)
		fputs("]\n", out);
}

static void print_party(const struct extended_party *p, FILE *out)
{
	char mac[MAC_TEXT_MAX];

	if (!p->has_mac && !p->addr_count && !p->name) {
		print_indent(out, 1);
		fprintf(out, "%s: {}\n", p->role);
		return;
	}
	print_key(out, 1, p->role);
	if (p->has_mac)
		print_key_text(out, 2, "mac", mac_format(&p->mac, mac));
	print_addrs(out, 2, "ipv4", p->addrs, p->addr_count, 4);
	print_addrs(out, 2, "ipv6", p->addrs, p->addr_count, 6);
	print_key_text(out, 2, "name", p->name);
}

int extended_print_binding(const struct extended_binding *b, FILE *out)
{
	fprintf(out, "cardea-binding: %u\n", (unsigned)EXTENDED_VERSION);
	print_key_text(out, 0, "template", b->template_name);
	print_key_text(out, 0, "home", b->home);
	fputs("roles:\n", out);
	for (uint32_t i = 0; i < b->party_count; i++)
		print_party(&b->parties[i], out);
	if (b->known_count)
		fputs("names:\n", out);
	for (uint32_t i = 0; i < b->known_count; i++)
		print_addrs(out, 1, b->known[i].name, b->known[i].addrs,
			b->known[i].addr_count, 0);
	if (b->net_count)
		fputs("networks:\n", out);
	for (uint32_t i = 0; i < b->net_count; i++) {
		char net[PREFIX_TEXT_MAX];

		fputs("  - ", out);
		print_text(out, prefix_format(&b->nets[i], net));
		putc('\n', out);
	}
	if (b->utc_offset)
		fprintf(out, "utc-offset: %d\n", b->utc_offset);
	return ferror(out) ? -EIO : 0;
}
