// SPDX-License-Identifier: GPL-2.0-or-later
/* profile_layers - several profiles of one device, united: what one accepts is accepted,
 * what one denies is not. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/file.h"
#include "cli/profile_replay.h"
#include "cli/text.h"

#define PROGRESS_EVERY 4096

static enum cli_exit bind(const struct cli *c, struct replay_layer *l, const char *path)
{
	const struct extended_binding *b = &l->template.binding;
	struct extended_notes notes = {0};
	enum cli_exit e = CLI_OK;

	if (!path && l->template.document != DOCUMENT_PUBLISHED) {
		cli_complain(c->command->example, "a template says nothing of a home: "
						  "--binding FILE is missing");
		return CLI_USAGE;
	}
	if (path) {
		e = profile_want(path, DOCUMENT_BINDING, &l->binding);
		b = &l->binding.binding;
	}
	if (e != CLI_OK)
		return e;
	int error = extended_bind(&l->template.profile, b, l->template.pool, &l->bound, &notes);

	if (!c->quiet && notes.count &&
		extended_notes_text(&notes, path ? path : l->template.path, stderr))
		return CLI_FAILED;
	return error ? CLI_NO : CLI_OK;
}

enum cli_exit layer_add(const struct cli *c, struct replay_layers *l, const char *path,
	const char *binding)
{
	struct replay_layer *layer = &l->list[l->count];
	enum cli_exit e;

	if (l->count == LAYERS_MAX) {
		cli_complain(NULL, "more than %u profiles", LAYERS_MAX);
		return CLI_USAGE;
	}
	l->count++; /* it is freed in any case */
	layer->name = path;
	e = profile_use(path, args_flag(c, "root"), &layer->template);
	return e == CLI_OK ? bind(c, layer, binding) : e;
}

enum cli_exit layers_flags(const struct cli *c, struct replay_layers *l)
{
	const char *value;
	enum cli_exit e = CLI_OK;

	for (unsigned i = 0; e == CLI_OK && (value = args_flag_at(c, "layer", i)); i++) {
		char *path = cli_take(strlen(value) + 1);
		char *mark;

		memcpy(path, value, strlen(value) + 1);
		mark = strrchr(path, '=');
		if (!mark) {
			cli_complain(c->command->example,
				"--layer %s: TEMPLATE=BINDING is wanted", text_clean(value));
			return CLI_USAGE;
		}
		*mark = '\0';
		e = layer_add(c, l, path, mark + 1);
	}
	return e;
}

int layers_start(struct replay_layers *l)
{
	for (uint32_t i = 0; i < l->count; i++) {
		struct replay_layer *layer = &l->list[i];

		extended_machine_free(layer->machine);
		layer->accepted = 0;
		layer->machine = extended_machine_new(&layer->bound, EXTENDED_MIDSTREAM);
		if (!layer->machine)
			return -ENOMEM;
	}
	return 0;
}

/* Each goes on with what it sees, and hears what the others let through. */
struct extended_verdict layers_packet(struct replay_layers *l, const struct packet *p,
	nstime when, uint32_t *ret_layer)
{
	struct extended_verdict all[LAYERS_MAX], *best = &all[0];
	bool denied = false;

	for (uint32_t i = 0; i < l->count; i++) {
		all[i] = extended_machine_packet(l->list[i].machine, p, when);
		denied |= all[i].reason == REASON_DENIED;
		if (!best->accepted && all[i].accepted)
			best = &all[i];
	}
	for (uint32_t i = 0; denied && i < l->count; i++)
		if (all[i].reason == REASON_DENIED)
			best = &all[i];
	*ret_layer = (uint32_t)(best - all);
	l->first = all[0].reason;
	if (!best->accepted || !best->own)
		return *best;
	l->list[*ret_layer].accepted++;
	for (uint32_t i = 0; i < l->count; i++)
		if (!all[i].accepted)
			extended_machine_accepted(l->list[i].machine, p, when);
	return *best;
}

void layers_free(struct replay_layers *l)
{
	for (uint32_t i = 0; i < l->count; i++) {
		extended_machine_free(l->list[i].machine);
		profile_free(&l->list[i].template);
		profile_free(&l->list[i].binding);
	}
}

static int run(int fd, struct progress *progress, packet_visit *visit, void *ctx,
	char problem[LIMIT_TEXT])
{
	struct pcap_record record;
	struct pcap *pcap = NULL;
	uint64_t count = 0;
	int error = pcap_open(fd, &pcap);

	while (!error && (error = pcap_next(pcap, &record)) == 1) {
		struct packet p = {0};

		if (packet_parse(record.linktype, cursor_of(record.data, record.caplen), &p))
			p.layers = 0;
		visit(ctx, &p, record.time);
		if (++count % PROGRESS_EVERY == 0)
			progress_show(progress, count, pcap_offset(pcap));
		error = 0;
	}
	if (error)
		(void)str_copy(problem, LIMIT_TEXT, pcap ? pcap_error(pcap) : error_text(error));
	pcap_close(pcap);
	return error;
}

int capture_run(const struct cli *c, const char *path, const char *what,
	packet_visit *visit, void *ctx, char problem[LIMIT_TEXT])
{
	struct progress progress;
	int fd = file_open(path), error;

	if (fd < 0)
		return -ENOENT; /* which was said */
	progress_init(&progress, c, what);
	progress_expect(&progress, path);
	error = run(fd, &progress, visit, ctx, problem);
	progress_end(&progress);
	close(fd);
	return error;
}
