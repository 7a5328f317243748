// SPDX-License-Identifier: GPL-2.0-or-later
/* pipeline - the data flow of the house as code: what each process says, and what
 * follows from it. The only place that knows every room. */
#ifndef CARDEA_ENGINE_PIPELINE_H
#define CARDEA_ENGINE_PIPELINE_H

#include <stdbool.h>
#include "base/hash.h"
#include "base/ipc.h"
#include "base/loop.h"
#include "engine/advisories.h"
#include "engine/attestor.h"
#include "engine/backup.h"
#include "engine/cases.h"
#include "engine/classes.h"
#include "engine/commit.h"
#include "engine/fetcher.h"
#include "engine/hits.h"
#include "engine/held.h"
#include "engine/history.h"
#include "engine/household.h"
#include "engine/journal.h"
#include "engine/prober.h"
#include "engine/learner.h"
#include "engine/learner_maintain.h"
#include "engine/lives.h"
#include "engine/people.h"
#include "engine/portal.h"
#include "engine/reporter.h"
#include "engine/webhook.h"
#include "engine/homeassistant.h"
#include "engine/settings.h"
#include "engine/shelf.h"
#include "engine/watching.h"
#include "inventory/inventory.h"
#include "model/adopted.h"
#include "model/decision.h"
#include "model/messages.h"
#include "profiles/trust/trust.h"
#include "store/store.h"

/* Somebody other than the LAN itself says who a device is: the owner, a code on its
 * case, 802.1X, a DHCP server's script. All text is untrusted but for its length. */
struct identity {
	struct mac mac;
	enum url_source source;
	char mud_url[LIMIT_URL];     /* may be empty: a device without one is added */
	char mud_signer[LIMIT_TEXT]; /* id-pe-mudsigner of its certificate, or empty */
	char name[LIMIT_LABEL];      /* how to call it, or empty */
};

struct pipeline_process {
	bool known, running;
	unsigned mute; /* ticks for which it ran without a channel to us */
	uint32_t pid, restarts, layers;
	uint32_t memory_kib; /* of its own, when it was last asked for; 0: never */
};

/* Its addresses over all LANs, as the parent reads them. */
#define PIPELINE_LAN_ADDRS 32

/* The gateway's own addresses as they are being told, all of them each time; taken once
 * none came for a while, so that rules never follow half a list. */
struct pipeline_house {
	struct policy_env env;
	char lan_addrs[PIPELINE_LAN_ADDRS][LIMIT_LABEL]; /* "br-lan 192.168.1.1/24" */
	size_t lan_addr_count;
	struct mac macs[LIMIT_LANS];
	size_t mac_count;
	unsigned settle; /* ticks until taken; 0: nothing new */
};

/* An interface of the LAN, as the enforcer tells. */
#define PIPELINE_PORTS_MAX 64 /* a large switch; beyond, ports are counted alone */
struct pipeline_port {
	char name[LIMIT_IFNAME];
	bool covered;
	char text[LIMIT_TEXT]; /* why not */
};

/* What is said to a question for a name that no rule of a protected device has. */
enum names_unlisted { NAMES_ANSWER, NAMES_REFUSE, NAMES_NXDOMAIN };

