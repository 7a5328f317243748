// SPDX-License-Identifier: GPL-2.0-or-later
/* test_extended - templates, bindings and published profiles: what is read, what is
 * refused and where, and that what was printed reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "profiles/extended/extended.h"

#define HEAD "cardea-profile: 1\ndevice: {name: lamp}\n"
#define ROLES                                                                          \
	"roles:\n  phone: {kind: phone}\n  hub: {kind: hub}\n"                         \
	"  cloud: {kind: cloud, domain: api.example.com}\n"                            \
	"  sensor: {kind: device, type: motion}\n"

/* All that the schema has, once. */
static const char everything[] = HEAD ROLES
	"policies:\n"
	"  all:\n"
	"    match:\n"
	"      ipv4: {src: [self, phone], dst: [cloud, 192.0.2.0/24, external, "
	"'*.example.net', a.example]}\n"
	"      tcp: {src-port: 1024-65535, dst-port: [443, 8443]}\n"
	"      tls: {sni: '*.example.net', alpn: [h2, http*], tls-version: [1.2, 1.3],\n"
	"        handshake-type: client-hello, content-type: 22, session-id: false}\n"
	"    bidirectional: true\n"
	"    initiator: src\n"
	"    stats: {rate: 20/minute burst 5 packets, bitrate: 1.5 Mbit/s burst 10 kB,\n"
	"      bytes: 10 MB, packet-size: 40 - 1500, packet-count: {forward: 10, "
	"backward: 20}, duration: 1.5 s}\n"
	"    activity: {start: '30 8 * 1', duration: 2 h}\n"
	"    confidence: 0.97\n"
	"    provenance: {source: learned, episodes: 12, contexts: [boot, user],\n"
	"      first: '2026-01-01T00:00:00Z', last: '2026-02-01T00:00:00Z', file: x, "
	"line: 3, period: 236 s, bytes-median: 12 kB, bytes-p99: 34567, said: GET /a}\n"
	"  second: {match: {ipv6: {src: self, dst: 'ff02::fb'}, udp: , mdns: {qtype: [PTR, "
	"65280], domain-name: Philips Hue - 1._hue._tcp.local, response: true}},\n"
	"    fallback-of: all}\n"
	"  third: {match: {arp: {type: request, sha: self, tha: zero, spa: self, tpa: "
	"local}}, action: deny}\n"
	"  fourth: {match: {ipv4: {src: self}, icmp: {type: echo-request, code: 0}}}\n"
	"  fifth: {match: {icmpv6: {type: 135}}}\n"
	"  sixth: {match: {igmp: {version: 3, type: membership-report, group: ssdp}}}\n"
	"  seventh: {match: {ipv4: {dst: self}, tcp: , http: {method: GET, uri: '/a?b*', "
	"host: x.example}}}\n"
	"  eighth: {match: {udp: {dst-port: 1900}, ssdp: {method: M-SEARCH, target: "
	"'ssdp:all'}}}\n"
	"  ninth: {match: {coap: {type: CON, method: GET, uri: /oic/res}}}\n"
	"  tenth: {match: {dhcp: {type: [discover, request], client-mac: self}}}\n"
	"  eleventh: {match: {mqtt: {packet-type: publish, client-id: a, client-id-length: 1, "
	"clean-session: true, keep-alive: 60, topic-name: t, payload-regex: '[0-9]+', "
	"payload-length: 4-5}}}\n"
	"  twelfth: {match: {dns: {qtype: A, domain-name: x.example, response: false}}, "
	"stats: {rate: unlimited}}\n"
	"interactions:\n"
	"  many:\n"
	"    instances: 3\n"
	"    when-full: replace\n"
	"    timeout: 90 s\n"
	"    steps:\n"
	"      - {name: one, match: {udp: }, optional: true, repeatable: true, timeout: 5 s}\n"
	"      - choice:\n"
	"          - [{name: two, match: {tcp: }}]\n"
	"          - - {name: three, match: {arp: }}\n"
	"            - loop: {min: 0, max: 4, steps: [{name: four, match: {icmp: }}]}\n"
	"permits:\n"
	"  opens:\n"
	"    trigger: {match: {ipv4: {src: phone, dst: hub}}}\n"
	"    effect: {match: {ipv4: {src: hub, dst: self}}, bidirectional: true}\n"
	"    within: 500 ms\n";

