// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea profile replay --learn-rest - what a profile lacks of a capture, learned from
 * that: an author left it out, or the device was changed since. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/file.h"
#include "cli/profile_replay.h"
#include "cli/text.h"
#include "engine/learn_extended.h"

struct resting {
	const struct cli *cli;
	struct replay_layers *layers;
	struct learn_rest *rest;
	struct extended_machine *machine; /* of all that was learned */
	uint32_t left; /* packets that nothing has a word for */
};

static int read_capture(struct learn *l, const char *path)
{
	struct learn_capture capture;
	int fd = file_open(path), e;

	if (fd < 0)
		return -ENOENT;
	e = learn_read(l, fd, &capture);
	close(fd);
	learn_end(l);
	/* as far as it could be read: the replay says where it ends */
	return e == -ENOMEM ? e : 0;
}

/* Who is self in the learner: its MAC, or one that stands for its address. */
static struct mac self_of(const struct replay_layers *l)
{
	const struct extended_party *p = l->list[0].bound.parties[EXTENDED_SELF];

	if (p->has_mac)
		return p->mac;
	return p->addr_count ? learn_mac_make(&p->addrs[0]) : (struct mac){{0}};
}

static int make(const struct replay_layers *l, const char *path,
	struct learn_extended *ret)
{
	struct learn_options options = {.device = self_of(l), .extended = true};
	struct learn_profile p = {0};
	struct learn *learn = NULL;
	struct learn_home home;
	int e = learn_new(&options, &learn);

	if (!e)
		e = read_capture(learn, path);
	if (!e)
		e = learn_profile_make(
			learn, &options.device, clock_wall(clock_system()), &p);
	if (!e) {
		home = learn_home(learn);
		e = learn_extended_make(&home, &p, ret);
	}
	learn_profile_free(&p);
	learn_free(learn);
	return e;
}

static bool is_from(const struct resting *r, const struct packet *p)
{
	const struct extended_party *self = r->layers->list[0].bound.parties[EXTENDED_SELF];

	if (self->has_mac && p->has_mac)
		return mac_equal(&p->eth.src, &self->mac);
	for (uint32_t i = 0; i < self->addr_count; i++)
		if (p->layers & PACKET_IP && addr_equal(&self->addrs[i], &p->ip.src))
			return true;
	return false;
}

static void one_packet(void *ctx, const struct packet *p, nstime when)
{
	struct resting *r = ctx;
	uint32_t layer;
	struct extended_verdict v, mine;

	if (!p->layers)
		return;
	v = layers_packet(r->layers, p, when, &layer);
	mine = extended_machine_packet(r->machine, p, when);
	if (!v.own)
		return;
	if (v.accepted && !mine.accepted)
		extended_machine_accepted(r->machine, p, when);
	if (v.accepted || v.reason == REASON_DENIED)
		return;
	if (mine.accepted)
		learn_rest_needs(r->rest, mine.policy);
	else if (!learn_rest_packet(r->rest, p, is_from(r, p), when))
		r->left++;
}

static enum cli_exit gather(struct resting *r, const char *capture)
{
	char problem[LIMIT_TEXT] = "";
	int e = layers_start(r->layers);

	if (!e) {
		r->machine = extended_machine_new(
			learn_rest_bound(r->rest), EXTENDED_MIDSTREAM);
		e = r->machine ? 0 : -ENOMEM;
	}
	if (!e) /* what is broken is told by the run that counts */
		e = capture_run(r->cli, capture, "learn the rest", one_packet, r, problem);
	if (e != -ENOMEM)
		return CLI_OK;
	cli_complain(NULL, "%s: %s", text_clean(capture), error_text(e));
	return CLI_FAILED;
}

static const char *path_in(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = cli_take(size);

	(void)str_print(path, size, "%s/%s", folder, name);
	return path;
}

static enum cli_exit write_files(const struct cli *c, const char *folder,
	const struct learn_extended *made, struct replay_layers *l)
{
	const char *template = path_in(folder, "rest.profile.yaml");
	const char *binding = path_in(folder, "rest.binding.yaml");
	enum cli_exit e;

	if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
		cli_complain(NULL, "%s: cannot be made: %s", text_clean(folder),
			strerror(errno));
		return CLI_FAILED;
	}
	e = file_write_fresh(template, made->template, strlen(made->template));
	if (e == CLI_OK)
		e = file_write_fresh(binding, made->binding, strlen(made->binding));
	return e == CLI_OK ? layer_add(c, l, template, binding) : e;
}

static enum cli_exit finish(struct resting *r, const char *folder)
{
	struct learn_extended made;
	int error = learn_rest_finish(r->rest, &made);
	enum cli_exit e = CLI_FAILED;

	if (error || !made.template)
		cli_complain(NULL, "the rest: %s",
			made.problem[0] ? made.problem : error_text(error));
	else
		e = write_files(r->cli, folder, &made, r->layers);
	learn_extended_free(&made);
	return e;
}

enum cli_exit rest_learn(
	const struct cli *c, struct replay_layers *l, const char *capture, const char *folder)
{
	struct resting r = {.cli = c, .layers = l};
	struct learn_extended made = {0};
	enum cli_exit e = CLI_FAILED;
	int error;

	if (strcmp(capture, "-") == 0) {
		cli_complain(NULL, "--learn-rest reads the capture more than once: it "
				   "cannot be standard input");
		return CLI_USAGE;
	}
	error = make(l, capture, &made);

	if (!error && made.template)
		error = learn_rest_new(&made, &r.rest);
	if (error == -ENOENT)
		cli_complain(NULL, "%s: the device of this profile is not in it",
			text_clean(capture));
	else if (error || !made.template)
		cli_complain(NULL, "%s: %s", text_clean(capture),
			made.problem[0] ? made.problem : error_text(error));
	else
		e = gather(&r, capture);
	if (e == CLI_OK)
		e = finish(&r, folder);
	extended_machine_free(r.machine);
	learn_rest_free(r.rest);
	learn_extended_free(&made);
	return error == -ENOENT ? CLI_NOT_FOUND : e;
}