struct pipeline {
	struct loop *loop;
	struct store *store;
	struct inventory *inventory;
	struct shelf shelf;   /* files that may be used */
	struct shelf waiting; /* files that the owner has not accepted */
	struct household household;
	struct classes classes;
	struct hits hits;
	struct history history;
	struct commit commit;
	struct fetcher fetcher;
	struct reporter reporter;
	struct webhook webhook;
	struct homeassistant homeassistant;
	struct prober prober;
	struct learner learner;
	struct learner_maintain maintained;
	struct attestor attestor;
	struct lives lives;
	struct advisories advisories;
	struct portal portal;
	struct people people;
	struct cases cases;
	struct journal journal;
	struct settings settings;
	struct backup backup;
	struct watching watching;
	struct ipc channels[ROLE_MAX]; /* by the role at the other end */
	struct pipeline_process processes[ROLE_MAX];
	struct message_sensor_counts sensor;
	struct loop_timer tick;
	unsigned ticks;
	unsigned resync; /* ticks until all is sent again; 0: no need */
	/* The channel to a process broke though it runs: start it anew. May be NULL. */
	void (*restart)(void *ctx, enum role role);
	void *restart_ctx;
	/* Somebody asks the control API through web. May be NULL. */
	void (*web_open)(void *ctx, const struct message_web_open *m);
	/* The enforcer has spoken of a transaction, or devices have followed others; the same
	 * ctx. May be NULL. */
	void (*in_force)(void *ctx);
	void *web_ctx;
	/* What each process takes is to be asked for; the same ctx; may be NULL. */
	void (*measure)(void *ctx);
	nstime measured, measure_asked; /* wall: last told; mono: last asked */
	bool ready; /* the enforcer holds everything */
	struct pipeline_house house;
	char backend[LIMIT_LABEL];
	char backend_lacks[LIMIT_TEXT];
	struct pipeline_port ports[PIPELINE_PORTS_MAX];
	size_t port_count;
	uint64_t ports_beyond; /* told of, without a place */
	unsigned ports_settle; /* ticks until the owner is asked; 0: nothing new */
	enum names_unlisted unlisted;
	struct encrypted_own encrypted; /* the owner's public resolvers */
	bool redirects_dns; /* questions to foreign servers are answered by the gateway */
	char dns_domain[LIMIT_NAME]; /* of the devices' own names; empty: they have none */
	bool dns_due; /* the resolver is to be told how to treat some device */
	struct message_dns_tls dns_tls; /* as the resolver told */
	nstime started; /* wall */
	nstime last_wall, last_mono; /* at the last tick */
	bool require_signature;
	nstime clock_floor;  /* wall: no clock that is right shows less */
	nstime started_mono;
	bool clock_trusted;
	struct hash_key key; /* for jitter */
	uint64_t random;
	struct adopted adopted; /* as pipeline_adopted read it last */
	char *adopted_text;
	struct message in, out;
};

/* Ready for settings. */
int pipeline_init(struct pipeline *p) CARDEA_MUSTCHECK;
/* Loads what the store has. store belongs to the caller; added sees each new event. */
int pipeline_open(struct pipeline *p, struct loop *l, struct store *s,
	void (*added)(void *ctx, const struct event *e), void *ctx) CARDEA_MUSTCHECK;
void pipeline_start(struct pipeline *p); /* settings are complete */
void pipeline_end(struct pipeline *p);
/* A setting of the house: lan_prefix, gateway_addr, gateway_mac, require_signature, report;
 * lan_begin forgets what was told of the first three before. 0 also when it is not one of
 * these. */
int pipeline_setting(struct pipeline *p, const char *key, const char *value)
	CARDEA_MUSTCHECK;
/* A channel to a process; replaces an older one. Takes fd. */
int pipeline_connect(struct pipeline *p, enum role role, int fd) CARDEA_MUSTCHECK;
void pipeline_process(struct pipeline *p, const struct message_process *m);
/* Questions that wait for the owner. */
unsigned pipeline_open_decisions(struct pipeline *p);
int pipeline_memory(struct pipeline *p, const struct message_memory *m) CARDEA_MUSTCHECK;
/* Asks what each process takes, at most once a second; the answer is there a moment later. */
void pipeline_measure(struct pipeline *p);

/* Takes it for the device of that MAC, which is made when it is not there yet.
 * CARDEA_EMALFORMED for a MAC that no device can have or a name that is none, -EEXIST
 * when another device has that name, CARDEA_ELIMIT when there is no place,
 * CARDEA_EREFUSED when a stronger source says another URL; *ret also then. */
int pipeline_identity(struct pipeline *p, const struct identity *i,
	struct device **ret) CARDEA_MUSTCHECK;

/* Into quarantine, or, with both steps of the owner's word, out of it (NULL).
 * CARDEA_EMALFORMED: this is no reason; CARDEA_EREFUSED: not from where it stands; another
 * error: nothing has changed. */
int pipeline_quarantine(struct pipeline *p, struct device *d,
	const char *reason) CARDEA_MUSTCHECK;

/* The owner says something of a device beside its profile, until o->until or for good; o->id
 * and said are set. CARDEA_EMALFORMED, -EEXIST (*o is the one that says it already),
 * CARDEA_ELIMIT; nothing has changed then. */
int pipeline_overlay_add(
	struct pipeline *p, struct device *d, struct overlay *o) CARDEA_MUSTCHECK;
/* The word that says the same already, whatever its time, or NULL. Brings *o into the form
 * that words have. */
const struct overlay *pipeline_overlay_find(
	struct pipeline *p, const struct device *d, struct overlay *o);
/* It holds until then, also where that is earlier; 0: for good. -ENOENT. */
int pipeline_overlay_until(struct pipeline *p, struct device *d, uint32_t id,
	nstime until) CARDEA_MUSTCHECK;
