// SPDX-License-Identifier: GPL-2.0-or-later
#include "lifecycle/suspicion.h"

#include <math.h>
#include <string.h>
#include "base/str.h"
#include "model/flow.h"
#include "model/worm.h"

#define WINDOW (60 * NS_PER_SEC)

/* Points a sign adds, and after how long half of them are forgotten. An attack is
 * remembered for days, a stray packet for hours. */
static const struct {
	const char *name;
	double points, most;
	nstime half_life;
} signs[SUSPICION_KIND_MAX] = {
	[SUSPICION_STRAY] = {"stray traffic", 4, SUSPICION_STRAY_MOST, 6 * 3600 * NS_PER_SEC},
	[SUSPICION_PORT_SCAN] = {"port scan", 60, 200, 48 * 3600 * NS_PER_SEC},
	[SUSPICION_ADDR_SCAN] = {"address scan", 60, 200, 48 * 3600 * NS_PER_SEC},
	[SUSPICION_FLOOD] = {"flood", 60, 200, 48 * 3600 * NS_PER_SEC},
	[SUSPICION_BRUTE] = {"password guessing", 60, 200, 48 * 3600 * NS_PER_SEC},
	[SUSPICION_SPOOF] = {"false addresses", 15, 90, 24 * 3600 * NS_PER_SEC},
	[SUSPICION_WORM] = {"a worm's ports", 25, 75, 24 * 3600 * NS_PER_SEC},
	[SUSPICION_BEACON] = {"a beacon", 25, 50, 24 * 3600 * NS_PER_SEC},
	[SUSPICION_LISTEN] = {"a new service", 10, 30, 24 * 3600 * NS_PER_SEC},
	[SUSPICION_HIDDEN] = {"hidden names", 5, 15, 6 * 3600 * NS_PER_SEC},
};

/* Different ports of one host, or hosts on one port, within a minute. Chosen, not measured:
 * a few more than the devices that a home has of one kind. */
#define SCAN_FEW 15
#define SCAN_MANY 40
/* Refused packets within ten seconds: no service needs what it is refused. The kernel
 * tells of many at once, every so many seconds. */
#define FLOOD_WINDOW (10 * NS_PER_SEC)
#define FLOOD_FEW 1500
#define FLOOD_MANY 10000
/* Tries of one login service within a minute: no person is that quick. Web pages are asked
 * for by the dozen, so that there it takes more, and it counts within the house alone. */
#define BRUTE_TRIES 30
#define BRUTE_TRIES_WEB 300
/* Conversations in vain with one service within a minute. A client that retries each second
 * has 60. */
#define FLOOD_TRIES 300
/* Even gaps in a row that make a beacon; a device that retries doubles its gaps. */
#define BEACON_GAPS 12
#define BEACON_GAP_MIN (15 * NS_PER_SEC) /* the kernel tells of retries every 10 s */
#define BEACON_GAP_MAX (3600 * NS_PER_SEC)
/* A conviction by this sign alone. */
#define WHOLE(k) ((SUSPICION_CONVICTED_AT + 20.0) / signs[k].points)
/* What is most likely innocent. */
#define DRIFTED_FACTOR 0.1
#define OUTDATED_FACTOR 0.25

/* ---- counting different things ---- */

static void count_add(struct suspicion_count *c, uint64_t hash)
{
	c->bits[hash % SUSPICION_BITS / 64] |= 1ULL << hash % 64;
}

static double count_of(const struct suspicion_count *c)
{
	unsigned set = 0;

	for (size_t i = 0; i < SUSPICION_BITS / 64; i++)
		set += (unsigned)__builtin_popcountll(c->bits[i]);
	if (set == SUSPICION_BITS)
		set--;
	return -SUSPICION_BITS * log(1.0 - (double)set / SUSPICION_BITS);
}

