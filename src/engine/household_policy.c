// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy of a device, made of its file and of what the house says about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/household_priv.h"

#define FILE_POOL_BYTES                                                                \
	(LIMIT_RULES * sizeof(struct rule) +                                           \
		LIMIT_PROFILE_LIMITS * sizeof(struct profile_limit) + 65536)

/* Both directions: where the file lets the peer in, it could open the flow anew. */
static size_t block_rules(const struct household_device *hd, struct rule *out)
{
	size_t count = 0;

	for (size_t i = 0; i < hd->block_count; i++)
		for (unsigned d = 0; d < DIRECTION_MAX; d++) {
			const struct household_block *b = &hd->blocks[i];
			struct rule *r = &out[count];

			rule_init(r);
			r->id = POLICY_BLOCK_ID + (rule_id)count++;
			r->direction = (enum direction)d;
			r->action = RULE_DROP;
			r->proto = b->proto;
			r->peer.kind = PEER_PREFIX;
			r->peer.prefix = prefix_of(&b->peer, addr_bits(&b->peer));
			r->peer_port = (struct range16){b->port, b->port};
			str_copy(r->acl, sizeof(r->acl), "ended by the gateway");
		}
	return count;
}

/* A refusal in both directions, of whom the owner let decide. */
static void add_probe(const struct household_probe *probe, struct rule rules[DIRECTION_MAX],
	struct policy_layer *ret)
{
	for (unsigned d = 0; d < DIRECTION_MAX; d++) {
		struct rule *r = &rules[d];

		rule_init(r);
		r->id = d + 1;
		r->direction = (enum direction)d;
		r->action = RULE_DROP;
		r->layer = LAYER_AGENT;
		r->peer = probe->refused.peer;
		r->proto = probe->refused.proto;
		r->peer_port = probe->refused.port;
		str_copy(r->acl, sizeof(r->acl), HOUSEHOLD_PROBE_ACL);
		str_copy(r->ace, sizeof(r->ace), HOUSEHOLD_PROBE_ACL);
		str_copy(r->detail, sizeof(r->detail),
			"it is refused for some minutes, to see what the device does "
			"without it");
	}
	*ret = (struct policy_layer){POLICY_REFUSE, LAYER_AGENT, rules, DIRECTION_MAX};
}

/* The file's rules, with what the owner put in force or says beside them; layers live in
 * pool. */
static int combine(
	const struct household_device *hd, struct pool *pool, struct policy_input *ret)
{
	struct policy_layer layers[POLICY_OVERLAY_LAYERS + POLICY_HOLD_LAYERS + 3];
	struct rule probe[DIRECTION_MAX];
	size_t count = 0;
	int error = policy_overlay_layers(
		pool, hd->overlays, hd->overlay_count, layers, &count);

	if (error)
		return error;
	if (hd->probe.until)
		add_probe(&hd->probe, probe, &layers[count++]);
	if (hd->rule_count && !hd->bare)
		layers[count++] = (struct policy_layer){POLICY_GRANT,
			hd->rules[0].layer, hd->rules, hd->rule_count};
	if (hd->grant.count && !hd->bare)
		layers[count++] = (struct policy_layer){POLICY_GRANT, hd->grant.layer,
			hd->grant.rules, hd->grant.count};
	error = household_hold_layers(hd, pool, layers, &count);
	if (error)
		return error;
	return policy_combine(pool, layers, count, ret);
}

static int make_with_blocks(const struct household_device *hd, struct pool *pool,
	struct policy_input *in, struct policy *ret)
{
	struct rule *blocks = NULL;
	int error;

	if (hd->block_count) {
		blocks = calloc(hd->block_count * DIRECTION_MAX, sizeof(*blocks));
		if (!blocks)
			return -ENOMEM;
		in->blocks = blocks;
		in->block_count = block_rules(hd, blocks);
	}
	error = policy_prepare(pool, in, ret);
	free(blocks);
	return error;
}

