// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { ROW, SPAN, THICK, THIN, type Talk, type Unseen, column, geometry, peersOf, width }
	from "../../src/screens/device/talks_map";

const talk = (t: Partial<Talk>): Talk => ({
	where: "internet", name: null, address: "203.0.113.9", device: null, proto: "tcp",
	port: 443, inbound: false, up: 0, down: 0, count: 1, refused: 0, first: null,
	last: null, verdict: "allowed", rule: null, source: null, ...t,
});
const unseen = (u: Partial<Unseen>): Unseen => ({
	where: "internet", name: "never.example", proto: "tcp", port: 443, text: null,
	source: "manufacturer", ...u,
});

describe("partners", () => {
	it("are one row for all addresses and services of a name", () => {
		const [p, ...rest] = peersOf([
			talk({ name: "a.example", address: "203.0.113.1", up: 10, down: 20 }),
			talk({ name: "a.example", address: "203.0.113.2", port: 80, up: 1,
				verdict: "blocked", refused: 4, last: "2026-01-02T00:00:00Z" }),
		], []);
		expect(rest).toEqual([]);
		expect(p).toMatchObject({ title: "a.example", bytes: 31, refused: 4, count: 2,
			also: "203.0.113.1", lines: ["blocked", "allowed"],
			last: "2026-01-02T00:00:00Z" });
	});
	it("of the house are known by their device, not by what they call themselves", () => {
		const rows = peersOf([
			talk({ where: "local", device: 3, name: "NAS" }),
			talk({ where: "local", device: 4, name: "NAS" }),
			talk({ where: "internet", name: "NAS" }),
		], []);
		expect(rows.map(r => r.key)).toHaveLength(3);
	});
	it("keep names that come from devices as they are", () => {
		const name = "<img src=x onerror=alert(1)>\u202e";
		expect(peersOf([talk({ name })], [])[0]!.title).toBe(name);
	});
	it("that were never seen are rows of their own, last", () => {
		const rows = peersOf([talk({ name: "a.example" })],
			[unseen({}), unseen({ name: "a.example", port: 8883 })]);
		expect(rows.map(r => [r.title, r.lines])).toEqual(
			[["a.example", ["allowed"]], ["never.example", ["unseen"]]]);
		expect(rows[0]!.unseen).toHaveLength(1);
	});
	it("which ask come before those that are blocked, and these before the loudest", () => {
		const rows = peersOf([
			talk({ name: "loud", up: 1e9 }),
			talk({ name: "bad", verdict: "blocked" }),
			talk({ name: "asks", verdict: "waits" }),
		], []);
		expect(rows.map(r => r.title)).toEqual(["asks", "bad", "loud"]);
	});
	it("are cut to a column that can be read, and one more is not hidden alone", () => {
		const many = (n: number) => peersOf(
			Array.from({ length: n }, (_, i) => talk({ name: `n${i}` })), []);
		expect(column(many(10), "internet", false)).toMatchObject({ rest: 0 });
		expect(column(many(30), "internet", false)).toMatchObject({ rest: 21 });
		expect(column(many(30), "internet", true).rows).toHaveLength(30);
		expect(column(many(30), "local", false).rows).toEqual([]);
	});
});

describe("a scan", () => {
	const scan = (n: number) => peersOf([talk({ name: "a.example", up: 9 }),
		...Array.from({ length: n }, (_, i) => talk({ address: `203.0.113.${i}`,
			verdict: "blocked", refused: 1, count: 0 }))], []);
	it("is one row, with all that was tried behind it", () => {
		const rows = scan(200);
		expect(rows.map((r) => [r.kind, r.title, r.refused, r.lines])).toEqual([
			["nameless", "200", 200, ["blocked"]], ["named", "a.example", 0, ["allowed"]]]);
		expect(rows[0]!.talks).toHaveLength(200);
	});
	it("is not what a few addresses are", () => {
		expect(scan(4)).toHaveLength(5);
	});
});

describe("words of ours", () => {
	const rows = peersOf([
		talk({ where: "gateway", address: "192.168.1.1", proto: "udp", port: 53 }),
		talk({ where: "gateway", address: "fe80::1", proto: "udp", port: 546, inbound: true }),
		talk({ where: "local", address: "ff02::1:2", rule: "may send UDP to the local network (IPv6)" }),
		talk({ where: "local", address: "239.255.255.250" }),
		talk({ where: "local", address: "192.168.1.20" }),
	], [
		unseen({ where: "local", name: null, text: "may send UDP to the local network (IPv4)" }),
		unseen({ where: "local", name: null, text: "may open TCP to the local network (IPv4)" }),
		unseen({ where: "local", name: null, text: "may open TCP to the local network (IPv6)" }),
		unseen({ where: "gateway", name: null, text: "may send UDP to this gateway port 123" }),
	]);
	it("stand for the gateway's addresses, and for all at once", () => {
		expect(rows.map((r) => [r.kind, r.title, r.talks.length]).sort()).toEqual([
			["named", "192.168.1.20", 1], ["everybody", "", 2], ["gateway", "", 2],
			["phrase", "the local network", 0]].sort());
	});
	it("name a rule once, and not where it was used in the other family", () => {
		const phrase = rows.find((r) => r.kind === "phrase");
		expect(phrase!.unseen.map((u) => u.text)).toEqual(
			["may open TCP to the local network (IPv4)"]);
	});
});

describe("width", () => {
	it("grows by the same for each power of ten, within bounds", () => {
		expect(width(0)).toBe(THIN);
		expect(width(999)).toBe(THIN);
		expect(width(1e12)).toBe(THICK);
		const step = width(1e6) - width(1e5);
		expect(width(1e9) - width(1e8)).toBeCloseTo(step, 1);
		expect(step).toBeGreaterThan(1);
	});
});

describe("the drawing", () => {
	const rows = (n: number) => peersOf(
		Array.from({ length: n }, (_, i) => talk({ name: `n${i}`, up: 10 ** i })), []);
	it("has a line for each way a partner is treated, all within it", () => {
		const g = geometry(rows(2), rows(7), rows(1));
		expect(g.strands).toHaveLength(10);
		for (const s of g.strands) {
			expect(s.y).toBeGreaterThanOrEqual(0);
			expect(s.y).toBeLessThanOrEqual(g.height);
			expect(s.path).not.toMatch(/NaN|undefined/);
		}
	});
	it("meets each row in its middle, both columns centred on the device", () => {
		const g = geometry(rows(1), rows(5), []);
		expect(g.height).toBe(5 * ROW);
		expect(g.strands[0]).toMatchObject({ x: 0, y: g.centre });
		expect(g.strands.slice(1).map(s => s.y)).toEqual(
			[0, 1, 2, 3, 4].map(i => i * ROW + ROW / 2));
		expect(g.strands[1]!.x).toBe(SPAN);
	});
	it("does not let lines cross at the device", () => {
		const ends = geometry([], rows(6), []).strands
			.map(s => Number(s.path.split(" ").at(-1)));
		expect([...ends].sort((a, b) => a - b)).toEqual(ends);
	});
	it("stands with nobody in it", () => {
		const g = geometry([], [], []);
		expect(g.strands).toEqual([]);
		expect(g.height).toBeGreaterThan(0);
	});
});