static uint64_t hash_of(const struct suspicion *s, const struct suspicion_seen *e,
	bool peer, bool port)
{
	uint8_t b[32];
	struct writer w = writer_of(b, sizeof(b));

	writer_u8(&w, (uint8_t)(peer << 1 | port));
	writer_u8(&w, e->proto);
	if (peer) {
		writer_u8(&w, e->peer.family);
		writer_bytes(&w, e->peer.b, sizeof(e->peer.b));
	}
	if (port)
		writer_u16(&w, e->port);
	return hash_bytes(&s->key, b, w.len) | 1; /* 0 is "none" */
}

/* ---- points ---- */

static void reckon(struct suspicion *s, nstime now)
{
	if (now > s->at)
		for (size_t k = 0; k < SUSPICION_KIND_MAX; k++)
			s->points[k] *= exp2(-(double)(now - s->at) /
					     (double)signs[k].half_life);
	s->at = now; /* the clock may have gone back: nothing is forgotten then */
}

static void add(struct suspicion *s, enum suspicion_kind k, const struct suspicion_seen *e,
	double factor)
{
	char addr[ADDR_TEXT_MAX], proto[FLOW_PROTO_TEXT_MAX];

	s->points[k] = fmin(s->points[k] + signs[k].points * factor, signs[k].most);
	s->times[k]++;
	s->last[k] = e->when;
	(void)str_print(s->text[k], LIMIT_LABEL, "%s %u, %s",
		flow_proto_text(e->proto, proto), e->port, addr_format(&e->peer, addr));
}

/* ---- detectors ---- */

static void next_window(struct suspicion *s, nstime now)
{
	if (now - s->window < WINDOW && now >= s->window)
		return;
	s->window = now;
	s->ports = s->hosts_in = s->hosts_out = s->kinds = s->sources =
		(struct suspicion_count){0};
	s->scanned_host = 0;
	s->told_ports = s->told_hosts = s->told_sources = false;
	memset(s->services, 0, sizeof(s->services));
	for (size_t i = 0; i < SUSPICION_PEERS; i++) {
		s->peers[i].tries = 0;
		s->peers[i].told_brute = false;
	}
}

static void see_flood(struct suspicion *s, const struct suspicion_seen *e, double factor)
{
	if (e->when - s->flood >= FLOOD_WINDOW || e->when < s->flood) {
		/* one that goes on is one: a stream that nobody takes does not convict */
		bool on = s->flooded >= FLOOD_FEW && e->when - s->flood < 3 * FLOOD_WINDOW;

		s->flood = e->when;
		s->flooded = 0;
		s->told_flood = s->told_flood && on;
		s->told_great_flood = s->told_great_flood && on;
	}
	s->flooded += e->count;
	if (s->flooded >= FLOOD_MANY && !s->told_great_flood) {
		s->told_flood = s->told_great_flood = true;
		add(s, SUSPICION_FLOOD, e, factor * WHOLE(SUSPICION_FLOOD));
	} else if (s->flooded >= FLOOD_FEW && !s->told_flood) {
		s->told_flood = true;
		add(s, SUSPICION_FLOOD, e, factor);
	}
}

/* A few are half a conviction, many a whole one. */
static bool see_scan(struct suspicion *s, enum suspicion_kind k, double n, bool told,
	const struct suspicion_seen *e)
{
	if (n >= SCAN_MANY && !(told && s->points[k] >= SUSPICION_CONVICTED_AT)) {
		add(s, k, e, WHOLE(k));
		return true;
	}
	if (n >= SCAN_FEW && !told) {
		add(s, k, e, 1);
		return true;
	}
	return told;
}

/* The host that is asked most lately is the one that is scanned. */
static void see_ports(struct suspicion *s, const struct suspicion_seen *e)
{
	uint64_t host = hash_of(s, e, true, false), port = hash_of(s, e, false, true);

	if (s->scanned_host != host && count_of(&s->ports) < SCAN_FEW) {
		s->scanned_host = host;
		s->ports = (struct suspicion_count){0};
	}
	if (s->scanned_host == host)
		count_add(&s->ports, port);
	s->told_ports = see_scan(
		s, SUSPICION_PORT_SCAN, count_of(&s->ports), s->told_ports, e);
}

