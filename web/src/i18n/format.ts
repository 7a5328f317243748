// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and times as people of each language write them. */
import { locale } from "./index";

/* Making one costs more than all else in a row of a list: once a language. */
function kept<T>(make: (locale: string) => T): () => T {
	let made: T | undefined, of = "";
	return () => {
		const now = locale();
		if (made === undefined || of !== now) {
			made = make(now);
			of = now;
		}
		return made;
	};
}

const numbers = (how: Intl.NumberFormatOptions) => kept((l) => new Intl.NumberFormat(l, how));
const times = (how: Intl.DateTimeFormatOptions) => kept((l) => new Intl.DateTimeFormat(l, how));
const whole = numbers({});
const rounded = [0, 1].map((digits) =>
	numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }));
const shares = [0, 1, 2].map((digits) =>
	numbers({ style: "percent", maximumFractionDigits: digits }));
const relative = kept((l) => new Intl.RelativeTimeFormat(l, { numeric: "auto" }));
const days = times({ dateStyle: "medium" });
const minutes = times({ timeStyle: "short" });
const seconds = times({ timeStyle: "medium" });
const dayHours = times({ dateStyle: "medium", timeStyle: "short" });
const moments = times({ dateStyle: "medium", timeStyle: "medium" });

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function count(n: number): string {
	return whole().format(n);
}

/* Two figures that mean something: 1.2 GB, 34 MB. */
export function bytes(n: number): string {
	let i = 0;
	while (n >= 999.5 && i < UNITS.length - 1) {
		n /= 1000;
		i++;
	}
	const digits = i && n < 9.95 ? 1 : 0;
	return `${rounded[digits]!().format(n)}\u00a0${UNITS[i]}`;
}

/* The gateway's answers are made to stand in a line of a console: on a page they begin and
 * end as sentences do, and what was quoted for a console needs no marks. */
export function asSentence(text: string): string {
	const said = text.replaceAll("`", "").trim();
	return !said ? "" : said[0]!.toUpperCase() + said.slice(1) + (/[.!?…:]$/.test(said) ? "" : ".");
}

export function percent(share: number, digits: 0 | 1 | 2 = 0): string {
	return shares[digits]!().format(share);
}

const SPANS: [string, number][] = [["day", 86400], ["hour", 3600], ["minute", 60]];

/* 604,800 is no number that says anything: "7 days". Null where seconds are short enough. */
export function spanOf(seconds: number): string | null {
	const fits = SPANS.find(([, size]) => seconds >= 2 * size || seconds === size);
	return fits ? new Intl.NumberFormat(locale(), { style: "unit", unit: fits[0],
		unitDisplay: "long", maximumFractionDigits: 1 }).format(seconds / fits[1]) : null;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
	["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/* "2 minutes ago"; beyond a fortnight the date. */
export function ago(time: string | null | undefined, now = Date.now()): string {
	const at = time ? Date.parse(time) : NaN;
	if (Number.isNaN(at))
		return "–";
	const away = (at - now) / 1000;
	if (Math.abs(away) > 14 * 86400)
		return date(time);
	for (const [unit, size] of STEPS)
		if (Math.abs(away) >= size || unit === "second")
			return relative().format(Math.trunc(away / size), unit);
	return "–";
}

export function date(time: string | null | undefined): string {
	const at = time ? Date.parse(time) : NaN;
	return Number.isNaN(at) ? "–" : days().format(at);
}

export function clock(time: string | null | undefined, exact = false): string {
	const at = time ? Date.parse(time) : NaN;
	return Number.isNaN(at) ? "–" : (exact ? seconds() : minutes()).format(at);
}

/* A day and an hour: of what lies days ahead, the seconds say nothing. */
export function dayHour(time: string | null | undefined): string {
	const at = time ? Date.parse(time) : NaN;
	return Number.isNaN(at) ? "–" : dayHours().format(at);
}

export function moment(time: string | null | undefined): string {
	const at = time ? Date.parse(time) : NaN;
	return Number.isNaN(at) ? "–" : moments().format(at);
}

/* "17:31" of today, else the date: after "since". */
export function since(time: string | null | undefined, now = Date.now()): string {
	const at = time ? Date.parse(time) : NaN;
	return new Date(at).toDateString() === new Date(now).toDateString() ? clock(time) : date(time);
}
