// SPDX-License-Identifier: GPL-2.0-or-later
/* Light, dark, or as the system has it. */
import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
const KEY = "cardea-theme";

function remembered(): Theme {
	try {
		const kept = localStorage.getItem(KEY);
		return kept === "light" || kept === "dark" ? kept : "auto";
	} catch {
		return "auto";
	}
}

export const theme = signal<Theme>("auto");

export function setTheme(to: Theme): void {
	theme.value = to;
	if (to === "auto")
		delete document.documentElement.dataset["theme"];
	else
		document.documentElement.dataset["theme"] = to;
	try {
		localStorage.setItem(KEY, to);
	} catch {
		/* then it holds until the window closes */
	}
}

export function startPrefs(): void {
	setTheme(remembered());
}
