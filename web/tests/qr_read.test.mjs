// SPDX-License-Identifier: GPL-2.0-or-later
/* Codes are read back by a reader of another make, where it is installed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { qr } from "../src/parts/qr";

const hasReader = spawnSync("zbarimg", ["--version"]).status === 0;

/* A portable grey map, 6 pixels a module. */
function read(grid) {
	const folder = mkdtempSync(join(tmpdir(), "qr-"));
	const side = (grid.length + 8) * 6;
	const pixels = Buffer.alloc(side * side, 255);
	for (let y = 0; y < side; y++)
		for (let x = 0; x < side; x++)
			if (grid[Math.floor(y / 6) - 4]?.[Math.floor(x / 6) - 4])
				pixels[y * side + x] = 0;
	writeFileSync(join(folder, "qr.pgm"), Buffer.concat([Buffer.from(`P5 ${side} ${side} 255\n`), pixels]));
	const said = spawnSync("zbarimg", ["-q", "--raw", "-Sbinary", join(folder, "qr.pgm")]);
	rmSync(folder, { recursive: true });
	return said.stdout.toString("utf8");
}

const TEXTS = ["a", "https://192.168.1.1:8443/devices/7", "https://cardea.home.arpa:8443/devices/500",
	"https://[2001:db8:1234:5678:9abc:def0:1234:5678]:8443/devices/12345", "Küche · 厨房",
	...[14, 15, 26, 27, 42, 43, 62, 63, 84, 85, 106].map((n) => "x".repeat(n))];

test.runIf(hasReader)("another reader reads the same", () => {
	for (const text of TEXTS)
		expect(read(qr(text)), text).toBe(text);
});
