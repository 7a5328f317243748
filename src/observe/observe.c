// SPDX-License-Identifier: GPL-2.0-or-later
/* observe.c - the way of a frame of which known.c does not know all: what is first of a
 * conversation, or says something, goes on to the other files. */
#include "observe/observe_priv.h"

#include <errno.h>
#include <stdlib.h>
#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/tcp.h"

#define PORT_DNS_TLS 853 /* RFC 7858, and RFC 9250 over QUIC */

/* Who wants few conversations at once wants little of all else. */
static int make_tables(struct observe *o, uint32_t flows)
{
	uint32_t hosts = flows < HOSTS_MAX ? flows + 16 : HOSTS_MAX;
	uint32_t strings = flows < STRINGS_MAX / 4 ? flows * 2 + 1024 : STRINGS_MAX;
	int error = flows_init(&o->flows, flows);

	if (!error)
		error = hosts_init(&o->hosts, hosts);
	if (!error)
		error = told_init(&o->told, hosts);
	return error ? error : strings_init(&o->strings, strings);
}

int observe_new(const struct observe_config *c, struct observe **ret)
{
	struct observe *o = calloc(1, sizeof *o);
	uint32_t most = c->flows ? c->flows : OBSERVE_FLOWS_MAX;

	if (!o)
		return -ENOMEM;
	o->config = *c;
	if (make_tables(o, most) || initial_new(&o->initial) ||
		!(o->streams = calloc(1, sizeof *o->streams))) {
		observe_free(o);
		return -ENOMEM;
	}
	o->flows.over = observe_flow_over;
	o->flows.ctx = o;
	o->one_device = !mac_is_zero(&c->device);
	for (uint32_t i = 0; i < c->lan_count; i++)
		hosts_add_lan(&o->hosts, &c->lan[i]);
	if (!mac_is_zero(&c->gateway))
		hosts_set_gateway(&o->hosts, hosts_see(&o->hosts, &c->gateway, 0));
	*ret = o;
	return 0;
}

void observe_free(struct observe *o)
{
	if (!o)
		return;
	flows_free(&o->flows);
	hosts_free(&o->hosts);
	strings_free(&o->strings);
	told_free(&o->told);
	initial_free(o->initial);
	free(o->streams);
	free(o);
}

void observe_counts(const struct observe *o, struct observe_counts *ret)
{
	*ret = o->counts;
}

void observe_end(struct observe *o)
{
	for (uint32_t i = 1; i <= o->hosts.count; i++)
		(void)observe_tell_new(o, i);
	flows_end_all(&o->flows);
	o->now = o->next_sweep = o->next_active = 0;
}

void observe_tell(struct observe *o)
{
	observe_tell_active(o, 0);
}

void observe_add_lan(struct observe *o, const struct prefix *p)
{
	hosts_add_lan(&o->hosts, p);
}

/* Both FINs, or a reset: what comes now is of the end, or of another conversation. */
void observe_flags(struct observe *o, struct flow_entry *e, unsigned side, uint8_t flags)
{
	if (flags & TCP_FIN)
		e->flags |= side ? FLOW_FIN1 : FLOW_FIN0;
	if (flags & TCP_RST || (e->flags & FLOW_FIN0 && e->flags & FLOW_FIN1))
		flows_set_class(&o->flows, e, FLOW_CLOSING);
}

static inline void count(struct observe *o, struct flow_entry *e, const struct walk *w)
{
	unsigned side = w->swapped;

	e->bytes[side] += w->len;
	e->packets[side]++;
	if (o->now > e->last)
		e->last = o->now;
}

/* Whether the packet goes on with it. A bare SYN begins anew once there was more than
 * SYNs; and no counter may overflow. */
