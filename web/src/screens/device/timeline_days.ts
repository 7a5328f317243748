// SPDX-License-Identifier: GPL-2.0-or-later
// What happened, by days; what is alike and follows each other is one entry.

export interface Item {
	at: string;
	kind: string;
	sentence: string;
	detail: string | null;
	event: number | null;
	from: string | null;
	to: string | null;
	count: number;
	last: string | null;
}

export interface Entry {
	first: Item;
	alike: Item[];
}

export interface Day {
	day: string; // a local date, "2026-03-01"
	entries: Entry[];
}

/** The local date of a time; "" where it is none. */
export function dayOf(at: string): string {
	const d = new Date(at);
	return Number.isNaN(d.getTime()) ? "" :
		`${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${
			String(d.getDate()).padStart(2, "0")}`;
}

/* What floods: refused attempts. A change of state is never hidden in a heap. */
const HEAPS = new Set(["violation", "would-block", "refused", "name-refused", "names-hidden"]);

/** Items as they came, the newest first. */
export function daysOf(items: readonly Item[]): Day[] {
	const days: Day[] = [];
	for (const i of items) {
		const name = dayOf(i.at);
		let day = days.at(-1);
		if (!day || day.day !== name) days.push((day = { day: name, entries: [] }));
		const last = day.entries.at(-1);
		if (last && last.first.kind === i.kind && HEAPS.has(i.kind)) last.alike.push(i);
		else day.entries.push({ first: i, alike: [] });
	}
	return days;
}

export type Weight = "state" | "bad" | "asks" | "profile" | "quiet";

/** How much it matters, which is how it is drawn. */
export function weightOf(i: Item): Weight {
	if (i.to && i.from !== i.to) return "state";
	if (["violation", "conflict", "advisory"].includes(i.kind)) return "bad";
	if (["question", "would-block", "refused", "name-refused", "names-hidden"].includes(i.kind)) return "asks";
	if (/profile|adopted|learned|overlay|evidence/.test(i.kind)) return "profile";
	return "quiet";
}
