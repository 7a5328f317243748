// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { commonName, inert, plain } from "../src/parts/inert";

describe("a stranger's name in our sentence", () => {
	it("can't turn the rest of it around, or hide", () => {
		expect(inert("evil\u202egnp.exe")).toBe("\u2068evilgnp.exe\u2069");
		expect(inert("a\u0000\u001b[31m\nb")).toBe("\u2068a[31mb\u2069");
		expect(inert("\u2069\u2069x")).toBe("\u2068x\u2069");
	});
	it("can't fill the page", () => {
		expect(Array.from(inert("😀".repeat(4096)))).toHaveLength(66);
	});
	it("is seen when it is empty", () => {
		for (const nothing of ["", null, undefined, "\u200b"])
			expect(inert(nothing)).toBe("\u2068–\u2069");
	});
	it("stays text", () => {
		expect(plain("<b>\u200fx</b>")).toBe("<b>x</b>");
	});
});

describe("whose certificate it is", () => {
	it("is its common name, where it has one", () => {
		expect(commonName("CN=Lab Maker")).toBe("Lab Maker");
		expect(commonName("O=Works, CN=Lab\\, Maker,C=DE")).toBe("Lab\\, Maker");
	});
	it("is all of it where it has none", () => {
		expect(commonName("O=Works")).toBe("O=Works");
		expect(commonName("XCN=no")).toBe("XCN=no");
		expect(commonName(null)).toBeNull();
	});
});