static inline bool goes_on(
	const struct observe *o, const struct flow_entry *e, const struct walk *w)
{
	return o->now - e->last <= flow_silence[e->class] &&
	       !memcmp(&e->mac[w->swapped], &w->src, sizeof w->src) &&
	       e->packets[w->swapped] != UINT32_MAX &&
	       !((w->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
		       e->class != FLOW_OPENING);
}

/* A side speaks for the first time in this conversation. */
static uint16_t see_sender(struct observe *o, const struct walk *w)
{
	struct addr src = walk_source(w);
	uint32_t host = hosts_see(&o->hosts, &w->src, o->now);

	hosts_learn(&o->hosts, host, &src, w->ttl);
	return (uint16_t)host;
}

/* The sender's MAC is another. That is another device with the same address, unless it
 * is one on the way, of which there may be several: routers that stand in for each
 * other send from one MAC and receive at another. */
static bool takes_mac(struct observe *o, struct flow_entry *e, const struct walk *w)
{
	struct mac *m = &e->mac[w->swapped];
	struct addr src = walk_source(w);
	uint32_t host = e->host[w->swapped];

	if (mac_equal(m, &w->src) ||
		((e->packets[w->swapped] || e->was_answered) &&
			hosts_is_local(&o->hosts, &src) &&
			!(host && hosts_is_gateway(&o->hosts, host))))
		return false;
	*m = w->src;
	e->host[w->swapped] = see_sender(o, w);
	return goes_on(o, e, w);
}

/* Ports that servers have. */
static bool is_service(uint16_t port)
{
	return port < 1024 || port == OBSERVE_PORT_SSDP || port == OBSERVE_PORT_MDNS;
}

/* Who began, when this packet is the first that was seen. */
static void set_starter(struct flow_entry *e, const struct walk *w)
{
	bool other = false;

	if (w->proto == IP_PROTO_TCP) {
		uint8_t syn = w->flags & (TCP_SYN | TCP_ACK);
		if (syn == TCP_SYN)
			e->flags |= FLOW_WANTS_HEAD;
		else
			e->flags |= FLOW_WANTS_HEAD | FLOW_MIDSTREAM;
		other = syn == (TCP_SYN | TCP_ACK) ||
			(syn != TCP_SYN && w->sport < w->dport);
	} else if (w->proto == IP_PROTO_UDP) {
		other = is_service(w->sport) && !is_service(w->dport) &&
			!(e->flags & FLOW_GROUP);
		e->flags |= other ? FLOW_MIDSTREAM | FLOW_WANTS_HEAD : FLOW_WANTS_HEAD;
	} else if (w->proto == IP_PROTO_ICMP || w->proto == IP_PROTO_ICMP6) {
		other = w->icmp_type != w->sport; /* the answer to an echo */
		e->flags |= other ? FLOW_MIDSTREAM : 0;
	}
	if (w->swapped != other)
		e->flags |= FLOW_STARTER;
}

static bool is_group(const struct walk *w)
{
	struct addr dst = walk_target(w);

	return addr_is_multicast(&dst) || addr_is_limited_broadcast(&dst) ||
	       (w->has_dst && mac_is_group(&w->dst));
}

static enum flow_class class_of(const struct walk *w)
{
	if (w->proto == IP_PROTO_TCP)
		return (w->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? FLOW_OPENING
								   : FLOW_LONG;
	if (w->proto == IP_PROTO_ICMP || w->proto == IP_PROTO_ICMP6)
		return FLOW_OPENING;
	return FLOW_SHORT;
}

/* The name under which one side is known to the other. */
static bool name_side(struct observe *o, struct flow_entry *e, unsigned side)
{
	struct addr peer = walk_addr(&e->key, side);
	uint32_t host = e->host[!side];
	uint32_t name = host ? told_name(&o->told, host, &peer, o->now) : 0;

	e->name = strings_hold(&o->strings, name);
	return name;
}

static void set_name(struct observe *o, struct flow_entry *e)
{
	unsigned starter = e->flags & FLOW_STARTER ? 1 : 0;

	if (e->flags & FLOW_GROUP)
		return;
	if (!name_side(o, e, !starter)) { /* a server that the device knows comes in */
		if (!name_side(o, e, starter))
			return;
		e->flags |= FLOW_NAMED_STARTER;
	}
	e->naming = RECORD_ANSWER;
}

void observe_hidden(struct observe *o, struct flow_entry *e)
{
	if (!(e->flags & FLOW_HIDDEN))
		o->counts.hidden++;
	e->flags |= FLOW_HIDDEN;
}

static struct flow_entry *begin(struct observe *o, const struct walk *w, uint64_t hash)
{
	bool evicted;
	struct flow_entry *e =
		flows_add(&o->flows, &w->key, hash, o->now, class_of(w), &evicted);

	o->counts.flows++;
	o->counts.evicted += evicted;
	e->mac[w->swapped] = w->src;
	e->mac[!w->swapped] = w->dst;
	e->host[w->swapped] = see_sender(o, w);
	e->host[!w->swapped] = (uint16_t)hosts_find(&o->hosts, &w->dst);
	if (is_group(w))
		e->flags |= FLOW_GROUP;
	set_starter(e, w);
	set_name(o, e);
	if (w->sport == PORT_DNS_TLS || w->dport == PORT_DNS_TLS)
		observe_hidden(o, e);
	return e;
}

/* For small tables in which the newest stands: no secret, so that the same capture
 * gives the same records; who fills a place on purpose loses no more than a fragment.
 */
static uint64_t spread(uint64_t a, uint64_t b)
{
	return hash_fold(a ^ 0x9e3779b97f4a7c15, b ^ 0xbf58476d1ce4e5b9);
}

/* Where the latest question of this text from this address and port is remembered. */
static uint32_t *question_place(
	struct observe *o, const struct walk_key *k, unsigned side, uint32_t asked)
{
	uint64_t from = k->addr[side][0] ^ k->addr[side][1];

	return &o->questions[spread(from, asked ^ (uint64_t)walk_port(k, side) << 32) %
			     OBSERVE_QUESTIONS];
}

/* An answer to a question that was put to another address behind the same MAC: the
 * router sends DNS where it likes, and shows it here. It counts to the question. */
static struct flow_entry *redirected(struct observe *o, struct walk *w, uint32_t asked)
{
	struct flow_entry *e =
		&o->flows.entries[*question_place(o, &w->key, !w->swapped, asked)];
	unsigned starter = e->flags & FLOW_STARTER ? 1 : 0;

	if (w->sport != DNS_PORT || !flow_is_live(e) || e->detail != asked ||
		e->app != RECORD_APP_DNS ||
		memcmp(e->key.addr[starter], w->key.addr[!w->swapped],
			sizeof e->key.addr[0]) ||
		walk_port(&e->key, starter) != w->dport ||
		memcmp(&e->mac[!starter], &w->src, sizeof w->src) ||
		o->now - e->last > flow_silence[e->class])
		return NULL;
	w->key = e->key;
	w->swapped = !starter;
	return e;
}

static struct flow_entry *find_or_begin(
	struct observe *o, const struct walk *w, bool *ret_is_new)
{
	uint64_t hash = flows_hash(&o->flows, &w->key);
	struct flow_entry *e = flows_find(&o->flows, &w->key, hash);

	*ret_is_new = !e || !(goes_on(o, e, w) || takes_mac(o, e, w));
	if (!*ret_is_new)
		return e;
	if (e)
		flows_end(&o->flows, e);
	return begin(o, w, hash);
}

static struct flow_entry *find_dns(
	struct observe *o, struct walk *w, uint32_t asked, bool *ret_is_new)
{
	struct flow_entry *e =
		flows_find(&o->flows, &w->key, flows_hash(&o->flows, &w->key));

	*ret_is_new = false;
	if (e && goes_on(o, e, w))
		return e;
	if (!e && asked && (e = redirected(o, w, asked)))
		return e;
	e = find_or_begin(o, w, ret_is_new);
	if (w->dport == DNS_PORT)
		*question_place(o, &w->key, w->swapped, asked) = flows_id(&o->flows, e);
	return e;
}

static struct observe_fragment *fragment_place(
	struct observe *o, struct walk_key *k, const struct walk *w)
{
	*k = w->key;
	k->rest = walk_rest(0, 0, w->proto, w->family, 0);
	return &o->fragments[spread(k->addr[0][0] ^ k->addr[1][0], w->fragment_id) %
			     OBSERVE_FRAGMENTS];
}

static void first_fragment(
	struct observe *o, const struct walk *w, const struct flow_entry *e)
{
	struct walk_key key;
	struct observe_fragment *f = fragment_place(o, &key, w);

	f->key = key;
	f->id = w->fragment_id;
	f->flow = flows_id(&o->flows, e);
}

/* To the conversation of the first one, when that is known and still the same two's. */
static void later_fragment(struct observe *o, const struct walk *w)
{
	struct walk_key key;
	const struct observe_fragment *f = fragment_place(o, &key, w);
	struct flow_entry *e = &o->flows.entries[f->flow];

	o->counts.fragments++;
	if (!f->flow || f->id != w->fragment_id || !walk_key_equal(&f->key, &key))
		return;
	if (flow_is_live(e) && !memcmp(e->key.addr, w->key.addr, sizeof key.addr) &&
		walk_proto(&e->key) == w->proto && goes_on(o, e, w))
		count(o, e, w);
}

/* Those that may say something about the house or about a name. */
static inline bool is_telling(const struct walk *w)
{
	return w->proto == IP_PROTO_UDP ? observe_is_telling(w->sport, w->dport)
					: w->proto == IP_PROTO_ICMP6;
}

/* ARP, ND, MLD and IGMP keep the link together and are nobody's conversation. */
static bool is_infrastructure(const struct walk *w)
{
	if (w->proto == IP_PROTO_IGMP)
		return true;
	return w->proto == IP_PROTO_ICMP6 && w->family == 6 &&
	       ((w->icmp_type >= 130 && w->icmp_type <= ICMP6_REDIRECT) ||
		       w->icmp_type == 143);
}

static void see_packet(struct observe *o, struct walk *w)
{
	enum record_app app = RECORD_APP_NONE;
	uint32_t asked = 0;
	bool is_new;

	if (is_telling(w)) {
		observe_house(o, w);
		asked = observe_asked(o, w, &app);
		w->key.rest |= walk_rest(0, 0, 0, 0, asked);
	}
	if (is_infrastructure(w)) {
		(void)see_sender(o, w);
		return;
	}
	struct flow_entry *e = app == RECORD_APP_DNS ? find_dns(o, w, asked, &is_new)
						     : find_or_begin(o, w, &is_new);
	if (is_new && app != RECORD_APP_NONE) {
		e->app = (uint8_t)app;
		e->detail = strings_hold(&o->strings, asked);
		e->flags &= (uint8_t)~FLOW_WANTS_HEAD;
	}
	if (asked)
		strings_drop(&o->strings, asked);
	if (!is_new && !e->packets[w->swapped]) {
		e->host[w->swapped] = see_sender(o, w);
		if (!e->packets[!w->swapped])
			e->first = o->now; /* of what was not told yet */
	}
	count(o, e, w);
	if ((w->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		e->seq = w->seq + 1;
	if (w->flags & (TCP_FIN | TCP_RST | TCP_SYN))
		observe_flags(o, e, w->swapped, w->flags);
	if (e->class == FLOW_OPENING && w->proto == IP_PROTO_TCP && e->packets[0] &&
		e->packets[1])
		flows_set_class(&o->flows, e, FLOW_LONG);
	if (app == RECORD_APP_DNS)
		observe_answer(o, w, e);
	else if (e->flags & FLOW_WANTS_HEAD && cursor_left(&w->payload))
		observe_head(o, w, e);
	if (w->fragment)
		first_fragment(o, w, e);
}

/* Cooked captures have one address only; the other is whose IP address it is. */
static void find_dst(struct observe *o, struct walk *w)
{
	struct addr dst = walk_target(w);

	w->dst = o->hosts.hosts[hosts_owner(&o->hosts, &dst)].mac;
}

void observe_any(
	struct observe *o, uint32_t linktype, struct cursor frame, uint32_t wire_len)
{
	struct walk *w = &o->walk;

	walk_frame(w, linktype, frame, wire_len);
	if (w->kind != WALK_PACKET) {
		observe_link(o, w);
		return;
	}
	if (!w->has_dst)
		find_dst(o, w);
	if (w->later)
		later_fragment(o, w);
	else
		see_packet(o, w);
}
