// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: a body and a query against every row of the control API's table, and the text
 * itself as a schema. What is refused says why, and where; what is no schema lets nothing
 * through. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "engine/api/api_priv.h"
#include "engine/api/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fault(const struct schema_fault *f)
{
	assert(memchr(f->field, 0, sizeof(f->field)));
	assert(f->text[0] && memchr(f->text, 0, sizeof(f->text)));
	assert(f->next[0] && memchr(f->next, 0, sizeof(f->next)));
}

static void check_body(const char *text, size_t len)
{
	struct schema_fault fault;
	struct api_route route;
	json_t *body = schema_depth(text, len) > 8 ? NULL : json_loadb(text, len, 0, NULL);

	for (size_t i = 0; json_is_object(body) && api_route_at(i, &route); i++)
		if (schema_check(route.takes, body, &fault))
			check_fault(&fault);
	json_decref(body);
}

static void check_query(struct untrusted_str query)
{
	struct schema_fault fault;
	struct api_route route;

	for (size_t i = 0; api_route_at(i, &route); i++)
		if (schema_check_query(route.query, query, &fault) == CARDEA_EMALFORMED)
			check_fault(&fault);
}

static void check_schema(const char *schema)
{
	struct schema_fault fault;
	json_t *nothing = json_object(), *some = json_pack("{s:[{s:i}], s:s}", "a", "b", 1, "c", "d");

	assert(nothing && some);
	if (schema_check(schema, nothing, &fault))
		check_fault(&fault);
	/* a schema with a slip is either told as one or not met on the way */
	if (schema_check(schema, some, &fault))
		check_fault(&fault);
	else
		assert(strchr(schema, ':'));
	(void)schema_is_sound(schema);
	json_decref(nothing);
	json_decref(some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	check_body(text, size);
	check_query((struct untrusted_str){text, size});
	check_schema(text);
	free(text);
	return 0;
}
