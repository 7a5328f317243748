// SPDX-License-Identifier: GPL-2.0-or-later
/* load - the program into the kernel: onto new maps, or onto those that an enforcer
 * before us has left behind, with all that they hold. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "enforce/bpf/bpf_priv.h"

/* datapath.bpf.c, by the build */
extern const unsigned char datapath_bytes[];
extern const size_t datapath_bytes_len;

#define MAP_NAME(ID, name) #name,
static const char *const map_names[] = {DATAPATH_MAPS(MAP_NAME)};
static const char *const program_names[] = {"ingress", "egress"};

/* Maps of one program; ours has fewer than twice as many. */
#define MAP_IDS_MAX (2 * DATAPATH_MAP_MAX)

/* The first complaint of a load is the one that says why. */
static char complaint[200];

/* The format is libbpf's own. */
__attribute__((format(printf, 2, 0)))
static int on_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[4096];

	if (level == LIBBPF_DEBUG)
		return 0;
	(void)vsnprintf(line, sizeof line, format, args);
	line[strcspn(line, "\n")] = '\0';
	if (!complaint[0])
		(void)str_copy(complaint, sizeof complaint, line);
	log_debug("bpf", "%s", line);
	return 0;
}

void datapath_quiet(void)
{
	(void)libbpf_set_print(on_libbpf);
}

/* ---- what is there already ---- */

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void maps_close(int maps[DATAPATH_MAP_MAX])
{
	for (unsigned i = 0; i < DATAPATH_MAP_MAX; i++)
		fd_close(&maps[i]);
}

void datapath_init(struct datapath *d)
{
	memset(d->maps, -1, sizeof d->maps);
	memset(d->programs, -1, sizeof d->programs);
	d->sweep = -1;
}

static void map_take(int maps[DATAPATH_MAP_MAX], uint32_t id)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof info;
	int fd = bpf_map_get_fd_by_id(id);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		for (unsigned i = 0; i < DATAPATH_MAP_MAX; i++) {
			if (maps[i] < 0 && !strcmp(info.name, map_names[i])) {
				maps[i] = fd;
				return;
			}
		}
	}
	close(fd);
}

/* The maps of a program that has our name; both sides together have all of them. */
static void maps_of(uint32_t program, enum datapath_side side, int maps[DATAPATH_MAP_MAX])
{
	uint32_t ids[MAP_IDS_MAX];
	struct bpf_prog_info info = {
		.nr_map_ids = MAP_IDS_MAX, .map_ids = (uint64_t)(uintptr_t)ids};
	uint32_t len = sizeof info;
	int fd = bpf_prog_get_fd_by_id(program);

	if (fd < 0)
		return;
	int e = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (e || strcmp(info.name, program_names[side]) != 0)
		return;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAP_IDS_MAX; i++)
		map_take(maps, ids[i]);
}

static bool maps_fit(const int maps[DATAPATH_MAP_MAX], uint64_t version)
{
	struct bpf_settings settings;
	struct bpf_map_info info;
	uint32_t len = sizeof info, zero = 0;

	for (unsigned i = 0; i < DATAPATH_MAP_MAX; i++) {
		if (maps[i] < 0)
			return false;
	}
	memset(&info, 0, sizeof info);
	return !bpf_obj_get_info_by_fd(maps[DATAPATH_SETTINGS], &info, &len) &&
	       info.value_size == sizeof settings &&
	       !bpf_map_lookup_elem(maps[DATAPATH_SETTINGS], &zero, &settings) &&
	       settings.abi == BPF_ABI && settings.version == version;
}

bool datapath_find(const uint32_t ids[DATAPATH_SIDES], uint64_t version,
	int maps[DATAPATH_MAP_MAX])
{
	memset(maps, -1, DATAPATH_MAP_MAX * sizeof *maps);
	for (unsigned side = 0; side < DATAPATH_SIDES; side++) {
		if (ids[side])
			maps_of(ids[side], side, maps);
	}
	if (maps_fit(maps, version))
		return true;
	maps_close(maps);
	return false;
}

/* ---- load ---- */

static int maps_prepare(struct bpf_object *o, int maps[DATAPATH_MAP_MAX])
{
	static const unsigned mapped =
		1U << DATAPATH_SETTINGS | 1U << DATAPATH_SUBJECTS | 1U << DATAPATH_BOXES;
	int e = 0;

	for (unsigned i = 0; i < DATAPATH_MAP_MAX && !e; i++) {
		struct bpf_map *m = bpf_object__find_map_by_name(o, map_names[i]);
		if (!m)
			return -ENOENT;
		if (maps[i] >= 0)
			e = bpf_map__reuse_fd(m, maps[i]);
		else if (mapped & 1U << i)
			e = bpf_map__set_map_flags(
				m, bpf_map__map_flags(m) | BPF_F_MMAPABLE);
		else if (i == DATAPATH_CACHE)
			e = bpf_map__set_max_entries(
				m, (uint32_t)libbpf_num_possible_cpus() * BPF_CACHE_EACH / 2);
	}
	return e;
}

