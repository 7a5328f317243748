// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea status - one screen: is everything all right? */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/str.h"
#include "cli/answer.h"
#include "cli/daemon.h"
#include "cli/text.h"
#include "cli/watching.h"

/* PSS of one process in KiB, as the kernel adds it up; -1 when it may not be known. */
static long long pss_kib(long long pid)
{
	char path[64], line[256];
	long long kib = -1;
	FILE *f;

	(void)str_print(path, sizeof(path), "/proc/%lld/smaps_rollup", pid);
	f = fopen(path, "re");
	while (f && kib < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %lld kB", &kib) != 1)
			kib = -1;
	if (f)
		fclose(f);
	return kib;
}

static json_t *process_memory(const json_t *process)
{
	long long kib = pss_kib(answer_number(process, "pid"));
	json_t *m = json_object();

	json_object_set(m, "name", json_object_get(process, "name"));
	json_object_set(m, "pid", json_object_get(process, "pid"));
	json_object_set_new(m, "pss_kib", kib < 0 ? json_null() : json_integer(kib));
	return m;
}

/* Adds "memory" to the status. Processes that do not run take none. */
static void measure(json_t *status)
{
	json_t *memory = json_object(), *list = json_array(), *p;
	long long total = 0;
	bool complete = true;
	size_t i;

	json_array_foreach (json_object_get(status, "sandbox"), i, p) {
		json_t *m;

		if (!answer_true(p, "running"))
			continue;
		m = process_memory(p);
		total += answer_number(m, "pss_kib");
		complete = complete && json_is_integer(json_object_get(m, "pss_kib"));
		json_array_append_new(list, m);
	}
	json_object_set_new(memory, "processes", list);
	json_object_set_new(memory, "total_pss_kib", json_integer(total));
	json_object_set_new(memory, "complete", json_boolean(complete));
	json_object_set_new(status, "memory", memory);
}

static void print_memory(const json_t *memory)
{
	static const char *const headers[] = {"PROCESS", ">PID", ">PSS KIB"};
	struct table t;
	json_t *m;
	size_t i;

	table_init(&t, headers, 3);
	json_array_foreach (json_object_get(memory, "processes"), i, m) {
		table_cell(&t, STYLE_PLAIN, answer_text(m, "name"));
		table_number(&t, answer_number(m, "pid"));
		if (json_is_integer(json_object_get(m, "pss_kib")))
			table_number(&t, answer_number(m, "pss_kib"));
		else
			table_cell(&t, STYLE_WARN, "unknown");
	}
	table_cell(&t, STYLE_BOLD, "total");
	table_cell(&t, STYLE_PLAIN, "");
	table_number(&t, answer_number(memory, "total_pss_kib"));
	putchar('\n');
	table_print(&t, stdout);
}

static void print_processes(const json_t *status)
{
	static const char *const headers[] = {
		"PROCESS", "STATE", ">PID", ">RESTARTS", "SANDBOX"};
	struct table t;
	json_t *p;
	size_t i;

	table_init(&t, headers, 5);
	json_array_foreach (json_object_get(status, "sandbox"), i, p) {
		bool running = answer_true(p, "running");

		table_cell(&t, STYLE_PLAIN, answer_text(p, "name"));
		if (answer_true(p, "waits"))
			table_cell(&t, STYLE_PLAIN, "waits for a client");
		else
			table_cell(&t, running ? STYLE_GOOD : STYLE_BAD,
				running ? "running" : "not running");
		table_number(&t, answer_number(p, "pid"));
		table_number(&t, answer_number(p, "restarts"));
		table_cell(&t, STYLE_PLAIN, answer_text(p, "sandbox"));
	}
	putchar('\n');
	table_print(&t, stdout);
}

static void print_problems(const json_t *devices)
{
	static const char *const headers[] = {"DEVICE", "STATE", "WHY"};
	struct table t;
	json_t *d;
	size_t i;

	table_init(&t, headers, 3);
	json_array_foreach (json_object_get(devices, "devices"), i, d) {
		if (!answer_raw(d, "problem")[0])
			continue;
		table_cell(&t, STYLE_PLAIN, answer_text(d, "name"));
		table_cell(&t, daemon_state_style(answer_raw(d, "state")),
			answer_text(d, "state"));
		table_cell(&t, STYLE_PLAIN, answer_text(d, "problem"));
	}
	if (t.count) {
		putchar('\n');
		table_print(&t, stdout);
	}
}

static void print_if_any(const json_t *o, const char *key, const char *what)
{
	if (answer_number(o, key) > 0)
		printf("%s%lld %s%s\n", text_on(STYLE_WARN), answer_number(o, key),
			what, text_off(STYLE_WARN));
}

/* Where the addresses of names are opened. */
static void print_names(const json_t *names)
{
	long long kernel = answer_number(names, "devices_kernel");
	long long held = answer_number(names, "devices_held");

	if (strcmp(answer_raw(names, "learned_by"), "kernel") == 0)
		printf("Names are learned in the kernel for %lld device%s",
			kernel, kernel == 1 ? "" : "s");
	else
		printf("Answers about names are held until the kernel knows");
	if (held)
		printf("%s held by the resolver for %lld device%s",
			strcmp(answer_raw(names, "learned_by"), "kernel") == 0 ? ","
									      : ":",
			held, held == 1 ? "" : "s");
	printf(".\n");
}

static void print_ports(const json_t *ports)
{
	unsigned covered = 0;
	json_t *p;
	size_t i;

	json_array_foreach (ports, i, p)
		covered += answer_true(p, "covered");
	if (covered)
		printf("Rules are in force at %u port%s.\n", covered,
			covered == 1 ? "" : "s");
	json_array_foreach (ports, i, p)
		if (!answer_true(p, "covered"))
			printf("%sNothing is enforced at port %s: %s%s%s\n",
				text_on(STYLE_WARN), answer_text(p, "name"),
				answer_text(p, "why"),
				answer_true(p, "accepted") ? " (you accepted the risk)"
							   : "",
				text_off(STYLE_WARN));
}

/* Pairs of digits, as people compare them. */
static void print_fingerprint(const char *hex)
{
	for (size_t i = 0; hex[i] && hex[i + 1]; i += 2)
		printf("%s%.2s", i ? ":" : "", hex + i);
}

static void print_dns(const json_t *dns)
{
	const char *why = answer_text(dns, "why_not");

	if (answer_true(dns, "tls")) {
		printf("Encrypted DNS is %s, port 853; its certificate (%s) has SHA-256\n  ",
			answer_text(dns, "name"), answer_text(dns, "certificate"));
		print_fingerprint(answer_text(dns, "fingerprint"));
		printf("\n  and ends %s; the pin of its key is %s\n",
			text_ago(answer_raw(dns, "not_after")), answer_text(dns, "pin"));
	} else if (why[0]) {
		printf("%sThere is no encrypted DNS: %s%s\n", text_on(STYLE_WARN), why,
			text_off(STYLE_WARN));
	}
}

/* For DHCP option 114, and for people who wonder what answers there. */
static void print_portal(const json_t *portal)
{
	const char *uri = answer_raw(portal, "uri");

	if (answer_raw(portal, "page")[0])
		printf("Your pages are at %s\n", answer_raw(portal, "page"));
	if (!answer_true(portal, "enabled"))
		return;
	if (!uri[0])
		uri = answer_raw(portal, "plain_uri");
	if (uri[0])
		printf("Devices ask whether they are held at %s\n", uri);
	print_if_any(portal, "forbidden",
		"times a device asked for what is yours to do: see `cardea events`");
}

static void print_status(const json_t *status, const json_t *devices)
{
	const json_t *sensor = json_object_get(status, "sensor");
	const char *lacks = answer_text(status, "backend_lacks");

	printf("%s%s%s\n", text_on(STYLE_BOLD), answer_text(status, "sentence"),
		text_off(STYLE_BOLD));
	if (json_is_false(json_object_get(status, "clock_trusted")))
		printf("%sThe clock is not set: MUD files are neither fetched nor checked until "
		       "it is; what is in force stays.%s\n",
			text_on(STYLE_WARN), text_off(STYLE_WARN));
	watching_print(json_object_get(status, "watching"));
	print_if_any(status, "decisions", "waiting for your word: `cardea decide list`");
	print_problems(devices);
	printf("\nEnforced by %s. Cardea %s, started %s.\n",
		answer_text(status, "backend"), answer_text(status, "version"),
		text_ago(answer_raw(status, "started")));
	if (lacks[0])
		printf("%sThis is not all that there could be: %s%s\n",
			text_on(STYLE_WARN), lacks, text_off(STYLE_WARN));
	print_names(json_object_get(status, "names"));
	print_ports(json_object_get(status, "ports"));
	print_dns(json_object_get(status, "dns_service"));
	print_portal(json_object_get(status, "portal"));
	print_if_any(sensor, "dropped", "frames were missed by the sensor");
	print_if_any(status, "events_suppressed",
		"events came too fast and were counted only");
	print_if_any(status, "refused_transactions",
		"changes were refused by the enforcer: see the log");
	print_processes(status);
	if (json_object_get(status, "memory"))
		print_memory(json_object_get(status, "memory"));
}

enum cli_exit status_run(struct cli *c)
{
	json_t *status = NULL, *devices = NULL;
	enum cli_exit e = CLI_OK;

	if (args_flag(c, "wait"))
		e = daemon_wait_ready(c, -1);
	if (e == CLI_OK)
		e = answer_get(c, "/v1/status", &status);
	if (e == CLI_OK && args_flag(c, "memory"))
		measure(status);
	if (e == CLI_OK && c->json)
		e = answer_print(status);
	else if (e == CLI_OK)
		e = answer_get(c, "/v1/devices", &devices);
	if (e == CLI_OK && !c->json)
		print_status(status, devices);
	json_decref(devices);
	json_decref(status);
	return e;
}
