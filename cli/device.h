// SPDX-License-Identifier: GPL-2.0-or-later
/* device - what the verbs of `cardea device` share. */
#ifndef CARDEA_CLI_DEVICE_H
#define CARDEA_CLI_DEVICE_H

#include "cli/cli.h"
#include "model/limits.h"

/* What can be typed for a device: its name, or its MAC where the name is no text for a
 * shell. */
const char *device_handle(const json_t *d, const char *name);
/* POST body to /v1/devices/DEVICE; takes body. When there is no such device, those that
 * may have been meant are told. */
enum cli_exit device_post(
	struct cli *c, const char *device, json_t *body, json_t **ret);
/* Says what is wrong with a MUD URL that the owner gave. */
enum cli_exit device_check_url(const char *url);

/* A QR code as a scanner or a person writes it down: control characters may be there
 * themselves, as \x1e, as <RS>, or as the pictures that Unicode has for them. How many
 * bytes, or -1 when they are more than size or an escape is none. */
int device_qr_unescape(const char *text, size_t len, uint8_t *buf, size_t size);

#endif