/* A kernel that cannot wait for triggers: rules that do are wider there, and say so. */
static int drop_triggers(struct pool *pool, struct policy_input *in)
{
	struct rule *own = pool_copy(pool, in->rules, in->count * sizeof(*own));

	if (!own)
		return -ENOMEM;
	for (size_t i = 0; i < in->count; i++) {
		char detail[LIMIT_TEXT];
		struct rule *r = &own[i];

		r->arms = 0;
		if (!r->needs)
			continue;
		str_copy(detail, sizeof(detail), r->detail);
		(void)str_print(r->detail, sizeof(r->detail),
			"at any time: this back end knows no triggers (%.160s)", detail);
		if (r->status == RULE_ENFORCED)
			r->status = RULE_APPROXIMATED;
		r->needs = 0;
		r->open_s = 0;
	}
	in->rules = own;
	return 0;
}

static int make(
	const struct household_device *hd, struct pool *pool, struct policy *ret)
{
	struct policy_input in = {.rules = hd->rules, .count = hd->rule_count};
	struct pool *layers = NULL;
	int error = 0;

	if (hd->overlay_count || hd->grant.pool || hd->probe.until || hd->hold) {
		layers = pool_new("layers", 3 * POLICY_POOL_BYTES);
		error = layers ? combine(hd, layers, &in) : -ENOMEM;
	}
	if (!error && hd->grant.gate_count && !hd->bare && !hd->house->knows_gates)
		error = drop_triggers(layers, &in);
	in.hold = hd->hold;
	in.keeps_fabric = hd->keeps_fabric;
	in.redirect = hd->house->redirect;
	memcpy(in.portal, hd->house->portal, sizeof(in.portal));
	if (!error)
		error = make_with_blocks(hd, pool, &in, ret);
	pool_free(layers);
	return error;
}

static bool waits_for_triggers(const struct household_grant *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->rules[i].needs)
			return true;
	return false;
}

int household_try(const struct household_device *d, const struct household_trial *t,
	struct pool *pool, struct policy *ret, bool *ret_enforced)
{
	struct household_device as_if = *d;

	if (t->file) {
		as_if.rules = t->rules;
		as_if.rule_count = t->rule_count;
	}
	if (t->grant)
		as_if.grant = *t->grant;
	/* whether there are gates is all that counts here */
	as_if.grant.gate_count = waits_for_triggers(&as_if.grant);
	if (t->says) {
		/* they are read alone */
		as_if.overlays = (struct overlay *)(uintptr_t)t->overlays;
		as_if.overlay_count = t->overlay_count;
	}
	as_if.hold = HOLD_NONE;
	as_if.bare = false;
	as_if.block_count = 0;
	as_if.probe = (struct household_probe){0};
	*ret_enforced = d->file || t->file || as_if.grant.pool;
	return make(&as_if, pool, ret);
}

static int remake(struct household_device *hd)
{
	struct pool *pool = pool_new("policy", POLICY_POOL_BYTES);
	struct policy policy;
	int error = pool ? make(hd, pool, &policy) : -ENOMEM;

	if (error) {
		pool_free(pool);
		return error;
	}
	pool_free(hd->pool);
	hd->pool = pool;
	hd->policy = policy;
	hd->hits_of = NULL;
	hd->uses_classes = policy_uses_classes(&policy);
	return 0;
}

int household_remake(struct household_device *hd)
{
	bool bare = hd->bare;
	int error;

	hd->bare = false;
	error = remake(hd);
	/* what is too much to be made into rules must not keep it from being held */
	if (error && error != -ENOMEM && hd->hold)
		error = household_remake_bare(hd);
	if (error)
		hd->bare = bare;
	return error;
}

int household_remake_bare(struct household_device *hd)
{
	bool bare = hd->bare;
	int error;

	hd->bare = true;
	error = remake(hd);
	if (error)
		hd->bare = bare;
	return error;
}

/* What of a file must be at hand whenever the house changes its mind: a newer file may
 * lie on the shelf by then, and wait for the owner's word. */
