// SPDX-License-Identifier: GPL-2.0-or-later
/* test_engine_cases.c - cases in a whole engine: from the first refused packet to the
 * owner's word, over restarts, full disks and ends in the middle. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include "test_engine_util.h"
#include "store/store_priv.h"

#define LAMP "00:17:88:00:00:02"
#define LAMP_IP "192.168.7.20"
#define PHONE "02:00:00:00:00:09"
#define PHONE_IP "192.168.7.30"
#define SECRET "GET /token-4711"

static struct house *with_lamp(void)
{
	struct house *h = house_new();
	const struct message *fetch;

	see_addr(h, LAMP, LAMP_IP, ADDR_SOURCE_DHCP4, 86400);
	see_dhcp(h, LAMP, "annas-lampe", URL_A);
	spin(h);
	fetch = got(h, ROLE_COURIER, MESSAGE_FETCH, 0);
	assert_non_null(fetch);
	send_profile(h, fetch->fetch.id, 443, 1);
	see_addr(h, PHONE, PHONE_IP, ADDR_SOURCE_DHCP4, 86400);
	see_dhcp(h, PHONE, "bens-handy", "");
	advance(h, 2);
	return h;
}

static struct device *lamp(struct house *h)
{
	return device_of(h, LAMP);
}

static enum life_state state_of(struct house *h)
{
	return pipeline_life_of(&h->p, lamp(h))->state;
}

static void refuse(struct house *h, const char *peer, uint16_t port, uint32_t packets)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(LAMP);
	m.seen_violation.device = ip(LAMP_IP);
	m.seen_violation.peer = ip(peer);
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 40000;
	m.seen_violation.peer_port = port;
	m.seen_violation.length = 60;
	m.seen_violation.packets = packets;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

/* What a scan of the house looks like to the gateway. */
static void scan(struct house *h)
{
	char peer[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(str_print(peer, sizeof(peer), "192.168.7.%u", 60 + i), 0);
		refuse(h, peer, 23, 1);
	}
}

struct seen {
	unsigned moments, heads, before, refused;
	struct case_moment first, last;
	struct case_file file;
	uint64_t left_out;
};

static int look_one(void *ctx, const struct case_view *v)
{
	struct seen *s = ctx;

	s->file = v->file;
	s->moments = v->moment_count;
	s->first = v->moments[0];
	s->last = v->moments[v->moment_count - 1];
	s->heads = v->bundle->count;
	s->before = v->bundle->before;
	s->left_out = v->bundle->left_out;
	for (uint32_t i = 0; i < v->bundle->count; i++)
		s->refused += v->bundle->heads[i].fate == CASE_REFUSED;
	return 0;
}

static struct seen look(struct house *h, uint32_t id)
{
	struct seen s = {0};

	assert_int_equal(cases_view(&h->p.cases, id, look_one, &s), 0);
	return s;
}

static int count_one(void *ctx, const struct case_file *f)
{
	(void)f;
	(*(unsigned *)ctx)++;
	return 0;
}

static unsigned count(struct house *h)
{
	unsigned n = 0;

	assert_int_equal(store_cases(h->store, count_one, &n), 0);
	return n;
}

