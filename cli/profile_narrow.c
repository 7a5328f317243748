// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile narrow - a template with what was said in a capture: the names by which
 * servers are greeted, the methods and paths that are asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/file.h"
#include "cli/profile_replay.h"
#include "cli/text.h"

struct narrowing {
	struct replay_layers layers;
	struct extended_gather *gather;
	bool counting; /* only */
	uint64_t own, accepted;
};

static void one_packet(void *ctx, const struct packet *p, nstime when)
{
	struct narrowing *n = ctx;
	uint32_t layer;

	if (!p->layers)
		return;
	struct extended_verdict v = layers_packet(&n->layers, p, when, &layer);

	n->own += v.own;
	n->accepted += v.own && v.accepted;
	if (!n->counting && v.own)
		extended_gather_packet(n->gather, p, when, &v);
}

static int run(const struct cli *c, struct narrowing *n)
{
	char problem[LIMIT_TEXT] = "";
	int error = layers_start(&n->layers);

	n->own = n->accepted = 0;
	if (!error)
		error = capture_run(c, c->args[1], "narrow", one_packet, n, problem);
	if (error && problem[0])
		cli_complain(NULL, "%s: not read to its end: %s", text_clean(c->args[1]),
			text_clean(problem));
	else if (error)
		cli_complain(NULL, "%s: %s", text_clean(c->args[1]), error_text(error));
	return n->own ? 0 : error;
}

static int print(const struct extended_profile *p, char **ret)
{
	size_t size;
	FILE *f = open_memstream(ret, &size);
	int e = f ? extended_print(p, f) : -ENOMEM;

	if (f && fclose(f) && !e)
		e = -ENOMEM;
	return e;
}

static bool reads_back(const char *text)
{
	struct pool *pool = pool_new("read back", EXTENDED_POOL_BYTES);
	struct extended_profile p;
	struct extended_notes notes;
	bool good = pool && extended_parse(text, strlen(text), pool, &p, &notes) == 0;

	pool_free(pool);
	return good;
}

/* Replayed once more, all that was accepted must be. */
static enum cli_exit check(const struct cli *c, struct narrowing *n, const char *text)
{
	uint64_t before = n->accepted;

	n->counting = true;
	if (run(c, n))
		return CLI_FAILED;
	if (n->accepted >= before && reads_back(text))
		return CLI_OK;
	cli_complain("please report this: it is a fault of cardea",
		"narrow: %llu packets that the template accepts would be refused%s",
		(unsigned long long)(before - n->accepted),
		n->accepted >= before ? ", and it cannot be read" : "");
	return CLI_FAILED;
}

static enum cli_exit write_narrow(const struct cli *c, struct narrowing *n)
{
	struct extended_profile *p = &n->layers.list[0].template.profile;
	const char *path;
	char *text = NULL;
	uint32_t fields = 0;
	int error = extended_gather_apply(
		n->gather, p, n->layers.list[0].template.pool, &fields);
	enum cli_exit e = file_out(c, &path);

	if (!error)
		error = print(p, &text);
	if (error) {
		cli_complain(NULL, "narrow: %s", error_text(error));
		e = CLI_FAILED;
	}
	if (e == CLI_OK)
		e = check(c, n, text);
	if (e == CLI_OK)
		e = file_write(path, text, strlen(text));
	if (e == CLI_OK && !c->quiet)
		fprintf(stderr, "%s: %u fields more in %u policies\n",
			text_clean(p->name), fields, p->policy_count);
	free(text);
	return e;
}

enum cli_exit profile_narrow(struct cli *c)
{
	struct narrowing *n = cli_take(sizeof *n);
	enum cli_exit e = layer_add(c, &n->layers, c->args[0], args_flag(c, "binding"));

	if (e == CLI_OK) {
		n->gather = extended_gather_new(&n->layers.list[0].template.profile);
		if (!n->gather || run(c, n))
			e = CLI_FAILED;
	}
	if (e == CLI_OK && !n->own) {
		cli_complain(NULL, "%s: the device of this profile is not in it",
			text_clean(c->args[1]));
		e = CLI_NOT_FOUND;
	}
	if (e == CLI_OK)
		e = write_narrow(c, n);
	extended_gather_free(n->gather);
	layers_free(&n->layers);
	return e;
}
