// SPDX-License-Identifier: GPL-2.0-or-later
/* quarantine - which entries stay in force when a device is in quarantine, so that it
 * can still be updated (draft-richardson-shg-mud-quarantined-access-02). */
#include <errno.h>
#include <string.h>
#include "profiles/mud/mud_priv.h"

struct mud_quarantine {
	uint32_t count;
	struct {
		const char *ace; /* of the text, which outlives the reading */
		uint32_t spot;
		bool used;
	} names[LIMIT_MUD_ACES];
};

static void add(struct mud_reader *r, const struct mud_at *item)
{
	struct mud_quarantine *q = r->quarantine;
	const json_t *value = item->value;

	/* an entry of the list, or the bare name */
	if (json_is_object(value))
		value = json_object_get(value, "ace-name");
	if (!json_is_string(value))
		return;
	for (uint32_t i = 0; i < q->count; i++)
		if (!strcmp(q->names[i].ace, json_string_value(value)))
			return;
	if (q->count == LIMIT_MUD_ACES) {
		mud_note(r, NOTE_WARNING, item,
			"more than %d names: this one is not read", LIMIT_MUD_ACES);
		return;
	}
	q->names[q->count].ace = json_string_value(value);
	q->names[q->count].spot = item->spot;
	q->count++;
}

void mud_quarantine_read(struct mud_reader *r, const struct mud_at *at)
{
	struct mud_at list, item;

	if (!json_is_object(at->value) ||
		!mud_member(r, at, "enabled-ace-names", &list) ||
		!json_is_array(list.value))
		return;
	if (!r->quarantine)
		r->quarantine = pool_take(r->pool, sizeof *r->quarantine);
	if (!r->quarantine) {
		r->error = -ENOMEM;
		return;
	}
	r->profile->has_quarantine = true;
	for (struct mud_iter it = mud_iter_start(r, &list);
		mud_iter_next(r, &list, &it, &item);)
		add(r, &item);
}

bool mud_quarantine_has(struct mud_reader *r, const char *ace)
{
	struct mud_quarantine *q = r->quarantine;

	for (uint32_t i = 0; q && i < q->count; i++)
		if (!strcmp(q->names[i].ace, ace)) {
			q->names[i].used = true;
			return true;
		}
	return false;
}

void mud_quarantine_check(struct mud_reader *r)
{
	const struct mud_quarantine *q = r->quarantine;
	char shown[MUD_SHOW_MAX];

	for (uint32_t i = 0; q && i < q->count; i++) {
		const struct mud_spot *s = &r->text.spots[q->names[i].spot];
		if (!q->names[i].used)
			mud_note_line(r, NOTE_WARNING, s->line, s->column,
				"no entry in use is named \"%s\", so that nothing "
				"stays "
				"on in quarantine for it",
				mud_show_text(q->names[i].ace, shown));
	}
}
