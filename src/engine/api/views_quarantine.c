// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices in quarantine, why, and what each may still do. */
#include "engine/api/api_priv.h"

static void write_kept(struct jsonw *j, const struct household_device *hd)
{
	char sentence[RULE_SENTENCE_MAX];

	jsonw_key(j, "still_on");
	jsonw_array(j);
	for (uint32_t i = 0; hd && hd->pool && i < hd->policy.count; i++) {
		const struct rule *r = &hd->policy.rules[i];

		if (rule_in_force(r) && r->action == RULE_ACCEPT)
			jsonw_untrusted(j, str_untrusted(rule_sentence(r, sentence)));
	}
	jsonw_array_end(j);
}

static void write_one(
	struct jsonw *j, const struct device *d, const struct household_device *hd)
{
	jsonw_object(j);
	jsonw_kv_u64(j, "id", d->id);
	jsonw_kv_untrusted(j, "device", d->name);
	jsonw_kv_mac(j, "mac", &d->mac);
	jsonw_kv_untrusted(j, "reason", d->quarantine);
	write_kept(j, hd);
	jsonw_object_end(j);
}

void api_view_quarantine(struct api_request *r)
{
	struct pipeline *p = r->pipeline;
	struct device *d;

	jsonw_object(&r->json);
	jsonw_kv_string(&r->json, "schema", "cardea.quarantine.list/1");
	jsonw_key(&r->json, "devices");
	jsonw_array(&r->json);
	for (size_t i = 0; (d = inventory_at(p->inventory, i)); i++)
		if (d->quarantine[0])
			write_one(&r->json, d, household_device(&p->household, d->id));
	jsonw_array_end(&r->json);
	jsonw_object_end(&r->json);
}