/* ... and no longer does. -ENOENT. */
int pipeline_overlay_remove(
	struct pipeline *p, struct device *d, uint32_t id) CARDEA_MUSTCHECK;
/* "refuse TCP with ads.example, port 443" */
#define PIPELINE_OVERLAY_TEXT (LIMIT_NAME + 128)
char *pipeline_overlay_text(const struct overlay *o, char buf[PIPELINE_OVERLAY_TEXT]);

/* The owner puts a profile in force for the device beside its maker's, in place of one that
 * he put in force before; a->when may be 0. CARDEA_EMALFORMED: it is no such profile, or
 * another device's; another error: nothing has changed. why says what is wrong, where. */
int pipeline_adopt(struct pipeline *p, struct device *d, const struct adopted *a,
	char why[LIMIT_TEXT]) CARDEA_MUSTCHECK;
/* ... and takes it back. -ENOENT. */
int pipeline_abandon(struct pipeline *p, struct device *d) CARDEA_MUSTCHECK;
/* NULL: none, or it cannot be read. Valid until the next call. */
const struct adopted *pipeline_adopted(struct pipeline *p, const struct device *d);

/* The owner vouches for what the device's MUD URL says it is, or no longer does. */
void pipeline_confirm(struct pipeline *p, struct device *d, bool confirmed);
/* The owner's answer to a question. -ENOENT without one of that id, CARDEA_EMALFORMED or
 * another error when the choice is none; nothing is changed then. */
int pipeline_answer(struct pipeline *p, uint32_t id, bool accept, const char *choice,
	struct decision *ret) CARDEA_MUSTCHECK;
/* A no is taken back: the question is open as before. -ENOENT; CARDEA_EREFUSED after a yes,
 * and where an answer set something off. */
int pipeline_ask_again(
	struct pipeline *p, uint32_t id, struct decision *ret) CARDEA_MUSTCHECK;

/* pipeline_web.c: what the process web says; an error: it is at fault. */
int pipeline_web(struct pipeline *p, const struct message *m) CARDEA_MUSTCHECK;
/* There is a channel to it. */
void pipeline_web_up(struct pipeline *p);
/* A pipe for its question, or why not. Takes fd; -1: it is refused. */
void pipeline_web_answer(
	struct pipeline *p, uint64_t id, enum web_refusal refused, int fd);
/* Users, the secret of the first of them, ... */
int pipeline_people_open(struct pipeline *p) CARDEA_MUSTCHECK;
/* Wall, but never before what is known to have been: for what ends at some time. */
nstime pipeline_people_now(const struct pipeline *p);

/* For the parts of the pipeline itself (pipeline_*.c). */
void pipeline_quarantine_start(struct pipeline *p);
int pipeline_overlays_open(struct pipeline *p) CARDEA_MUSTCHECK;
/* What was said for a while is over when its time is; and the clock was set. */
void pipeline_overlays_tick(struct pipeline *p);
void pipeline_overlays_shift(struct pipeline *p, nstime before, nstime jump);
int pipeline_adopted_open(struct pipeline *p) CARDEA_MUSTCHECK;
void pipeline_adopted_forget(struct pipeline *p);
/* A new file is in force: which of the owner's words have nothing to say any more. */
void pipeline_overlays_weigh(struct pipeline *p, const struct device *d);
/* Asks the owner unless he was asked before (the same kind, device, subject, signer and
 * file); what he said. wanted: without id and times. */
enum decision_answer pipeline_ask(struct pipeline *p, const struct decision *wanted);
/* The open question like that, if there is one, is none any more. */
void pipeline_unask(struct pipeline *p, enum decision_kind kind, device_id device,
	const char *subject);
/* May the device use this file, which came from url? Asks where only the owner can say. */
void pipeline_judge(struct pipeline *p, const struct device *d, const char *url,
	const struct profile *profile, struct trust_verdict *ret);
/* It is in use now: the URL is remembered, and who signed first. */
void pipeline_used(struct pipeline *p, const struct device *d, const char *url,
	const struct profile *profile, const struct trust_verdict *v);
