// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea learn - what do devices do, as their captures show, and how much was not seen? */
#include "cli/learn.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/progress.h"
#include "cli/text.h"

/* Less is no table: glibc's own first choice. */
#define TABLE_BYTES (128 * 1024)

struct given {
	dev_t dev;
	ino_t ino;
};

/* One call of the command. */
struct learning {
	struct cli *cli;
	struct learn_options options;
	struct progress progress;
	struct learn *seen, *others; /* --test; or NULL */
	json_t *captures;	     /* what was read; for --json */
	struct learn_paths paths;    /* --out */
	struct given *given;	     /* regular files, as they were read */
	unsigned given_count;
	nstime now;		     /* of the files */
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
	if (r->packets && r->counts.unreadable == r->packets)
		cli_say(c,
			"%s: none of its %llu packets can be read: captures of Ethernet, "
			"Linux \"any\" or raw IP can",
			text_clean(path), (unsigned long long)r->packets);
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

/* What is seen twice looks as if it happened twice. Which files were read is kept. */
static bool is_given_before(struct learning *l, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (!l->given)
		l->given = cli_take(l->cli->arg_count * sizeof *l->given);
	for (unsigned i = 0; i < l->given_count; i++)
		if (l->given[i].dev == st.st_dev && l->given[i].ino == st.st_ino)
			return true;
	l->given[l->given_count++] = (struct given){.dev = st.st_dev, .ino = st.st_ino};
	return false;
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
		if (is_given_before(l, c->args[i]))
			cli_say(c, "%s: given twice, and read once",
				text_clean(c->args[i]));
		else
			read_file(l, l->seen, c->args[i], false);
	learn_end(l->seen);
	for (unsigned i = 0; (path = args_flag_at(c, "test", i)); i++)
		read_file(l, l->others, path, true);
	if (l->others)
		learn_end(l->others);
	progress_end(&l->progress);
	return CLI_OK;
}

/* ---- devices, one after the other: a house has many, and all at once are too much ---- */

static bool is_asked_for(const struct learning *l, const struct mac *m)
{
	return !l->chosen || mac_equal(m, &l->options.device);
}

/* The next that is asked for from *at on; NULL: no more. */
static const struct mac *next_device(const struct learning *l, size_t *at)
{
	const struct learned *all = learn_learned(l->seen);

	while (*at < learned_count(all)) {
		const struct mac *m = learned_mac_at(all, (*at)++);
		if (is_asked_for(l, m))
			return m;
	}
	return NULL;
}

static enum cli_exit nobody(const struct learning *l)
{
	bool one = l->cli->arg_count == 1;

	if (l->chosen)
		cli_complain("without --device, learn shows who does",
			"%s does not appear in %s",
			text_clean(args_flag(l->cli, "device")),
			one ? "this capture" : "these captures");
	else
		cli_complain("a capture on the far side of a router shows no device",
			"no device of a home appears in %s",
			one ? "this capture" : "these captures");
	return l->broken ? CLI_FAILED : CLI_NOT_FOUND;
}

static enum cli_exit count_devices(const struct learning *l)
{
	size_t at = 0, count = 0;

	while (next_device(l, &at))
		count++;
	if (count > 1 && args_flag(l->cli, "against")) {
		cli_complain("say which one with --device",
			"learn --against: there are %zu devices", count);
		return CLI_USAGE;
	}
	return count ? CLI_OK : nobody(l);
}

/* Before the first is written, nobody's file is in the way of any. */
static enum cli_exit clear_folder(struct learning *l)
{
	const char *folder = args_flag(l->cli, "out");
	const struct mac *m;
	enum cli_exit e = CLI_OK;
	size_t at = 0;

	if (!folder)
		return CLI_OK;
	learn_paths_init(&l->paths, folder);
	while (e == CLI_OK && (m = next_device(l, &at))) {
		learn_paths_set(&l->paths, l->seen, m);
		e = learn_may_write(l->cli, &l->paths);
	}
	if (e == CLI_OK && mkdir(folder, 0777) < 0 && errno != EEXIST) {
		cli_complain(NULL, "%s: cannot be made: %s", text_clean(folder),
			strerror(errno));
		e = CLI_FAILED;
	}
	return e;
}

/* Scripts that take no file need none made, which is most of the work. */
static int make_profile(struct learning *l, const struct mac *m, struct learn_item *item)
{
	if (l->cli->json && !l->paths.folder && !args_flag(l->cli, "against"))
		return learn_profile_brief(l->seen, m, l->now, &item->profile);
	return learn_profile_make(l->seen, m, l->now, &item->profile);
}

static enum cli_exit prepare(
	struct learning *l, const struct mac *m, struct learn_item *item)
{
	char text[MAC_TEXT_MAX];
	int error = make_profile(l, m, item);

