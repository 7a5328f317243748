// SPDX-License-Identifier: GPL-2.0-or-later
/* The replies that the screens read. Members are only ever added. */

export type Role = "viewer" | "owner" | "isp";
export type State = "new" | "learning" | "protected" | "suspicious" | "quarantined" |
	"updating" | "attesting" | "probation" | "limited" | "away" | "unfixable" | "retired";

export interface Session {
	role: Role | null;
	user: string | null;
	csrf: string | null;
	setup?: boolean; /* nobody owns this gateway yet */
	expires?: string | null;
}

export interface Decision {
	id: number;
	kind: string;
	answer: string; /* "open" until there is one */
	device: string | null;
	text: string;
	subject: string | null;
	detail: string | null;
	choice: string | null;
	needs_choice: boolean;
	choices?: { choice: string; text: string }[];
	asked: string;
	answered: string | null;
}

/* marks: an hour each, ". a l w q"; amounts: an hour each, 0-9, logarithmic */
export interface StripRow {
	id: number;
	name: string;
	state: State;
	marks: string;
	amounts: string;
	bytes: number;
}

export interface HomeReply {
	watching: { mode: "watch" | "protect"; since: string | null; until: string | null };
	sentence: string;
	since: string | null;
	asks: number;
	decisions: Decision[];
	counts: Partial<Record<State, number>>;
	strip: { from: string; rows: StripRow[]; more: number };
}

/* until: null while the gateway's clock is not set */
export interface Watching {
	mode: "watch" | "protect";
	since: string | null;
	until: string | null;
	effect: {
		would_block: number;
		more: number;
		devices: { id: number; name: string; would_block: number;
			examples: { text: string; count: number }[] }[];
	} | null;
}

export interface RosterDevice {
	id: number;
	name: string;
	mac: string;
	class: string;
	state: State;
	since: string;
	hold: string;
	source: "maker" | "learned" | "owner" | "none";
	/* how much of what it does was not seen yet */
	confidence: { state: string; share: number | null; bound: number | null } | null;
	asks: number;
	last_seen: string | null;
	marks: string;
	amounts: string;
	bytes: number;
}

export interface Roster {
	devices: RosterDevice[];
	next: string | null;
	total: number;
}

export interface CardeaEvent {
	id: number;
	kind: string;
	first: string;
	last: string;
	device: string | null;
	device_id?: number;
	mac?: string;
	text: string | null;
	name?: string | null;
	reason?: string;
	direction?: string;
	device_address?: string;
	peer?: string;
	proto?: string;
	device_port?: number;
	port?: number;
	packets?: number;
}

export interface Change {
	id: number;
	at: string;
	who: string;
	sentence: string;
	command: string;
	undone: boolean | string | null;
	until: string;
	can_undo: boolean;
	why_not: string | null;
}