struct parsed {
	struct pool *pool;
	struct extended_profile p;
	struct extended_notes notes;
	int error;
};

static struct parsed parse(const char *text)
{
	struct parsed r = {.pool = pool_new("test", EXTENDED_POOL_BYTES)};

	assert_non_null(r.pool);
	r.error = extended_parse(text, strlen(text), r.pool, &r.p, &r.notes);
	return r;
}

static char *print(const struct extended_profile *p)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(extended_print(p, out), 0);
	fclose(out);
	return text;
}

static void test_everything_goes_round(void **state)
{
	(void)state;
	struct parsed a = parse(everything);

	for (uint32_t i = 0; i < a.notes.count; i++)
		print_message("%u: %s\n", a.notes.items[i].note.line,
			a.notes.items[i].note.text);
	assert_int_equal(a.error, 0);
	assert_int_equal(a.p.policy_count, 12);
	assert_int_equal(a.p.role_count, 6);
	char *first = print(&a.p);
	struct parsed b = parse(first);

	assert_int_equal(b.error, 0);
	char *second = print(&b.p);

	assert_string_equal(first, second);
	/* the values, not only that they are stable */
	const struct extended_policy *p = &b.p.policies[0];

	assert_int_equal(p->confidence, 970);
	assert_int_equal(p->stats.bitrate, 1500000);
	assert_int_equal(p->stats.bitrate_burst, 10000);
	assert_int_equal(p->stats.duration.both, 1500 * NS_PER_MS);
	assert_int_equal(p->stats.packets.backward, 20);
	assert_int_equal(p->stats.size_hi, 1500);
	assert_int_equal(p->window.hour, 8);
	assert_int_equal(p->window.month_day, WINDOW_ANY);
	assert_int_equal(p->initiator, EXTENDED_SRC);
	assert_string_equal(b.p.policies[1].match.fields[3].values[0].text,
		"philips\\032hue\\032-\\0321._hue._tcp.local");
	assert_true(b.p.policies[2].deny);
	assert_true(b.p.policies[11].stats.rate_unlimited);
	assert_int_equal(b.p.permits[0].within, 500 * NS_PER_MS);
	assert_int_equal(b.p.interactions[0].instances, 3);
	assert_true(b.p.interactions[0].replace);
	free(first);
	free(second);
	pool_free(a.pool);
	pool_free(b.pool);
}

#define POLICY(match) HEAD "policies:\n  p:\n    match: " match "\n"
#define STATS(s) POLICY("{udp: }") "    stats: " s "\n"
#define STEP(s) HEAD "interactions:\n  i:\n    steps:\n      - " s "\n"

