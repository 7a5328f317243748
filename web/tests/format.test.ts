// SPDX-License-Identifier: GPL-2.0-or-later
import { afterEach, expect, test } from "vitest";
import { lang } from "../src/i18n";
import { ago, asSentence, bytes, percent, spanOf } from "../src/i18n/format";

afterEach(() => {
	lang.value = "en";
});

test("amounts have two figures that mean something", () => {
	expect(bytes(0)).toBe("0\u00a0B");
	expect(bytes(999)).toBe("999\u00a0B");
	expect(bytes(999.7)).toBe("1.0\u00a0kB");
	expect(bytes(1234567)).toBe("1.2\u00a0MB");
	expect(bytes(34000000)).toBe("34\u00a0MB");
	lang.value = "de";
	expect(bytes(1234567)).toBe("1,2\u00a0MB");
	expect(percent(0.006, 1)).toBe("0,6\u00a0%");
});

test("times are told from now, old ones by their date", () => {
	const now = Date.parse("2026-03-12T12:00:00Z");
	expect(ago("2026-03-12T11:58:00Z", now)).toBe("2 minutes ago");
	expect(ago("2026-03-11T12:00:00Z", now)).toBe("yesterday");
	expect(ago("2026-01-01T12:00:00Z", now)).toContain("2026");
	expect(ago(null, now)).toBe("–");
	expect(ago("nonsense", now)).toBe("–");
	lang.value = "de";
	expect(ago("2026-03-12T11:58:00Z", now)).toBe("vor 2 Minuten");
});

test("what was made for a console begins and ends as a sentence", () => {
	expect(asSentence("that is over; `cardea web` shows it")).toBe("That is over; cardea web shows it.");
	expect(asSentence("Use it?")).toBe("Use it?");
	expect(asSentence("")).toBe("");
});

test("seconds that say nothing are said in days, hours, minutes", () => {
	expect(spanOf(604800)).toBe("7 days");
	expect(spanOf(3600)).toBe("1 hour");
	expect(spanOf(5400)).toBe("90 minutes");
	expect(spanOf(90)).toBeNull();
	expect(spanOf(NaN)).toBeNull();
	lang.value = "de";
	expect(spanOf(172800)).toBe("2 Tage");
});
