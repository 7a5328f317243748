// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { deviceWord, shell } from "../src/parts/shell";

/* What a POSIX shell makes of it (2.2.2 Single-Quotes): nothing is special within '…', and
 * \' outside is a quote. Plain words have nothing that is special. */
const unquoted = (line: string) => line.replace(/'([^']*)'|\\(')|([^\w@%+=:,./-])/g,
	(_, within: string | undefined, escaped: string | undefined, special: string | undefined) =>
		special !== undefined ? "SPECIAL" : within ?? escaped ?? "");

describe("a command to copy", () => {
	it("leaves plain words alone", () => {
		expect(shell("cardea", "why", "kitchen-cam", "a.example:443"))
			.toBe("cardea why kitchen-cam a.example:443");
	});
	it.each(["Kitchen camera", "it's", "$(reboot)", "`id`", "a;b|c&d", "!x", "*", "",
		"\"", "\\", "-n"])("means the same to a shell: %s", (name) => {
		expect(unquoted(shell(name))).toBe(name);
	});
	it("shows what a terminal would act upon", () => {
		expect(shell("a\u001b[2Jb\nc\u202ed")).toBe("'a?[2Jb?c?d'");
	});
});

describe("a device in a command", () => {
	const mac = "00:00:5e:00:53:12";
	it("has its name, or its MAC where the name can't be typed", () => {
		expect(deviceWord({ name: "Kitchen camera", mac })).toBe("Kitchen camera");
		expect(deviceWord({ name: "x\u202ey", mac })).toBe(mac);
		expect(deviceWord({ name: "--json", mac })).toBe(mac);
		expect(deviceWord({ name: "17", mac })).toBe(mac);
		expect(deviceWord({ name: "", mac })).toBe(mac);
	});
});
