// SPDX-License-Identifier: GPL-2.0-or-later
/* A line over days, 0 to 100. A day that is not known breaks the line. */

const WIDE = 100, HIGH = 100;

/* The line, and the surface below it: each run of known days for itself. */
export function trendPaths(values: readonly (number | null)[]): { line: string; area: string } {
	const x = (i: number) => values.length < 2 ? WIDE / 2 :
		Math.round((i / (values.length - 1)) * WIDE * 100) / 100;
	const y = (v: number) => HIGH - Math.min(HIGH, Math.max(0, v));
	let line = "", area = "", begun = -1;
	values.forEach((v, i) => {
		if (v === null)
			return;
		const first = begun < 0 || values[i - 1] === null;
		if (first)
			begun = i;
		line += `${first ? "M" : "L"}${x(i)} ${y(v)}`;
		area += `${first ? `M${x(i)} ${HIGH}L` : "L"}${x(i)} ${y(v)}`;
		const next = values[i + 1];
		if (next === undefined || next === null) {
			/* a day alone is a point: a line of no length with round ends */
			line += begun === i ? `L${x(i)} ${y(v)}` : "";
			area += `L${x(i)} ${HIGH}Z`;
		}
	});
	return { line, area };
}

export function Trend({ days, values, label, dayName }: {
	days: string[]; values: (number | null)[]; label: string; dayName: (day: string) => string }) {
	const { line, area } = trendPaths(values);
	const mid = days[Math.floor((days.length - 1) / 2)];
	return (
		<figure class="trend" role="img" aria-label={label}>
			<svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true">
				<path class="grid" d={`M0 0H${WIDE}M0 ${HIGH / 2}H${WIDE}M0 ${HIGH}H${WIDE}`} />
				<path class="area" d={area} />
				<path class="line" d={line} />
			</svg>
			<p aria-hidden="true">{[days[0], mid, days.at(-1)].map((d, i) =>
				<span key={i}>{d ? dayName(d) : ""}</span>)}</p>
		</figure>
	);
}
