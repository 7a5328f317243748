// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile life - would a profile that was learned from some captures get a device
 * through what comes after: its setup, its use, an update? */
#include "cli/profile_life.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/progress.h"
#include "cli/text.h"

#define PHASES_MAX 64 /* more is no life that somebody reads */
#define PHASE_NAME_MAX 32

struct phase {
	char name[PHASE_NAME_MAX];
	const char *const *files; /* values of --then; the first behind its "NAME=" */
	unsigned count;
};

struct life {
	struct cli *cli;
	struct learn_options options;
	struct learn_suffixes *suffixes;
	struct learn *learn;
	struct progress progress;
	struct phase phases[PHASES_MAX];
	unsigned phase_count;
	const char **files; /* of all phases */
	struct life_device *devices;
	size_t device_count;
	nstime now; /* the captures' */
	json_t *captures;
	bool broken;
	int error; /* of maintenance, which sticks: memory */
};

/* ---- the command line ---- */

/* "NAME=FILE": letters, digits and dashes; what else has a "=" is a file. */
static size_t name_of(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || text[n] == '-' || text[n] == '_')
		n++;
	return n && n < PHASE_NAME_MAX && text[n] == '=' ? n : 0;
}

static enum cli_exit take_file(struct life *l, const char *text, unsigned at)
{
	size_t len = name_of(text);
	struct phase *p;

	if (!len && !l->phase_count) {
		cli_complain(l->cli->command->example,
			"--then %s: say what these captures are, as in --then "
			"update=FILE",
			text_clean(text));
		return CLI_USAGE;
	}
	if (len && l->phase_count == PHASES_MAX) {
		cli_complain(NULL, "--then: more than %d phases", PHASES_MAX);
		return CLI_USAGE;
	}
	l->files[at] = len ? text + len + 1 : text;
	if (len) {
		p = &l->phases[l->phase_count++];
		(void)str_copy_bytes(p->name, sizeof(p->name), text, len);
		p->files = &l->files[at];
	}
	l->phases[l->phase_count - 1].count++;
	progress_expect(&l->progress, l->files[at]);
	return CLI_OK;
}

static enum cli_exit read_phases(struct life *l)
{
	enum cli_exit e = CLI_OK;
	unsigned count = 0;

	while (args_flag_at(l->cli, "then", count))
		count++;
	l->files = cli_take((count + 1) * sizeof(*l->files));
	for (unsigned i = 0; i < l->cli->arg_count; i++)
		progress_expect(&l->progress, l->cli->args[i]);
	for (unsigned i = 0; i < count && e == CLI_OK; i++)
		e = take_file(l, args_flag_at(l->cli, "then", i), i);
	return e;
}

static enum cli_exit read_flags(struct life *l)
{
	const char *device = args_flag(l->cli, "device");
	const char *answer = args_flag(l->cli, "answer");
	struct addr a;

	if (answer && strcmp(answer, "accept") != 0 && strcmp(answer, "reject") != 0) {
		cli_complain(NULL, "--answer is accept or reject, not \"%s\"",
			text_clean(answer));
		return CLI_USAGE;
	}
	if (!device || mac_parse(device, &l->options.device) == 0)
		return CLI_OK;
	if (addr_parse(device, &a)) {
		cli_complain("give a MAC such as 02:00:00:00:00:07",
			"--device: \"%s\" is none", text_clean(device));
		return CLI_USAGE;
	}
	l->options.device = learn_mac_make(&a); /* of a capture without MACs */
	return CLI_OK;
}

/* ---- captures ---- */

static void on_record(void *ctx, const struct learned *learned, const struct record *r)
{
	struct life *l = ctx;
	enum maintain_verdict v;

	if (r->last > l->now)
		l->now = r->last;
	for (size_t i = 0; i < l->device_count; i++) {
		struct life_device *d = &l->devices[i];
		int e;

		if (!mac_equal(maintain_device(d->m), &r->device))
			continue;
		e = maintain_record(d->m, learned, r, &v);
		if (e) {
			l->error = e;
			return;
		}
		d->conversations[v]++;
		d->packets[v] += r->packets[0] + r->packets[1];
	}
}

static void read_file(struct life *l, const char *phase, const char *path)
{
	struct learn_capture r = {0};
	int fd = file_open(path), error;

	if (fd < 0) {
		(void)str_copy(r.problem, sizeof(r.problem), strerror(errno));
		l->broken = true;
	} else {
		error = learn_read(l->learn, fd, &r);
		close(fd);
		progress_end(&l->progress);
		if (error)
			cli_complain(r.packets ? NULL : "give pcap or pcapng files",
				"%s: not read to its end: %s", text_clean(path),
				r.problem);
		l->broken |= error != 0;
	}
	progress_next(&l->progress);
	learn_end(l->learn); /* what is known by now is asked */
	json_array_append_new(l->captures,
		json_pack("{s:s, s:s, s:I, s:I, s:s?}", "file", text_clean(path),
			"phase", phase, "packets", (json_int_t)r.packets,
			"conversations", (json_int_t)r.counts.flows, "problem",
			r.problem[0] ? r.problem : NULL));
}

/* ---- devices ---- */