static void see_hosts(struct suspicion *s, const struct suspicion_seen *e)
{
	struct suspicion_count *hosts = e->inside ? &s->hosts_in : &s->hosts_out;

	count_add(hosts, hash_of(s, e, true, false));
	s->told_hosts =
		see_scan(s, SUSPICION_ADDR_SCAN, count_of(hosts), s->told_hosts, e);
}

enum login { LOGIN_NONE, LOGIN_SHELL, LOGIN_WEB };

static enum login login_of(uint8_t proto, uint16_t port)
{
	static const uint16_t shells[] = {21, 22, 23, 2222, 2323, 3389, 5900};
	static const uint16_t webs[] = {80, 443, 554, 8080, 8443};

	for (size_t i = 0; proto == FLOW_PROTO_TCP && i < sizeof(shells) / sizeof(*shells); i++)
		if (shells[i] == port)
			return LOGIN_SHELL;
	for (size_t i = 0; proto == FLOW_PROTO_TCP && i < sizeof(webs) / sizeof(*webs); i++)
		if (webs[i] == port)
			return LOGIN_WEB;
	return LOGIN_NONE;
}

static bool is_brute(const struct suspicion_seen *e, uint32_t tries)
{
	enum login l = login_of(e->proto, e->port);

	return (l == LOGIN_SHELL && tries >= BRUTE_TRIES) ||
	       (l == LOGIN_WEB && e->inside && tries >= BRUTE_TRIES_WEB);
}

static struct suspicion_peer *peer_of(struct suspicion *s, uint64_t key, nstime now)
{
	struct suspicion_peer *oldest = &s->peers[0];

	for (size_t i = 0; i < SUSPICION_PEERS; i++) {
		if (s->peers[i].key == key)
			return &s->peers[i];
		if (s->peers[i].last < oldest->last)
			oldest = &s->peers[i];
	}
	*oldest = (struct suspicion_peer){.key = key, .last = now};
	return oldest;
}

/* Within a tenth, or a second: timers of devices are that exact, people are not. */
static bool is_even(nstime a, nstime b)
{
	nstime off = a > b ? a - b : b - a;

	return off <= NS_PER_SEC || off <= a / 10;
}

static void count_tries(struct suspicion *s, struct suspicion_peer *p,
	const struct suspicion_seen *e, double factor)
{
	p->tries += e->count < UINT32_MAX - p->tries ? (uint32_t)e->count : 0;
	if (!is_brute(e, p->tries) || p->told_brute)
		return;
	p->told_brute = true;
	add(s, SUSPICION_BRUTE, e, factor);
}

static void see_peer(struct suspicion *s, const struct suspicion_seen *e, double factor)
{
	struct suspicion_peer *p = peer_of(s, hash_of(s, e, true, true), e->when);
	nstime gap = e->when - p->last;

	count_tries(s, p, e, factor);
	if (gap < BEACON_GAP_MIN && gap >= 0)
		return; /* the same try again: TCP repeats its first packet */
	p->even = gap <= BEACON_GAP_MAX && is_even(gap, p->gap) ? p->even + 1 : 0;
	p->gap = gap;
	p->last = e->when;
	if (p->even >= BEACON_GAPS && !p->told_beacon) {
		p->told_beacon = true;
		add(s, SUSPICION_BEACON, e, factor);
	}
}