static void from_the_first_packet_to_the_end(void **state)
{
	struct house *h = with_lamp();
	struct life_step step;
	struct seen s;
	(void)state;
	assert_int_equal(count(h), 0);
	refuse(h, "203.0.113.77", 8443, 1);
	assert_int_equal(count(h), 0);
	scan(h);
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	assert_int_not_equal(id, 0);
	s = look(h, id);
	assert_int_equal(s.moments, 2); /* suspicious, then held */
	assert_string_equal(s.last.kind, "attack");
	assert_string_equal(s.last.protocol, "MILE");
	assert_true(strncmp(s.last.sentence, "$ is in quarantine", 18) == 0);
	assert_true(s.last.shows[0]);
	assert_true(s.before >= 1 && s.heads > s.before); /* before, and during */
	assert_true(s.refused > 10);
	/* held or not, what it tries goes on being noted */
	refuse(h, "198.51.100.66", 4444, 500);
	assert_int_equal(look(h, id).heads, s.heads + 1);
	/* its own word is none */
	struct life_said said = {.by_device = true, .steps = 2};
	assert_false(pipeline_life(&h->p, lamp(h), LIFE_OWNER_RELEASES, &said, &step));
	said.by_device = false;
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_OWNER_RELEASES, &said, &step));
	s = look(h, id);
	assert_string_equal(s.last.kind, "owner");
	assert_int_equal(s.file.closed, 0); /* probation belongs to it */
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_OWNER_RETIRES, NULL, &step));
	s = look(h, id);
	assert_int_not_equal(s.file.closed, 0);
	assert_int_equal(s.file.state, LIFE_RETIRED);
	assert_int_equal(cases_of(&h->p.cases, lamp(h)->id), 0);
	assert_int_equal(count(h), 1);
	house_free(h);
}

static void comes_back_after_a_restart(void **state)
{
	struct house *h = with_lamp();
	struct seen before, after;
	(void)state;
	scan(h);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	refuse(h, "198.51.100.66", 4444, 5);
	before = look(h, id);
	engine_restart(h);
	assert_int_equal(cases_of(&h->p.cases, lamp(h)->id), id);
	after = look(h, id);
	assert_int_equal(after.heads, before.heads);
	assert_int_equal(after.moments, before.moments);
	refuse(h, "198.51.100.66", 4445, 5); /* and goes on */
	assert_int_equal(look(h, id).heads, before.heads + 1);
	assert_int_equal(count(h), 1);
	house_free(h);
}

/* Killed after the state was stored, before the case was; and the other way round. */
static void store_and_life_agree_again(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	scan(h);
	assert_int_equal(store_commit(h->store), 0);
	assert_int_equal(sqlite3_exec(h->store->db, "DELETE FROM life_case", NULL, NULL, NULL),
		SQLITE_OK);
	cases_forget(&h->p.cases, lamp(h)->id);
	engine_restart(h);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	assert_int_not_equal(id, 0);
	assert_string_equal(look(h, id).first.kind, "found");
	/* a case without its trouble */
	struct life *l = (struct life *)(uintptr_t)pipeline_life_of(&h->p, lamp(h));
	l->state = LIFE_PROTECTED;
	advance(h, CASES_SAVE_S + 1);
	assert_int_equal(cases_of(&h->p.cases, lamp(h)->id), 0);
	assert_int_not_equal(look(h, id).file.closed, 0);
	house_free(h);
}

