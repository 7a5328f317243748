// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea learn - what do devices do, as their captures show, and how much was not seen? */
#include "cli/learn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/progress.h"
#include "cli/text.h"

#define DEVICE_JSON_MAX (16U << 20) /* LEARNED_KINDS_MAX unseen kinds */

/* One call of the command. */
struct learning {
	struct cli *cli;
	struct learn_options options;
	struct progress progress;
	struct learn *seen, *others; /* --test; or NULL */
	json_t *captures;	     /* what was read; for --json */
	struct learn_item *items;
	size_t count;
	bool broken; /* a capture was not read to its end */
	bool chosen; /* --device */
};

static enum cli_exit read_device(struct learning *l)
{
	const char *text = args_flag(l->cli, "device");
	struct addr a;

	l->chosen = text != NULL;
	if (!text || mac_parse(text, &l->options.device) == 0)
		return CLI_OK;
	if (addr_parse(text, &a)) {
		cli_complain("give a MAC such as 02:00:00:00:00:07",
			"--device: \"%s\" is none", text_clean(text));
		return CLI_USAGE;
	}
	/* of a capture without MACs */
	l->options.device = learn_mac_make(&a);
	return CLI_OK;
}

/* ---- reading ---- */

static void note_capture(struct learning *l, const char *path, bool test,
	const struct learn_capture *r)
{
	json_array_append_new(l->captures,
		json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:s?}", "file",
			text_clean(path), "test", test, "packets",
			(json_int_t)r->packets, "unreadable",
			(json_int_t)r->counts.unreadable, "malformed",
			(json_int_t)r->counts.malformed, "conversations",
			(json_int_t)r->counts.flows, "evicted",
			(json_int_t)r->counts.evicted, "problem",
			r->problem[0] ? r->problem : NULL));
}

/* What was passed over, and why. */
static void say_limits(
	const struct cli *c, const char *path, const struct learn_capture *r)
{
	if (r->crowded)
		cli_say(c, "%s: more than %d devices: the others are not learned",
			text_clean(path), LEARNED_DEVICES_MAX);
	if (r->counts.evicted)
		cli_say(c,
			"%s: more than %d conversations at once: %llu were taken for "
			"over early",
			text_clean(path), OBSERVE_FLOWS_MAX,
			(unsigned long long)r->counts.evicted);
}

/* What was read of a broken file counts, and all others are read. */
static void read_file(struct learning *l, struct learn *to, const char *path, bool test)
{
	struct learn_capture r = {0};
	int fd = file_open(path), error;

	if (fd < 0) {
		(void)str_copy(r.problem, sizeof(r.problem), strerror(errno));
		l->broken = true;
	} else {
		error = learn_read(to, fd, &r);
		close(fd);
		progress_end(&l->progress);
		if (error)
			cli_complain(r.packets ? NULL : "give pcap or pcapng files",
				"%s: not read to its end: %s", text_clean(path),
				r.problem);
		l->broken |= error != 0;
		say_limits(l->cli, path, &r);
	}
	progress_next(&l->progress);
	note_capture(l, path, test, &r);
}

static enum cli_exit begin(struct learning *l)
{
	int error = learn_new(&l->options, &l->seen);

	if (!error && args_flag(l->cli, "test"))
		error = learn_new(&l->options, &l->others);
	if (!error)
		return CLI_OK;
	cli_complain(NULL, "learn: %s", error_text(error));
	return CLI_FAILED;
}

static enum cli_exit read_all(struct learning *l)
{
	const struct cli *c = l->cli;
	const char *path;

	for (unsigned i = 0; i < c->arg_count; i++)
		progress_expect(&l->progress, c->args[i]);
	for (unsigned i = 0; (path = args_flag_at(c, "test", i)); i++)
		progress_expect(&l->progress, path);
	for (unsigned i = 0; i < c->arg_count; i++)
		read_file(l, l->seen, c->args[i], false);
	learn_end(l->seen);
	for (unsigned i = 0; (path = args_flag_at(c, "test", i)); i++)
		read_file(l, l->others, path, true);
	if (l->others)
		learn_end(l->others);
	progress_end(&l->progress);
	return CLI_OK;
}

/* ---- devices ---- */

static enum cli_exit prepare(struct learning *l, const struct mac *m, nstime now)
{
	struct learn_item *item = &l->items[l->count++];
	const char *folder = args_flag(l->cli, "out");
	char text[MAC_TEXT_MAX];
	int error = learn_profile_make(l->seen, m, now, &item->profile);

	if (!error && l->others) {
		error = learn_test(l->seen, l->others, &item->profile, &item->test);
		item->tested = !error;
		if (error == -ENOENT)
			error = 0;
	}
	if (error) {
		cli_complain(NULL, "%s: %s", mac_format(m, text), error_text(error));
		return CLI_FAILED;
	}
	if (folder)
		learn_paths(folder, item);
	return learn_check(item);
}

static enum cli_exit prepare_all(struct learning *l)
{
	const struct learned *all = learn_learned(l->seen);
	nstime now = clock_wall(clock_system()) / NS_PER_SEC * NS_PER_SEC;
	enum cli_exit e = CLI_OK;
	size_t count = learned_count(all);
	struct learned_device d;