static int approve(struct life *l, const struct mac *mac)
{
	struct life_device *d = &l->devices[l->device_count];
	struct maintain_config config = {.public_labels = learn_suffixes_labels,
		.public_ctx = l->suffixes,
		.strict = args_flag(l->cli, "strict") != NULL,
		.event = life_event,
		.event_ctx = d};
	struct maintain_version v;
	int e = maintain_new(&config, mac, &d->m);

	if (e)
		return e;
	l->device_count++;
	d->phases = json_array();
	d->events = json_array();
	e = maintain_approve(d->m, learn_learned(l->learn), l->now);
	if (e)
		return e;
	maintain_label(d->m, MAINTAIN_BY_DHCP, learn_name(l->learn, mac)->vendor);
	maintain_version_at(d->m, 0, &v);
	d->kinds = v.kinds;
	return 0;
}

static enum cli_exit approve_all(struct life *l)
{
	const struct learned *learned = learn_learned(l->learn);
	size_t count = learned_count(learned);
	int e = 0;

	l->devices = cli_take((count + 1) * sizeof(*l->devices));
	for (size_t i = 0; i < count && !e; i++)
		if (!args_flag(l->cli, "device") ||
			mac_equal(learned_mac_at(learned, i), &l->options.device))
			e = approve(l, learned_mac_at(learned, i));
	if (e) {
		cli_complain(NULL, "life: %s", error_text(e));
		return CLI_FAILED;
	}
	if (l->device_count)
		return CLI_OK;
	cli_complain("a capture on the far side of a router shows no device",
		"no such device appears in the first captures");
	return l->broken ? CLI_FAILED : CLI_NOT_FOUND;
}

static int answer_one(void *ctx, const struct maintain_item *i)
{
	uint32_t *id = ctx;

	*id = i->id;
	return 1;
}

/* Whoever says the same to everything. */
static void answer_all(struct life *l, struct life_device *d)
{
	const char *answer = args_flag(l->cli, "answer");
	uint32_t id = 0;

	while (answer && !l->error &&
		maintain_items(d->m, MAINTAIN_PROPOSED, answer_one, &id))
		l->error = answer[0] == 'a' ? maintain_accept(d->m, id, l->now)
					    : maintain_reject(d->m, id, l->now);
}

static void run_phase(struct life *l, const struct phase *p)
{
	for (unsigned n = 0; n < p->count && !l->error; n++) {
		read_file(l, p->name, p->files[n]);
		for (size_t i = 0; i < l->device_count && !l->error; i++)
			l->error = maintain_tick(l->devices[i].m,
				learn_learned(l->learn), l->now);
	}
	for (size_t i = 0; i < l->device_count && !l->error; i++) {
		struct life_device *d = &l->devices[i];

		maintain_label(d->m, MAINTAIN_BY_DHCP,
			learn_name(l->learn, maintain_device(d->m))->vendor);
		life_phase_end(d, p->name);
		answer_all(l, d);
	}
}

static enum cli_exit run(struct life *l)
{
	enum cli_exit e;

	for (unsigned i = 0; i < l->cli->arg_count; i++)
		read_file(l, "first", l->cli->args[i]);
	e = approve_all(l);
	for (unsigned i = 0; e == CLI_OK && i < l->phase_count; i++)
		run_phase(l, &l->phases[i]);
	progress_end(&l->progress);
	if (l->error) {
		cli_complain(NULL, "life: %s", error_text(l->error));
		e = CLI_FAILED;
	}
	return e;
}

static enum cli_exit tell(struct life *l)
{
	json_t *devices = json_array(), *all;
	enum cli_exit e = CLI_OK;

	for (size_t i = 0; i < l->device_count; i++)
		json_array_append_new(
			devices, life_device_json(&l->devices[i], l->learn));
	all = json_pack("{s:s, s:O, s:o}", "schema", "cardea.life/1", "captures",
		l->captures, "devices", devices);
	if (!all)
		e = CLI_FAILED;
	else if (l->cli->json)
		e = answer_print(all);
	else
		for (size_t i = 0; i < l->device_count; i++)
			life_device_text(json_array_get(devices, i), stdout);
	json_decref(all);
	return e == CLI_OK && l->broken ? CLI_FAILED : e;
}

static void end(struct life *l)
{
	for (size_t i = 0; i < l->device_count; i++) {
		maintain_free(l->devices[i].m);
		json_decref(l->devices[i].phases);
		json_decref(l->devices[i].events);
	}
	learn_free(l->learn);
	learn_suffixes_free(l->suffixes);
	json_decref(l->captures);
}

static enum cli_exit begin(struct life *l)
{
	int error = learn_suffixes_new(&l->suffixes);

	if (!error)
		error = learn_new(&l->options, &l->learn);
	if (!error)
		return CLI_OK;
	cli_complain(NULL, "life: %s", error_text(error));
	return CLI_FAILED;
}

enum cli_exit profile_file_life(struct cli *c)
{
	struct life *l = cli_take(sizeof(*l));
	enum cli_exit e;

	*l = (struct life){.cli = c, .captures = json_array()};
	progress_init(&l->progress, c, "life");
	l->options.progress = progress_show;
	l->options.ctx = &l->progress;
	l->options.record = on_record;
	l->options.record_ctx = l;
	e = read_flags(l);
	if (e == CLI_OK)
		e = read_phases(l);
	if (e == CLI_OK)
		e = begin(l);
	if (e == CLI_OK)
		e = run(l);
	if (e == CLI_OK)
		e = tell(l);
	end(l);
	return e;
}