/* A process that ends without a word, at whatever point of the scan. */
static void killed_in_the_middle(void **state)
{
	struct house *h = with_lamp();
	int status;
	(void)state;
	assert_int_equal(store_commit(h->store), 0);
	for (unsigned packets = 5; packets <= 60; packets += 11) {
		engine_end(h);
		pid_t pid = fork();
		if (pid == 0) {
			engine_start(h);
			for (size_t i = 0; i < ROLE_MAX; i++)
				h->far[i].count = 0;
			connect_all(h);
			for (unsigned i = 0; i < packets; i++) {
				char peer[ADDR_TEXT_MAX];
				(void)!str_print(peer, sizeof(peer), "192.168.7.%u", 60 + i);
				refuse(h, peer, 23, 1);
			}
			kill(getpid(), SIGKILL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		engine_start(h);
		for (size_t i = 0; i < ROLE_MAX; i++)
			h->far[i].count = 0;
		connect_all(h);
		uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
		assert_int_equal(id != 0, case_belongs(state_of(h)));
		if (id)
			assert_int_equal(look(h, id).file.state, state_of(h));
		assert_true(count(h) <= 1);
	}
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	house_free(h);
}

static unsigned told(struct house *h, const char *what);
struct questions {
	struct decision last;
	unsigned open, all;
};
static struct questions asked(struct house *h);
static int answer(struct house *h, bool yes, const char *choice);

/* No page more, and all that are there are taken. */
static void fill(struct house *h)
{
	sqlite3 *db = h->store->db;
	unsigned rows = 0;

	assert_int_equal(sqlite3_exec(db, "CREATE TABLE fill(x BLOB)", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
		SQLITE_OK);
	while (sqlite3_exec(db, "INSERT INTO fill VALUES(zeroblob(2000))", NULL, NULL, NULL) ==
		SQLITE_OK)
		assert_true(++rows < 1000);
}

static void full_disk(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	assert_int_equal(store_commit(h->store), 0);
	fill(h);
	scan(h);
	assert_int_equal(state_of(h), LIFE_QUARANTINED); /* held all the same */
	assert_int_equal(lamp(h)->hold, HOLD_QUARANTINED);
	advance(h, 3 * CASES_SAVE_S);
	unsigned there = count(h);
	assert_true(there <= 1);
	assert_true(h->p.cases.store_fails);
	assert_int_equal(sqlite3_exec(h->store->db, "PRAGMA max_page_count = 100000", NULL, NULL,
		NULL), SQLITE_OK);
	advance(h, CASES_SAVE_S + 1);
	assert_false(h->p.cases.store_fails);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	assert_int_not_equal(id, 0);
	assert_int_equal(count(h), 1);
	assert_int_equal(look(h, id).file.state, LIFE_QUARANTINED);
	assert_int_equal(told(h, "Cases could not be stored"), 1); /* once */
	house_free(h);
}

static void query_only(struct house *h, bool on)
{
	assert_int_equal(sqlite3_exec(h->store->db,
				 on ? "PRAGMA query_only=ON" : "PRAGMA query_only=OFF", NULL,
				 NULL, NULL),
		SQLITE_OK);
}

/* What could not be stored is asked with the case, when there is room for both; not what
 * its owner did himself. */
static void no_question_is_lost(void **state)
{
	static const struct life_said own = {.text = "I say so"};
	char subject[32];
	(void)state;
	for (unsigned by_owner = 0; by_owner < 2; by_owner++) {
		struct house *h = with_lamp();

		if (by_owner)
			assert_true(pipeline_life(
				&h->p, lamp(h), LIFE_OWNER_ISOLATES, &own, NULL));
		assert_int_equal(store_commit(h->store), 0);
		query_only(h, true);
		if (!by_owner)
			scan(h);
		assert_int_equal(state_of(h), LIFE_QUARANTINED);
		advance(h, CASES_SAVE_S + 1);
		assert_int_equal(asked(h).open, 0);
		query_only(h, false);
		advance(h, CASES_SAVE_S + 1);
		assert_int_equal(asked(h).open, !by_owner);
		if (!by_owner) {
			assert_int_equal(str_print(subject, sizeof(subject), "case %u",
				cases_of(&h->p.cases, lamp(h)->id)), 0);
			assert_string_equal(asked(h).last.subject, subject);
			assert_int_equal(answer(h, true, "keep"), 0);
		}
		engine_restart(h);
		advance(h, CASES_SAVE_S + 1);
		assert_int_equal(asked(h).open, 0);
		house_free(h);
	}
}

/* ---- evidence ---- */

static char *document(struct house *h, uint32_t id, enum bundle_level level, struct jsonw *j)
{
	struct bundle_wish w = {.level = level};
	char why[LIMIT_TEXT];

	jsonw_init_buffer(j, BUNDLE_MAX);
	assert_int_equal(cases_document(&h->p.cases, id, &w, j, why), 0);
	return j->buf;
}

static void record(struct house *h, const char *peer, const char *name, const char *detail)
{
	struct record r = {.device = mac_of(LAMP), .first = START, .last = START + NS_PER_SEC,
		.answered = true, .family = 4, .proto = FLOW_PROTO_TCP, .device_port = 40001,
		.peer_port = 80, .device_addr = ip(LAMP_IP), .peer = ip(peer),
		.place = RECORD_INTERNET, .naming = RECORD_HOST, .app = RECORD_APP_HTTP,
		.packets = {4, 4}, .bytes = {400, 4000}};

	str_copy(r.name, sizeof(r.name), name);
	str_copy(r.detail, sizeof(r.detail), detail);
	for (size_t i = 0; i < h->p.learner.hook_count; i++)
		if (h->p.learner.hooks[i].ctx == &h->p.cases)
			h->p.learner.hooks[i].record(&h->p.cases, lamp(h), &r);
}

static void what_leaves(void **state)
{
	static const char *const own[] = {"00:17:88:00:00:02", "001788000002", "lampe", "annas",
		"bens", "handy", "192.168.7", "02:00:00:00:00:09"};
	struct house *h = with_lamp();
	struct jsonw a, b;
	(void)state;
	record(h, "203.0.113.5", "annas-lampe.cloud.example", SECRET);
	record(h, "203.0.113.6", "api.cloud.example", SECRET);
	refuse(h, PHONE_IP, 445, 2);
	scan(h);
	refuse(h, "198.51.100.66", 4444, 500);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	for (unsigned l = 0; l < BUNDLE_LEVEL_MAX; l++) {
		const char *text = document(h, id, (enum bundle_level)l, &a);
		assert_string_equal(text, document(h, id, (enum bundle_level)l, &b));
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
			if (strcasestr(text, own[i]))
				fail_msg("%s: %s", own[i], text);
		assert_int_equal(strstr(text, "token-4711") != NULL, l == BUNDLE_CONTENT);
		assert_int_equal(strstr(text, "198.51.100.66") != NULL, l >= BUNDLE_PEERS);
		assert_int_equal(strstr(text, "api.cloud.example") != NULL, l >= BUNDLE_NAMES);
		assert_non_null(strstr(text, "device-2"));
		assert_non_null(strstr(text, "address-scan"));
		jsonw_free(&a);
		jsonw_free(&b);
	}
	/* the same pseudonyms after a restart: the key is the home's */
	document(h, id, BUNDLE_NAMES, &a);
	engine_restart(h);
	assert_string_equal(a.buf, document(h, id, BUNDLE_NAMES, &b));
	jsonw_free(&a);
	jsonw_free(&b);
	struct bundle_wish w = {.level = BUNDLE_NAMES};
	char why[LIMIT_TEXT];
	jsonw_init_buffer(&a, BUNDLE_MAX);
	assert_int_equal(cases_document(&h->p.cases, 99, &w, &a, why), -ENOENT);
	h->p.cases.has_key = false; /* then nothing leaves */
	assert_int_equal(cases_document(&h->p.cases, id, &w, &a, why), CARDEA_EREFUSED);
	jsonw_free(&a);
	house_free(h);
}

/* ---- questions ---- */

static int question_one(void *ctx, const struct decision *d)
{
	struct questions *q = ctx;

	if (d->kind != DECISION_CASE && d->kind != DECISION_RELEASE &&
		d->kind != DECISION_PLAYBOOK)
		return 0;
	q->all++;
	if (d->answer != DECISION_OPEN)
		return 0;
	q->open++;
	q->last = *d;
	return 0;
}

static struct questions asked(struct house *h)
{
	struct questions q = {0};

	assert_int_equal(store_decisions(h->store, false, question_one, &q), 0);
	return q;
}

static int answer(struct house *h, bool yes, const char *choice)
{
	struct questions q = asked(h);
	struct decision d;

	assert_int_equal(q.open, 1);
	return pipeline_answer(&h->p, q.last.id, yes, choice, &d);
}

struct telling {
	const char *what;
	unsigned count;
};

static int told_one(void *ctx, const struct event *e)
{
	struct telling *t = ctx;

	t->count += strstr(e->text, t->what) != NULL;
	return 0;
}

static unsigned told(struct house *h, const char *what)
{
	struct store_event_query q = {.limit = 1000};
	struct telling t = {.what = what};

	assert_int_equal(store_events(h->store, &q, told_one, &t), 0);
	return t.count;
}

static void choices(void **state)
{
	struct cases_choice offered[CASES_CHOICES_MAX];
	struct house *h = with_lamp();
	struct questions q;
	(void)state;
	scan(h);
	q = asked(h);
	assert_int_equal(q.open, 1);
	assert_int_equal(q.last.kind, DECISION_CASE);
	assert_non_null(strstr(q.last.text, "What shall become of it?"));
	assert_int_equal(cases_choices(&q.last, offered), 3);
	assert_string_equal(offered[0].word, "keep");
	/* what is none of them */
	assert_int_equal(answer(h, true, ""), CARDEA_EMALFORMED);
	assert_int_equal(answer(h, true, "isolate"), CARDEA_EMALFORMED);
	assert_int_equal(answer(h, true, "keep release"), CARDEA_EMALFORMED);
	assert_int_equal(asked(h).open, 1);
	/* release is asked a second time, and nothing happens before */
	assert_int_equal(answer(h, true, "release"), 0);
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	q = asked(h);
	assert_int_equal(q.open, 1);
	assert_int_equal(q.last.kind, DECISION_RELEASE);
	assert_int_equal(answer(h, true, ""), 0);
	assert_int_equal(state_of(h), LIFE_PROBATION);
	assert_int_equal(asked(h).open, 0);
	house_free(h);
}

static void a_second_thought_keeps_it_held(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	scan(h);
	assert_int_equal(answer(h, true, "release"), 0);
	assert_int_equal(answer(h, false, ""), 0);
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	assert_int_equal(asked(h).open, 0);
	house_free(h);
}

/* Unplugged, and away by now: it is held all the same, and can be retired. */
static void what_is_away_can_be_retired(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	scan(h);
	clock_virtual_set(&h->clock, h->clock.now + 31 * LIFE_DAY);
	advance(h, 2);
	assert_int_equal(state_of(h), LIFE_AWAY);
	assert_int_equal(lamp(h)->hold, HOLD_QUARANTINED);
	assert_int_equal(answer(h, true, "release"), CARDEA_EREFUSED);
	assert_non_null(strstr(h->p.cases.why, "when it is back"));
	assert_int_equal(answer(h, true, "retire"), 0);
	assert_int_equal(state_of(h), LIFE_RETIRED);
	assert_int_equal(asked(h).open, 0);
	house_free(h);
}

/* What he said twice was said of that release, and not of the next. */
static void a_release_is_not_said_again_in_one_step(void **state)
{
	struct house *h = with_lamp();
	struct decision d;
	(void)state;
	scan(h);
	assert_int_equal(answer(h, true, "release"), 0);
	uint32_t second = asked(h).last.id;
	assert_int_equal(answer(h, true, ""), 0);
	assert_int_equal(state_of(h), LIFE_PROBATION);
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_CONVICTED, NULL, NULL));
	assert_int_equal(pipeline_answer(&h->p, second, true, "", &d), CARDEA_EREFUSED);
	assert_non_null(strstr(h->p.cases.why, "answered already"));
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	house_free(h);
}

static void retire_and_late_answers(void **state)
{
	struct house *h = with_lamp();
	struct decision d;
	(void)state;
	scan(h);
	uint32_t id = asked(h).last.id;
	assert_int_equal(answer(h, true, "retire"), 0);
	assert_int_equal(state_of(h), LIFE_RETIRED);
	assert_int_equal(asked(h).open, 0);
	/* other thoughts of an old question */
	assert_int_equal(pipeline_answer(&h->p, id, true, "release", &d), 0);
	assert_int_equal(answer(h, true, ""), CARDEA_EREFUSED);
	assert_true(h->p.cases.why[0]);
	assert_int_equal(state_of(h), LIFE_RETIRED);
	house_free(h);
}

/* In and out, for a year: one question at most is open, and few are ever asked. */
static void oscillation_asks_no_more(void **state)
{
	struct house *h = with_lamp();
	struct life_said said = {.level = LIFE_L4_RESULT};
	(void)state;
	for (unsigned day = 0; day < 365; day++) {
		struct life_step step;
		nstime now = h->clock.now + LIFE_DAY;
		clock_virtual_set(&h->clock, now);
		spin(h);
		lamp(h)->last_seen = now;
		pipeline_life(&h->p, lamp(h), LIFE_CONVICTED, NULL, &step);
		assert_true(asked(h).open <= 1);
		pipeline_life(&h->p, lamp(h), LIFE_EVIDENCE, &said, &step);
		assert_true(asked(h).open <= 1);
	}
	/* it may come back by itself twice in 90 days; then it stays until the owner says */
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	assert_true(asked(h).all <= 13);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	assert_true(look(h, id).moments <= CASE_MOMENTS_MAX);
	house_free(h);
}

/* "keep" holds for the case: the same is not asked again in it. */
static void keep_holds(void **state)
{
	struct house *h = with_lamp();
	struct life_said said = {.level = LIFE_L4_RESULT};
	(void)state;
	scan(h);
	assert_int_equal(answer(h, true, "keep"), 0);
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	clock_virtual_set(&h->clock, h->clock.now + 2 * LIFE_DAY);
	spin(h);
	lamp(h)->last_seen = h->clock.now;
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_EVIDENCE, &said, NULL));
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_CONVICTED, NULL, NULL));
	assert_int_equal(asked(h).open, 0);
	house_free(h);
}

