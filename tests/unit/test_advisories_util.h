// SPDX-License-Identifier: GPL-2.0-or-later
/* test_advisories_util - outsiders with their keys, a house with devices of theirs and
 * others, and what they say of it. */
#ifndef CARDEA_TEST_ADVISORIES_UTIL_H
#define CARDEA_TEST_ADVISORIES_UTIL_H

#include "test_engine_util.h"
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/wait.h>
#include <jansson.h>
#include "engine/api/api_priv.h"
#include "store/store_priv.h"
#include "test_api_util.h"

#define DAY (86400 * NS_PER_SEC)
#define CAMS 5
#define C2 "c2.example"
#define C2_IP "198.51.100.66"

struct signer {
	EVP_PKEY *key;
	char pem[ADVISORY_PEM_MAX];
};

static struct house *h;
static struct signer isp, csirt, maker, crowd;
static struct advisories_result results[ADVISORY_IN_FILE_MAX];
static struct advisories_hit hits[LIMIT_DEVICES];
static size_t result_count, hit_count;
static struct advisory_fault fault;
static uint64_t ticket = 100;

static inline const char *cam_mac(unsigned i)
{
	static char text[CAMS][18];

	(void)str_print(text[i], sizeof(text[i]), "02:00:00:00:00:%u", 20 + i);
	return text[i];
}

static inline const char *cam_ip(unsigned i)
{
	static char text[CAMS][20];

	(void)str_print(text[i], sizeof(text[i]), "192.168.7.%u", 20 + i);
	return text[i];
}

static inline struct device *cam(unsigned i)
{
	return device_of(h, cam_mac(i));
}

static inline void take_pem(struct signer *s, BIO *out)
{
	char *data;
	long len = BIO_get_mem_data(out, &data);

	assert_true(len > 0 && len < ADVISORY_PEM_MAX);
	memcpy(s->pem, data, (size_t)len);
	s->pem[len] = 0;
	BIO_free(out);
}

static inline void new_key(struct signer *s)
{
	BIO *out = BIO_new(BIO_s_mem());

	s->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_non_null(s->key);
	assert_int_equal(PEM_write_bio_PUBKEY(out, s->key), 1);
	take_pem(s, out);
}

/* As the maker's files are signed: CN=maker, by the CA whose key is 0102. */
static inline void new_certificate(struct signer *s)
{
	BIO *out = BIO_new(BIO_s_mem());
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	static const unsigned char aki[] = {0x30, 0x04, 0x80, 0x02, 0x01, 0x02};
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	s->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				 (const unsigned char *)"maker", -1, -1, 0), 1);
	X509_set_version(cert, 2);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, name);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, s->key);
	ASN1_OCTET_STRING_set(value, aki, sizeof(aki));
	e = X509_EXTENSION_create_by_NID(NULL, NID_authority_key_identifier, 0, value);
	X509_add_ext(cert, e, -1);
	assert_true(X509_sign(cert, s->key, NULL) > 0);
	assert_int_equal(PEM_write_bio_X509(out, cert), 1);
	take_pem(s, out);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	X509_NAME_free(name);
	X509_free(cert);
}

/* A detached COSE_Sign1 with EdDSA, made here by hand (RFC 9052 4.2, 4.4). */
static inline size_t sign(const struct signer *s, const char *text, uint8_t out[128])
{
	static const uint8_t head[] = {0x84, 0x43, 0xa1, 0x01, 0x27, 0xa0, 0xf6, 0x58, 0x40};
	static const uint8_t sig[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e',
		'1', 0x43, 0xa1, 0x01, 0x27, 0x40, 0x59};
	static uint8_t message[70000];
	size_t len = strlen(text), siglen = 64;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_true(len >= 256 && len < 65536);
	memcpy(message, sig, sizeof(sig));
	message[sizeof(sig)] = (uint8_t)(len >> 8);
	message[sizeof(sig) + 1] = (uint8_t)len;
	memcpy(message + sizeof(sig) + 2, text, len);
	memcpy(out, head, sizeof(head));
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, out + sizeof(head), &siglen, message,
				 sizeof(sig) + 2 + len), 1);
	EVP_MD_CTX_free(ctx);
	return sizeof(head) + siglen;
}

