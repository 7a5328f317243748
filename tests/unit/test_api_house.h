// SPDX-License-Identifier: GPL-2.0-or-later
/* test_api_house - the house of a test, and questions to the API's views about it. */
#ifndef CARDEA_TEST_API_HOUSE_H
#define CARDEA_TEST_API_HOUSE_H

#include "test_engine_util.h"
#include "test_api_util.h"

static struct house *h;
static unsigned status;

/* The reply, once all have heard what it changed. */
static inline json_t *ask(void (*view)(struct api_request *), const char *object,
	const char *query, const char *body)
{
	json_t *root = api_asked(&h->p, view, object, query, body, &status);

	spin(h);
	return root;
}

#endif
