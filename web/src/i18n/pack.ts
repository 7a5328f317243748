// SPDX-License-Identifier: GPL-2.0-or-later
/* The table as it is built in. A sentence without holes is told by its key alone, which is a
 * third of the weight. The first line has all keys, for what is random and what is language are
 * best compressed apart; then, in their order, "German", or "-German" within others only; then
 * a template and below it its German. */
import { keyOf } from "./gateway";

export function pack(table: string): string {
	const lines = table.split("\n").filter((l) => l && !l.startsWith("# "));
	const whole: string[] = [], holes: string[] = [];
	let keys = "";
	for (let i = 0; i + 1 < lines.length; i += 2) {
		const from = lines[i]!, to = lines[i + 1]!;
		if (from.includes("{"))
			holes.push(from, to);
		else {
			const within = from[0] === "~";
			keys += keyOf(within ? from.slice(1) : from);
			whole.push(within ? `-${to}` : to);
		}
	}
	return [keys, ...whole, ...holes].join("\n");
}
