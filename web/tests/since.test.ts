// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { since } from "../src/i18n/format";
import { left } from "../src/screens/quarantine";

describe("since", () => {
	const now = new Date(2026, 2, 1, 18, 0).getTime();
	it("is a time of day today, and a date before", () => {
		expect(since(new Date(2026, 2, 1, 9, 5).toISOString(), now)).toMatch(/0?9[:.]05/);
		expect(since(new Date(2026, 1, 28, 9, 5).toISOString(), now)).toMatch(/28/);
		expect(since(null, now)).toBe("–");
	});
});

describe("what is left", () => {
	const now = Date.UTC(2026, 0, 1);
	const words = (ms: number) => left(new Date(now + ms).toISOString(), now, "en");
	it("is said in one unit that tells something", () => {
		expect(words(6.9 * 86400e3)).toBe("6 days");
		expect(words(26 * 3600e3)).toBe("26 hours");
		expect(words(90 * 60e3)).toBe("90 minutes");
		expect(words(5e3)).toBe("1 minute");
		expect(words(-5e3)).toBe("");
	});
});