static inline int make_keys(void **state)
{
	(void)state;
	new_key(&isp);
	new_key(&csirt);
	new_key(&crowd);
	new_certificate(&maker);
	return 0;
}

static inline int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(isp.key);
	EVP_PKEY_free(csirt.key);
	EVP_PKEY_free(crowd.key);
	EVP_PKEY_free(maker.key);
	return 0;
}

static inline void add_issuer(const char *name, enum advisory_class class, const char *group,
	const struct signer *s)
{
	struct advisory_issuer i = {.class = class};
	char why[LIMIT_TEXT] = "";

	str_copy(i.name, sizeof(i.name), name);
	str_copy(i.group, sizeof(i.group), group);
	str_copy(i.key, sizeof(i.key), s->pem);
	assert_int_equal(advisories_issuer_add(&h->p, &i, false, why), 0);
}

static inline void send_file(uint64_t id)
{
	struct message m = {.type = MESSAGE_PROFILE};
	struct rule r;

	m.profile.id = id;
	str_copy(m.profile.url, sizeof(m.profile.url), URL_A);
	m.profile.cache_validity_h = 48;
	m.profile.is_supported = true;
	m.profile.signature = SIGNATURE_VALID;
	str_copy(m.profile.signer, sizeof(m.profile.signer), "CN=maker");
	str_copy(m.profile.signer_key, sizeof(m.profile.signer_key), "0102");
	m.profile.rule_count = 1;
	far_send(h, ROLE_COURIER, &m);
	rule_init(&r);
	r.id = 1;
	r.proto = FLOW_PROTO_TCP;
	r.peer.kind = PEER_NAME;
	str_copy(r.peer.name, sizeof(r.peer.name), "cloud.example");
	r.peer_port = (struct range16){443, 443};
	r.layer = LAYER_MANUFACTURER;
	message_from_rule(&m, id, &r);
	far_send(h, ROLE_COURIER, &m);
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_PROFILE_END;
	m.profile_end.id = id;
	far_send(h, ROLE_COURIER, &m);
	spin(h);
}

static inline void see_cam(unsigned i)
{
	see_addr(h, cam_mac(i), cam_ip(i), ADDR_SOURCE_DHCP4, 86400 * 60);
	see_dhcp(h, cam_mac(i), "cam", URL_A);
}

static inline void fill_house(void)
{
	char mac[18];

	h = house_new();
	see_cam(0);
	send_file(got(h, ROLE_COURIER, MESSAGE_FETCH, 0)->fetch.id);
	for (unsigned i = 1; i < CAMS; i++)
		see_cam(i);
	assert_int_equal(cam(0)->state, DEVICE_PROTECTED);
	/* others, so that a camera is a small part of the house */
	for (unsigned i = 0; i < 40; i++) {
		(void)str_print(mac, sizeof(mac), "02:00:00:00:01:%02x", i);
		see_dhcp(h, mac, "thing", "");
	}
	advance(h, 2); /* lives follow */
	add_issuer("isp", ADVISORY_ISP, "", &isp);
	add_issuer("csirt", ADVISORY_CSIRT, "", &csirt);
	add_issuer("maker", ADVISORY_VENDOR, "", &maker);
	add_issuer("crowd", ADVISORY_COMMUNITY, "", &crowd);
}

static inline int setup(void **state)
{
	(void)state;
	fill_house();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	house_free(h);
	h = NULL;
	return 0;
}

