// SPDX-License-Identifier: GPL-2.0-or-later
/* tls_names - how the registries call TLS parameters; NULL for numbers not known here. */
#ifndef CARDEA_PROFILES_TLS_NAMES_H
#define CARDEA_PROFILES_TLS_NAMES_H

#include <stdint.h>

const char *tls_name_version(uint16_t number);
const char *tls_name_cipher(uint16_t number);
const char *tls_name_extension(uint16_t number);
const char *tls_name_group(uint16_t number);
const char *tls_name_signature(uint16_t number);
const char *tls_name_mode(uint16_t number);
const char *tls_name_compression(uint16_t number);

#endif