/* ---- playbooks ---- */

#define U "00000000-0000-5000-8000-00000000000"
#define BOOK(steps)                                                                      \
	"{\"type\":\"playbook\",\"spec_version\":\"cacao-2.0\",\"id\":\"playbook--" U    \
	"1\",\"name\":\"clean it\",\"created_by\":\"identity--" U                        \
	"2\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":"                     \
	"\"2026-01-01T00:00:00.000Z\",\"workflow_start\":\"start--" U                    \
	"3\",\"agent_definitions\":{\"http-api--" U                                      \
	"9\":{\"type\":\"http-api\",\"name\":\"cardea\",\"address\":{\"dname\":["        \
	"\"localhost\"]}}},\"workflow\":{\"start--" U                                    \
	"3\":{\"type\":\"start\",\"on_completion\":\"action--" U "5\"}," steps           \
	"\"end--" U "4\":{\"type\":\"end\"}}}"
#define MANUAL(n, text, next)                                                            \
	"\"action--" U n "\":{\"type\":\"action\",\"agent\":\"individual--" U            \
	"7\",\"commands\":[{\"type\":\"manual\",\"command\":\"" text                      \
	"\"}],\"on_completion\":\"" next U

static const char book[] = BOOK(MANUAL("5", "Change its password.", "if-condition--") "8\"},"
	"\"if-condition--" U "8\":{\"type\":\"if-condition\",\"condition\":\"Does it scan?\","
	"\"on_true\":\"action--" U "6\",\"on_completion\":\"end--" U "4\"},\"action--" U
	"6\":{\"type\":\"action\",\"agent\":\"http-api--" U "9\",\"commands\":[{\"type\":"
	"\"http-api\",\"command\":\"POST /v1/devices/__device__:value HTTP/1.1\",\"content\":"
	"\"{\\\"quarantine\\\":\\\"it scans\\\"}\"}],\"on_completion\":\"end--" U "a\"},"
	"\"end--" U "a\":{\"type\":\"end\"},");
