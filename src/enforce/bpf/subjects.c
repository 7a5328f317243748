// SPDX-License-Identifier: GPL-2.0-or-later
/* subjects - MACs and addresses that have a number in the kernel's maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/bpf/bpf_priv.h"

int subjects_init(struct subjects *s)
{
	subjects_reuse(s);
	return hash_init(&s->table, LIMIT_DEVICES);
}

void subjects_free(struct subjects *s)
{
	for (uint32_t n = 0; n < BPF_SUBJECTS_MAX; n++)
		free(s->by_number[n]);
	hash_free(&s->table);
}

static bool subject_equal(const struct hash_node *n, const void *key)
{
	const struct subject *x = (const struct subject *)(const void *)n;

	return !memcmp(&x->key, key, sizeof x->key);
}

struct subject *subjects_find(const struct subjects *s, const struct subject_key *k)
{
	return (void *)hash_find(&s->table, k, sizeof *k, subject_equal);
}

int subjects_add(struct subjects *s, const struct subject_key *k, uint32_t number,
	struct subject **ret)
{
	if (!number && !s->free_count)
		return CARDEA_ELIMIT;
	if (number >= BPF_SUBJECTS_MAX || s->by_number[number] || subjects_find(s, k))
		return CARDEA_EMALFORMED;
	struct subject *x = calloc(1, sizeof *x);
	if (!x)
		return -ENOMEM;
	x->key = *k;
	x->number = number ? number : s->free[--s->free_count];
	x->timed = number; /* whoever put them there */
	s->by_number[x->number] = x;
	hash_insert(&s->table, &x->node, &x->key, sizeof x->key);
	*ret = x;
	return 0;
}

void subjects_remove(struct subjects *s, struct subject *x, bool seen)
{
	hash_remove(&s->table, &x->node);
	s->by_number[x->number] = NULL;
	if (!seen)
		s->free[s->free_count++] = x->number;
	free(x);
}

void subjects_reuse(struct subjects *s)
{
	s->free_count = 0;
	for (uint32_t n = BPF_SUBJECTS_MAX - 1; n > BPF_OTHERS; n--) {
		if (!s->by_number[n])
			s->free[s->free_count++] = n;
	}
}
