// SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
/* fuzz_main.c - runs a fuzz target without a fuzzing engine: every seed given, then a
 * fixed number of mutations of them. The same seeds give the same inputs, so a failure
 * here can be repeated anywhere. */
#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SEEDS_MAX 4096
#define SEED_BYTES_MAX (1 << 20)
/* Room for mutations that insert. */
#define INPUT_BYTES_MAX (SEED_BYTES_MAX + 256)
#define ROUNDS_DEFAULT 2000
#define EDITS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seed {
	uint8_t *data;
	size_t len;
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t inputs;

/* xorshift64*: speed and repeatability, nothing else. */
static uint64_t random_state = 0x9e3779b97f4a7c15;
static uint64_t random_below(uint64_t bound)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1d >> 16) % bound;
}

/* In memory of exactly that size: a sanitizer sees one byte too many. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	if (!exact)
		abort();
	if (len)
		memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	inputs++;
}

static int load_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f || seed_count == SEEDS_MAX) {
		fprintf(stderr, "%s: cannot be read\n", path);
		if (f)
			fclose(f);
		return -1;
	}
	uint8_t *data = malloc(SEED_BYTES_MAX);
	if (!data)
		abort();
	size_t len = fread(data, 1, SEED_BYTES_MAX, f);
	fclose(f);
	uint8_t *fitted = realloc(data, len ? len : 1);
	seeds[seed_count++] = (struct seed){.data = fitted ? fitted : data, .len = len};
	return 0;
}

static int load_directory(const char *path)
{
	struct dirent **entries;
	int r = 0, n = scandir(path, &entries, NULL, alphasort);
	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		char file[4096];
		int len =
			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && len < (int)sizeof(file))
			r |= load_file(file);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int load(const char *path)
{
	struct stat st;
	if (stat(path, &st))
		return load_file(path); /* says why */
	return S_ISDIR(st.st_mode) ? load_directory(path) : load_file(path);
}

/* One small change; returns the new length. */
static size_t edit(uint8_t *b, size_t len)
{
	static const uint8_t interesting[] = {0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xfe, 0xff};
	size_t at = len ? random_below(len) : 0;
	switch (random_below(len ? 6 : 1)) {
	case 0: /* insert */
		memmove(b + at + 1, b + at, len - at);
		b[at] = (uint8_t)random_below(256);
		return len + 1;
	case 1: /* delete */
		memmove(b + at, b + at + 1, len - at - 1);
		return len - 1;
	case 2:
		b[at] ^= (uint8_t)(1u << random_below(8));
		return len;
	case 3:
		b[at] = interesting[random_below(sizeof(interesting))];
		return len;
	case 4: /* cut */
		return at;
	default: /* copy a piece over another place */ {
		size_t to = random_below(len), room = len - (at > to ? at : to);
		memmove(b + to, b + at, 1 + random_below(room));
		return len;
	}
	}
}

static void mutate(uint8_t *b)
{
	const struct seed *s = &seeds[random_below(seed_count)];
	size_t len = s->len;
	memcpy(b, s->data, len);
	for (uint64_t i = 1 + random_below(EDITS_MAX); i > 0; i--)
		len = edit(b, len);
	run(b, len);
}

int main(int argc, char **argv)
{
	const char *rounds_text = getenv("FUZZ_ROUNDS");
	uint64_t rounds =
		rounds_text ? strtoull(rounds_text, NULL, 10) : ROUNDS_DEFAULT;
	const char *slash = strrchr(argv[0], '/');
	uint8_t *scratch = malloc(INPUT_BYTES_MAX);
	int r = scratch ? 0 : -1;
	for (int i = 1; !r && i < argc; i++)
		r = load(argv[i]);
	if (r || !seed_count) {
		fprintf(stderr, "usage: %s SEED-FILE-OR-DIRECTORY...\n", argv[0]);
		free(scratch);
		return 1;
	}
	run(NULL, 0);
	for (size_t i = 0; i < seed_count; i++)
		run(seeds[i].data, seeds[i].len);
	for (uint64_t i = 0; i < rounds; i++)
		mutate(scratch);
	printf("%s: %" PRIu64 " inputs\n", slash ? slash + 1 : argv[0], inputs);
	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].data);
	free(scratch);
	return 0;
}
