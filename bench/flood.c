// SPDX-License-Identifier: GPL-2.0-or-later
/* flood - sends frames as fast as one core can and says what that cost.
 *
 *   bench_flood OUT-INTERFACE SINK-INTERFACE FRAMES CPU
 *   run COUNT next|pick|fresh   -> "COUNT CPU-NANOSECONDS ARRIVED LATE"
 *
 * FRAMES is a file of 60-byte UDP frames. next takes them in order, pick draws them at
 * random, fresh also gives each a source port of its own: every packet a new
 * conversation.
 *
 * The kernel makes the frames itself (BPF_PROG_RUN with live frames) and hands them over
 * in batches, as a network card's driver does: a system call for each would weigh more
 * than a whole forwarding. The other end of OUT-INTERFACE needs GRO on to take them. On
 * virtual cables all the forwarding is done in soft interrupts on this thread, so its CPU
 * time is the whole cost of a packet; LATE counts those that arrived only afterwards,
 * whose cost this would miss. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAME 60
#define SLOT 64 /* of a frame in the map */
#define FRAMES_MAX 100000
#define BATCH 64
#define SPORT_AT 34 /* Ethernet 14, IPv4 20 */
#define PORT_FIRST 2000
#define PORT_COUNT 60000
#define PATIENCE_MS 300

enum mode { MODE_NEXT, MODE_PICK, MODE_FRESH, MODE_MAX };
static const char *const mode_names[MODE_MAX] = {"next", "pick", "fresh"};

