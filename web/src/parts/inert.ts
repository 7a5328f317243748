// SPDX-License-Identifier: GPL-2.0-or-later
/* Names that devices and strangers chose, within sentences of ours. As text of their own
 * they stand in <bdi>; here they are strings. */

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const LONG = 64; /* characters of a sentence that one name may take */

/* What can't be seen goes, what is endless is cut, and its direction stays its own
 * (Unicode TR 9, first strong isolate). */
export function inert(name: string | null | undefined): string {
	const seen = (name ?? "").replace(HIDDEN, "");
	const all = Array.from(seen);
	const cut = all.length > LONG ? `${all.slice(0, LONG - 1).join("")}…` : seen;
	return `\u2068${cut || "–"}\u2069`;
}

/* Words of the gateway that quote others, as they are but for what can't be seen. */
export const plain = (text: string | null | undefined) => (text ?? "").replace(HIDDEN, "");

/* "CN=Lab Maker,O=..." is for whoever reads certificates; the name alone is for all. */
export const commonName = (subject: string | null | undefined) =>
	/(?:^|,)\s*CN=((?:\\.|[^,\\])+)/.exec(subject ?? "")?.[1] ?? subject;
