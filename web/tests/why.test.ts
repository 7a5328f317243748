// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import type { Rule } from "../src/screens/device/rules_read";
import { type Why, because, isNameless, overlayFor, overlayWords } from "../src/screens/why_say";

const why = (w: Partial<Why>): Why => ({
	device: "bulb", enforced: true, allowed: false, verdict: "violation",
	reason: "not-listed", direction: "from-device", peer: "203.0.113.66", name: null,
	proto: "tcp", port: 4444, text: "", decided_by: "bulb", profile: null, rule: null,
	event: null, ...w,
});
const rule = (r: Partial<Rule>) => ({ source: "owner", action: "drop", ...r }) as Rule;

describe("because", () => {
	it.each([
		[why({}), "maker", "notListed"],
		[why({}), "learned", "notLearned"],
		[why({}), "owner", "notYours"],
		[why({}), "none", "notAnywhere"],
		[why({ enforced: false, allowed: true, verdict: "pass", reason: "none" }), "none", "watched"],
		[why({ verdict: "quarantine" }), "maker", "held"],
		[why({ decided_by: "printer" }), "maker", "other"],
		[why({ reason: "spoofed" }), "maker", "spoofed"],
		[why({ reason: "rogue-router" }), "maker", "router"],
		[why({ verdict: "refuse", reason: "rule", rule: rule({}) }), "maker", "yourNo"],
		[why({ verdict: "refuse", reason: "none" }), "maker", "yourNo"],
		[why({ allowed: true, verdict: "allow", reason: "rule", rule: rule({ action: "accept" }) }),
			"maker", "yours"],
		[why({ allowed: true, verdict: "allow", reason: "rule",
			rule: rule({ source: "manufacturer", action: "accept" }) }), "maker", "rule"],
		[why({ rule: rule({ source: "manufacturer", action: "accept" }) }), "maker", "ruleOff"],
		[why({ allowed: true, verdict: "pass", reason: "none" }), "maker", "need"],
	] as const)("%#", (w, author, is) => {
		expect(because(w, author)).toBe(is);
	});
});

describe("no name", () => {
	it("is said of addresses of the internet alone", () => {
		expect(isNameless(why({}))).toBe(true);
		expect(isNameless(why({ name: "a.example" }))).toBe(false);
		for (const peer of ["192.168.1.4", "10.0.0.1", "172.20.0.1", "fd00::1", "fe80::1"])
			expect(isNameless(why({ peer }))).toBe(false);
		expect(isNameless(why({ peer: "2001:db8::1" }))).toBe(true);
	});
});

describe("what the owner could say", () => {
	it("names this service, or all there", () => {
		expect(overlayFor(why({}), 5, "allow", false)).toEqual({ device: "5", kind: "allow",
			peer: "203.0.113.66", proto: "tcp", port_from: 4444, port_to: 4444 });
		expect(overlayFor(why({ name: "a.example" }), 5, "refuse", true)).toEqual(
			{ device: "5", kind: "refuse", peer: "a.example" });
		expect(overlayFor(why({ proto: "icmp", port: 0 }), 5, "allow", false))
			.toEqual({ device: "5", kind: "allow", peer: "203.0.113.66" });
	});
	it.each([why({ decided_by: "printer" }), why({ verdict: "quarantine" }),
		why({ reason: "spoofed" }), why({ direction: "to-device" }), why({ enforced: false }),
		why({ peer: null })])("is nothing where that would change nothing: %#", (w) => {
		expect(overlayFor(w, 5, "allow", false)).toBeNull();
	});
	it("is a command, too", () => {
		const ask = overlayFor(why({}), 5, "allow", false)!;
		expect(overlayWords(ask, "bulb").join(" "))
			.toBe("cardea policy allow bulb 203.0.113.66 --port 4444 --proto tcp");
	});
});