static const struct {
	const char *text;
	unsigned line;
	const char *part;
} misspelt[] = {
	{"", 1, "nothing"},
	{"x: 1\n", 1, "cardea-profile"},
	{"cardea-profile: 2\ndevice: {name: a}\n", 1, "version 2"},
	{"cardea-profile: 1\n", 1, "device is wanted"},
	{"cardea-profile: 1\ndevice: {nam: a}\n", 2, "did you mean \"name\""},
	{"cardea-profile: 1\ndevice: {}\n", 2, "must have a name"},
	{HEAD "polices: {}\n", 3, "did you mean \"policies\""},
	{HEAD "policies: {a: &x {match: {udp: }}, b: *x}\n", 3, "anchors"},
	{HEAD "policies: {a: !x {match: {udp: }}}\n", 3, "tags"},
	{HEAD "device: {name: b}\n", 3, "is there twice; it was said at line 2"},
	{HEAD "policies: [\n", 4, "no YAML"},
	{HEAD "---\na: b\n", 3, "second document"},
	{POLICY("{ip4: {src: self}}"), 5, "did you mean \"ipv4\""},
	{POLICY("{http: {url: /x}}"), 5, "did you mean \"uri\""},
	{POLICY("{ssdp: {type: M-SEARCH}}"), 5, "\"type\" is not part of ssdp"},
	{POLICY("{ipv4: {src: phon}}"), 5, "no role, group, address or name"},
	{POLICY("{ipv4: {src: gatway}}"), 5, "did you mean \"gateway\""},
	{POLICY("{ipv4: {src: '2001:db8::1'}}"), 5, "not of this protocol"},
	{POLICY("{ipv4: {src: 10.0.0.1/8}}"), 5, "no role"},
	{POLICY("{udp: {dst-port: 65536}}"), 5, "0 to 65535"},
	{POLICY("{udp: {dst-port: 9-8}}"), 5, "0 to 65535"},
	{POLICY("{udp: {dst-port: []}}"), 5, "1 to 256 values"},
	{POLICY("{udp: {dst-port: [[1]]}}"), 5, "one value"},
	{POLICY("{icmp: {type: echo-reqest}}"), 5, "did you mean \"echo-request\""},
	{POLICY("{dns: {domain-name: 'a.*.b'}}"), 5, "only at the start"},
	{POLICY("{mqtt: {payload-regex: '(a{9}){9}'}}"), 5, "without {"},
	{POLICY("{}"), 5, "must name a protocol"},
	{HEAD "policies: {p: {stats: {}}}\n", 3, "must have a match"},
	{HEAD "policies: {'a b': {match: {udp: }}}\n", 3, "no name"},
	{STATS("{rate: 5/fortnight}"), 6, "no rate"},
	{STATS("{rate: 0/second}"), 6, "no rate"},
	{STATS("{rate: 5/second burst}"), 6, "no rate"},
	{STATS("{bitrate: 5}"), 6, "no bitrate"},
	{STATS("{bytes: 5 miles}"), 6, "not a number of octets"},
	{STATS("{packet-size: < 0}"), 6, "no size"},
	{STATS("{packet-count: {forward: 1}}"), 6, "both"},
	{STATS("{duration: -1 s}"), 6, "no time"},
	{STATS("{duration: 1 s s}"), 6, "no time"},
	{POLICY("{udp: }") "    activity: {start: '60 * * *', duration: 1 h}\n", 6,
		"no start"},
	{POLICY("{udp: }") "    activity: {start: '* * *', duration: 1 h}\n", 6,
		"no start"},
	{POLICY("{udp: }") "    activity: {start: '0 * * *', duration: 32 d}\n", 6,
		"31 d"},
	{POLICY("{udp: }") "    confidence: 1.01\n", 6, "0 to 1"},
	{POLICY("{udp: }") "    fallback-of: nobody\n", 4, "names no other"},
	{POLICY("{udp: }") "    optional: true\n", 6, "not part of a policy"},
	{POLICY("{udp: }") "    provenance: {contexts: [boots]}\n", 6, "a context"},
	{POLICY("{udp: }") "    provenance: {first: yesterday}\n", 6, "no time"},
	{POLICY("{udp: }") "    provenance: {bytes-p99: many}\n", 6, "octets"},
	{POLICY("{udp: }") "    provenance: {period: often}\n", 6, "time"},
	{HEAD "roles: {gateway: {kind: hub}}\n", 3, "exists"},
	{HEAD "roles: {ssdp: {kind: hub}}\n", 3, "name of a group"},
	{HEAD "roles: {a: {kind: clod, domain: x.y}}\n", 3, "did you mean \"cloud\""},
	{HEAD "roles: {a: {kind: cloud}}\n", 3, "domain"},
	{STEP("{match: {udp: }}"), 6, "must have a name"},
	{STEP("{name: a, match: {udp: }, action: deny}"), 6, "a step permits"},
	{STEP("{choice: [[{name: a, match: {udp: }}]]}"), 6, "two or more"},
	{STEP("{loop: {steps: [{name: a, match: {udp: }}], max: 0}}"), 6, "max"},
	{STEP("{loop: {min: 1}}"), 6, "must have steps"},
	{HEAD "interactions: {i: {instances: 65, steps: []}}\n", 3, "64"},
	{HEAD "permits: {a: {trigger: {match: {udp: }}, within: 1 s}}\n", 3, "wanted"},
	{HEAD "permits: {a: {trigger: {match: {udp: }}, effect: {match: {udp: }}, "
	      "within: 2 d}}\n", 3, "a day"},
};

static void test_errors_have_a_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof misspelt / sizeof *misspelt; i++) {
		struct parsed r = parse(misspelt[i].text);
		bool found = false;

		assert_int_not_equal(r.error, 0);
		for (uint32_t n = 0; n < r.notes.count; n++)
			found |= r.notes.items[n].note.line == misspelt[i].line &&
				 strstr(r.notes.items[n].note.text, misspelt[i].part) != NULL;
		if (!found)
			fail_msg("%s: wanted line %u \"%s\", got line %u \"%s\"",
				misspelt[i].text, misspelt[i].line, misspelt[i].part,
				r.notes.items[0].note.line, r.notes.items[0].note.text);
		pool_free(r.pool);
	}
}

