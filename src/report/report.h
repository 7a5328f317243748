// SPDX-License-Identifier: GPL-2.0-or-later
/* report - what goes to receivers that the owner has. broker: a connection to his MQTT
 * broker, which is kept, and what is published there. When the gateway is lost the broker
 * says so by itself (the will). Nothing is subscribed to: who can write at the broker
 * changes nothing here. */
#ifndef CARDEA_REPORT_REPORT_H
#define CARDEA_REPORT_REPORT_H

#include <stdbool.h>
#include "base/addr.h"
#include "base/loop.h"
#include "model/limits.h"

/* What waits to be sent: some 100 devices with all that is said of them, at once. */
#define BROKER_OUT_MAX (256U << 10)
#define BROKER_KEEP_ALIVE_S 60
/* A failure is tried again after this, then twice as long each time. */
#define BROKER_RETRY (5 * NS_PER_SEC)
#define BROKER_RETRY_MAX (300 * NS_PER_SEC)
/* Connecting, and the answer to CONNECT. */
#define BROKER_WAIT (15 * NS_PER_SEC)

struct broker_config {
	struct addr addr; /* family 0: there is no broker */
	uint16_t port;
	char user[LIMIT_LABEL], password[LIMIT_TEXT];
	char client_id[24]; /* 3.1.3.1: at most 23, letters and digits */
	char will_topic[LIMIT_LABEL], will[16], birth[16]; /* birth: said in place of it */
};

struct broker;

/* state: the connection is there (text NULL), or it is not, and why. */
int broker_new(struct loop *l, const struct broker_config *c,
	void (*state)(void *ctx, bool connected, const char *text), void *ctx,
	struct broker **ret) CARDEA_MUSTCHECK;
void broker_free(struct broker *b); /* NULL is fine; says goodbye where it can */
/* Retained. -EAGAIN: too much waits, the connection ends; -ENOTCONN. */
int broker_publish(struct broker *b, const char *topic, const char *payload)
	CARDEA_MUSTCHECK;

#endif
