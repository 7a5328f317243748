// SPDX-License-Identifier: GPL-2.0-or-later
/* progress - how far the reading of big files is. */
#include "cli/progress.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAR_CELLS 24
#define BAR_AFTER_MS 1000 /* shorter work needs no bar */
#define BAR_EVERY_MS 100
#define LINE_EVERY_MS 5000 /* where there is no terminal */

static bool is_sized(const struct progress *p)
{
	return p->size && !p->endless;
}

static void draw_share(const struct progress *p, uint64_t bytes)
{
	unsigned percent = bytes >= p->size ? 100 : (unsigned)(bytes * 100 / p->size);

	if (p->terminal) {
		fputs(" \u2595", stderr);
		for (unsigned i = 0; i < BAR_CELLS; i++)
			fputs(i * 100 < percent * BAR_CELLS ? "\u2588" : " ", stderr);
		fputs("\u258f", stderr);
	}
	fprintf(stderr, " %u %%", percent);
}

static void draw(struct progress *p, nstime now)
{
	uint64_t packets = p->past_packets + p->packets;
	uint64_t bytes = p->past_bytes + p->bytes;
	double gone = (double)(now - p->start);

	fprintf(stderr, "%s%s", p->terminal ? "\r\033[K" : "", p->what);
	if (is_sized(p))
		draw_share(p, bytes);
	if (p->unit)
		fprintf(stderr, "  %llu %s", (unsigned long long)packets, p->unit);
	if (is_sized(p) && bytes && bytes < p->size)
		fprintf(stderr, "  ETA %lld s",
			(long long)(gone / (double)bytes * (double)(p->size - bytes) /
					    (double)NS_PER_SEC +
				    1));
	fputs(p->terminal ? "" : "\n", stderr);
	fflush(stderr);
	p->drawn = true;
	cli_line_drawn(p->terminal);
	p->shown = now;
}

void progress_show(void *ctx, uint64_t packets, uint64_t bytes)
{
	struct progress *p = ctx;
	nstime now = clock_mono(clock_system());
	nstime every = (p->terminal ? BAR_EVERY_MS : LINE_EVERY_MS) * NS_PER_MS;
	nstime first = (p->terminal ? BAR_AFTER_MS : LINE_EVERY_MS) * NS_PER_MS;

	p->packets = packets;
	p->bytes = bytes;
	if (p->cli->quiet || now - p->start < first || now - p->shown < every)
		return;
	draw(p, now);
}

void progress_init(struct progress *p, const struct cli *c, const char *what)
{
	*p = (struct progress){.cli = c,
		.what = what,
		.unit = "packets",
		.start = clock_mono(clock_system()),
		.terminal = isatty(STDERR_FILENO)};
}

void progress_expect(struct progress *p, const char *path)
{
	struct stat st;
	int e = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(path, &st);

	if (e == 0 && S_ISREG(st.st_mode))
		p->size += (uint64_t)st.st_size;
	else
		p->endless = true;
}

void progress_next(struct progress *p)
{
	p->past_packets += p->packets;
	p->past_bytes += p->bytes;
	p->packets = p->bytes = 0;
}

void progress_end(const struct progress *p)
{
	if (p->drawn && p->terminal)
		fputs("\r\033[K", stderr);
	cli_line_drawn(false);
}