struct flood {
	const char *sink;
	uint32_t out; /* interface */
	uint32_t count;
	int frames, counter; /* maps */
	int programs[MODE_MAX];
	uint8_t first[FRAME];
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_flood: ");
	perror(what);
	exit(2);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* ---- the program that fills each frame ---- */

struct assembler {
	struct bpf_insn code[96];
	size_t len;
};

static void put(struct assembler *a, uint8_t code, unsigned dst, unsigned src, int off,
	int imm)
{
	a->code[a->len++] = (struct bpf_insn){.code = code, .dst_reg = dst & 15,
		.src_reg = src & 15, .off = (int16_t)off, .imm = imm};
}

#define MOV_REG (BPF_ALU64 | BPF_MOV | BPF_X)
#define MOV_IMM (BPF_ALU64 | BPF_MOV | BPF_K)
#define ADD_IMM (BPF_ALU64 | BPF_ADD | BPF_K)
#define MOD_IMM (BPF_ALU64 | BPF_MOD | BPF_K)
#define LOAD(size) (BPF_LDX | BPF_MEM | (size))
#define STORE(size) (BPF_STX | BPF_MEM | (size))
#define CALL (BPF_JMP | BPF_CALL)

static void put_map(struct assembler *a, unsigned dst, int map)
{
	put(a, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, map);
	put(a, 0, 0, 0, 0, 0);
}

/* r0 = the map's value at the index in r8. Never absent, but the verifier wants to see
 * that this is asked. */
static void put_lookup(struct assembler *a, int map)
{
	put(a, STORE(BPF_W), 10, 8, -4, 0);
	put_map(a, 1, map);
	put(a, MOV_REG, 2, 10, 0, 0);
	put(a, ADD_IMM, 2, 0, 0, -4);
	put(a, CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	put(a, BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
	put(a, MOV_IMM, 0, 0, 0, XDP_ABORTED);
	put(a, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* r7 = the frame, r9 = how many came before. Then all of it is written. */
static void assemble(struct assembler *a, const struct flood *f, enum mode mode)
{
	put(a, LOAD(BPF_W), 7, 1, offsetof(struct xdp_md, data), 0);
	put(a, LOAD(BPF_W), 3, 1, offsetof(struct xdp_md, data_end), 0);
	put(a, MOV_REG, 1, 7, 0, 0);
	put(a, ADD_IMM, 1, 0, 0, FRAME);
	put(a, BPF_JMP | BPF_JLE | BPF_X, 1, 3, 2, 0);
	put(a, MOV_IMM, 0, 0, 0, XDP_ABORTED);
	put(a, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	put(a, MOV_IMM, 8, 0, 0, 0);
	put_lookup(a, f->counter);
	put(a, LOAD(BPF_DW), 9, 0, 0, 0);
	put(a, MOV_REG, 8, 9, 0, 0);
	put(a, ADD_IMM, 8, 0, 0, 1);
	put(a, STORE(BPF_DW), 0, 8, 0, 0);
	if (mode == MODE_NEXT) {
		put(a, MOV_REG, 8, 9, 0, 0);
	} else {
		put(a, CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32);
		put(a, MOV_REG, 8, 0, 0, 0);
	}
	put(a, MOD_IMM, 8, 0, 0, (int)f->count);
	put_lookup(a, f->frames);
	for (int at = 0; at < FRAME; at += 4) {
		put(a, LOAD(BPF_W), 1, 0, at, 0);
		put(a, STORE(BPF_W), 7, 1, at, 0);
	}
	if (mode == MODE_FRESH) {
		put(a, MOD_IMM, 9, 0, 0, PORT_COUNT);
		put(a, ADD_IMM, 9, 0, 0, PORT_FIRST);
		put(a, BPF_ALU | BPF_END | BPF_TO_BE, 9, 0, 0, 16);
		put(a, STORE(BPF_H), 7, 9, SPORT_AT, 0);
	}
	put(a, MOV_IMM, 1, 0, 0, (int)f->out);
	put(a, MOV_IMM, 2, 0, 0, 0);
	put(a, CALL, 0, 0, 0, BPF_FUNC_redirect);
	put(a, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int program_load(const struct flood *f, enum mode mode)
{
	struct assembler a = {.len = 0};
	static char log[16384];
	union bpf_attr attr = {0};

	assemble(&a, f, mode);
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)a.code;
	attr.insn_cnt = (uint32_t)a.len;
	attr.license = (uintptr_t) "GPL";
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof log;
	attr.log_level = 1;
	int fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0) {
		fputs(log, stderr);
		fail("the program");
	}
	return fd;
}

static int map_new(uint32_t value_size, uint32_t entries)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
		.value_size = value_size, .max_entries = entries};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		fail("a map");
	return fd;
}

static void frames_load(struct flood *f, const char *path)
{
	static uint8_t frames[FRAMES_MAX][FRAME];
	uint8_t slot[SLOT] = {0};
	FILE *file = fopen(path, "rb");

	if (!file)
		fail(path);
	f->count = (uint32_t)fread(frames, FRAME, FRAMES_MAX, file);
	fclose(file);
	if (!f->count)
		fail("no frames");
	memcpy(f->first, frames[0], FRAME);
	f->counter = map_new(sizeof(uint64_t), 1);
	f->frames = map_new(SLOT, f->count);
	for (uint32_t i = 0; i < f->count; i++) {
		union bpf_attr attr = {.map_fd = (uint32_t)f->frames,
			.key = (uintptr_t)&i, .value = (uintptr_t)slot};
		memcpy(slot, frames[i], FRAME);
		if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
			fail("filling the map");
	}
}

/* ---- the measurement ---- */

static uint64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Received packets of the sink. The kernel keeps them per interface, exactly. */
static uint64_t arrived(const char *interface)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "r");
	size_t len = strlen(interface);
	unsigned long long bytes, packets = 0;
	char line[512];

	if (!f)
		fail("net/dev");
	while (fgets(line, sizeof line, f)) {
		const char *name = line + strspn(line, " ");
		if (!strncmp(name, interface, len) && name[len] == ':' &&
			sscanf(name + len + 1, "%llu %llu", &bytes, &packets) == 2)
			break;
	}
	fclose(f);
	return packets;
}

static void send_all(const struct flood *f, enum mode mode, uint32_t count)
{
	union bpf_attr attr = {0};

	attr.test.prog_fd = (uint32_t)f->programs[mode];
	attr.test.data_in = (uintptr_t)f->first;
	attr.test.data_size_in = FRAME;
	attr.test.repeat = count;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	attr.test.batch_size = BATCH;
	if (bpf(BPF_PROG_TEST_RUN, &attr))
		fail("BPF_PROG_RUN");
}

static void run(const struct flood *f, enum mode mode, uint32_t count)
{
	uint64_t before = arrived(f->sink), start = cpu_now();

	send_all(f, mode, count);
	uint64_t cost = cpu_now() - start, at_once = arrived(f->sink) - before;
	uint64_t in_all = at_once;
	for (int i = 0; i < PATIENCE_MS && in_all < count; i++) {
		usleep(1000);
		in_all = arrived(f->sink) - before;
	}
	printf("%u %llu %llu %llu\n", count, (unsigned long long)cost,
		(unsigned long long)in_all, (unsigned long long)(in_all - at_once));
	fflush(stdout);
}

static enum mode mode_of(const char *name)
{
	for (int m = 0; m < MODE_MAX; m++) {
		if (!strcmp(name, mode_names[m]))
			return (enum mode)m;
	}
	errno = EINVAL;
	fail(name);
	return MODE_MAX;
}

int main(int argc, char **argv)
{
	static struct flood f;
	char line[64], mode[8];
	unsigned count;
	cpu_set_t cpus;

	if (argc != 5) {
		fprintf(stderr, "usage: bench_flood OUT SINK FRAMES CPU\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET((unsigned)strtoul(argv[4], NULL, 10), &cpus);
	if (sched_setaffinity(0, sizeof cpus, &cpus))
		fail("the CPU");
	f.out = if_nametoindex(argv[1]);
	f.sink = argv[2];
	if (!f.out)
		fail(argv[1]);
	frames_load(&f, argv[3]);
	for (int m = 0; m < MODE_MAX; m++)
		f.programs[m] = program_load(&f, (enum mode)m);
	while (fgets(line, sizeof line, stdin) &&
		sscanf(line, "run %u %7s", &count, mode) == 2)
		run(&f, mode_of(mode), count);
	return 0;
}
