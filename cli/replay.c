// SPDX-License-Identifier: GPL-2.0-or-later
/* cardea replay - what would this profile have blocked in that capture? */
#include "engine/replay.h"

#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/answer.h"
#include "cli/file.h"
#include "cli/progress.h"
#include "cli/text.h"

#define JSON_MAX (32U << 20) /* REPLAY_VIOLATIONS_MAX and LIMIT_RULES of 4 KiB each */

static enum cli_exit wrong_value(const char *flag, const char *value, const char *next)
{
	cli_complain(next, "--%s: \"%s\" is none", flag, text_clean(value));
	return CLI_USAGE;
}

static enum cli_exit read_device(const struct cli *c, struct replay_options *o)
{
	const char *text = args_flag(c, "device");

	if (!text || !args_flag(c, "profile")) {
		cli_complain("cardea help replay",
			"replay wants --profile MUD.json and --device MAC or ADDRESS");
		return CLI_USAGE;
	}
	if (mac_parse(text, &o->mac) == 0 || addr_parse(text, &o->addr) == 0)
		return CLI_OK;
	return wrong_value("device", text,
		"give a MAC such as 02:00:00:00:00:07, or an "
		"IP address");
}

static enum cli_exit read_house(const struct cli *c, struct replay_options *o)
{
	const char *text;

	for (unsigned i = 0; (text = args_flag_at(c, "lan", i)); i++) {
		if (i == LIMIT_LAN_PREFIXES)
			return wrong_value("lan", text, "fewer prefixes");
		if (prefix_parse(text, &o->lan[o->lan_count++]))
			return wrong_value("lan", text,
				"give a prefix such as 192.168.1.0/24, its host bits "
				"zero");
	}
	for (unsigned i = 0; (text = args_flag_at(c, "gateway", i)); i++) {
		if (i == POLICY_ENV_ADDRS)
			return wrong_value("gateway", text, "fewer addresses");
		if (addr_parse(text, &o->gateway[o->gateway_count++]))
			return wrong_value("gateway", text,
				"give an IP address such as 192.168.1.1");
	}
	return CLI_OK;
}

static enum cli_exit print_report(const struct cli *c, const struct replay_report *r)
{
	struct jsonw j;

	if (!c->json)
		return replay_report_text(r, stdout) ? CLI_FAILED : CLI_OK;
	jsonw_init_buffer(&j, JSON_MAX);
	replay_report_json(r, &j);
	return answer_print_jsonw(&j);
}

/* The worst first: what was blocked stands, also when the rest could not be read. */
static enum cli_exit judge(const struct replay_report *r, int error)
{
	if (r->blocked_packets)
		return CLI_NO;
	if (error)
		return CLI_FAILED;
	return r->packets ? CLI_OK : CLI_NOT_FOUND;
}

static enum cli_exit replay(const struct cli *c, struct replay_options *o)
{
	struct replay_report report;
	struct progress p;
	enum cli_exit e;
	int error;

	progress_init(&p, c, "replay");
	progress_expect(&p, c->args[0]);
	o->progress = progress_show;
	o->ctx = &p;
	error = replay_run(o, &report);
	progress_end(&p);
	if (error && !report.read) {
		cli_complain("give a pcap or pcapng file", "%s: %s",
			text_clean(c->args[0]), report.problem);
		replay_report_free(&report);
		return CLI_FAILED;
	}
	e = print_report(c, &report);
	if (e == CLI_OK)
		e = judge(&report, error);
	if (error)
		cli_complain(NULL, "%s: not read to its end: %s",
			text_clean(c->args[0]), report.problem);
	else if (!report.packets)
		cli_complain("check --device; a capture on the far side of a router "
			     "shows no MAC of the LAN",
			"%s does not appear in this capture", report.device);
	replay_report_free(&report);
	return e;
}

enum cli_exit replay_file_run(struct cli *c)
{
	struct replay_options o = {.fd = -1};
	struct file_mud f = {0};
	enum cli_exit e = read_device(c, &o);

	if (e == CLI_OK)
		e = read_house(c, &o);
	if (e == CLI_OK) {
		e = file_mud_use(c, args_flag(c, "profile"), &f);
		if (e == CLI_NO) /* of the profile, not the answer to the question */
			e = CLI_FAILED;
	}
	if (e == CLI_OK) {
		o.profile = mud_lint_profile(&f.lint);
		o.fd = file_open(c->args[0]);
		e = o.fd < 0 ? CLI_FAILED : replay(c, &o);
	}
	if (o.fd >= 0)
		close(o.fd);
	file_mud_free(&f);
	return e;
}
