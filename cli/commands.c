// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of commands: one entry here is dispatched, explained and completed. */
#include <string.h>
#include "cli/cli.h"

#define FLAG_DRY_RUN {"dry-run", NULL, "say what would change, and change nothing", 0}

#define FLAG_OUT {"out", "FILE", "where to write it; - is stdout", COMPLETE_FILE}

#define FLAG_ROOT                                                                      \
	{"root", "DIR", "where a published profile may include from", COMPLETE_FILE}

const struct cli_flag commands_global[] = {
	{"socket", "PATH", "the control socket (or $CARDEA_SOCKET)", COMPLETE_FILE},
	{"json", NULL, "one JSON object on stdout", 0},
	{"quiet", NULL, "no talk on stderr but errors; also -q", 0},
	{"no-color", NULL, "no colour; also when NO_COLOR is set", 0},
	{"help", NULL, "how to use it; also -h", 0},
	{"version", NULL, "the version; also -V", 0},
	{NULL, NULL, NULL, 0},
};

static const struct command commands[] = {
	{"status", NULL, "", 0, 0, {0},
		{{"memory", NULL, "what each process takes, from the kernel (PSS)", 0},
			{"wait", NULL, "wait up to 30 seconds until all is ready", 0}},
		"is everything all right?", "cardea status --wait", status_run, false},
	{"device", "list", "", 0, 0, {0}, {{0}}, "all devices", "cardea device list",
		device_list, false},
	{"device", "show", "DEVICE", 1, 1, {COMPLETE_DEVICE}, {{0}},
		"all about one device", "cardea device show kitchen-cam", device_show,
		false},
	{"device", "rename", "DEVICE NAME", 2, 2, {COMPLETE_DEVICE}, {FLAG_DRY_RUN},
		"give a device another name",
		"cardea device rename kitchen-cam \"Kitchen camera\"", device_rename,
		false},
	{"device", "add", "", 0, 0, {0},
		{{"qr", "STRING", "the code on it or its box (RFC 9238); - is stdin", 0},
			{"mac", "MAC", "its MAC, where the code has none", 0},
			{"url", "URL", "its MUD URL, in place of a code", 0},
			{"name", "NAME", "how to call it", 0}, FLAG_DRY_RUN},
		"introduce a device, by its QR code or by hand",
		"cardea device add --mac 02:00:00:00:00:07 --url "
		"https://example.com/lamp.json --name Lamp",
		device_add, false},
	{"device", "url", "DEVICE URL", 2, 2, {COMPLETE_DEVICE}, {FLAG_DRY_RUN},
		"say which MUD file is a device's",
		"cardea device url kitchen-cam https://example.com/cam.json", device_url,
		false},
	{"device", "confirm", "DEVICE", 1, 1, {COMPLETE_DEVICE},
		{{"no", NULL, "take that back", 0}, FLAG_DRY_RUN},
		"vouch that a device is what its MUD URL says",
		"cardea device confirm kitchen-cam", device_confirm, false},
	{"decide", "list", "", 0, 0, {0},
		{{"all", NULL, "those that you answered, too", 0}},
		"what only you can say", "cardea decide list", decide_list, false},
	{"decide", "show", "ID", 1, 1, {0}, {{0}}, "one question, whole",
		"cardea decide show 3", decide_show, false},
	{"decide", "accept", "ID", 1, 1, {0},
		{{"choose", "DEVICE", "which device, where one is asked for",
			COMPLETE_DEVICE}},
		"say yes", "cardea decide accept 3 --choose hub", decide_accept, false},
	{"decide", "reject", "ID", 1, 1, {0}, {{0}}, "say no", "cardea decide reject 3",
		decide_reject, false},
	{"events", NULL, "", 0, 0, {0},
		{{"device", "DEVICE", "of this device alone", COMPLETE_DEVICE},
			{"limit", "N", "the last N, 1 to 1000 (100)", 0},
			{"after", "ID", "only what came after this one", 0},
			{"follow", NULL, "stay, and show what happens", 0},
			{"jsonl", NULL, "a JSON object a line", 0}},
		"what happened", "cardea events --follow --device kitchen-cam",
		events_run, false},
	{"why", NULL, "DEVICE DESTINATION | EVENT-ID", 1, 2, {COMPLETE_DEVICE},
		{{"port", "N", "the destination's port", 0},
			{"proto", "tcp|udp|icmp", "the protocol", COMPLETE_PROTO}},
		"why is this allowed or blocked? (exit 6: it is blocked)",
		"cardea why kitchen-cam stats.example.net --port 443", why_run, false},
	{"policy", "show", "[DEVICE]", 0, 1, {COMPLETE_DEVICE},
		{{"nft", NULL, "what the kernel holds, in nft's own words", 0},
			{"unused", NULL, "only rules that were never used", 0}},
		"what may each device do, and who says so?",
		"cardea policy show kitchen-cam", policy_show, false},
	{"policy", "overlays", "[DEVICE]", 0, 1, {COMPLETE_DEVICE}, {{0}},
		"what did you say about devices, beside their profiles?",
		"cardea policy overlays kitchen-cam", overlay_list, false},
	{"policy", "refuse", "DEVICE PEER", 2, 2, {COMPLETE_DEVICE},
		{{"port", "N[-M]", "the peer's port, or ports", 0},
			{"proto", "tcp|udp|icmp", "the protocol", COMPLETE_PROTO},
			FLAG_DRY_RUN},
		"a device may not talk to a name or address, whatever its profile says",
		"cardea policy refuse kitchen-cam ads.example.com", overlay_refuse, false},
	{"policy", "allow", "DEVICE PEER", 2, 2, {COMPLETE_DEVICE},
		{{"port", "N[-M]", "the peer's port, or ports", 0},
			{"proto", "tcp|udp|icmp", "the protocol", COMPLETE_PROTO},
			FLAG_DRY_RUN},
		"a device may talk to a name or address beside what its profile says",
		"cardea policy allow kitchen-cam nas.example.com --port 443 --proto tcp",
		overlay_allow, false},
	{"policy", "limit", "DEVICE lan-only|no-internet|only [PEER]", 2, 3,
		{COMPLETE_DEVICE}, {FLAG_DRY_RUN},
		"a device may do no more than this of what its profile says",
		"cardea policy limit kitchen-cam lan-only", overlay_limit, false},
	{"policy", "withdraw", "ID", 1, 1, {0}, {FLAG_DRY_RUN},
		"take back what you said", "cardea policy withdraw 3", overlay_withdraw,
		false},
	{"policy", "diff", "OLD NEW", 2, 2, {COMPLETE_FILE, COMPLETE_FILE}, {{0}},
		"what does one profile allow that another does not, both ways? (exit 6: "
		"the new one does)",
		"cardea policy diff lamp-1.json lamp-2.json", mud_file_diff, false},
	{"policy", "explain", "PEER", 1, 1, {0},
		{{"layer", "LAYER=FILE",
			 "manufacturer, learned, crowd or owner, and its MUD file; may be "
			 "repeated",
			 COMPLETE_FILE},
			{"owner", "WORDS",
				"\"refuse PEER\", \"lan-only\" ...; may be repeated", 0},
			{"port", "N", "the port that is asked for", 0},
			{"proto", "tcp|udp|icmp", "the protocol", COMPLETE_PROTO},
			{"inbound", NULL, "the peer starts", 0},
			{"lan", "PREFIX", "a prefix of the LAN; may be repeated", 0},
			{"gateway", "ADDRESS", "of the gateway; may be repeated", 0}},
		"what do layers of profiles say about a conversation? (exit 6: no)",
		"cardea policy explain ads.example.com --port 443 --layer "
		"manufacturer=tv.json --owner \"refuse ads.example.com\"",
		policy_explain_files, false},
	{"controller", "list", "", 0, 0, {0}, {{0}},
		"who is the controller of which devices, and who might be",
		"cardea controller list", controller_list, false},
	{"controller", "set", "CLASS TARGET", 2, 2, {COMPLETE_NOTHING, COMPLETE_DEVICE},
		{{"device", "DEVICE", "for this device alone", COMPLETE_DEVICE},
			{"add", NULL, "beside those that it means already", 0},
			FLAG_DRY_RUN},
		"say which device or address a class means; CLASS is a URI, or "
		"my-controller",
		"cardea controller set my-controller hub --device kitchen-cam",
		controller_set, false},
	{"controller", "remove", "CLASS", 1, 1, {0},
		{{"device", "DEVICE", "for this device alone", COMPLETE_DEVICE},
			FLAG_DRY_RUN},
		"from now on a class means nobody",
		"cardea controller remove my-controller --device kitchen-cam",
		controller_remove, false},
	{"quarantine", "list", "", 0, 0, {0}, {{0}},
		"devices in quarantine, and what they may still do",
		"cardea quarantine list", quarantine_list, false},
	{"quarantine", "add", "DEVICE", 1, 1, {COMPLETE_DEVICE},
		{{"reason", "TEXT", "why, for whoever asks later", 0}, FLAG_DRY_RUN},
		"let a device do no more than what repairs it",
		"cardea quarantine add kitchen-cam --reason \"it scans the network\"",
		quarantine_add, false},
	{"quarantine", "release", "DEVICE", 1, 1, {COMPLETE_DEVICE}, {FLAG_DRY_RUN},
		"let a device do again what its profile says",
		"cardea quarantine release kitchen-cam", quarantine_release, false},
	{"dns", "dnr", "", 0, 0, {0},
		{{"dnsmasq", NULL, "as lines for dnsmasq.conf", 0},
			{"odhcpd", NULL, "as lines for OpenWrt's /etc/config/dhcp", 0}},
		"what announces this gateway's encrypted DNS by DHCP (RFC 9463)",
		"cardea dns dnr --dnsmasq", dns_dnr, false},
	{"report", "preview", "DEVICE", 1, 1, {COMPLETE_DEVICE}, {{0}},
		"what would the maker of a device be told? (stdout: every byte)",
		"cardea report preview kitchen-cam", report_preview, false},
	{"report", "send", "DEVICE", 1, 1, {COMPLETE_DEVICE}, {FLAG_DRY_RUN},
		"tell the maker of a device now; reports have to be on",
		"cardea report send kitchen-cam", report_send, false},
	{"mud", "lint", "FILE", 1, 1, {COMPLETE_FILE},
		{{"import", NULL, "can it be used, after repairs?", 0}},
		"does a MUD file conform to RFC 8520? (exit 6: it does not)",
		"cardea mud lint lamp.json", mud_file_lint, false},
	{"mud", "repair", "FILE", 1, 1, {COMPLETE_FILE}, {FLAG_OUT},
		"make a valid MUD file of one in the wild (exit 6: it cannot be)",
		"cardea mud repair wild.json --out lamp.json", mud_file_repair, false},
	{"mud", "diff", "OLD NEW", 2, 2, {COMPLETE_FILE, COMPLETE_FILE}, {{0}},
		"what does a new MUD file allow that the old did not? (exit 6: "
		"something)",
		"cardea mud diff lamp-1.json lamp-2.json", mud_file_diff, false},
	{"mud", "sign", "FILE", 1, 1, {COMPLETE_FILE},
		{{"key", "KEY.pem", "the signer's private key", COMPLETE_FILE},
			{"cert", "CERT.pem", "the signer's certificate", COMPLETE_FILE},
			{"chain", "PEM", "certificates between it and the anchor",
				COMPLETE_FILE},
			FLAG_OUT},
		"sign a MUD file: detached CMS over its exact bytes",
		"cardea mud sign lamp.json --key key.pem --cert cert.pem --out "
		"lamp.p7s",
		mud_file_sign, false},
	{"mud", "verify", "FILE", 1, 1, {COMPLETE_FILE},
		{{"signature", "P7S", "the signature, CMS in DER", COMPLETE_FILE},
			{"anchor", "PEM", "whom to trust", COMPLETE_FILE},
			{"device-cert", "PEM",
				"the device's own, which may name the signer",
				COMPLETE_FILE},
			{"at", "TIME", "as if it were then (now)", 0}},
		"is a MUD file signed by whom you trust? (exit 6: it is not)",
		"cardea mud verify lamp.json --signature lamp.p7s --anchor ca.pem",
		mud_file_verify, false},
	{"mud", "label", "FILE", 1, 1, {COMPLETE_FILE},
		{{"url", "URL", "where the file will be (its mud-url)", 0}, FLAG_OUT},
		"a sheet to print: QR code, sentences, destinations (SVG)",
		"cardea mud label lamp.json --out label.svg", mud_file_label, false},
	{"mud", "make", "", 0, 0, {0},
		{{"url", "URL", "where the file will be: https://...", 0},
			{"name", "TEXT", "what the device is, in a few words", 0},
			{"cloud", "NAME[:PORT[/tcp|udp]]",
				"a server it needs (TCP 443); may be repeated", 0},
			{"local", "PORT[/tcp|udp]",
				"a port the local network may ask; may be repeated", 0},
			{"controller", "URI",
				"a class of controllers, or \"my\"; may be repeated",
				0},
			FLAG_OUT},
		"a MUD file from a few answers; asks when there are none",
		"cardea mud make --url https://example.com/lamp.json --cloud "
		"api.example.com",
		mud_file_make, false},
	{"mud", "view", "FILE", 1, 1, {COMPLETE_FILE},
		{{"svg", NULL, "as a drawing, on standard output", 0}},
		"what does a MUD file ask for?", "cardea mud view lamp.json",
		mud_file_view, false},
	{"profile", "lint", "FILE", 1, 1, {COMPLETE_FILE}, {FLAG_ROOT},
		"is an extended profile or binding right? (exit 6: it is not)",
		"cardea profile lint lamp.yaml", profile_file_lint, false},
	{"profile", "import", "FILE", 1, 1, {COMPLETE_FILE},
		{FLAG_ROOT, FLAG_OUT,
			{"binding", "FILE", "where to write who plays which role",
				COMPLETE_FILE}},
		"make a template of a published profile (exit 6: not of all of it)",
		"cardea profile import devices/plug/profile.yaml --root devices --out "
		"plug.yaml --binding home.yaml",
		profile_file_import, false},
	{"profile", "bind", "TEMPLATE BINDING", 2, 2, {COMPLETE_FILE, COMPLETE_FILE}, {{0}},
		"who plays which role, and what of it the gateway can enforce today",
		"cardea profile bind plug.yaml home.yaml", profile_file_bind, false},
	{"profile", "replay", "TEMPLATE CAPTURE", 2, 2, {COMPLETE_FILE, COMPLETE_FILE},
		{{"binding", "FILE", "who plays which role", COMPLETE_FILE},
			{"root", "DIR", "where a published profile may include from",
				COMPLETE_FILE}},
		"would each packet of a capture be accepted? (exit 6: not each)",
		"cardea profile replay plug.yaml day.pcap --binding home.yaml",
		profile_file_replay, false},
	{"profile", "show", "FILE", 1, 1, {COMPLETE_FILE}, {FLAG_ROOT},
		"what does an extended profile say?", "cardea profile show lamp.yaml",
		profile_file_show, false},
	{"replay", NULL, "FILE", 1, 1, {COMPLETE_FILE},
		{{"profile", "MUD.json", "what the device may do", COMPLETE_FILE},
			{"device", "DEVICE", "its MAC or one of its addresses",
				COMPLETE_DEVICE},
			{"lan", "PREFIX", "a prefix of the LAN; may be repeated", 0},
			{"gateway", "ADDRESS", "of the gateway; may be repeated", 0}},
		"what would a profile have blocked in a capture? (exit 6: something)",
		"cardea replay day.pcap --profile lamp.json --device 02:00:00:00:00:07",
		replay_file_run, false},
	{"learn", NULL, "FILES...", 1, CLI_ARGS_ANY, {COMPLETE_FILE},
		{{"device", "MAC", "only this one", 0},
			{"test", "FILES...",
				"other captures: what do they show that was not seen?",
				COMPLETE_FILE},
			{"out", "DIR", "where to write MUD files and their evidence",
				COMPLETE_FILE},
			{"force", NULL, "replace files that are there", 0},
			{"per-capture", NULL,
				"each capture is one episode, as captures of a setup are",
				0},
			{"against", "MUD.json",
				"what differs from this profile, and why (exit 6: it "
				"did more)",
				COMPLETE_FILE}},
		"what do devices do, and how much of it was not seen?",
		"cardea learn monday.pcap tuesday.pcap --out profiles",
		learn_run, false},
	{"start", NULL, "", 0, 0, {0},
		{{"config", "FILE", "settings (/etc/cardea/cardea.toml)",
			 COMPLETE_FILE},
			FLAG_DRY_RUN},
		"start the gateway, and wait until it is ready", "cardea start",
		daemon_start, false},
	{"stop", NULL, "", 0, 0, {0},
		{{"open", NULL, "take the rules away: the network is open then", 0},
			FLAG_DRY_RUN},
		"stop the gateway; devices stay protected, unless --open",
		"cardea stop", daemon_stop, false},
	{"config", "check", "FILE", 1, 1, {COMPLETE_FILE}, {{0}},
		"are these settings right? (exit 6: they are not)",
		"cardea config check /etc/cardea/cardea.toml", settings_check, false},
	{"config", "schema", "", 0, 0, {0}, {{0}},
		"every setting with its default and meaning",
		"cardea config schema > cardea.toml", settings_schema, false},
	{"help", NULL, "[NOUN [VERB]]", 0, 2, {0}, {{0}}, "how to use a command",
		"cardea help device rename", help_run, false},
	{"completion", "bash", "", 0, 0, {0}, {{0}}, "completion for bash",
		"cardea completion bash", completion_bash, true},
	{"completion", "zsh", "", 0, 0, {0}, {{0}}, "completion for zsh",
		"cardea completion zsh", completion_zsh, true},
	{"completion", "fish", "", 0, 0, {0}, {{0}}, "completion for fish",
		"cardea completion fish", completion_fish, true},
	{"completion", "devices", "", 0, 0, {0}, {{0}},
		"names of devices, a line each, for the shells",
		"cardea completion devices", completion_devices, true},
};

const struct command *commands_at(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? &commands[index] : NULL;
}

const struct command *commands_find(const char *noun, const char *verb)
{
	const struct command *c;

	for (size_t i = 0; (c = commands_at(i)); i++)
		if (strcmp(c->noun, noun) == 0 &&
			(verb ? c->verb && strcmp(c->verb, verb) == 0 : !c->verb))
			return c;
	return NULL;
}

bool commands_has_noun(const char *noun)
{
	for (size_t i = 0; commands_at(i); i++)
		if (strcmp(commands_at(i)->noun, noun) == 0)
			return true;
	return false;
}

bool commands_has_verbs(const char *noun)
{
	return commands_has_noun(noun) && !commands_find(noun, NULL);
}

const struct cli_flag *commands_flag(const struct command *c, const char *name)
{
	for (const struct cli_flag *f = commands_global; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	for (const struct cli_flag *f = c->flags; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