/* ---- maps in our memory ---- */

#define SUBJECTS_BYTES (BPF_SUBJECTS_MAX * sizeof(struct bpf_subject))
#define BOXES_BYTES (BPF_BOXES_MAX * sizeof(struct bpf_box))

/* The kernel puts all of what is mapped into our memory at once, and a home uses a
 * hundredth of these two: room is reserved for the whole, and mapped in such steps. */
#define REACH_STEP (64UL << 10)

static void *map_reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		-1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int map_reach(int fd, void *at, size_t want, size_t whole, size_t *mapped)
{
	while (*mapped < want) {
		size_t step = whole - *mapped < REACH_STEP ? whole - *mapped : REACH_STEP;
		if (mmap((char *)at + *mapped, step, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_FIXED, fd, (off_t)*mapped) == MAP_FAILED)
			return -errno;
		*mapped += step;
	}
	return 0;
}

int datapath_reach_subjects(struct datapath *d, uint32_t count)
{
	return map_reach(d->maps[DATAPATH_SUBJECTS], d->subjects, count * sizeof *d->subjects,
		SUBJECTS_BYTES, &d->subject_bytes);
}

int datapath_reach_boxes(struct datapath *d, uint32_t count)
{
	return map_reach(d->maps[DATAPATH_BOXES], d->boxes, count * sizeof *d->boxes,
		BOXES_BYTES, &d->box_bytes);
}

static int datapath_map_memory(struct datapath *d)
{
	void *p = mmap(NULL, sizeof *d->settings, PROT_READ | PROT_WRITE, MAP_SHARED,
		d->maps[DATAPATH_SETTINGS], 0);

	if (p == MAP_FAILED)
		return -errno;
	d->settings = p;
	d->subjects = map_reserve(SUBJECTS_BYTES);
	d->boxes = map_reserve(BOXES_BYTES);
	if (!d->subjects || !d->boxes)
		return -ENOMEM;
	return datapath_reach_subjects(d, BPF_OTHERS + 1);
}

static int keep(int fd, int *ret_fd)
{
	*ret_fd = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return *ret_fd < 0 ? -errno : 0;
}

static int program_keep(struct bpf_object *o, const char *name, int *ret_fd,
	uint32_t *ret_id)
{
	struct bpf_program *p = bpf_object__find_program_by_name(o, name);
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof info;

	if (!p)
		return -ENOENT;
	int e = keep(bpf_program__fd(p), ret_fd);
	if (!e)
		e = bpf_obj_get_info_by_fd(*ret_fd, &info, &len);
	*ret_id = info.id;
	return e;
}

/* The descriptors are all we need of it: libbpf's copy of the object goes. */
static int datapath_keep(struct datapath *d, struct bpf_object *o)
{
	uint32_t id;
	int e = 0;

	for (unsigned i = 0; i < DATAPATH_MAP_MAX && !e; i++)
		e = keep(bpf_object__find_map_fd_by_name(o, map_names[i]), &d->maps[i]);
	for (unsigned side = 0; side < DATAPATH_SIDES && !e; side++)
		e = program_keep(o, program_names[side], &d->programs[side],
			&d->ids[side]);
	if (!e)
		e = program_keep(o, "sweep", &d->sweep, &id);
	return e ? e : datapath_map_memory(d);
}

int datapath_load(struct datapath *d, int maps[DATAPATH_MAP_MAX])
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "cardea");

	complaint[0] = '\0';
	struct bpf_object *o =
		bpf_object__open_mem(datapath_bytes, datapath_bytes_len, &options);
	int e = o ? maps_prepare(o, maps) : -errno;
	if (!e)
		e = bpf_object__load(o);
	if (!e)
		e = datapath_keep(d, o);
	bpf_object__close(o);
	if (e)
		log_error("bpf", "the kernel does not take the program: %s%s%s",
			error_text(e), complaint[0] ? ": " : "", complaint);
	return e;
}

void datapath_close(struct datapath *d)
{
	if (d->settings)
		(void)munmap(d->settings, sizeof *d->settings);
	if (d->subjects)
		(void)munmap(d->subjects, SUBJECTS_BYTES);
	if (d->boxes)
		(void)munmap(d->boxes, BOXES_BYTES);
	maps_close(d->maps);
	for (unsigned side = 0; side < DATAPATH_SIDES; side++)
		fd_close(&d->programs[side]);
	fd_close(&d->sweep);
}

void datapath_sweep(const struct datapath *d, uint32_t subject)
{
	struct bpf_sweep s = {.subject = subject};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &s, .ctx_size_in = sizeof s);
	int e = bpf_prog_test_run_opts(d->sweep, &run);

	if (e)
		log_error("bpf", "sweep: %s", error_text(e));
	else if (s.ended || s.kept_open)
		log_debug("bpf", "%u flows, %u ended, %u addresses kept open", s.flows,
			s.ended, s.kept_open);
}