static const char evil[] = BOOK("\"action--" U "5\":{\"type\":\"action\",\"agent\":\"linux--" U
	"7\",\"commands\":[{\"type\":\"bash\",\"command\":\"nft flush ruleset\"}],"
	"\"on_completion\":\"end--" U "4\"},");

static struct cacao_plan plan;

static int import(struct house *h, const char *text, bool dry)
{
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);

	return cases_playbook_import(&h->p, id, text, strlen(text), dry, &plan);
}

static void playbook_asks_and_does_nothing_by_itself(void **state)
{
	struct house *h = with_lamp();
	struct life_said said = {.steps = 2};
	struct questions q;
	(void)state;
	assert_int_equal(import(h, book, false), -ENOENT); /* no case */
	scan(h);
	assert_int_equal(answer(h, true, "keep"), 0);
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_OWNER_RELEASES, &said, NULL));
	assert_int_equal(import(h, evil, false), CARDEA_EREFUSED);
	assert_non_null(strstr(plan.refusals[0].why, "\"bash\" is never run"));
	assert_int_equal(asked(h).open, 0);
	assert_int_equal(import(h, book, true), 0); /* a dry run */
	assert_int_equal(asked(h).open, 0);
	assert_int_equal(import(h, book, false), 0);
	assert_int_equal(import(h, book, false), -EEXIST);
	q = asked(h);
	assert_int_equal(q.last.kind, DECISION_PLAYBOOK);
	assert_string_equal(q.last.subject, "Change its password.");
	uint32_t first = q.last.id;
	assert_int_equal(answer(h, true, ""), 0);
	engine_restart(h); /* it goes on where it was */
	q = asked(h);
	assert_string_equal(q.last.subject, "Does it scan?");
	/* an old step cannot be answered anew */
	struct decision d;
	assert_int_equal(pipeline_answer(&h->p, first, true, "", &d), CARDEA_EREFUSED);
	assert_int_equal(answer(h, true, ""), 0);
	q = asked(h);
	assert_non_null(strstr(q.last.text, "into quarantine"));
	assert_int_equal(state_of(h), LIFE_PROBATION); /* not before he says so */
	assert_int_equal(answer(h, true, ""), 0);
	assert_int_equal(state_of(h), LIFE_QUARANTINED);
	assert_int_equal(told(h, "\"clean it\" is over"), 1);
	assert_int_equal(pipeline_answer(&h->p, first, true, "", &d), CARDEA_EREFUSED);
	house_free(h);
}

