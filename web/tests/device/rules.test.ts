// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { type Rule, destination, families, read, rowsOf } from "../../src/screens/device/rules_read";

const rule = (r: Partial<Rule>): Rule => ({
	id: 1, source: "manufacturer", direction: "from-device", action: "accept",
	sentence: "may open TCP to a.example port 443 (IPv4)", status: "enforced", detail: "",
	acl: "x", ace: "y", line: 1, ...r,
});

describe("a sentence", () => {
	it("is read part by part", () => {
		expect(read("may open TCP to a.example port 443 (IPv4)")).toEqual({
			verb: "open", what: "TCP", peer: "a.example", port: "443", own: null,
			family: "4", within: null });
		expect(read("may receive UDP from 203.0.113.0/28 ports 5000-5999 on its port 53"))
			.toMatchObject({ verb: "receive", peer: "203.0.113.0/28", port: "5000-5999",
				own: "53", family: null });
		expect(read("must not send anything to any name below ads.example"))
			.toMatchObject({ verb: "notSend", what: "anything",
				peer: "any name below ads.example" });
		expect(read("may send ICMP type 8 to this gateway")).toMatchObject(
			{ what: "ICMP type 8", peer: "this gateway" });
		expect(read("may open TCP to hub.example port 80, only within 30 s after its " +
			"trigger")).toMatchObject({ port: "80", within: "30" });
	});
	it("of another kind is left alone", () => {
		expect(read("does something that nobody foresaw")).toBeNull();
	});
});

describe("rows", () => {
	it("are one for both families, with the answers", () => {
		const rows = rowsOf([
			rule({ hits: 3, bytes: 10, last_hit: "2026-01-01T00:00:00Z" }),
			rule({ id: 2, sentence: "may open TCP to a.example port 443 (IPv6)", hits: 2,
				bytes: 5, last_hit: "2026-01-02T00:00:00Z" }),
			rule({ id: 3, direction: "to-device", status: "reply", hits: 1,
				sentence: "may be answered with TCP from a.example port 443 (IPv4)",
				detail: "only the device may start; the peer answers" }),
		]);
		expect(rows).toHaveLength(1);
		expect(rows[0]).toMatchObject({ hits: 6, bytes: 15, status: "enforced", why: [],
			last: "2026-01-02T00:00:00Z" });
		expect(families(rows[0]!)).toEqual(["4", "6"]);
	});
	it("keep what is the owner's apart from what is the maker's", () => {
		expect(rowsOf([rule({}), rule({ source: "owner" })])).toHaveLength(2);
	});
	it("say the worst of their rules, and why", () => {
		const [row] = rowsOf([
			rule({}),
			rule({ sentence: "may open TCP to a.example port 443 (IPv6)",
				status: "not enforceable here", detail: "the switch does not tell" }),
		]);
		expect(row).toMatchObject({ status: "impossible",
			why: ["the switch does not tell"] });
	});
	it("that stand as they came are not lost", () => {
		const rows = rowsOf([rule({ sentence: "x" }), rule({ sentence: "y" }),
			rule({ sentence: "may be answered with UDP from z.example", status: "reply" })]);
		expect(rows.map(r => r.rules[0]!.sentence)).toEqual(
			["x", "y", "may be answered with UDP from z.example"]);
	});
});

describe("a destination", () => {
	it("is asked about where it is one thing", () => {
		const of = (sentence: string) => destination(rowsOf([rule({ sentence })])[0]!);
		expect(of("may open TCP to a.example port 443")).toBe("a.example");
		expect(of("may open TCP to 2001:db8::1 port 443")).toBe("2001:db8::1");
		expect(of("may open TCP to the local network port 443")).toBeNull();
		expect(of("may open TCP to 203.0.113.0/24 port 443")).toBeNull();
	});
});
