// SPDX-License-Identifier: GPL-2.0-or-later
/* messages - fuzz target: what a captured process may send to its peers. What decodes
 * must encode to the very same bytes, and survive the trace and the checks of values. */
#include <stdlib.h>
#include <string.h>
#include "model/element.h"
#include "model/messages.h"
#include "model/profile.h"
#include "model/record.h"
#include "model/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_rule(const struct message *m)
{
	static struct rule r;
	static struct message again;

	if (message_to_rule(&m->profile_rule, &r))
		return;
	message_from_rule(&again, m->profile_rule.id, &r);
	must(again.profile_rule.proto == m->profile_rule.proto);
	must(again.profile_rule.peer_kind == m->profile_rule.peer_kind);
	must(!strcmp(again.profile_rule.name, m->profile_rule.name));
}

static void check_element(const struct message *m)
{
	struct element e;
	static struct message again;

	if (message_to_element(&m->element, &e))
		return;
	message_from_element(&again, m->element.remove, &e);
	must(again.element.kind == m->element.kind);
	must(addr_equal(&again.element.peer_hi, &m->element.peer_hi));
}

static void check_profile(const struct message *m)
{
	static struct profile p;

	if (!message_to_profile(&m->profile, &p))
		must(!p.rules && !p.rule_count && !p.notes && !p.note_count);
}

static void check_record(const struct message *m)
{
	static struct record r;
	static struct message again;

	if (message_to_record(&m->record, &r))
		return;
	message_from_record(&again, &r);
	must(again.record.first == m->record.first);
	must(again.record.place == m->record.place);
	must(again.record.bytes_to == m->record.bytes_to);
	must(mac_equal(&again.record.mac, &m->record.mac));
	must(!strcmp(again.record.detail, m->record.detail));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message m;
	static uint8_t wire[MESSAGE_MAX];
	char shown[256];

	if (message_decode(data, size, &m))
		return 0;
	int len = message_encode(&m, wire, sizeof wire);
	must(len >= 0 && (size_t)len == size && !memcmp(wire, data, size));
	must(message_name_of((int)m.type) != NULL);
	must(strlen(message_trace(&m, shown, sizeof shown)) < sizeof shown);
	switch ((int)m.type) {
	case MESSAGE_PROFILE_RULE:
		check_rule(&m);
		break;
	case MESSAGE_ELEMENT:
		check_element(&m);
		break;
	case MESSAGE_PROFILE:
		check_profile(&m);
		break;
	case MESSAGE_RECORD:
		check_record(&m);
		break;
	}
	return 0;
}
