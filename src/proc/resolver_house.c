// SPDX-License-Identifier: GPL-2.0-or-later
/* resolver_house - settings and messages about this house. */
#include "proc/resolver_house.h"

#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "wire/dns_name.h"

int resolver_house_init(struct resolver_house *h)
{
	h->local = local_new();
	return h->local ? 0 : -ENOMEM;
}

/* All addresses were told: the certificate has to name them. */
static void addresses_complete(struct resolver_house *h)
{
	const struct local_house *k = local_house(h->local);
	struct resolver_cert_wish *w = &h->tls.wish;

	w->addr_count = 0;
	for (unsigned i = 0; i < k->addr_count; i++)
		if (!addr_is_link_local(&k->addrs[i].addr) &&
			w->addr_count < RESOLVER_CERT_ADDRS)
			w->addrs[w->addr_count++] = k->addrs[i].addr;
	if (h->started)
		resolver_tls_wish_changed(&h->tls);
}

static int set_name(char dst[LIMIT_NAME], const char *value)
{
	struct dns_name name;

	if (dns_name_from_text(value, &name))
		return CARDEA_EMALFORMED;
	(void)str_copy(dst, LIMIT_NAME, name.text);
	return 0;
}

static int add_address(struct local_house *k, const char *value)
{
	int e = local_house_add(k, value);

	if (e != CARDEA_ELIMIT)
		return e;
	log_warn("house", "%s is one address too many and left out", value);
	return 0;
}

static int config_names(struct resolver_house *h, const char *key, const char *value)
{
	struct local_house *k = local_house(h->local);

	if (!strcmp(key, "dns_name")) {
		int e = set_name(k->name, value);
		(void)str_copy(h->tls.wish.name, LIMIT_NAME, k->name);
		return e;
	}
	if (!strcmp(key, "dns_domain"))
		return set_name(k->domain, value);
	if (!strcmp(key, "encrypted_name"))
		return encrypted_add(&h->hidden, value);
	if (!strcmp(key, "canary"))
		k->canary = !strcmp(value, "yes");
	else if (!strcmp(key, "lan_begin"))
		k->addr_count = 0;
	else if (!strcmp(key, "lan_addr"))
		return add_address(k, value);
	else if (!strcmp(key, "lan_end"))
		addresses_complete(h);
	return 0;
}

int resolver_house_config(struct resolver_house *h, const char *key, const char *value)
{
	struct resolver_cert_wish *w = &h->tls.wish;

	if (!strcmp(key, "tls")) {
		h->tls_told = true;
		h->tls_wanted = !strcmp(value, "yes");
	} else if (!strcmp(key, "tls_dir"))
		(void)str_copy(w->dir, sizeof w->dir, value);
	else if (!strcmp(key, "tls_cert"))
		(void)str_copy(w->cert_file, sizeof w->cert_file, value);
	else if (!strcmp(key, "tls_key"))
		(void)str_copy(w->key_file, sizeof w->key_file, value);
	else
		return config_names(h, key, value);
	return 0;
}

void resolver_house_start(struct resolver_house *h)
{
	if (h->tls_wanted)
		resolver_tls_start(&h->tls);
	else
		(void)str_copy(h->tls.told.text, sizeof h->tls.told.text,
			"switched off by tls = false under [dns]");
	local_house(h->local)->dot = h->tls.told.on;
	h->started = true;
}

void resolver_house_tell(struct resolver_house *h, const struct message_dns_local *m)
{
	if (m->remove) {
		local_forget(h->local, m->name, &m->addr);
		return;
	}
	int e = local_tell(h->local, m->name, &m->addr);
	if (e) {
		char text[LIMIT_NAME];
		log_debug("house", "no name for a device: \"%s\": %s",
			str_escape(str_untrusted(m->name), text, sizeof text),
			error_text(e));
	}
}

bool resolver_house_answer(const struct resolver_house *h,
	const struct resolver_origin *from, const struct dns_query *q, size_t limit,
	struct writer *w)
{
	return local_answer(h->local, &from->client, q, limit, w);
}

void resolver_house_end(struct resolver_house *h)
{
	resolver_tls_end(&h->tls);
	local_free(h->local);
	h->local = NULL;
}
