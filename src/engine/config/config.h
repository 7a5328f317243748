// SPDX-License-Identifier: GPL-2.0-or-later
/* config - the owner's settings: a TOML subset read through one schema table, which is
 * also the help, the defaults and the checks. */
#ifndef CARDEA_ENGINE_CONFIG_H
#define CARDEA_ENGINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/error.h"

#define CONFIG_LIST_MAX 8      /* values of one list */
#define CONFIG_STRING_MAX 256  /* bytes of one value, NUL included */
#define CONFIG_FILE_MAX 65536  /* bytes of the file */

struct config_list {
	unsigned count;
	char items[CONFIG_LIST_MAX][CONFIG_STRING_MAX];
};

struct config {
	struct config_list lan_interfaces;
	struct config_list dns_upstream;
	int64_t dns_cache_kb;
	bool dns_dnssec;
	char dns_trust_anchor[CONFIG_STRING_MAX];
	char dns_root_hints[CONFIG_STRING_MAX];
	char dns_tls_ca[CONFIG_STRING_MAX];
	struct config_list dns_private_names;
	int64_t dns_rate;
	int64_t dns_burst;
	bool dns_tls;
	char dns_tls_cert[CONFIG_STRING_MAX];
	char dns_tls_key[CONFIG_STRING_MAX];
	char dns_name[CONFIG_STRING_MAX];
	char dns_domain[CONFIG_STRING_MAX];
	bool dns_canary;
	struct config_list dns_encrypted_names;
	char dns_unlisted[CONFIG_STRING_MAX];
	char dns_foreign[CONFIG_STRING_MAX];
	struct config_list mud_anchors;
	struct config_list mud_https_ca;
	bool mud_require_signature;
	bool mud_allow_private;
	bool mud_report;
	bool webhook_enabled;
	char mqtt_broker[CONFIG_STRING_MAX];
	char mqtt_user[CONFIG_STRING_MAX];
	char mqtt_password[CONFIG_STRING_MAX];
	char mqtt_prefix[CONFIG_STRING_MAX];
	char webhook_url[CONFIG_STRING_MAX];
	char webhook_key[CONFIG_STRING_MAX];
	char policy_mode[CONFIG_STRING_MAX];
	bool learn_enabled;
	bool life_isolate;
	int64_t life_probation;
	bool web_enabled;
	int64_t web_https_port;
	int64_t web_http_port;
	int64_t web_page_port;
	int64_t web_idle;
	int64_t probe_longest;
	int64_t probe_calm;
	int64_t probe_episodes;
	char state_dir[CONFIG_STRING_MAX];
	char run_dir[CONFIG_STRING_MAX];
	char libexec_dir[CONFIG_STRING_MAX];
	char hook_group[CONFIG_STRING_MAX];
	bool stop_open;
	char backend[CONFIG_STRING_MAX];
	int64_t nflog_group;
	int64_t uid_base;
	char log_level[CONFIG_STRING_MAX];
};

#define CONFIG_ERROR_MAX 512

void config_defaults(struct config *c);
/* Reads text over what c holds. On failure error says file:line:column, what, and what
 * next; c is then not to be used. file is for messages only. */
int config_parse(struct config *c, const char *file, const char *text, size_t len,
	char error[CONFIG_ERROR_MAX]) CARDEA_MUSTCHECK;
int config_load(struct config *c, const char *path, char error[CONFIG_ERROR_MAX])
	CARDEA_MUSTCHECK;
/* All of a file; *ret_text is the caller's. -errno, or CARDEA_ELIMIT, with words. */
int config_read(const char *path, char **ret_text, size_t *ret_len,
	char error[CONFIG_ERROR_MAX]) CARDEA_MUSTCHECK;
/* Every key with its default and meaning, as a file that would load. */
void config_print_schema(FILE *out);
/* What is not as it would be without a file, as a file: short, and nothing is lost. -ENOMEM. */
int config_print(const struct config *c, char **ret_text, size_t *ret_len) CARDEA_MUSTCHECK;
bool config_same(const struct config *a, const struct config *b);

/* Settings that are right each by itself, and not together: which, and why; 0 when they
 * are. */
int config_agree(const struct config *c, const char **ret_setting,
	char error[CONFIG_ERROR_MAX]) CARDEA_MUSTCHECK;

/* The owner's file with another value of one setting, and every other byte as it was: what
 * stands there is replaced, else a line is added where it belongs: behind the setting as a
 * comment, or at the end of its section. value is as config_value_print writes it. The
 * file must be right before; whether it still is, only parsing it says. *ret_text is the
 * caller's. */
int config_edit(const char *text, size_t len, const char *section, const char *key,
	const char *value, char **ret_text, size_t *ret_len) CARDEA_MUSTCHECK;
/* The same for each setting of another text, which is a file by itself; errors of that one
 * have the place in it. */
int config_merge(const char *text, size_t len, const char *settings, size_t settings_len,
	char **ret_text, size_t *ret_len, char error[CONFIG_ERROR_MAX]) CARDEA_MUSTCHECK;

#endif