/* Asks for a name, and goes there; what is no part of its file is refused. */
static inline void calls(unsigned i, const char *name, const char *addr)
{
	struct message m = {.type = MESSAGE_SEEN_VIOLATION};

	if (name)
		tell_name(h, ++ticket, cam_ip(i), name, addr);
	m.seen_violation.direction = DIRECTION_FROM_DEVICE;
	m.seen_violation.reason = REASON_DEFAULT_DENY;
	m.seen_violation.mac = mac_of(cam_mac(i));
	m.seen_violation.device = ip(cam_ip(i));
	m.seen_violation.peer = ip(addr);
	m.seen_violation.proto = FLOW_PROTO_TCP;
	m.seen_violation.device_port = 40000;
	m.seen_violation.peer_port = 443;
	m.seen_violation.packets = 1;
	far_send(h, ROLE_SENSOR, &m);
	spin(h);
}

#define TRAFFIC_C2 ", \"traffic\": {\"domain\": \"" C2 "\"}"

#define DEVICE_CAM ", \"device\": {\"mud_url\": \"" URL_A "\"}"

static inline const char *file_of(const char *issuer, const char *id, const char *effect,
	const char *more, long long issued_ago_s)
{
	static char text[4096];
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
	nstime now = pipeline_wall(&h->p) - issued_ago_s * NS_PER_SEC;

	now -= now % NS_PER_SEC;
	clock_format(now, from);
	clock_format(now + 10 * DAY, to);
	from[19] = to[19] = 0; /* without the fraction */
	assert_int_equal(str_print(text, sizeof(text),
		"{\"schema\": \"cardea.advisory/1\", \"id\": \"%s\", \"issuer\": \"%s\","
		" \"issued\": \"%sZ\", \"expires\": \"%sZ\", \"effect\": \"%s\"%s,"
		" \"text\": \"It takes part in attacks on others, as was seen in many homes;"
		" this text is long enough to be signed with two octets of length.\"}",
		id, issuer, from, to, effect, more), 0);
	return text;
}

static inline int import_text(const char *text, const struct signer *s, bool dry)
{
	uint8_t signature[128];
	size_t len = s ? sign(s, text, signature) : 0;
	int error;

	memset(&fault, 0, sizeof(fault));
	hit_count = 0;
	error = advisories_import(&h->p, text, strlen(text), cursor_of(signature, len), dry,
		results, &result_count, hits, LIMIT_DEVICES, &hit_count, &fault);
	spin(h);
	return error;
}

static inline void says(const struct signer *s, const char *issuer, const char *id,
	const char *effect, const char *more)
{
	assert_int_equal(import_text(file_of(issuer, id, effect, more, 60), s, false), 0);
	if (results[0].outcome == ADVISORIES_REFUSED)
		fail_msg("refused: %s", results[0].why);
}

static inline void both_accuse(const char *more)
{
	says(&isp, "isp", "I-1", "block", more);
	says(&csirt, "csirt", "C-1", "block", more);
}

static inline void verdict_is(unsigned i, enum advisory_effect effect, const char *why)
{
	const struct advisory_verdict *v = advisories_verdict(&h->p, cam(i));

	if (v->effect != effect || !strstr(v->why, why))
		fail_msg("%s (\"%s\") where %s (\"%s\") was expected",
			advisory_effect_name(v->effect), v->why,
			advisory_effect_name(effect), why);
}

static inline enum life_state state_of(unsigned i)
{
	return pipeline_life_of(&h->p, cam(i))->state;
}

static inline void is_free(unsigned i)
{
	assert_int_equal(cam(i)->hold, HOLD_NONE);
	assert_int_equal(state_of(i), LIFE_PROTECTED);
}

static inline void log_is_whole(void)
{
	struct advisories_checked c;

	assert_int_equal(advisories_log_verify(&h->p, &c), 0);
	if (c.broken)
		fail_msg("%s", c.why);
	assert_true(c.last > 0);
}

static inline int take_event(void *ctx, const struct event *e)
{
	if (strstr(e->text, ctx))
		((char *)ctx)[0] = 0;
	return 0;
}

static inline bool journal_has(const char *words)
{
	struct store_event_query q = {.limit = 200};
	char text[LIMIT_TEXT];

	str_copy(text, sizeof(text), words);
	journal_flush(&h->p.journal);
	assert_int_equal(store_events(h->store, &q, take_event, text), 0);
	return text[0] == 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
