// SPDX-License-Identifier: GPL-2.0-or-later
/* The engine is killed at every step of every transition that the table has: after each
 * write to the store, each change of rules and each message to another process.
 * What the next one finds is whole: the state of before or of after, the kernel in
 * agreement with it, and the history, too. */
#define HOUSE_DIR house_dir() /* in memory: a disk waits for each of thousands of writes */
#define HOUSE_LEARNS false
#include <unistd.h>
static const char *house_dir(void)
{
	return access("/dev/shm", W_OK) ? "/tmp/test-lives-XXXXXX"
					: "/dev/shm/test-lives-XXXXXX";
}
#include "test_lives_util.h"
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* A thousand engines that have ended are not worth a copy of their memory for each child. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

/* The linker puts these in the place of what they are named for. */
int __real_store_life_save(struct store *, const struct store_life *,
	const struct device *, struct store_step *);
int __real_store_commit(struct store *);
int __real_household_hold(struct household *, struct device *, nstime);
int __real_ipc_send(struct ipc *, const void *, size_t, int);
int __wrap_store_life_save(struct store *s, const struct store_life *l,
	const struct device *d, struct store_step *step);
int __wrap_store_commit(struct store *s);
int __wrap_household_hold(struct household *hh, struct device *d, nstime wall);
int __wrap_ipc_send(struct ipc *c, const void *data, size_t len, int fd);

static unsigned points_left; /* until the kill; 0: never */
static bool is_full, full;   /* the store takes nothing; from now on */

static void point(void)
{
	if (points_left && --points_left == 0)
		kill(getpid(), SIGKILL);
}

int __wrap_store_life_save(struct store *s, const struct store_life *l,
	const struct device *d, struct store_step *step)
{
	int error = full ? -ENOSPC : __real_store_life_save(s, l, d, step);

	point();
	return error;
}

int __wrap_store_commit(struct store *s)
{
	int error = full ? -ENOSPC : __real_store_commit(s);

	point();
	return error;
}

int __wrap_household_hold(struct household *hh, struct device *d, nstime wall)
{
	int error = __real_household_hold(hh, d, wall);

	point();
	return error;
}

int __wrap_ipc_send(struct ipc *c, const void *data, size_t len, int fd)
{
	int error = __real_ipc_send(c, data, len, fd);

	point();
	return error;
}

/* ---- a state to begin in ---- */

static const struct life_said twice = {.steps = 2};

/* By the table's own arcs, the shortest way. */
static void bring_to(enum life_state s)
{
	static const struct {
		enum life_event events[4];
		unsigned count;
	} ways[LIFE_STATE_MAX] = {
		[LIFE_PROTECTED] = {{0}, 0},
		[LIFE_LEARNING] = {{LIFE_PROFILE_LOST}, 1},
		[LIFE_SUSPICIOUS] = {{LIFE_RAISED}, 1},
		[LIFE_QUARANTINED] = {{LIFE_CONVICTED}, 1},
		[LIFE_UPDATING] = {{LIFE_CONVICTED, LIFE_FETCHING}, 2},
		[LIFE_ATTESTING] = {{LIFE_CONVICTED, LIFE_FETCHING, LIFE_FETCHED}, 3},
		[LIFE_PROBATION] = {{LIFE_CONVICTED, LIFE_OWNER_RELEASES}, 2},
		[LIFE_AWAY] = {{LIFE_GONE}, 1},
		[LIFE_UNFIXABLE] = {{LIFE_CONVICTED, LIFE_HOPELESS}, 2},
		[LIFE_RETIRED] = {{LIFE_OWNER_RETIRES}, 1},
		[LIFE_LIMITED] = {{LIFE_CONVICTED}, 1},
		[LIFE_NEW] = {{LIFE_OWNER_RETIRES, LIFE_OWNER_READMITS}, 2},
	};

	lamp()->class = s == LIFE_LIMITED ? DEVICE_CLASS_LOCK : DEVICE_CLASS_CAMERA;
	for (unsigned i = 0; i < ways[s].count; i++)
		assert_true(says(ways[s].events[i],
			ways[s].events[i] == LIFE_OWNER_RELEASES ? &twice : NULL));
	assert_int_equal(stands(), s);
}

/* ---- the kill ---- */

#define SHARED_ELEMENTS 512
struct shared {
	struct element kernel[SHARED_ELEMENTS];
	size_t count;
	enum life_state after;
	bool possible;
	unsigned points; /* passed until the end; 0: it was killed */
};
static struct shared *shared;
static char before_dir[64];
static struct element before_kernel[SHARED_ELEMENTS];
static size_t before_count;

/* The kernel outlives the engine. */
static void keep_kernel(struct element *to, size_t *ret_count)
{
	assert_true(h->kernel_count <= SHARED_ELEMENTS);
	memcpy(to, h->kernel, h->kernel_count * sizeof(*to));
	*ret_count = h->kernel_count;
}

static void take_kernel(const struct element *from, size_t count)
{
	memcpy(h->kernel, from, count * sizeof(*from));
	h->kernel_count = count;
}

