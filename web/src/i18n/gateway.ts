// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gateway says in English, in another language: by templates with holes. What
 * stands in a hole (names, hosts, numbers) goes through as it is.
 *
 * A line of the table is a template, the next one its translation:
 *   {1} asked for {2#}      {1} takes any text, {2#} a number
 *   ~a list                 stands within another sentence only
 *   {1} hat {2!} verlangt   {2!}: what is in there is ours, too, and is translated;
 *                           {2?}: if it is (a name of one word never is)
 * The page gets it packed (pack.ts). A text is one sentence, or several with a blank between them. Of the ways to read it, the
 * one with the fewest letters in holes counts, so that a name that sounds like one of our
 * sentences takes no words away from them. The work is bounded: whatever takes too long to
 * read, or is not known, stays English. */

export type Piece = string | { en: string };
export type Translate = (text: string) => Piece[];

type Hole = { hole: number; how: "" | "!" | "?" };
type Part = string | { number: boolean };
interface Template {
	parts: Part[]; /* what it matches, in order */
	out: (string | Hole)[];
	weight: number; /* letters that are not in holes */
	longest: string; /* of its own words, those without a hole between */
	within: boolean;
	generic: boolean; /* says nothing of its own: only where its holes are known */
}
interface Match { end: number; holes: string[] }
/* A sentence, and what comes after it; of: null at the end. */
interface Reading {
	weight: number;
	of: Template | null;
	holes: string[];
	gap: string;
	rest: Reading | null;
	tail: string; /* what is no sentence of ours, behind a colon */
}
/* within: in another sentence; phrases: single words are names there. */
interface Where { within: boolean; phrases: boolean; memo: Map<number, Reading | null> }

const NOTHING: Reading = { weight: 0, of: null, holes: [], gap: "", rest: null, tail: "" };

const LONGEST = 1200; /* the longest text of the gateway has 1,024 octets */
const STEPS = 30000; /* searches for a piece of text, a millisecond or two */
const DEEPEST = 5; /* a hole in a hole in a hole */
const GENERIC = 4;
const HOLE = /\{(\d+)([#!?]?)\}/;
const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

function templateOf(from: string, to: string): Template {
	const within = from[0] === "~";
	const split = (within ? from.slice(1) : from).split(HOLE);
	const said = to.split(HOLE);
	const parts: Part[] = [], out: (string | Hole)[] = [];
	for (let i = 0; i < split.length; i += 3) {
		if (split[i]) parts.push(split[i]!);
		if (i + 2 < split.length) parts.push({ number: split[i + 2] === "#" });
	}
	for (let i = 0; i < said.length; i += 3) {
		if (said[i]) out.push(said[i]!);
		if (i + 2 < said.length)
			out.push({ hole: Number(said[i + 1]) - 1, how: said[i + 2] as Hole["how"] });
	}
	const weight = parts.reduce((n, p) => n + (typeof p === "string" ? p.length : 0), 0);
	const longest = parts.reduce<string>((a, p) =>
		typeof p === "string" && p.length > a.length ? p : a, "");
	return { parts, out, weight, longest, within, generic: weight <= GENERIC };
}

const KEY = 5; /* letters: 30 bits */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* FNV-1a (RFC 9923), by which a sentence without holes is known. */
export function keyOf(text: string): string {
	let h = 0x811c9dc5, key = "";
	for (let i = 0; i < text.length; i++)
		h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
	for (let i = 0; i < KEY; i++)
		key += LETTERS[h >>> (6 * i) & 63];
	return key;
}

interface Whole { to: string; within: boolean }

/* What pack() made of the table. */
export function read(packed: string): { whole: Map<string, Whole>; templates: Template[] } {
	const whole = new Map<string, Whole>(), templates: Template[] = [];
	const [keys = "", ...lines] = packed.split("\n");
	let i = 0;
	for (; i < keys.length / KEY; i++) {
		const to = lines[i] ?? "", within = to[0] === "-";
		whole.set(keys.slice(i * KEY, (i + 1) * KEY), { to: within ? to.slice(1) : to, within });
	}
	for (; i + 1 < lines.length; i += 2)
		templates.push(templateOf(lines[i]!, lines[i + 1]!));
	return { whole, templates };
}

const isDigit = (c: string | undefined) => c !== undefined && c >= "0" && c <= "9";

/* 1,024.5 is one number, unless what follows is meant to begin with the dot. */
function numberEnd(text: string, at: number, next: string): number {
	while (isDigit(text[at])) at++;
	while (/[.,]/.test(text[at] ?? "") && isDigit(text[at + 1]) && !/^[.,]/.test(next))
		for (at++; isDigit(text[at]);) at++;
	return at;
}

const rank = (t: Template | null) => !t ? 0 : t.weight + (typeof t.parts[0] === "string" ? LONGEST : 0);

/* Fewer letters in holes; or else what begins with words, and then what has more of them. */
const isBetter = (a: Reading, b: Reading) => a.weight > b.weight ||
	(a.weight === b.weight && rank(a.of) > rank(b.of));

class Reader {
	private readonly whole: Map<string, Whole>; /* sentences without holes, by their keys */
	private readonly led = new Map<string, Template[]>(); /* by its first two letters */
	private readonly holes: Template[] = []; /* a hole comes first */
	private live: Template[] = []; /* those of them whose words are in the text */
	private readonly found = new Map<string, Reading | null>(); /* what is in holes */
	private steps = 0;

	constructor(packed: string) {
		const { whole, templates } = read(packed);
		this.whole = whole;
		for (const t of templates) {
			const first = t.parts[0];
			if (typeof first !== "string") {
				this.holes.push(t);
				continue;
			}
			const key = first.slice(0, 2);
			this.led.set(key, [...this.led.get(key) ?? [], t]);
		}
	}

	translate(text: string): Piece[] {
		if (!/[a-z]{2}/i.test(text))
			return [text];
		this.steps = 0;
		this.found.clear();
		this.live = text.length > LONGEST ? [] : this.holes.filter((t) => text.includes(t.longest));
		const known = text.length <= LONGEST ?
			this.best(text, 0, { within: false, phrases: false, memo: new Map() }) : null;
		return known?.of ? this.say(known, 0) : [{ en: text }];
	}

	/* Where a template may end that begins at i, and what is in its holes then. Each hole is
	 * as short as can be, but for the last, which may reach further. */
	private matches(t: Template, text: string, i: number, within: boolean): Match[] {
		const holes: string[] = [];
		const found: Match[] = [];
		let at = i;
		for (let k = 0; k < t.parts.length; k++) {
			const part = t.parts[k]!, next = t.parts[k + 1];
			if (++this.steps > STEPS)
				return [];
			if (typeof part === "string") {
				if (!text.startsWith(part, at)) return [];
				at += part.length;
				continue;
			}
			if (part.number) {
				const end = numberEnd(text, at, typeof next === "string" ? next : "");
				if (end === at) return [];
				holes.push(text.slice(at, end));
				at = end;
				continue;
			}
			if (next === undefined) {
				if (at >= text.length) return [];
				return [{ end: text.length, holes: [...holes, text.slice(at)] }];
			}
			if (typeof next !== "string") return [];
			const last = k + 2 === t.parts.length;
			let end = text.indexOf(next, at + 1);
			if (last) {
				for (; end > 0; end = text.indexOf(next, end + 1)) {
					if (++this.steps > STEPS) return [];
					if (this.isBorder(text, end + next.length, within))
						found.push({ end: end + next.length, holes: [...holes, text.slice(at, end)] });
				}
				return found;
			}
			if (end < 0) return [];
			holes.push(text.slice(at, end));
			at = end;
		}
		return this.isBorder(text, at, within) ? [{ end: at, holes }] : [];
	}

	private isBorder(text: string, at: number, within: boolean): boolean {
		return at === text.length || this.gap(text, at, within) !== null;
	}

	/* What stands between a sentence that ended and the next. */
	private gap(text: string, at: number, within: boolean): string | null {
		if (text[at] === " ")
			return /[.?!:;)]/.test(text[at - 1]!) ? " " : null;
		if (text[at] === "." && at + 1 === text.length) return ".";
		if (text.startsWith(". ", at)) return ". ";
		if (text.startsWith(": ", at)) return ": ";
		return within && (text.startsWith(", ", at) || text.startsWith("; ", at)) ?
			text.slice(at, at + 2) : null;
	}

	private candidates(text: string, i: number): Template[] {
		return [...this.led.get(text.slice(i, i + 2)) ?? [], ...this.led.get(text[i]!) ?? [],
			...this.live];
	}

	private best(text: string, i: number, where: Where): Reading | null {
		if (i === text.length)
			return NOTHING;
		const before = where.memo.get(i);
		if (before !== undefined)
			return before;
		let top: Reading | null = null;
		for (const r of this.wholes(text, i, where))
			if (!top || isBetter(r, top)) top = r;
		for (const t of this.candidates(text, i)) {
			if (this.steps > STEPS)
				return null;
			if (t.within && !where.within)
				continue;
			for (const m of this.matches(t, text, i, where.within)) {
				const r = this.reading(t, m, text, where);
				if (r && (!top || isBetter(r, top))) top = r;
			}
		}
		where.memo.set(i, top);
		return top;
	}

	/* Sentences without holes that begin at i: one for each place where they may end. */
	private *wholes(text: string, i: number, where: Where): Generator<Reading> {
		for (let end = i + 1; end <= text.length; end++) {
			const gap = end === text.length ? "" : this.gap(text, end, where.within);
			if (gap === null || ++this.steps > STEPS)
				continue;
			const said = text.slice(i, end), known = this.whole.get(keyOf(said));
			if (!known || (known.within && !where.within) || (where.phrases && !said.includes(" ")))
				continue;
			const r = this.reading({ parts: [said], out: [known.to], weight: said.length, longest: said,
				within: known.within, generic: false }, { end, holes: [] }, text, where);
			if (r) yield r;
		}
	}

	private reading(t: Template, m: Match, text: string, where: Where): Reading | null {
		const gap = m.end === text.length ? "" : this.gap(text, m.end, where.within);
		if (gap === null)
			return null;
		const rest = this.best(text, m.end + gap.length, where);
		if (!rest && (gap !== ": " || t.weight <= GENERIC))
			return null;
		let weight = t.weight + (rest?.weight ?? 0);
		for (const o of t.out) {
			const inner = typeof o === "string" || !o.how ? null : this.known(m.holes[o.hole] ?? "", o.how);
			if (!inner && t.generic && typeof o !== "string" && o.how === "!")
				return null;
			weight += inner?.weight ?? 0;
		}
		return { weight, of: t, holes: m.holes, gap, rest,
			tail: rest ? "" : text.slice(m.end + gap.length) };
	}

	/* What was found, in the other language. */
	private say(r: Reading, deep: number): Piece[] {
		const pieces: Piece[] = [];
		for (let now: Reading | null = r; now?.of; now = now.rest) {
			for (const o of now.of.out) {
				const text = typeof o === "string" ? "" : now.holes[o.hole] ?? "";
				pieces.push(...typeof o === "string" ? [o] :
					o.how ? this.within(text, o.how, deep) : [verbatim(text)]);
			}
			pieces.push(now.gap, ...this.tail(now.tail, deep));
		}
		return pieces;
	}

	/* After a colon stands what brought it about: points, or a reason that the owner typed in
	 * whatever language. */
	private tail(text: string, deep: number): Piece[] {
		const end = text.endsWith(".") ? text.length - 1 : text.length;
		return !text ? [] : [...this.within(text.slice(0, end), "?", deep), text.slice(end)];
	}

	private known(text: string, how: "!" | "?"): Reading | null {
		const key = how + text;
		let known = this.found.get(key);
		if (known === undefined) {
			this.found.set(key, null); /* while it is looked for */
			known = text ? this.best(text, 0, { within: true, phrases: how === "?", memo: new Map() }) :
				null;
			this.found.set(key, known);
		}
		return known;
	}

	private within(text: string, how: "!" | "?", deep: number): Piece[] {
		const known = deep < DEEPEST ? this.known(text, how) : null;
		if (known)
			return this.say(known, deep + 1);
		return how === "?" || !text.includes(" ") ? [verbatim(text)] : [{ en: text }];
	}
}

/* Whatever is written from right to left turns nothing around itself (Unicode TR 9). */
const verbatim = (text: string) => RTL.test(text) ? `\u2068${text}\u2069` : text;

function joined(pieces: Piece[]): Piece[] {
	const all: Piece[] = [];
	for (const p of pieces) {
		const before = all[all.length - 1];
		if (typeof p === "string" && typeof before === "string")
			all[all.length - 1] = before + p;
		else if (p !== "")
			all.push(p);
	}
	return all;
}

const KEPT = 500; /* texts whose translation is remembered */

export function translator(packed: string): Translate {
	const reader = new Reader(packed);
	const kept = new Map<string, Piece[]>();
	return (text) => {
		const known = kept.get(text);
		if (known)
			return known;
		if (kept.size >= KEPT)
			kept.clear();
		const said = joined(reader.translate(text));
		kept.set(text, said);
		return said;
	};
}