/* Files from url that waited for the owner's answer. */
void pipeline_judge_again(struct pipeline *p, const char *url);
/* False: a device in quarantine would choose by its own word what it may still do. */
bool pipeline_hears(const struct device *d, enum url_source source);
/* A device with a file in force says this URL. */
void pipeline_says_url(struct pipeline *p, struct device *d, const char *url);
/* Wall: when a file that was fetched then is to be fetched again. */
nstime pipeline_due(struct pipeline *p, nstime fetched, const struct profile *profile);
void pipeline_clock_init(struct pipeline *p);
/* Something happened at this time: the clock was right then. */
void pipeline_clock_seen(struct pipeline *p, nstime wall);
/* Every second: follows jumps; true when the clock just became believable. */
bool pipeline_clock_tick(struct pipeline *p);
nstime pipeline_wall(const struct pipeline *p);
void pipeline_save_device(struct pipeline *p, const struct device *d);
/* All that is known, as at an end. */
int pipeline_save(struct pipeline *p) CARDEA_MUSTCHECK;
/* One that a device can have: no group, not the gateway's. */
bool pipeline_is_device_mac(const struct pipeline *p, const struct mac *mac);
void pipeline_joined(struct pipeline *p, const struct device *d);
/* Somebody who floods the LAN with senders must not keep real devices out. */
void pipeline_make_room(struct pipeline *p, const struct mac *mac);
/* Asks for what the classes in the device's policy need: a controller, proof of who is a
 * member. */
void pipeline_ask_classes(struct pipeline *p, const struct device *d);
void pipeline_sensor(struct pipeline *p, const struct message *m);
void pipeline_hello(struct pipeline *p, const struct message_seen_hello *m);
int pipeline_resolver(struct pipeline *p, const struct message *m);
/* Some question of the device may be refused: its answers have to wait. */
bool pipeline_names_refused(struct pipeline *p, const struct device *d);
/* What is said to its question for that name: 0, or an rcode and why (RFC 8914). */
uint8_t pipeline_name_policy(struct pipeline *p, const struct device *d, const char *name,
	uint16_t *ret_ede, char ret_text[LIMIT_TEXT]);
/* LEARNED: the kernel opened a name by itself. */
void pipeline_learned(struct pipeline *p, const struct message_learned *m);

/* pipeline_hidden.c */
/* "its own resolver 8.8.8.8", where the flow is one that asks a foreign server for names
 * or may do so unseen; NULL when it is not. asked: what the device called the peer. */
const char *pipeline_hidden_what(const struct pipeline *p, const struct flow *f,
	const char *asked, char buf[LIMIT_TEXT]);
/* The device was told where a public resolver is. What it does there nobody sees where
 * nothing is enforced for it. */
void pipeline_hidden_asked(struct pipeline *p, const struct device *d,
	const struct message_dns_answer *m);
/* The device was let through to such a server. */
void pipeline_hidden_seen(struct pipeline *p, const struct device *d,
	const struct flow *f, const char *asked);

/* pipeline_dns.c */
void pipeline_dns_init(struct pipeline *p);
/* The resolver learns how to treat this device, or all of them; changes only. */
void pipeline_dns_follow(struct pipeline *p, const struct device *d);
void pipeline_dns_follow_all(struct pipeline *p);
/* What the kernel holds is not what we believe: no answer goes out unheld. */
void pipeline_dns_hold_all(struct pipeline *p);
void pipeline_dns_gone(struct pipeline *p, const struct device *d);
void pipeline_dns_resolver_up(struct pipeline *p);
void pipeline_local_follow(struct pipeline *p, const struct device *d);
void pipeline_local_gone(struct pipeline *p, const struct device *d);
/* Enforced devices whose names the kernel learns, and whose answers are held. */
void pipeline_dns_paths(struct pipeline *p, unsigned *ret_kernel, unsigned *ret_held);

/* pipeline_ports.c */
void pipeline_port(struct pipeline *p, const struct message_port *m);
/* They are all told anew. */
void pipeline_ports_reset(struct pipeline *p);
/* Questions about ports that are gone, or covered now, are taken back. */
void pipeline_ports_settle(struct pipeline *p);
/* The owner knows that nothing is enforced there. */
bool pipeline_port_accepted(struct pipeline *p, const char *name);
/* The device says (or said) a MUD URL: protect it, or find out how. */
void pipeline_consider(struct pipeline *p, struct device *d);
void pipeline_house_apply(struct pipeline *p);
void pipeline_house_tick(struct pipeline *p);
/* A protected device says another file of the same maker: its old one stays in force, and
 * stays the device's over a restart, until the new one is here. */
void pipeline_next_url(struct pipeline *p, struct device *d, const char *url);
void pipeline_profiles_init(struct pipeline *p);
void pipeline_profiles_tick(struct pipeline *p);

#endif