static void playbook_ends_with_a_no(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	scan(h);
	assert_int_equal(import(h, book, false), -EBUSY); /* one question at a time */
	assert_int_equal(answer(h, true, "keep"), 0);
	assert_int_equal(import(h, book, false), 0);
	assert_int_equal(answer(h, false, ""), 0);
	assert_int_equal(asked(h).open, 0);
	assert_int_equal(told(h, "ends here"), 1);
	assert_int_equal(import(h, book, false), 0); /* another one may come */
	house_free(h);
}

/* One at a time: what is to become of it is asked when the playbook is over. */
static void what_waited_for_a_playbook_is_asked(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_RAISED, NULL, NULL));
	assert_int_equal(import(h, book, false), 0);
	assert_true(pipeline_life(&h->p, lamp(h), LIFE_CONVICTED, NULL, NULL));
	assert_int_equal(asked(h).open, 1);
	assert_int_equal(asked(h).last.kind, DECISION_PLAYBOOK);
	assert_int_equal(answer(h, false, ""), 0);
	assert_int_equal(asked(h).open, 1);
	assert_int_equal(asked(h).last.kind, DECISION_CASE);
	assert_int_equal(answer(h, true, "keep"), 0);
	/* and what was answered is not asked again */
	assert_int_equal(import(h, book, false), 0);
	assert_int_equal(answer(h, false, ""), 0);
	assert_int_equal(asked(h).open, 0);
	house_free(h);
}

