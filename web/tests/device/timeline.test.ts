// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { type Item, dayOf, daysOf, weightOf } from "../../src/screens/device/timeline_days";

const item = (i: Partial<Item>): Item => ({
	at: "2026-03-02T12:00:00Z", kind: "violation", sentence: "x", detail: null, event: 1,
	from: null, to: null, count: 1, last: null, ...i,
});

describe("days", () => {
	it("heap what was refused in a row, and nothing else", () => {
		const [d] = daysOf([item({}), item({}), item({ kind: "renamed" }),
			item({ kind: "renamed" }), item({})]);
		expect(d!.entries.map((e) => [e.first.kind, e.alike.length])).toEqual(
			[["violation", 1], ["renamed", 0], ["renamed", 0], ["violation", 0]]);
	});
	it("are local, and each begins its own heap", () => {
		const days = daysOf([item({ at: "2026-03-02T12:00:00" }),
			item({ at: "2026-03-01T12:00:00" })]);
		expect(days.map((d) => d.day)).toEqual(["2026-03-02", "2026-03-01"]);
	});
	it("survive a time that is none", () => {
		expect(dayOf("yesterday")).toBe("");
	});
});

describe("weight", () => {
	it("is the state's where one changed", () => {
		expect(weightOf(item({ kind: "life", from: "new", to: "protected" }))).toBe("state");
		expect(weightOf(item({ kind: "life", from: "new", to: "new" }))).toBe("quiet");
		expect(weightOf(item({}))).toBe("bad");
		expect(weightOf(item({ kind: "profile-verified" }))).toBe("profile");
	});
});