/* Something new weighs in full, the same again hardly. */
static void see_stray(struct suspicion *s, const struct suspicion_seen *e, double factor)
{
	struct suspicion_count before = s->kinds;

	count_add(&s->kinds, hash_of(s, e, true, true));
	if (memcmp(&before, &s->kinds, sizeof(before)) != 0) {
		add(s, SUSPICION_STRAY, e, factor);
		if (e->proto == FLOW_PROTO_TCP && worm_port_find(e->port) && !e->inside)
			add(s, SUSPICION_WORM, e, factor);
	} else {
		s->times[SUSPICION_STRAY]++;
		s->last[SUSPICION_STRAY] = e->when;
	}
	see_peer(s, e, factor);
	if (e->drifted)
		return;
	see_ports(s, e);
	see_hosts(s, e);
}

/* ---- what nothing refuses ---- */

static struct suspicion_service *service_of(struct suspicion *s, uint32_t key)
{
	struct suspicion_service *least = &s->services[0];

	for (size_t i = 0; i < SUSPICION_SERVICES; i++) {
		if (s->services[i].key == key)
			return &s->services[i];
		if (count_of(&s->services[i].hosts) < count_of(&least->hosts))
			least = &s->services[i];
	}
	*least = (struct suspicion_service){.key = key};
	return least;
}

/* One service of many hosts: who talks with many, as phones and computers do, does so by
 * many ports. */
static void see_service(struct suspicion *s, const struct suspicion_seen *e)
{
	struct suspicion_service *v =
		service_of(s, (uint32_t)e->proto << 16 | e->port | 1U << 31);

	count_add(&v->hosts, hash_of(s, e, true, false));
	s->told_hosts = see_scan(
		s, SUSPICION_ADDR_SCAN, count_of(&v->hosts), s->told_hosts, e);
}

static void see_worm(struct suspicion *s, const struct suspicion_seen *e)
{
	struct suspicion_count before = s->kinds;

	if (e->proto != FLOW_PROTO_TCP || e->inside || !worm_port_find(e->port))
		return;
	count_add(&s->kinds, hash_of(s, e, true, true));
	if (memcmp(&before, &s->kinds, sizeof(before)) != 0)
		add(s, SUSPICION_WORM, e, 1);
}

static void see_allowed(struct suspicion *s, const struct suspicion_seen *e)
{
	struct suspicion_peer *p = peer_of(s, hash_of(s, e, true, true), e->when);
	struct suspicion_seen one = *e;

	one.count = 1; /* a conversation is one try, however long it lasted */
	count_tries(s, p, &one, 1);
	if (p->tries >= FLOOD_TRIES && !s->told_flood) {
		s->told_flood = true;
		add(s, SUSPICION_FLOOD, e, 1);
	}
	see_worm(s, e);
	see_ports(s, e);
	see_service(s, e);
}

/* Another's address, once for each within a minute; made-up ones when they are many. */
static void see_spoof(struct suspicion *s, const struct suspicion_seen *e)
{
	struct suspicion_count before = s->kinds;
	uint64_t source = hash_of(s, e, true, false);

	if (e->foreign) {
		count_add(&s->sources, source);
		if (count_of(&s->sources) < SCAN_MANY || s->told_sources)
			return;
		s->told_sources = true;
		add(s, SUSPICION_FLOOD, e, WHOLE(SUSPICION_FLOOD));
		return;
	}
	count_add(&s->kinds, source);
	if (memcmp(&before, &s->kinds, sizeof(before)) != 0)
		add(s, SUSPICION_SPOOF, e, 1);
}

/* What it offers in its first days is learned; later it is news, once for each port. */
static void see_listen(struct suspicion *s, const struct suspicion_seen *e, double factor)
{
	struct suspicion_count before = s->listens;

	if (!s->listens_since)
		s->listens_since = e->when;
	count_add(&s->listens, hash_bytes(&(struct hash_key){{0, 0}},
				       &(uint32_t){(uint32_t)e->proto << 16 | e->port}, 4));
	if (memcmp(&before, &s->listens, sizeof(before)) != 0 &&
		e->when - s->listens_since >= SUSPICION_LISTEN_LEARNS)
		add(s, SUSPICION_LISTEN, e, factor);
}

