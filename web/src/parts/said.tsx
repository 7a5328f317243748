// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gateway says, in the language of the page. Its words are English; for another
 * language their translations are fetched when they are wanted first. What has none is
 * marked as English (WCAG 3.1.2). All words of the gateway pass here. */
import { signal } from "@preact/signals";
import { lang } from "../i18n";
import { asSentence } from "../i18n/format";
import type { Piece, Translate } from "../i18n/gateway";
import table from "words:de";
import { plain } from "./inert";

const AGAIN_MS = 5000; /* when the translations could not be had */

const german = signal<Translate | null>(null);
let wanted = false;

async function learn(): Promise<void> {
	try {
		const [{ translator }, reply] = await Promise.all([import("../i18n/gateway"), fetch(table)]);
		if (!reply.ok)
			throw new Error(String(reply.status));
		german.value = translator(await reply.text());
	} catch {
		setTimeout(() => {
			wanted = false;
		}, AGAIN_MS);
	}
}

/* Once the page is in that language: before something is said. */
export function prepareSaid(): void {
	if (lang.value === "en" || wanted)
		return;
	wanted = true;
	void learn();
}

function pieces(text: string): Piece[] {
	if (lang.value === "en")
		return [text];
	prepareSaid();
	return german.value ? german.value(text) : [{ en: text }];
}

/* As a text alone, for what has no markup. */
export const spoken = (text: string | null | undefined): string =>
	pieces(plain(text)).map((p) => typeof p === "string" ? p : p.en).join("");

/* free: may be what a person typed, in whatever language. sentence: it is made to stand in a
 * line of a console, and here it begins and ends as sentences do. */
export function Said({ text, free = false, sentence = false }:
	{ text: string | null | undefined; free?: boolean; sentence?: boolean }) {
	const all = pieces(plain(text));
	const whole = sentence && all.length === 1 ? asSentence : (s: string) => s;
	return <>{all.map((p, i) => typeof p === "string" ? whole(p) :
		free ? p.en : <span key={i} lang="en">{whole(p.en)}</span>)}</>;
}