static void test_limits_hold(void **state)
{
	(void)state;
	size_t size = EXTENDED_BYTES + 64;
	char *text = malloc(size);

	/* too deep */
	memset(text, '[', 200);
	text[200] = '\0';
	struct parsed r = parse(text);

	assert_int_equal(r.error, CARDEA_ELIMIT);
	pool_free(r.pool);
	/* too many values */
	size_t at = (size_t)snprintf(text, size, "a: [");

	while (at + 2 < EXTENDED_BYTES) {
		text[at++] = 'a';
		text[at++] = ',';
	}
	text[at++] = ']';
	text[at] = '\0';
	r = parse(text);
	assert_int_equal(r.error, CARDEA_ELIMIT);
	pool_free(r.pool);
	/* too long */
	memset(text, ' ', EXTENDED_BYTES + 1);
	text[EXTENDED_BYTES + 1] = '\0';
	r = parse(text);
	assert_int_equal(r.error, CARDEA_ELIMIT);
	pool_free(r.pool);
	free(text);
}

struct imported {
	struct pool *pool;
	struct extended_profile p;
	struct extended_binding b;
	struct extended_notes notes;
	int error;
};

static struct imported import(const char *text, int root, const char *path)
{
	struct imported r = {.pool = pool_new("test", EXTENDED_POOL_BYTES)};

	assert_non_null(r.pool);
	r.error = extended_import(text, strlen(text), root, path, r.pool, &r.p, &r.b,
		&r.notes);
	return r;
}

static bool said(const struct extended_notes *notes, const char *file, unsigned line,
	enum note_level level, const char *part)
{
	for (uint32_t i = 0; i < notes->count; i++) {
		const struct extended_note *n = &notes->items[i];

		if (n->note.line == line && n->note.level == level &&
			strstr(n->note.text, part) &&
			(!file || (n->file && strcmp(n->file, file) == 0)))
			return true;
	}
	for (uint32_t i = 0; i < notes->count; i++)
		print_message("%s:%u: %s\n", notes->items[i].file ? notes->items[i].file : "-",
			notes->items[i].note.line, notes->items[i].note.text);
	return false;
}

#define INFO "device-info:\n  name: plug\n  mac: 02:00:00:00:00:01\n  ipv4: 192.168.1.5\n"