static void copy_file(const char *name, const char *from, const char *to)
{
	static uint8_t buf[1 << 20];
	char a[160], b[160];
	FILE *in, *out;
	size_t n;

	assert_int_equal(str_print(a, sizeof(a), "%s/%s", from, name), 0);
	assert_int_equal(str_print(b, sizeof(b), "%s/%s", to, name), 0);
	unlink(b);
	in = fopen(a, "r");
	if (!in)
		return;
	out = fopen(b, "w");
	assert_non_null(out);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		assert_int_equal(fwrite(buf, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
	fclose(in);
}

static void copy_state(const char *from, const char *to)
{
	copy_file("cardea.db", from, to);
	copy_file("cardea.db-wal", from, to);
	copy_file("cardea.db-shm", from, to);
}

/* An engine over what is stored now. */
static void start(void)
{
	engine_start(h);
	for (size_t i = 0; i < ROLE_MAX; i++)
		h->far[i].count = 0;
	connect_all(h);
}

/* In a process of its own: until the kill, or to the end of the transition. */
static void run_child(enum life_event e, const struct life_said *said, unsigned at)
{
	h->loop = loop_new(&h->clock.clock);
	assert_non_null(h->loop);
	start();
	if (is_full)
		full = true;
	if (e == LIFE_NEEDED)
		lamp()->class = DEVICE_CLASS_LOCK;
	points_left = at;
	shared->possible = pipeline_life(&h->p, lamp(), e, said, NULL);
	shared->after = stands();
	spin(h);
	keep_kernel(shared->kernel, &shared->count);
	shared->points = at - points_left;
	_exit(0); /* nothing more is stored, as if it were killed here */
}

static void try(enum life_event e, const struct life_said *said, unsigned at)
{
	pid_t pid;
	int status;

	copy_state(before_dir, h->dir);
	take_kernel(before_kernel, before_count);
	shared->points = 0;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run_child(e, said, at);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 0
				      : WTERMSIG(status) == SIGKILL);
}

static int last_step(void *ctx, const struct store_step *s)
{
	*(struct store_step *)ctx = *s;
	return 0;
}

static void check(enum life_state before, enum life_state after, enum life_event e)
{
	enum life_state is = stands();
	enum device_hold hold = life_hold(pipeline_life_of(&h->p, lamp()));
	struct store_step last = {0};

	if (is != before && is != after)
		fail_msg("%s by %s: %s after the kill", life_state_name(before),
			life_event_name(e), life_state_name(is));
	assert_int_equal(lamp()->hold, hold);
	assert_int_equal(household_device(&h->p.household, lamp()->id)->hold, hold);
	assert_int_equal(lamp()->state == DEVICE_QUARANTINED, hold != HOLD_NONE);
	assert_int_equal(lamp()->quarantine[0] != 0, hold != HOLD_NONE);
	if (cloud_is_open() != (hold == HOLD_NONE))
		fail_msg("%s by %s: %s, and its cloud is %s", life_state_name(before),
			life_event_name(e), life_state_name(is),
			cloud_is_open() ? "open" : "closed");
	assert_int_equal(store_steps(h->store, lamp()->id, 1, last_step, &last), 0);
	assert_int_equal(last.state, is);
}

/* What the next engine finds. */
static void after_kill(enum life_state before, enum life_event e)
{
	/* of a child that was killed the kernel has what it had, or has all of it */
	if (shared->points)
		take_kernel(shared->kernel, shared->count);
	start();
	check(before, shared->after, e);
	engine_end(h);
}

static bool has_arc(enum life_state s, enum life_event e)
{
	const struct life_arc *a;

	for (size_t i = 0; (a = life_arc_at(i)); i++)
		if (a->event == e && a->from & 1U << s)
			return true;
	return false;
}

static unsigned kills;

static void kill_everywhere(enum life_state s, enum life_event e, const struct life_said *said)
{
	unsigned points;

	if (!has_arc(s, e))
		return;
	try(e, said, UINT32_MAX);
	if (!shared->possible)
		return;
	points = shared->points;
	after_kill(s, e);
	for (unsigned at = 1; at <= points; at++, kills++) {
		try(e, said, at);
		after_kill(s, e);
	}
}

/* A lamp in that state, stored, and no engine. */
static void begin_in(enum life_state s)
{
	h = house_new();
	protect_lamp();
	bring_to(s);
	assert_int_equal(store_commit(h->store), 0);
	spin(h);
	keep_kernel(before_kernel, &before_count);
	engine_end(h);
	str_copy(before_dir, sizeof(before_dir), house_dir());
	assert_non_null(mkdtemp(before_dir));
	copy_state(h->dir, before_dir);
}

static void end(void)
{
	static const char *const files[] = {
		"cardea.db", "cardea.db-wal", "cardea.db-shm", "setup-secret"};
	char path[96];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(
			str_print(path, sizeof(path), "%s/%s", before_dir, files[i]), 0);
		unlink(path);
	}
	assert_int_equal(rmdir(before_dir), 0);
	start();
	house_free(h);
}

static void every_transition_is_whole(void **state)
{
	(void)state;
	struct life_said said = {.level = LIFE_L4_RESULT, .steps = 2, .text = "a test"};

	for (unsigned s = 0; s < LIFE_STATE_MAX; s++) {
		begin_in((enum life_state)s);
		for (unsigned e = 0; e < LIFE_EVENT_MAX; e++)
			kill_everywhere((enum life_state)s, (enum life_event)e, &said);
		end();
	}
	print_message("%u kills\n", kills);
	assert_true(kills > 200);
}

/* Whatever the event: isolated in the kernel, though the store knows nothing of it; and
 * after a kill then, as it was, the kernel with it. */
static void full_storage_lets_nobody_out(void **state)
{
	(void)state;
	struct life_said said = {.level = LIFE_L4_RESULT, .steps = 2, .text = "a test"};

	for (unsigned s = 0; s < LIFE_STATE_MAX; s++) {
		begin_in((enum life_state)s);
		is_full = true;
		for (unsigned e = 0; e < LIFE_EVENT_MAX; e++) {
			if (!has_arc((enum life_state)s, (enum life_event)e))
				continue;
			try((enum life_event)e, &said, UINT32_MAX);
			shared->after = (enum life_state)s; /* nothing could be stored */
			after_kill((enum life_state)s, (enum life_event)e);
		}
		is_full = false;
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_transition_is_whole),
		cmocka_unit_test(full_storage_lets_nobody_out),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
