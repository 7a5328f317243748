// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { asked, grouped, refusalOf } from "../src/screens/review_read";

const plus = (sentence: string) => ({ sign: "+", sentence });

describe("a difference", () => {
	it("is one line for both families, and names the family where it is one", () => {
		expect(grouped([
			plus("may open TCP to a.example port 443 (IPv4)"),
			plus("may open TCP to a.example port 443 (IPv6)"),
			plus("may open TCP to b.example port 443 (IPv6)"),
			plus("may be answered with TCP from a.example port 443 (IPv4)"),
		]).map((c) => c.sentence)).toEqual(["may open TCP to a.example port 443",
			"may open TCP to b.example port 443 (IPv6)"]);
	});
	it("keeps what is new apart from what goes", () => {
		const s = "may open TCP to a.example port 443 (IPv4)";
		expect(grouped([plus(s), { sign: "-", sentence: s }])).toHaveLength(2);
	});
});

describe("a whole profile", () => {
	it("says a conversation once, by who opens it", () => {
		expect(asked([plus("may open TCP to a.example port 443 (IPv4)"),
			plus("may receive TCP from a.example port 443 (IPv4)"),
			plus("may receive TCP from the local network on its port 80 (IPv4)"),
		]).map((c) => c.sentence)).toEqual(["may open TCP to a.example port 443 (IPv4)",
			"may receive TCP from the local network on its port 80 (IPv4)"]);
	});
});

describe("leaving one out", () => {
	it("is a word of the owner's about the same thing", () => {
		expect(refusalOf("may open TCP to a.example port 443 (IPv4)")).toEqual(
			{ peer: "a.example", proto: "tcp", port_from: 443, port_to: 443 });
		expect(refusalOf("may send UDP to 203.0.113.0/28 ports 5000-5999")).toEqual(
			{ peer: "203.0.113.0/28", proto: "udp", port_from: 5000, port_to: 5999 });
		expect(refusalOf("may send anything to any name below ads.example")).toEqual(
			{ peer: "*.ads.example" });
	});
	it.each(["may receive TCP from a.example port 443", "may open TCP to the local network",
		"may send ICMP type 8 to 203.0.113.1", "something else",
		"may open TCP to devices made by a.example"])("has no form for: %s", (s) => {
		expect(refusalOf(s)).toBeNull();
	});
});