static void test_import_repairs(void **state)
{
	(void)state;
	struct imported r = import(INFO
		"individual-policies:\n"
		"  a:\n"
		"    protocols:\n"
		"      ssdp:\n"
		"        type: M-SEARCH\n"
		"      ip4: {src: self, dst: ssdp}\n"
		"    backward: true\n"
		"  b:\n"
		"    protocols:\n"
		"      http: {url: /x$}\n"
		"      ipv4: {src: phone, dst: self}\n"
		"    stats: {rate: 0, duration: {fwd: 2 seconds, bwd: 1 ms}}\n"
		"  c:\n"
		"    protocols: {dns: {domain-name: $.pool.example, qtype: }, ipv4: {src: "
		"self}}\n"
		"[...]\n"
		"interactions:\n"
		"  one:\n"
		"    lonely: {protocols: {arp: {sha: 02:00:00:00:00:09, spa: 192.168.1.9, tpa: "
		"self}}}\n"
		"  two:\n"
		"    x: {protocols: {udp: , ipv4: {src: self, dst: 192.168.1.9}}}\n"
		"    group:\n"
		"      y: {protocols: {tcp: , ipv4: {dst: self}}, stats: {packet-count: 3}}\n"
		"      x: {protocols: {tcp: , ipv4: {src: self}}, nonsense: 1}\n",
		-1, "plug.yaml");

	assert_int_equal(r.error, 0);
	assert_true(said(&r.notes, NULL, 5, NOTE_REPAIR, "single-policies"));
	assert_true(said(&r.notes, NULL, 9, NOTE_REPAIR, "read as \"method\""));
	assert_true(said(&r.notes, NULL, 10, NOTE_REPAIR, "read as \"ipv4\""));
	assert_true(said(&r.notes, NULL, 11, NOTE_REPAIR, "bidirectional"));
	assert_true(said(&r.notes, NULL, 14, NOTE_REPAIR, "read as \"uri\""));
	assert_true(said(&r.notes, NULL, 18, NOTE_ERROR, "qtype has no value"));
	assert_true(said(&r.notes, NULL, 19, NOTE_REPAIR, "[...]"));
	assert_true(said(&r.notes, NULL, 22, NOTE_INFO, "host-192-168-1-9"));
	assert_true(said(&r.notes, NULL, 27, NOTE_ERROR, "nonsense"));
	/* c is left out, the lonely step always holds */
	assert_int_equal(r.p.policy_count, 3);
	assert_string_equal(r.p.policies[2].name, "one");
	assert_true(r.p.policies[0].bidirectional);
	assert_true(r.p.policies[1].stats.rate_unlimited);
	assert_int_equal(r.p.policies[1].stats.duration.forward, 2 * NS_PER_SEC);
	assert_int_equal(r.p.policies[1].match.fields[2].values[0].kind, VALUE_START);
	assert_int_equal(r.p.interaction_count, 1);
	assert_string_equal(r.p.interactions[0].nodes->child->next->step->name, "y");
	assert_null(r.p.interactions[0].nodes->child->next->next);
	/* the address and the MAC became one role, and the binding has both */
	const struct extended_party *host = NULL;

	for (uint32_t i = 0; i < r.b.party_count; i++)
		if (strcmp(r.b.parties[i].role, "host-192-168-1-9") == 0)
			host = &r.b.parties[i];
	assert_non_null(host);
	assert_true(host->has_mac);
	assert_int_equal(host->addr_count, 1);
	char *text = print(&r.p);
	struct parsed again = parse(text);

	assert_int_equal(again.error, 0);
	assert_null(strstr(text, "192.168.1."));
	assert_null(strstr(text, "02:00:00"));
	free(text);
	pool_free(again.pool);
	pool_free(r.pool);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];

	assert_int_equal(str_print(path, sizeof path, "%s/%s", dir, name), 0);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_includes_stay_below_the_root(void **state)
{
	(void)state;
	char dir[] = "/tmp/extended-XXXXXX", path[300], link[300];

	assert_non_null(mkdtemp(dir));
	assert_int_equal(str_print(path, sizeof path, "%s/a", dir), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	put(path, "echo.yaml", "device-info: {name: echo, mac: 02:00:00:00:00:0e, ipv4: "
			       "192.168.1.14}\npatterns:\n  p: {protocols: {udp: {dst-port: "
			       "1}, ipv4: {src: self, dst: gateway}}}\n  loop: !include "
			       "patterns.loop\n");
	put(dir, "outside.yaml", "device-info: {name: out, mac: 02:00:00:00:00:0f}\n");
	assert_int_equal(str_print(link, sizeof link, "%s/a/link.yaml", dir), 0);
	assert_int_equal(symlink("../outside.yaml", link), 0);
	int root = open(path, O_PATH | O_DIRECTORY);
	struct imported r = import(INFO
		"single-policies:\n"
		"  good: !include echo.yaml#patterns.p protocols.udp.dst-port:7\n"
		"  host: {protocols: {ipv4: {src: !include echo.yaml#device-info.ipv4}}}\n"
		"  up: !include ../outside.yaml#device-info\n"
		"  abs: !include /etc/passwd#x\n"
		"  link: !include link.yaml#device-info\n"
		"  none: !include echo.yaml#patterns.q\n"
		"  round: !include echo.yaml#patterns.loop\n"
		"  set: !include echo.yaml#patterns.p protocols.tcp.dst-port:7\n"
		"  me: !include self#patterns.x\n", root, "plug.yaml");

	close(root);
	assert_int_equal(r.error, 0);
	assert_true(said(&r.notes, NULL, 8, NOTE_ERROR, "leaves the directory"));
	assert_true(said(&r.notes, NULL, 9, NOTE_ERROR, "leaves the directory"));
	assert_true(said(&r.notes, NULL, 10, NOTE_ERROR, "cannot be included"));
	assert_true(said(&r.notes, NULL, 11, NOTE_ERROR, "does not have"));
	assert_true(said(&r.notes, "echo.yaml", 4, NOTE_ERROR, "circle"));
	assert_true(said(&r.notes, NULL, 13, NOTE_ERROR, "sets nothing"));
	assert_true(said(&r.notes, NULL, 14, NOTE_ERROR, "does not have"));
	assert_int_equal(r.p.policy_count, 2);
	/* what the other file calls self is that device */
	const struct extended_field *src = &r.p.policies[0].match.fields[0];

	assert_int_equal(src->values[0].kind, VALUE_ROLE);
	assert_string_equal(r.p.roles[src->values[0].lo].name, "echo");
	assert_int_equal(r.p.policies[0].match.fields[2].values[0].lo, 7);
	pool_free(r.pool);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(str_print(link, sizeof link, "%s/a/echo.yaml", dir), 0);
	unlink(link);
	assert_int_equal(str_print(link, sizeof link, "%s/outside.yaml", dir), 0);
	unlink(link);
	rmdir(path);
	rmdir(dir);
}

/* Each level names the one before it nine times: nine to the ninth values. */
static void test_laughs_are_bounded(void **state)
{
	(void)state;
	char text[2048] = INFO "a0: &a0 [x]\n";

	for (int i = 1; i < 10; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof text - at,
			"a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	}
	struct imported r = import(text, -1, "x.yaml");

	assert_int_equal(r.error, CARDEA_EMALFORMED);
	assert_true(said(&r.notes, NULL, 10, NOTE_ERROR, "more than 50000"));
	pool_free(r.pool);
}

static void test_binding(void **state)
{
	(void)state;
	static const char text[] =
		"cardea-binding: 1\ntemplate: lamp\nhome: mine\nroles:\n"
		"  self: {mac: '02:00:00:00:00:01', ipv4: [192.0.2.5], ipv6: ['2001:db8::5']}\n"
		"  phone: {ipv4: 192.0.2.6}\n  hub: {name: hub.example}\n  gatway: {ipv4: "
		"192.0.2.1}\n"
		"names: {api.example.com: [198.51.100.1, '2001:db8::9']}\n"
		"networks: [192.0.2.0/24]\nutc-offset: -3600\n";
	struct parsed t = parse(everything);
	struct extended_binding b;
	struct extended_bound bound;
	struct extended_notes notes;
	char *out = NULL;
	size_t len;

	assert_int_equal(extended_parse_binding(text, sizeof text - 1, t.pool, &b, &notes), 0);
	FILE *f = open_memstream(&out, &len);

	assert_int_equal(extended_print_binding(&b, f), 0);
	fclose(f);
	struct extended_binding again;

	assert_int_equal(extended_parse_binding(out, len, t.pool, &again, &notes), 0);
	assert_int_equal(again.utc_offset, -3600);
	assert_int_equal(again.party_count, 4);
	assert_int_equal(again.known[0].addr_count, 2);
	free(out);
	/* a role that the template does not have */
	assert_int_equal(extended_bind(&t.p, &b, t.pool, &bound, &notes), CARDEA_EMALFORMED);
	assert_true(said(&notes, NULL, 8, NOTE_ERROR, "did you mean \"gateway\""));
	b.party_count = 3;
	notes = (struct extended_notes){0};
	assert_int_equal(extended_bind(&t.p, &b, t.pool, &bound, &notes), 0);
	assert_true(said(&notes, NULL, 1, NOTE_WARNING, "nobody plays sensor"));
	assert_non_null(bound.parties[EXTENDED_SELF]);
	assert_null(bound.parties[EXTENDED_GATEWAY]);
	pool_free(t.pool);
}

static void test_rules(void **state)
{
	(void)state;
	static const char home[] = "cardea-binding: 1\ntemplate: lamp\nroles:\n"
		"  self: {mac: '02:00:00:00:00:01'}\n  phone: {mac: '02:00:00:00:00:02'}\n"
		"  hub: {ipv4: 192.0.2.9}\n";
	struct parsed t = parse(HEAD ROLES
		"policies:\n"
		"  exact: {match: {ipv4: {src: self, dst: cloud}, tcp: {dst-port: [443, "
		"8443]}}, bidirectional: true}\n"
		"  wide: {match: {ipv4: {src: hub, dst: self}, udp: {dst-port: 5683}, coap: "
		"{uri: /x}}, stats: {rate: 1/second}}\n"
		"  never: {match: {ipv4: {src: self, dst: phone}}, action: deny}\n"
		"  narrow: {match: {ipv4: {src: self}, tcp: , tls: {sni: x.example}}, action: "
		"deny}\n"
		"  link: {match: {arp: {spa: self}}}\n"
		"  others: {match: {ipv4: {src: phone, dst: hub}}}\n"
		"  ghost: {match: {ipv4: {src: self, dst: sensor}}}\n");
	struct extended_binding b;
	struct extended_bound bound;
	struct extended_notes notes = {0};
	struct extended_rules r;

	assert_int_equal(t.error, 0);
	assert_int_equal(extended_parse_binding(home, sizeof home - 1, t.pool, &b, &notes), 0);
	assert_int_equal(extended_bind(&t.p, &b, t.pool, &bound, &notes), 0);
	assert_int_equal(extended_reduce(&bound, t.pool, &r), 0);
	assert_int_equal(r.count, 10);
	assert_int_equal(r.rules[0].status, RULE_ENFORCED);
	assert_int_equal(r.rules[0].direction, DIRECTION_FROM_DEVICE);
	assert_int_equal(r.rules[0].peer.kind, PEER_NAME);
	assert_string_equal(r.rules[0].peer.name, "api.example.com");
	assert_int_equal(r.rules[0].peer_port.lo, 443);
	assert_int_equal(r.rules[1].status, RULE_REPLY_HALF);
	assert_int_equal(r.rules[2].peer_port.lo, 8443);
	assert_int_equal(r.rules[4].status, RULE_APPROXIMATED);
	assert_int_equal(r.rules[4].direction, DIRECTION_TO_DEVICE);
	assert_int_equal(r.rules[4].device_port.lo, 5683);
	assert_non_null(strstr(r.rules[4].detail, "not looked at"));
	assert_non_null(strstr(r.rules[4].detail, "no rate limit"));
	assert_int_equal(r.rules[5].status, RULE_ENFORCED);
	assert_int_equal(r.rules[5].action, RULE_DROP);
	/* a prohibition never grows */
	assert_int_equal(r.rules[6].status, RULE_NOT_YET);
	assert_int_equal(r.rules[7].status, RULE_UNENFORCEABLE);
	assert_int_equal(r.rules[8].status, RULE_UNENFORCEABLE);
	assert_int_equal(r.rules[9].status, RULE_UNENFORCEABLE);
	assert_non_null(strstr(r.rules[9].detail, "nobody"));
	pool_free(t.pool);
}

static void test_lint(void **state)
{
	(void)state;
	struct parsed t = parse(HEAD ROLES
		"policies:\n  open: {match: {udp: {dst-port: 53}}}\n"
		"  odd: {match: {tcp: , udp: , ipv4: {src: self}}}\n"
		"interactions:\n  sorted:\n    steps:\n"
		"      - {name: a, match: {arp: {type: reply, spa: self, tpa: hub}}}\n"
		"      - {name: b, match: {arp: {type: request, spa: hub, tpa: self}}}\n");

	assert_int_equal(t.error, 0);
	extended_lint(&t.p, t.pool, &t.notes);
	assert_true(said(&t.notes, NULL, 9, NOTE_WARNING, "no endpoint"));
	assert_true(said(&t.notes, NULL, 10, NOTE_WARNING, "two transport protocols"));
	assert_true(said(&t.notes, NULL, 14, NOTE_WARNING, "reply comes before"));
	assert_true(said(&t.notes, NULL, 4, NOTE_WARNING, "nothing names the role phone"));
	pool_free(t.pool);
}

static void test_documents(void **state)
{
	(void)state;
	assert_int_equal(extended_document("# x\n---\ncardea-profile: 1\n", 24),
		DOCUMENT_TEMPLATE);
	assert_int_equal(extended_document("cardea-binding: 1", 17), DOCUMENT_BINDING);
	assert_int_equal(extended_document("\n\ndevice-info:\n", 15), DOCUMENT_PUBLISHED);
	assert_int_equal(extended_document(" cardea-profile: 1", 18), DOCUMENT_UNKNOWN);
	assert_int_equal(extended_document("", 0), DOCUMENT_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_goes_round),
		cmocka_unit_test(test_errors_have_a_place),
		cmocka_unit_test(test_limits_hold),
		cmocka_unit_test(test_import_repairs),
		cmocka_unit_test(test_includes_stay_below_the_root),
		cmocka_unit_test(test_laughs_are_bounded),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_documents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
