// SPDX-License-Identifier: GPL-2.0-or-later
/* What one does here, as one would type it. */

const PLAIN = /^[\w@%+=:,./-]+$/;
/* What a terminal might act upon, or hide, when it is pasted. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/* A word for a POSIX shell. Names come from devices: what could not be seen in a terminal,
 * or be acted upon by it, goes as "?", which no shell expands within quotes. */
function quote(word: string): string {
	if (PLAIN.test(word))
		return word;
	const seen = Array.from(word, (c) => CONTROL.test(c) ? "?" : c).join("");
	return `'${seen.replaceAll("'", "'\\''")}'`;
}

/* True where the name stands for itself on a command line. */
export const isPlainWord = (text: string) => !CONTROL.test(text) && !text.startsWith("-");

export function shell(...words: (string | number)[]): string {
	return words.map((w) => quote(String(w))).join(" ");
}

interface Named {
	name: string;
	mac?: string;
}

/* How a device is called in a command: by its name where that is safe to type and no
 * number, which would be an id; else by its MAC. */
export function deviceWord(d: Named): string {
	const plain = isPlainWord(d.name) && d.name !== "" && !/^\d+$/.test(d.name);
	return plain || !d.mac ? d.name : d.mac;
}