void suspicion_see(struct suspicion *s, const struct suspicion_seen *e)
{
	double factor = e->drifted ? DRIFTED_FACTOR : e->outdated ? OUTDATED_FACTOR : 1;

	reckon(s, e->when);
	next_window(s, e->when);
	see_flood(s, e, factor);
	if (e->kind == SUSPICION_STRAY && e->allowed)
		see_allowed(s, e);
	else if (e->kind == SUSPICION_STRAY)
		see_stray(s, e, factor);
	else if (e->kind == SUSPICION_SPOOF)
		see_spoof(s, e);
	else if (e->kind == SUSPICION_LISTEN)
		see_listen(s, e, factor);
	else
		add(s, e->kind, e, factor);
}

/* ---- what it comes to ---- */

void suspicion_init(struct suspicion *s, struct hash_key key, nstime now)
{
	memset(s, 0, sizeof(*s));
	s->key = key;
	s->at = s->window = s->flood = now;
}

void suspicion_tighten(struct suspicion *s, bool tight)
{
	s->tight = tight;
}

void suspicion_forgive(struct suspicion *s, nstime now)
{
	struct suspicion before = *s;

	suspicion_init(s, s->key, now);
	s->tight = before.tight;
	s->listens = before.listens;
	s->listens_since = before.listens_since;
}

double suspicion_score(struct suspicion *s, nstime now)
{
	double sum = 0;

	reckon(s, now);
	for (size_t k = 0; k < SUSPICION_KIND_MAX; k++)
		sum += s->points[k];
	return sum;
}

enum suspicion_level suspicion_level(
	struct suspicion *s, enum suspicion_class c, nstime now)
{
	static const double factors[SUSPICION_CLASS_MAX] = {
		1, SUSPICION_CRITICAL_FACTOR, SUSPICION_COMPUTER_FACTOR};
	double factor = factors[c] * (s->tight ? SUSPICION_TIGHT_FACTOR : 1);
	double raised = SUSPICION_RAISED_AT * factor, score = suspicion_score(s, now);
	/* What is only new, many times over, or tried again and again, is for the owner to
	 * see, not to be judged. */
	double new = s->points[SUSPICION_STRAY] + s->points[SUSPICION_HIDDEN] +
		     s->points[SUSPICION_LISTEN] + s->points[SUSPICION_BEACON];
	double attack = score - new;

	if (attack + fmin(new, SUSPICION_NEW_MOST) >= SUSPICION_CONVICTED_AT * factor &&
		attack >= raised)
		s->level = SUSPICION_CONVICTED;
	else if (s->level < SUSPICION_RAISED && score >= raised)
		s->level = SUSPICION_RAISED;
	else if (score < raised * SUSPICION_CLEARED_BELOW)
		s->level = SUSPICION_NONE;
	return s->level;
}

char *suspicion_why(struct suspicion *s, nstime now, char ret[LIMIT_TEXT])
{
	struct str_text t = {.buf = ret, .size = LIMIT_TEXT};
	bool told[SUSPICION_KIND_MAX] = {false};
	const char *sep = ": ";

	ret[0] = 0;
	str_add(&t, "%.0f points", suspicion_score(s, now));
	for (size_t n = 0; n < SUSPICION_KIND_MAX; n++) {
		size_t most = SUSPICION_KIND_MAX;
		for (size_t k = 0; k < SUSPICION_KIND_MAX; k++)
			if (!told[k] && s->points[k] >= 0.5 &&
				(most == SUSPICION_KIND_MAX ||
					s->points[k] > s->points[most]))
				most = k;
		if (most == SUSPICION_KIND_MAX)
			break;
		told[most] = true;
		str_add(&t, "%s%s (%s; %u times)", sep, signs[most].name, s->text[most],
			s->times[most]);
		sep = ", ";
	}
	return ret;
}
