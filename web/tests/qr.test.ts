// SPDX-License-Identifier: GPL-2.0-or-later
/* The fixed parts of codes, and how large they are; qr_read.test.mjs reads them. */
import { expect, test } from "vitest";
import { qr } from "../src/parts/qr";
import { modulesPath } from "../src/screens/device/label";

const TEXTS = ["a", "https://192.168.1.1:8443/devices/7", ...[26, 42, 62, 84, 106].map((n) => "x".repeat(n))];

test("its corners are where readers look for them; the version grows with the text", () => {
	for (const text of TEXTS) {
		const grid = qr(text)!;
		const size = grid.length;
		expect((size - 17) % 4).toBe(0);
		for (const [x, y] of [[0, 0], [size - 7, 0], [0, size - 7]] as const)
			expect(grid[y]!.slice(x, x + 7).every(Boolean) && grid[y + 3]!.slice(x, x + 7)
				.map(Number).join("") === "1011101").toBe(true);
		expect(grid[6]!.slice(8, size - 8).map(Number).join("")).toMatch(/^(10)*1$/);
	}
	expect(qr("x".repeat(14))!.length).toBe(21);
	expect(qr("x".repeat(15))!.length).toBe(25);
	expect(qr("x".repeat(106))!.length).toBe(41);
	expect(qr("x".repeat(107))).toBeNull();
});

test("neighbours are drawn as one", () => {
	expect(modulesPath([[true, true, false], [false, false, true]]))
		.toBe("M4 4h2v1h-2zM6 5h1v1h-1z");
});