/* Its question is gone: one of too many, or what was killed before it was stored. */
static void a_playbook_that_asks_nothing_blocks_no_other(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	scan(h);
	assert_int_equal(answer(h, true, "keep"), 0);
	assert_int_equal(import(h, book, false), 0);
	assert_int_equal(import(h, book, false), -EEXIST);
	assert_int_equal(store_decision_remove(h->store, asked(h).last.id), 0);
	assert_int_equal(import(h, book, false), 0);
	assert_int_equal(asked(h).open, 1);
	house_free(h);
}

/* ---- bounds ---- */

/* The clock was wrong by a year, or the gateway was off for one. */
static void clock_jumps_a_year(void **state)
{
	struct house *h = with_lamp();
	struct jsonw j;
	(void)state;
	scan(h);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	unsigned heads = look(h, id).heads;
	clock_virtual_set(&h->clock, h->clock.now + 365 * LIFE_DAY);
	spin(h);
	refuse(h, "192.168.7.60", 23, 1); /* alike, but of another year */
	assert_int_equal(look(h, id).heads, heads + 1);
	advance(h, CASES_SAVE_S + 1);
	engine_restart(h);
	assert_int_equal(cases_of(&h->p.cases, lamp(h)->id), id);
	assert_int_equal(look(h, id).heads, heads + 1);
	document(h, id, BUNDLE_SHAPE, &j);
	jsonw_free(&j);
	assert_int_equal(count(h), 1);
	house_free(h);
}