	item->learn = l->seen;
	if (!error && l->others) {
		error = learn_test(l->seen, l->others, &item->profile, &item->test);
		item->tested = !error;
		item->test_missing = error == -ENOENT;
		if (item->test_missing)
			error = 0;
	}
	if (error) {
		cli_complain(NULL, "%s: %s", mac_format(m, text), error_text(error));
		return CLI_FAILED;
	}
	return learn_check(item);
}

static enum cli_exit write_item(
	struct learning *l, const struct mac *m, struct learn_item *item)
{
	if (!l->paths.folder)
		return CLI_OK;
	learn_paths_set(&l->paths, l->seen, m);
	item->mud_path = item->profile.mud ? l->paths.mud : NULL;
	item->evidence_path = l->paths.evidence;
	enum cli_exit e = learn_write(l->cli, item);

	return e == CLI_OK
		       ? learn_extended_write(l->cli, l->seen, &l->paths, item)
		       : e;
}

/* CLI_NO, of --against: told all the same. */
static enum cli_exit tell_device(
	struct learning *l, const struct mac *m, struct learn_tell *t)
{
	const char *path = args_flag(l->cli, "against");
	struct learn_item item = {0};
	struct learn_against a = {0};
	enum cli_exit e = prepare(l, m, &item);

	if (e == CLI_OK)
		e = write_item(l, m, &item);
	if (e == CLI_OK && path)
		e = learn_against(l->cli, path, &item, &a);
	if (e == CLI_OK || e == CLI_NO) {
		enum cli_exit told = learn_tell(t, &item, path ? &a : NULL);
		e = told == CLI_OK ? e : told;
	}
	learn_against_free(&a);
	learn_profile_free(&item.profile);
	file_mud_free(&item.mud);
	return e;
}

/* The first of: what could not be done, a difference, a broken capture. */
static enum cli_exit tell_all(struct learning *l)
{
	struct learn_tell t = {.json = l->cli->json,
		.interactions = l->options.extended,
		.captures = l->captures};
	const struct mac *m;
	enum cli_exit e = CLI_OK, told;
	size_t at = 0;

	l->now = clock_wall(clock_system()) / NS_PER_SEC * NS_PER_SEC;
	while (e == CLI_OK && (m = next_device(l, &at)))
		e = tell_device(l, m, &t);
	told = learn_tell_end(&t);
	if (e == CLI_OK || e == CLI_NO)
		e = told == CLI_OK ? e : told;
	return e == CLI_OK && l->broken ? CLI_FAILED : e;
}

static void end(struct learning *l)
{
	learn_free(l->seen);
	learn_free(l->others);
	json_decref(l->captures);
}

/* The tables for each capture are larger than what is touched of them. glibc would take
 * those of the second one from the heap, where they are written to be zero. */
static void keep_tables_apart(void)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, TABLE_BYTES);
#endif
}

enum cli_exit learn_run(struct cli *c)
{
	struct learning l = {.cli = c, .captures = json_array()};
	enum cli_exit e;

	keep_tables_apart();
	progress_init(&l.progress, c, "learn");
	l.options.per_capture = args_flag(c, "per-capture") != NULL;
	l.options.extended =
		args_flag(c, "interactions") != NULL || args_flag(c, "out") != NULL;
	l.options.progress = progress_show;
	l.options.ctx = &l.progress;
	e = read_device(&l);
	if (e == CLI_OK)
		e = begin(&l);
	if (e == CLI_OK)
		e = read_all(&l);
	if (e == CLI_OK)
		e = count_devices(&l);
	if (e == CLI_OK)
		e = clear_folder(&l);
	if (e == CLI_OK)
		e = tell_all(&l);
	end(&l);
	return e;
}