static int copy_file(struct household_device *to, const struct profile *p)
{
	size_t limits = p->limits ? p->limit_count : 0;
	struct rule *rules;

	to->file = pool_new("rules", FILE_POOL_BYTES);
	if (!to->file)
		return -ENOMEM;
	to->rules = rules =
		pool_copy(to->file, p->rules, p->rule_count * sizeof(*p->rules));
	to->rule_count = p->rule_count;
	to->limits = pool_copy(to->file, p->limits, limits * sizeof(*p->limits));
	to->limit_count = limits;
	if ((p->rule_count && !to->rules) || (limits && !to->limits))
		return -ENOMEM;
	for (size_t i = 0; to->takes_previewed && i < to->rule_count; i++)
		if (rules[i].status == RULE_PREVIEWED)
			rules[i].status = RULE_ENFORCED;
	return 0;
}

static const char *report_uri(const struct profile *p)
{
	for (unsigned i = 0; p->links && i < p->link_count; i++)
		if (strcmp(p->links[i].kind, "report-uri") == 0)
			return p->links[i].text;
	return "";
}

int household_adopt(struct household_device *d, const struct shelf_entry *source)
{
	struct household_device before = *d;
	int error = copy_file(d, &source->profile);

	if (!error)
		error = household_remake(d);
	if (error) {
		pool_free(d->file);
		*d = before;
		return error;
	}
	pool_free(before.file);
	d->source = source;
	memcpy(d->sha256, source->profile.sha256, sizeof(d->sha256));
	d->last_update = source->profile.last_update;
	str_copy(d->report.uri, sizeof(d->report.uri), report_uri(&source->profile));
	return 0;
}

void household_drop_policy(struct household_device *hd)
{
	pool_free(hd->pool);
	hd->pool = NULL;
	memset(&hd->policy, 0, sizeof(hd->policy));
	hd->hits_of = NULL;
	hd->uses_classes = false;
}

void household_abandon(struct household_device *hd)
{
	pool_free(hd->file);
	hd->file = NULL;
	hd->rules = NULL;
	hd->limits = NULL;
	hd->rule_count = hd->limit_count = hd->block_count = 0;
	hd->source = NULL;
	memset(hd->sha256, 0, sizeof(hd->sha256));
	hd->last_update = 0;
	hd->takes_previewed = false;
	hd->next_url[0] = hd->refused_url[0] = 0;
	memset(&hd->report, 0, sizeof(hd->report));
	free(hd->hits);
	free(hd->hit_of_rule);
	hd->hits = NULL;
	hd->hit_of_rule = NULL;
	hd->hit_count = 0;
	if (!hd->hold && !hd->grant.pool)
		household_drop_policy(hd);
	else if (household_remake(hd))
		log_error("household", "device %u: the rules of its old file stay in force",
			hd->id);
	hd->hits_of = NULL;
}

enum device_state household_state(
	const struct device *d, const struct household_device *hd)
{
	if (hd->hold)
		return DEVICE_QUARANTINED;
	if (hd->pool)
		return DEVICE_PROTECTED;
	return d->problem[0] || d->mud_url[0] ? DEVICE_WATCHED : DEVICE_NEW;
}

int household_grant(struct household *h, struct device *d,
	const struct household_grant *g, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	struct household_grant before;
	int error = 0;

	if (!hd)
		return CARDEA_ELIMIT;
	before = hd->grant;
	hd->grant = g ? *g : (struct household_grant){0};
	if (g)
		error = household_gates_make(h, d->id, &hd->grant);
	if (error)
		;
	else if (g || hd->file || hd->hold)
		error = household_remake(hd);
	else
		household_drop_policy(hd);
	if (error) {
		hd->grant = before;
		return error;
	}
	pool_free(before.pool);
	d->state = household_state(d, hd);
	household_update(h, d, true, wall);
	return 0;
}

