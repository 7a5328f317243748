// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { trendPaths } from "../src/parts/trend";
import { sorted, step } from "../src/screens/anomalies";

describe("a trend", () => {
	it("goes through its days, and no further than its frame", () => {
		expect(trendPaths([0, 50, 400])).toEqual({ line: "M0 100L50 50L100 0",
			area: "M0 100L0 100L50 50L100 0L100 100Z" });
	});
	it("is broken where a day is not known", () => {
		expect(trendPaths([10, 20, null, 30, 40]).line.match(/M/g)).toHaveLength(2);
		expect(trendPaths([null, null]).line).toBe("");
	});
	it("shows a day alone as a point", () => {
		expect(trendPaths([null, 30, null]).line).toBe("M50 70L50 70");
		expect(trendPaths([30]).line).toBe("M50 70L50 70");
		expect(trendPaths([]).line).toBe("");
	});
});

describe("the strip", () => {
	it("has six steps, and none for what is not known", () => {
		expect([null, 0, 16, 17, 50, 99, 100, 400].map(step)).toEqual([-1, 0, 0, 1, 3, 5, 5, 5]);
	});
	it("has the unusual of late above what was unusual long ago", () => {
		const row = (name: string, scores: (number | null)[]) =>
			({ id: 1, name, baseline_days: 9, scores, top: [] });
		expect(sorted([row("calm", [1, 1, 1]), row("long ago", [90, 0, 0]),
			row("new", [null, null, null]), row("now", [0, 0, 90])]).map((r) => r.name))
			.toEqual(["now", "long ago", "calm", "new"]);
	});
});