static void bounded(void **state)
{
	struct house *h = with_lamp();
	struct event e = {.kind = EVENT_VIOLATION};
	struct device d = {0};
	(void)state;
	scan(h);
	uint32_t id = cases_of(&h->p.cases, lamp(h)->id);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t b[4] = {198, 18, (uint8_t)(i >> 8), (uint8_t)i};
		e.flow.peer = addr_v4(b);
		e.flow.peer_port = (uint16_t)i;
		cases_refused(&h->p, lamp(h), &e, 60);
	}
	assert_int_equal(look(h, id).heads, CASE_HEADS_MAX);
	assert_true(look(h, id).left_out > 10000);
	/* other devices than can be remembered: who has a case stays */
	for (unsigned i = 0; i < 2000; i++) {
		d.id = 1000 + i;
		cases_refused(&h->p, &d, &e, 60);
	}
	assert_int_equal(h->p.cases.count, CASES_DEVICES_MAX);
	assert_int_equal(cases_of(&h->p.cases, lamp(h)->id), id);
	assert_true(h->p.cases.heads <= CASES_HEADS_TOTAL);
	house_free(h);
}

static void notes_of_others(void **state)
{
	struct house *h = with_lamp();
	(void)state;
	assert_int_equal(cases_note(&h->p.cases, lamp(h), "advisory", "x", START), -ENOENT);
	scan(h);
	assert_int_equal(cases_note(&h->p.cases, lamp(h), "advisory", "Anna says $5", START), 0);
	struct seen s = look(h, cases_of(&h->p.cases, lamp(h)->id));
	assert_string_equal(s.last.kind, "advisory");
	assert_string_equal(s.last.sentence, "Anna says $5");
	house_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_first_packet_to_the_end),
		cmocka_unit_test(comes_back_after_a_restart),
		cmocka_unit_test(store_and_life_agree_again),
		cmocka_unit_test(killed_in_the_middle),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(no_question_is_lost),
		cmocka_unit_test(what_leaves),
		cmocka_unit_test(choices),
		cmocka_unit_test(a_second_thought_keeps_it_held),
		cmocka_unit_test(what_is_away_can_be_retired),
		cmocka_unit_test(a_release_is_not_said_again_in_one_step),
		cmocka_unit_test(a_playbook_that_asks_nothing_blocks_no_other),
		cmocka_unit_test(what_waited_for_a_playbook_is_asked),
		cmocka_unit_test(retire_and_late_answers),
		cmocka_unit_test(oscillation_asks_no_more),
		cmocka_unit_test(keep_holds),
		cmocka_unit_test(playbook_asks_and_does_nothing_by_itself),
		cmocka_unit_test(playbook_ends_with_a_no),
		cmocka_unit_test(clock_jumps_a_year),
		cmocka_unit_test(bounded),
		cmocka_unit_test(notes_of_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
