// SPDX-License-Identifier: GPL-2.0-or-later
import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { pathname: "/", search: "", href: "https://gateway/" });
vi.stubGlobal("document", { documentElement: { dataset: {} }, addEventListener: () => undefined });
vi.stubGlobal("addEventListener", () => undefined);
const { kindOf, merge, passes } = await import("../src/screens/live");
const { matches } = await import("../src/screens/devices");
const { differing } = await import("../src/screens/settings");
const { rowsInSight } = await import("../src/parts/virtual");
const { safeThen } = await import("../src/app/app");

const event = (id: number, kind: string, device: string, text = "", last = "2026-01-01T00:00:00Z") =>
	({ id, kind, device, text, first: last, last });

test("chosen kinds are one condition, each word is one more; all or any", () => {
	const e = event(1, "violation", "Camera", "tried 203.0.113.9, port 6667");
	expect(kindOf(e)).toBe("refused");
	expect(passes(e, { kinds: [], words: [], any: false })).toBe(true);
	expect(passes(e, { kinds: ["devices", "refused"], words: ["camera", "6667"], any: false })).toBe(true);
	expect(passes(e, { kinds: ["devices"], words: ["camera"], any: false })).toBe(false);
	expect(passes(e, { kinds: ["devices"], words: ["camera"], any: true })).toBe(true);
	expect(passes(e, { kinds: ["devices"], words: ["printer"], any: true })).toBe(false);
});

test("the newest comes first, and one that happened again is there once", () => {
	const now = [event(2, "violation", "a"), event(1, "violation", "b")];
	const again = event(1, "violation", "b", "", "2026-01-01T00:00:09Z");
	expect(merge(now, [again]).map((e) => e.id)).toEqual([1, 2]);
	expect(merge(now, [event(3, "refused", "c")]).map((e) => e.id)).toEqual([3, 2, 1]);
	const many = Array.from({ length: 6000 }, (_, i) => event(i, "refused", "x"));
	expect(merge([], many)).toHaveLength(5000);
});

test("devices are found by name, kind and address, and by what they ask", () => {
	const d = { id: 1, name: "Kitchen camera", mac: "00:00:5e:00:53:12", class: "camera",
		state: "protected" as const, since: "", hold: "none", source: "maker" as const,
		confidence: null, asks: 1, last_seen: null, marks: "", amounts: "", bytes: 0 };
	expect(matches(d, ["kitchen", "53:12"], [])).toBe(true);
	expect(matches(d, ["bath"], [])).toBe(false);
	expect(matches(d, [], ["asks"])).toBe(true);
	expect(matches(d, [], ["protected"])).toBe(true);
	expect(matches({ ...d, asks: 0 }, [], ["asks"])).toBe(false);
});

test("only what differs from what holds is a change", () => {
	const s = { section: "dns", key: "rate", type: "int", value: 50, default: 50, help: "", applies: "now" };
	const l = { ...s, key: "upstream", type: "list", value: ["a", "b"] };
	expect(differing([s, l], { "dns.rate": "50", "dns.upstream": "a, b" })).toEqual({});
	expect(differing([s, l], { "dns.rate": "51", "no.such": "1" })).toEqual({ "dns.rate": "51" });
});

test("of a long list only what is in sight is there", () => {
	expect(rowsInSight(0, 800, 60, 500)).toEqual([0, 26]);
	const [from, to] = rowsInSight(15000, 800, 60, 500);
	expect(from).toBeLessThanOrEqual(250);
	expect(to).toBeGreaterThanOrEqual(264);
	expect(to - from).toBeLessThan(40);
	expect(rowsInSight(1e9, 800, 60, 500)[1]).toBe(500);
	expect(rowsInSight(0, 800, 60, 0)).toEqual([0, 0]);
});

test("after the login a link leads only within this page", () => {
	expect(safeThen("/devices?q=a")).toBe("/devices?q=a");
	for (const bad of ["//example.org", "/\\example.org", "https://example.org", "javascript:alert(1)",
		"", null, "/login?then=/login"])
		expect(safeThen(bad)).toBe("/");
});
