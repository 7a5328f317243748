// SPDX-License-Identifier: GPL-2.0-or-later
/* Words by key. A key that German lacks does not compile. */
import { signal } from "@preact/signals";
import { de } from "./de";
import { en, type Dict } from "./en";

export type Lang = "en" | "de";
const dicts: Record<Lang, Dict> = { en, de };

function remembered(): Lang {
	try {
		const kept = localStorage.getItem("cardea-lang");
		if (kept === "en" || kept === "de")
			return kept;
	} catch {
		/* private windows may refuse storage */
	}
	return typeof navigator !== "undefined" && /^de\b/i.test(navigator.language) ?
		"de" : "en";
}

export const lang = signal<Lang>(remembered());
if (typeof document !== "undefined")
	document.documentElement.lang = lang.value;

/* Dates and numbers as where the reader lives: en-GB, not en. */
export function locale(): string {
	const wanted = typeof navigator === "undefined" ? [] : navigator.languages;
	return wanted.find((l) => l.startsWith(lang.value)) ?? lang.value;
}

export function setLang(to: Lang): void {
	lang.value = to;
	document.documentElement.lang = to;
	try {
		localStorage.setItem("cardea-lang", to);
	} catch {
		/* then it holds until the window closes */
	}
}

/* t.home.title: whoever reads it while drawing is drawn anew when the language changes. */
export const t: Dict = new Proxy(en, {
	get: (_, key) => Reflect.get(dicts[lang.value], key) as unknown,
});
