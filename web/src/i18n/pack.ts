// SPDX-License-Identifier: GPL-2.0-or-later
/* The table as it is built in. A sentence without holes is told by its key alone, which is a
 * third of the weight. Lines: "=KEYGerman", "-KEYGerman" within others only, or a template and
 * below it its German. */
import { keyOf } from "./gateway";

export function pack(table: string): string {
	const lines = table.split("\n").filter((l) => l && !l.startsWith("# "));
	const whole: string[] = [], holes: string[] = [];
	for (let i = 0; i + 1 < lines.length; i += 2) {
		const from = lines[i]!, to = lines[i + 1]!;
		if (from.includes("{"))
			holes.push(from, to);
		else
			whole.push(from[0] === "~" ? `-${keyOf(from.slice(1))}${to}` : `=${keyOf(from)}${to}`);
	}
	return [...whole, ...holes].join("\n");
}
