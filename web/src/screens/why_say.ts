// SPDX-License-Identifier: GPL-2.0-or-later
// What the answer of /v1/why means: which sentence, and what can be done about it.

import type { CardeaEvent } from "../api/types";
import type { Rule } from "./device/rules_read";

export interface Why {
	device: string;
	enforced: boolean;
	allowed: boolean;
	verdict: string;
	reason: string;
	direction: string;
	peer: string | null;
	name: string | null;
	proto: string | null;
	port: number | null;
	text: string;
	decided_by: string;
	profile: string | null;
	rule: Rule | null;
	event: (CardeaEvent & { first: string; last: string; mac: string; packets?: number }) | null;
}

export type Because = "notListed" | "notLearned" | "notYours" | "notAnywhere" | "rule" |
	"ruleOff" | "yours" | "yourNo" | "watched" | "held" | "spoofed" | "router" | "fragment" |
	"malformed" | "tls" | "other" | "reply" | "need";

/** Who made the profile that is in force. */
export type Author = "maker" | "learned" | "owner" | "none";

const BY_REASON: Record<string, Because> = {
	spoofed: "spoofed", "rogue-router": "router", fragment: "fragment",
	malformed: "malformed", "tls-profile": "tls", reply: "reply",
};
const NOT_LISTED: Record<Author, Because> = {
	maker: "notListed", learned: "notLearned", owner: "notYours", none: "notAnywhere" };

function ofRule(w: Why): Because {
	const owners = w.rule?.source === "owner";
	if (w.allowed) return owners ? "yours" : "rule";
	if (owners || w.verdict === "refuse") return "yourNo";
	return w.rule && w.rule.action === "accept" ? "ruleOff" : "rule";
}

export function because(w: Why, author: Author): Because {
	if (w.decided_by !== w.device) return "other";
	if (w.verdict === "quarantine") return "held";
	if (!w.enforced) return "watched";
	const known = BY_REASON[w.reason];
	if (known) return known;
	if (w.reason === "rule" || w.rule) return ofRule(w);
	if (w.allowed) return w.verdict === "pass" ? "need" : "rule";
	return w.verdict === "refuse" ? "yourNo" : NOT_LISTED[author];
}

/** It is known by its address alone, and no name led there. */
export const isNameless = (w: Why) => !w.allowed && !w.name && !!w.peer &&
	w.reason === "not-listed" && w.direction === "from-device" && !isPrivate(w.peer);

const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|f[cd]|fe[89ab]|ff)/i;
export const isPrivate = (address: string) => PRIVATE.test(address);

export interface OverlayAsk {
	device: string;
	kind: "allow" | "refuse";
	peer: string;
	proto?: string;
	port_from?: number;
	port_to?: number;
	/** Seconds until it ends by itself. */
	for?: number;
}

/** "Once": as long as it takes to try it, and to see what comes of it. */
export const ONCE_S = 3600;

/** What the owner would say; null where one sentence of his cannot change it. */
export function overlayFor(w: Why, id: number, kind: "allow" | "refuse", whole: boolean):
	OverlayAsk | null {
	const peer = w.name || w.peer;
	const changeable = w.enforced && w.decided_by === w.device && w.verdict !== "quarantine" &&
		w.direction === "from-device" && !(w.reason in BY_REASON && w.reason !== "reply");
	if (!peer || !changeable) return null;
	const ask: OverlayAsk = { device: String(id), kind, peer };
	if (!whole && w.proto && w.port && ["tcp", "udp"].includes(w.proto))
		Object.assign(ask, { proto: w.proto, port_from: w.port, port_to: w.port });
	return ask;
}

/** The same on the command line. */
export function overlayWords(ask: OverlayAsk, device: string): (string | number)[] {
	return ["cardea", "policy", ask.kind, device, ask.peer,
		...(ask.port_from ? ["--port", ask.port_from] : []),
		...(ask.proto ? ["--proto", ask.proto] : []),
		...(ask.for ? ["--for", `${ask.for / 3600}h`] : [])];
}
