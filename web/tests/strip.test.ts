// SPDX-License-Identifier: GPL-2.0-or-later
import { expect, test } from "vitest";
import { stripPaths, stripWords } from "../src/parts/strip";

test("hours of one kind are one path, and only odd ones carry a flag", () => {
	const paths = stripPaths("..aa" + "w" + "a".repeat(19), "001290000000000000000000");
	expect(Object.keys(paths).sort()).toEqual(["a", "flag-w", "w"]);
	expect(paths["a"]?.match(/M/g)).toHaveLength(21);
	expect(paths["flag-w"]?.match(/M/g)).toHaveLength(1);
});

test("marks nobody knows and amounts that are none draw nothing odd", () => {
	expect(stripPaths("<b>", "xyz")).toEqual({});
	expect(stripPaths("a", "")).toHaveProperty("a");
	expect(stripPaths("a", "")["a"]).not.toContain("NaN");
});

test("what is drawn is also said", () => {
	expect(stripWords("aaw" + ".".repeat(21))).toBe(
		"1 h something was refused, 2 h as expected, 21 h not seen");
});