	l->items = calloc(count + 1, sizeof(*l->items));
	if (!l->items)
		e = CLI_FAILED;
	for (size_t i = 0; i < count && e == CLI_OK; i++) {
		learned_device_at(all, i, &d);
		if (!l->chosen || mac_equal(&d.mac, &l->options.device))
			e = prepare(l, &d.mac, now);
	}
	if (e == CLI_OK && l->count > 1 && args_flag(l->cli, "against")) {
		cli_complain("say which one with --device",
			"learn --against: there are %zu devices", l->count);
		return CLI_USAGE;
	}
	if (e != CLI_OK || l->count)
		return e;
	if (l->chosen)
		cli_complain("without --device, learn shows who does",
			"%s does not appear in %s",
			text_clean(args_flag(l->cli, "device")),
			l->cli->arg_count == 1 ? "this capture" : "these captures");
	else
		cli_complain("a capture on the far side of a router shows no device",
			"no device of a home appears in %s",
			l->cli->arg_count == 1 ? "this capture" : "these captures");
	return l->broken ? CLI_FAILED : CLI_NOT_FOUND;
}

static enum cli_exit write_all(struct learning *l)
{
	const char *folder = args_flag(l->cli, "out");
	enum cli_exit e = CLI_OK;

	if (!folder)
		return CLI_OK;
	for (size_t i = 0; i < l->count && e == CLI_OK; i++)
		e = learn_may_write(l->cli, &l->items[i]);
	if (e == CLI_OK && mkdir(folder, 0777) < 0 && errno != EEXIST) {
		cli_complain(NULL, "%s: cannot be made: %s", text_clean(folder),
			strerror(errno));
		e = CLI_FAILED;
	}
	for (size_t i = 0; i < l->count && e == CLI_OK; i++)
		e = learn_write(l->cli, &l->items[i]);
	return e;
}

/* ---- telling ---- */

static json_t *item_json(const struct learn_item *item, const struct learn_against *a)
{
	struct jsonw j;
	json_t *o = NULL;

	jsonw_init_buffer(&j, DEVICE_JSON_MAX);
	jsonw_object(&j);
	learn_profile_json(&item->profile, item->tested ? &item->test : NULL, &j);
	jsonw_object_end(&j);
	if (jsonw_text(&j))
		o = json_loads(jsonw_text(&j), 0, NULL);
	jsonw_free(&j);
	json_object_set_new(o, "profile",
		item->mud_path ? json_string(text_clean(item->mud_path)) : json_null());
	json_object_set_new(o, "evidence",
		item->evidence_path ? json_string(text_clean(item->evidence_path))
				    : json_null());
	if (a->path)
		json_object_set_new(o, "against", learn_against_json(a, item));
	return o;
}

static enum cli_exit print_json(const struct learning *l, const struct learn_against *a)
{
	json_t *list = json_array(), *o;
	enum cli_exit e;

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(list, item_json(&l->items[i], a));
	o = json_pack("{s:s, s:O, s:o}", "schema", "cardea.learn/1", "captures",
		l->captures, "devices", list);
	e = answer_print(o);
	json_decref(o);
	return e;
}

static void print_text(const struct learning *l, const struct learn_against *a)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct learn_item *item = &l->items[i];
		if (i)
			putchar('\n');
		learn_profile_text(
			&item->profile, item->tested ? &item->test : NULL, stdout);
		if (l->others && !item->tested)
			printf("  The other captures do not have it.\n");
		if (a->path)
			learn_against_text(a, item);
		if (item->mud_path)
			printf("  Profile: %s\n", text_clean(item->mud_path));
		if (item->evidence_path)
			printf("  Evidence: %s\n", text_clean(item->evidence_path));
	}
}

/* The first of: what could not be done, a difference, a broken capture. */
static enum cli_exit tell(struct learning *l)
{
	const char *path = args_flag(l->cli, "against");
	struct learn_against a = {0};
	enum cli_exit e = CLI_OK, told = CLI_OK;

	if (path)
		e = learn_against(l->cli, path, &l->items[0], &a);
	if (e == CLI_OK || e == CLI_NO) {
		if (l->cli->json)
			told = print_json(l, &a);
		else
			print_text(l, &a);
	}
	learn_against_free(&a);
	if (told != CLI_OK)
		return told;
	return e == CLI_OK && l->broken ? CLI_FAILED : e;
}

static void end(struct learning *l)
{
	for (size_t i = 0; i < l->count; i++) {
		learn_profile_free(&l->items[i].profile);
		file_mud_free(&l->items[i].mud);
	}
	free(l->items);
	learn_free(l->seen);
	learn_free(l->others);
	json_decref(l->captures);
}

enum cli_exit learn_run(struct cli *c)
{
	struct learning l = {.cli = c, .captures = json_array()};
	enum cli_exit e;

	progress_init(&l.progress, c, "learn");
	l.options.per_capture = args_flag(c, "per-capture") != NULL;
	l.options.progress = progress_show;
	l.options.ctx = &l.progress;
	e = read_device(&l);
	if (e == CLI_OK)
		e = begin(&l);
	if (e == CLI_OK)
		e = read_all(&l);
	if (e == CLI_OK)
		e = prepare_all(&l);
	if (e == CLI_OK)
		e = write_all(&l);
	if (e == CLI_OK)
		e = tell(&l);
	end(&l);
	return e;
}
