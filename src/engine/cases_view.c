// SPDX-License-Identifier: GPL-2.0-or-later
/* A case as a whole, and what of it leaves the house. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/cases_priv.h"
#include "engine/pipeline.h"

struct viewing {
	struct case_view view;
	struct case_bundle bundle;
	struct case_head *heads;
	struct case_moment *moments;
};

static int take_file(void *ctx, const struct case_file *f, const void *bundle, size_t len)
{
	struct viewing *v = ctx;

	v->view.file = *f;
	if (case_bundle_load(cursor_of(bundle, len), v->heads, &v->bundle))
		log_error("cases", "the heads of case %u cannot be read", f->id);
	return 0;
}

static int take_moment(void *ctx, const struct case_moment *m)
{
	struct viewing *v = ctx;

	if (v->view.moment_count < CASE_MOMENTS_MAX)
		v->moments[v->view.moment_count++] = *m;
	return 0;
}

static int load(struct cases *c, uint32_t id, struct viewing *v)
{
	struct pipeline *p = c->pipeline;
	const struct cases_device *cd;
	int error = store_case(p->store, id, take_file, v);

	if (!error)
		error = store_case_moments(p->store, id, take_moment, v);
	if (error)
		return error;
	cd = cases_find(c, v->view.file.device);
	/* of an open one, what is known up to now */
	v->view.bundle = cd && cd->file.id == id ? &cd->bundle : &v->bundle;
	v->view.moments = v->moments;
	v->view.device = inventory_by_id(p->inventory, v->view.file.device);
	return 0;
}

int cases_view(struct cases *c, uint32_t id,
	int (*each)(void *, const struct case_view *), void *ctx)
{
	struct viewing v = {.heads = calloc(CASE_HEADS_MAX, sizeof(*v.heads)),
		.moments = calloc(CASE_MOMENTS_MAX, sizeof(*v.moments))};
	int error = v.heads && v.moments ? load(c, id, &v) : -ENOMEM;

	if (!error)
		error = each(ctx, &v.view);
	free(v.heads);
	free(v.moments);
	return error;
}

struct writing {
	struct cases *cases;
	struct bundle_home home;
	const struct bundle_wish *wish;
	struct jsonw *j;
	char *why;
};

static const struct device *home_at(void *ctx, size_t index)
{
	return inventory_at(ctx, index);
}

static int write_document(void *ctx, const struct case_view *v)
{
	struct writing *w = ctx;
	int error = bundle_write(v, &w->home, w->wish, w->j);

	if (!error)
		error = w->j->error;
	if (!error)
		error = bundle_lint(w->j->buf, w->j->len, &w->home, w->wish, w->why);
	return error;
}

static int write_playbook(void *ctx, const struct case_view *v)
{
	struct writing *w = ctx;

	return cacao_write(v, &w->home, w->j);
}

static int with_home(struct writing *w, uint32_t id,
	int (*write)(void *, const struct case_view *))
{
	struct cases *c = w->cases;
	int error;

	str_copy(w->why, LIMIT_TEXT, "a field has a value that must not leave the house");
	if (!c->has_key) {
		str_copy(w->why, LIMIT_TEXT, "the house has no key for pseudonyms");
		return CARDEA_EREFUSED;
	}
	w->home = (struct bundle_home){.device_at = home_at, .ctx = c->pipeline->inventory};
	memcpy(w->home.key, c->key, sizeof(w->home.key));
	error = cases_view(c, id, write, w);
	memset(w->home.key, 0, sizeof(w->home.key));
	return error;
}

int cases_document(struct cases *c, uint32_t id, const struct bundle_wish *wish,
	struct jsonw *j, char ret_why[LIMIT_TEXT])
{
	struct writing w = {.cases = c, .wish = wish, .j = j, .why = ret_why};

	return with_home(&w, id, write_document);
}

int cases_playbook(struct cases *c, uint32_t id, struct jsonw *j, char ret_why[LIMIT_TEXT])
{
	struct writing w = {.cases = c, .j = j, .why = ret_why};

	return with_home(&w, id, write_playbook);
}
