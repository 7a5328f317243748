// SPDX-License-Identifier: GPL-2.0-or-later
/* cacao internals: what writer and reader have in common. */
#ifndef CARDEA_LIFECYCLE_CACAO_PRIV_H
#define CARDEA_LIFECYCLE_CACAO_PRIV_H

#include "lifecycle/cacao.h"

/* Our own interface, which is no address of any network: the agent of what the gateway
 * does itself, and the device that a case is about. */
#define CACAO_OUR_NAME "cardea"
#define CACAO_OUR_HOST "localhost"
#define CACAO_DEVICE_VARIABLE "__device__"
#define CACAO_ISOLATE_LINE "POST /v1/devices/" CACAO_DEVICE_VARIABLE ":value HTTP/1.1"

#define CACAO_ID_MAX 80 /* "playbook-action--" and a UUID, and room */

#endif
