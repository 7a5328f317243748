// SPDX-License-Identifier: GPL-2.0-or-later
// Rules as /v1/policy tells them, read so that they can be said in another language and
// that what a person would call one rule is one row.

export interface Rule {
	id: number;
	source: string;
	direction: string;
	action: string;
	sentence: string;
	status: string;
	detail: string;
	acl: string;
	ace: string;
	line: number;
	members?: number;
	note?: string | null;
	hits?: number;
	bytes?: number;
	last_hit?: string | null;
	counted_since?: string | null;
}

/** What a rule's sentence says. */
export interface Said {
	verb: Verb;
	what: string; // "TCP", "anything", "ICMP type 8"
	peer: string;
	port: string | null; // "443", "5000-5999"
	own: string | null;
	family: string | null; // "4", "6"
	within: string | null; // seconds
}

export const VERBS = {
	"may open": "open", "may send": "send", "may receive": "receive",
	"may answer with": "answer", "may be answered with": "answered",
	"may go on with": "goOn", "may go on receiving": "goOnReceiving",
	"must not open": "notOpen", "must not send": "notSend",
	"must not receive": "notReceive",
} as const;
export type Verb = (typeof VERBS)[keyof typeof VERBS];

const SENTENCE = new RegExp(
	`^(${Object.keys(VERBS).join("|")}) (.+?) (?:to|from) (.+?)` +
	"(?: ports? (\\d+(?:-\\d+)?))?" +
	"(?: (?:from|on) its ports? (\\d+(?:-\\d+)?))?" +
	"(?: \\(IPv([46])\\))?(?:, only within (\\d+) s after its trigger)?$");

/** Null for a sentence of a kind that is not known here: then it is shown as it is. */
export function read(sentence: string): Said | null {
	const m = SENTENCE.exec(sentence);
	if (!m) return null;
	return {
		verb: VERBS[m[1] as keyof typeof VERBS], what: m[2]!, peer: m[3]!,
		port: m[4] ?? null, own: m[5] ?? null, family: m[6] ?? null, within: m[7] ?? null,
	};
}

/** One row: the rules for both families, and those that let the other side answer. */
export interface Row {
	key: string;
	said: Said | null;
	rules: Rule[];
	source: string;
	action: string;
	hits: number;
	bytes: number;
	last: string | null;
	since: string | null;
	status: Status;
	/** Why it is not simply enforced, each reason once. */
	why: string[];
	/** Devices that a class of peers means now; null where it is no class. */
	members: number | null;
}

export type Status = "enforced" | "approximated" | "off" | "impossible";

export function statusOf(text: string): Status {
	if (text === "enforced" || text === "reply") return "enforced";
	if (text.startsWith("approximat")) return "approximated";
	return text.startsWith("not enforceable") ? "impossible" : "off";
}

const WORST: Status[] = ["impossible", "off", "approximated", "enforced"];
const isReply = (r: Rule) => r.status === "reply";

const rowKey = (r: Rule, s: Said | null) =>
	s ? [r.source, r.action, s.verb, s.what, s.peer, s.port, s.own, s.within].join("\0")
		: `${r.source}\0${r.sentence}`;

function add(row: Row, r: Rule) {
	const status = statusOf(r.status);
	row.rules.push(r);
	row.hits += r.hits ?? 0;
	row.bytes += r.bytes ?? 0;
	if (r.last_hit && (!row.last || r.last_hit > row.last)) row.last = r.last_hit;
	if (r.counted_since && (!row.since || r.counted_since < row.since))
		row.since = r.counted_since;
	if (WORST.indexOf(status) < WORST.indexOf(row.status)) row.status = status;
	if (!isReply(r) && r.detail && !row.why.includes(r.detail)) row.why.push(r.detail);
	if (r.members !== undefined) row.members = Math.max(row.members ?? 0, r.members);
}

/** The rule whose answers r lets pass: the same peer, service and source. */
function opener(rows: Map<string, Row>, r: Rule, s: Said): Row | undefined {
	for (const row of rows.values())
		if (row.said && row.source === r.source && row.said.peer === s.peer &&
			row.said.what === s.what && row.said.port === s.port &&
			row.said.own === s.own && !row.rules.every(isReply))
			return row;
	return undefined;
}

/** Rows in the order in which they decide. */
export function rowsOf(rules: readonly Rule[]): Row[] {
	const rows = new Map<string, Row>();
	const make = (key: string, r: Rule, said: Said | null) => {
		const row: Row = {
			key, said, rules: [], source: r.source, action: r.action, hits: 0, bytes: 0,
			last: null, since: null, status: "enforced", why: [], members: null,
		};
		rows.set(key, row);
		return row;
	};
	for (const r of rules.filter(r => !isReply(r))) {
		const said = read(r.sentence), key = rowKey(r, said);
		add(rows.get(key) ?? make(key, r, said), r);
	}
	for (const r of rules.filter(isReply)) {
		const said = read(r.sentence), key = rowKey(r, said);
		const row = said && opener(rows, r, said);
		add(row || rows.get(key) || make(key, r, said), r);
	}
	return [...rows.values()];
}

/** "4 and 6", or the one family that all its rules are about. */
export function families(row: Row): string[] {
	const seen = new Set<string>();
	for (const r of row.rules) {
		const f = read(r.sentence)?.family;
		if (f) seen.add(f);
	}
	return [...seen].sort();
}

/** The peer as a destination that Why? can be asked about; null where it is no one thing. */
export function destination(row: Row): string | null {
	const peer = row.said?.peer;
	return peer && /^[\w.:-]+$/.test(peer) && /[.:]/.test(peer) ? peer : null;
}
