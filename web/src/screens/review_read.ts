// SPDX-License-Identifier: GPL-2.0-or-later
// Differences of profiles, read as a person would: both families are one line.

import { read } from "./device/rules_read";

export interface Change {
	sign: string; // "+", "-"
	sentence: string;
	source?: string | null;
}

const FAMILY = / \(IPv[46]\)(?=$|,)/;

/** One line for both families, if both are there; answers belong to what is asked. */
export function grouped(changes: readonly Change[]): Change[] {
	const out: Change[] = [];
	const seen = new Map<string, number>();
	for (const c of changes) {
		const said = read(c.sentence);
		if (said?.verb === "answered" || said?.verb === "answer") continue;
		const bare = c.sentence.replace(FAMILY, "");
		const key = `${c.sign}${bare}`, at = seen.get(key);
		if (at === undefined) {
			seen.set(key, out.length);
			out.push(c);
		} else {
			out[at] = { ...c, sentence: bare };
		}
	}
	return out;
}

/** Of a whole profile: what it asks for. A file says each conversation in both directions;
 *  the way back is not said again. */
export function asked(changes: readonly Change[]): Change[] {
	const lines = grouped(changes);
	const key = (c: Change, verbs: string[]) => {
		const s = read(c.sentence);
		return s && verbs.includes(s.verb) && !s.own === (s.port !== null) ?
			[s.what, s.peer, s.port, s.own].join() : null;
	};
	const out = new Set(lines.map((c) => key(c, ["open", "send"])));
	out.delete(null);
	return lines.filter((c) => {
		const back = key(c, ["receive"]);
		return back === null || !out.has(back);
	});
}

export interface Refusal {
	peer: string;
	proto?: string;
	port_from?: number;
	port_to?: number;
}

/** How the owner says no to just this; null where his words have no form for it. */
export function refusalOf(sentence: string): Refusal | null {
	const s = read(sentence);
	if (!s || (s.verb !== "open" && s.verb !== "send")) return null;
	const below = /^any name below (.+)$/.exec(s.peer);
	const peer = below ? `*.${below[1]}` : s.peer;
	if (!/^[\w.:*/-]+$/.test(peer) || !/[.:]/.test(peer)) return null;
	const refusal: Refusal = { peer };
	const proto = s.what.toLowerCase();
	if (proto === "tcp" || proto === "udp") refusal.proto = proto;
	else if (s.what !== "anything") return null;
	if (s.port) {
		const [from, to] = s.port.split("-");
		refusal.port_from = Number(from);
		refusal.port_to = Number(to ?? from);
	}
	return refusal;
}