void household_knows_gates(struct household *h, bool knows,
	const struct device *(*at)(void *, size_t), void *ctx, nstime wall)
{
	const struct device *d;

	if (h->knows_gates == knows)
		return;
	h->knows_gates = knows;
	for (size_t i = 0; (d = at(ctx, i)); i++) {
		struct household_device *hd = household_device(h, d->id);

		if (!hd || !hd->grant.gate_count)
			continue;
		if (household_remake(hd))
			log_error("household",
				"device %u: its rules do not follow the new back end", hd->id);
		household_update(h, d, false, wall);
	}
}

int household_overlay(struct household *h, const struct device *d,
	const struct overlay *list, size_t count, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	struct overlay *own = NULL, *before;
	size_t count_before;
	int error = 0;

	if (!hd)
		return CARDEA_ELIMIT;
	if (count) {
		own = malloc(count * sizeof(*own));
		if (!own)
			return -ENOMEM;
		memcpy(own, list, count * sizeof(*own));
	}
	before = hd->overlays;
	count_before = hd->overlay_count;
	hd->overlays = own;
	hd->overlay_count = count;
	if (hd->pool)
		error = household_remake(hd);
	if (error) {
		hd->overlays = before;
		hd->overlay_count = count_before;
		free(own);
		return error;
	}
	free(before);
	if (hd->pool)
		household_update(h, d, true, wall);
	return 0;
}

int household_refuse(struct household *h, const struct device *d,
	const struct household_probe *what, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	struct household_probe before;
	int error = 0;

	if (!hd)
		return what ? CARDEA_ELIMIT : 0;
	if (what && (!hd->pool || !device_is_enforced(d) || household_tells(hd)))
		return -ENOENT;
	if (!what && !hd->probe.until)
		return 0;
	before = hd->probe;
	hd->probe = what ? *what : (struct household_probe){0};
	if (hd->pool)
		error = household_remake(hd);
	if (error)
		hd->probe = before;
	else if (hd->pool)
		household_update(h, d, what != NULL, wall);
	return error;
}

static struct household_block *find_block(struct household_device *hd,
	const struct addr *peer, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < hd->block_count; i++)
		if (addr_equal(&hd->blocks[i].peer, peer) &&
			hd->blocks[i].proto == proto && hd->blocks[i].port == port)
			return &hd->blocks[i];
	return NULL;
}

static void remove_block(struct household_device *hd, size_t i)
{
	hd->block_count--;
	memmove(&hd->blocks[i], &hd->blocks[i + 1],
		(hd->block_count - i) * sizeof(hd->blocks[0]));
}

int household_block(struct household *h, const struct device *d,
	const struct addr *peer, uint8_t proto, uint16_t port, nstime wall)
{
	struct household_device *hd = household_device(h, d->id);
	nstime until = wall + HOUSEHOLD_BLOCK_S * NS_PER_SEC;
	struct household_block *b;
	int error;

	if (!hd || !hd->pool || !device_is_enforced(d) || household_tells(hd))
		return -ENOENT;
	b = find_block(hd, peer, proto, port);
	if (b) {
		b->until = until;
		return 0;
	}
	if (hd->block_count == HOUSEHOLD_BLOCKS_MAX)
		remove_block(hd, 0);
	hd->blocks[hd->block_count++] = (struct household_block){
		.peer = *peer, .proto = proto, .port = port, .until = until};
	error = household_remake(hd);
	if (error)
		remove_block(hd, hd->block_count - 1);
	else
		household_update(h, d, true, wall);
	return error;
}

bool household_unblock(struct household_device *hd, nstime wall)
{
	size_t before = hd->block_count;

	bool probed = hd->probe.until && hd->probe.until <= wall;

	for (size_t i = hd->block_count; i-- > 0;)
		if (hd->blocks[i].until <= wall)
			remove_block(hd, i);
	if (probed)
		hd->probe = (struct household_probe){0};
	if ((hd->block_count == before && !probed) || !hd->pool)
		return false;
	if (household_remake(hd)) {
		log_warn("household", "device %u: a block outlives its time", hd->id);
		return false;
	}
	return true;
}
