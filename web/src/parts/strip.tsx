// SPDX-License-Identifier: GPL-2.0-or-later
/* One line a device, one bar an hour: its height is the amount, its colour what happened;
 * an hour in which something was refused also carries a flag, for whoever sees no colour. */
import { t } from "../i18n";

const HOURS = 24;
const WIDE = 10; /* units an hour */
const HIGH = 20;
const GAP = 2;

/* One path for each kind of hour: five elements a row however much happened. */
export function stripPaths(marks: string, amounts: string): Record<string, string> {
	const paths: Record<string, string> = {};
	for (let i = 0; i < HOURS; i++) {
		const mark = marks[i] ?? ".";
		if (mark === "." || !"alwq".includes(mark))
			continue;
		const amount = Math.min(9, Math.max(0, Number(amounts[i]) || 0));
		const high = 2.5 + amount * 1.5;
		const x = i * WIDE + GAP / 2;
		paths[mark] = `${paths[mark] ?? ""}M${x} ${HIGH - high}h${WIDE - GAP}v${high}h-${
			WIDE - GAP}z`;
		const flag = `flag-${mark}`;
		if (mark === "w" || mark === "q")
			paths[flag] = `${paths[flag] ?? ""}M${x} 0h${WIDE - GAP}l-${
				(WIDE - GAP) / 2} 3.500z`;
	}
	return paths;
}

export function stripWords(marks: string): string {
	const words: [string, string][] = [["w", t.strip.odd], ["q", t.strip.held],
		["l", t.strip.learning], ["a", t.strip.expected], [".", t.strip.none]];
	return words.map(([mark, what]) => [[...marks].filter((m) => m === mark).length, what] as const)
		.filter(([n]) => n > 0).map(([n, what]) => t.strip.hours(n, what)).join(", ");
}

export function Strip({ name, marks, amounts }:
	{ name: string; marks: string; amounts: string }) {
	const paths = stripPaths(marks, amounts);
	return (
		<svg class="strip" viewBox={`0 0 ${HOURS * WIDE} ${HIGH}`} preserveAspectRatio="none"
			role="img" aria-label={t.strip.label(name, stripWords(marks))}>
			<path class="base" d={`M0 ${HIGH - 0.5}H${HOURS * WIDE}`} />
			{Object.entries(paths).map(([mark, d]) => (
				<path key={mark} class={`m-${mark.slice(-1)}`} d={d} />))}
		</svg>
	);
}
