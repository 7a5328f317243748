// SPDX-License-Identifier: GPL-2.0-or-later
// Who a device talks to, sorted for a map of three columns. Nothing here draws or asks.

import { read } from "./rules_read";

export type Where = "local" | "gateway" | "internet";
export type Line = "allowed" | "waits" | "blocked" | "unseen";

/** A conversation's partner and service, as /v1/talks tells it. */
export interface Talk {
	where: Where;
	name: string | null;
	address: string | null;
	device: number | null;
	proto: string | null;
	port: number | null;
	inbound: boolean;
	up: number;
	down: number;
	count: number;
	refused: number;
	first: string | null;
	last: string | null;
	verdict: string;
	rule: string | null;
	source: string | null;
}

/** What a rule allows and nobody has seen yet. */
export interface Unseen {
	where: Where;
	name: string | null;
	proto: string | null;
	port: number | null;
	text: string | null;
	source: string | null;
}

/** One partner: a row of the map, with one line for each way it is treated. */
export interface Peer {
	key: string;
	where: Where;
	/** What the title is: somebody's name or address, or one of our own words for it. */
	kind: "named" | "gateway" | "everybody" | "phrase" | "nameless";
	title: string;
	/** A second name for it: the address behind a name. */
	also: string | null;
	device: number | null;
	bytes: number;
	count: number;
	refused: number;
	last: string | null;
	talks: Talk[];
	unseen: Unseen[];
	lines: Line[];
}

const ORDER: Record<Line, number> = { waits: 0, blocked: 1, allowed: 2, unseen: 3 };

export const lineOf = (t: Talk): Line =>
	t.verdict === "blocked" ? "blocked" : t.verdict === "waits" ? "waits" : "allowed";

/* To all at once: multicast and broadcast (RFC 4291 2.7, RFC 5771, RFC 919). */
const GROUP = /^(ff[0-9a-f]{2}:|22[4-9]\.|23\d\.|255\.255\.255\.255$)/i;

type Who = Pick<Peer, "key" | "where" | "kind" | "title" | "device">;

function whoIs(t: Talk): Who {
	const base = { where: t.where, device: t.device };
	if (t.where === "gateway") return { ...base, key: "gateway", kind: "gateway", title: "" };
	if (!t.device && !t.name && GROUP.test(t.address ?? ""))
		return { ...base, key: "everybody", kind: "everybody", title: "" };
	const title = t.name || t.address || "?";
	return { ...base, key: `${t.where}:${t.device ? `#${t.device}` : title}`, kind: "named", title };
}

function whoWouldBe(u: Unseen): Who {
	const base = { where: u.where, device: null };
	if (u.where === "gateway") return { ...base, key: "gateway", kind: "gateway", title: "" };
	if (u.name) return { ...base, key: `${u.where}:${u.name}`, kind: "named", title: u.name };
	const title = read(u.text ?? "")?.peer ?? u.text ?? "?";
	return { ...base, key: `${u.where}:(${title})`, kind: "phrase", title };
}

const emptyPeer = (who: Who): Peer => ({
	...who, also: null, bytes: 0, count: 0, refused: 0, last: null, talks: [], unseen: [],
	lines: [],
});

const later = (a: string | null, b: string | null) => (!a || (b && b > a) ? b : a);

function addTalk(p: Peer, t: Talk) {
	p.talks.push(t);
	p.bytes += t.up + t.down;
	p.count += t.count;
	p.refused += t.refused;
	p.last = later(p.last, t.last);
	if (p.kind === "named" && !p.also && t.address && t.address !== p.title) p.also = t.address;
}

function linesOf(p: Peer): Line[] {
	const kinds = new Set<Line>(p.talks.map(lineOf));
	if (!kinds.size) kinds.add("unseen");
	return [...kinds].sort((a, b) => ORDER[a] - ORDER[b]);
}

const first = (p: Peer) => ORDER[p.lines[0] as Line];

/** What asks comes first, then what was refused, then the most octets; unseen last. */
function compare(a: Peer, b: Peer): number {
	return first(a) - first(b) || b.bytes - a.bytes || b.refused - a.refused ||
		a.title.localeCompare(b.title);
}

/* A scan is one row, not hundreds: refused addresses that no name led to. */
const HEAP = 4;

function heaped(peers: Peer[]): Peer[] {
	const isOne = (p: Peer) => p.where === "internet" && p.kind === "named" &&
		p.talks.length > 0 && p.talks.every((t) => !t.name && lineOf(t) === "blocked");
	const many = peers.filter(isOne);
	if (many.length <= HEAP) return peers;
	const heap = emptyPeer({ key: "nameless", where: "internet", kind: "nameless",
		title: String(many.length), device: null });
	for (const t of many.flatMap((p) => p.talks)) addTalk(heap, t);
	heap.lines = ["blocked"];
	return [...peers.filter((p) => !isOne(p)), heap];
}

/* The same rule for the other family is not news: one of the two was used. */
const bare = (text: string) => text.replace(/ \(IPv[46]\)/, "");

function unusedOf(talks: readonly Talk[], unseen: readonly Unseen[]): Unseen[] {
	const known = new Set(talks.map((t) => bare(t.rule ?? "")));
	return unseen.filter((u) => {
		const text = bare(u.text ?? "");
		const fresh = text === "" || !known.has(text);
		known.add(text);
		return fresh;
	});
}

/** Rows of the map. A rule about a partner that was seen belongs to that row. */
export function peersOf(talks: readonly Talk[], unseen: readonly Unseen[]): Peer[] {
	const peers = new Map<string, Peer>();
	const get = (who: Who) => {
		let p = peers.get(who.key);
		if (!p) peers.set(who.key, (p = emptyPeer(who)));
		return p;
	};
	for (const t of talks) addTalk(get(whoIs(t)), t);
	for (const u of unusedOf(talks, unseen)) get(whoWouldBe(u)).unseen.push(u);
	for (const p of peers.values()) p.lines = linesOf(p);
	return heaped([...peers.values()]).sort(compare);
}

/** The first of each column; the rest can be opened. */
export const ROWS = 9;
export function column(peers: readonly Peer[], where: Where, all: boolean) {
	const mine = peers.filter(p => p.where === where);
	const rest = all || mine.length <= ROWS + 1 ? 0 : mine.length - ROWS;
	return { rows: rest ? mine.slice(0, ROWS) : mine, rest };
}

const FLOOR = 3, CEIL = 10; // 1 kB and 10 GB, as powers of ten
export const THIN = 1.5, THICK = 14;

/** Octets become a line's width: each power of ten adds the same. */
export function width(bytes: number): number {
	const power = bytes > 0 ? Math.log10(bytes) : 0;
	const share = Math.min(1, Math.max(0, (power - FLOOR) / (CEIL - FLOOR)));
	return Math.round((THIN + share * (THICK - THIN)) * 10) / 10;
}

/** Octets of the legend's samples. */
export const SAMPLES = [1e4, 1e6, 1e8, 1e10];

export interface Strand {
	peer: string;
	line: Line;
	width: number;
	path: string;
	/** Where it meets the partner: an unseen one ends in a hollow ring there. */
	x: number;
	y: number;
}

export interface Geometry {
	height: number;
	centre: number; // of the device, from the top
	strands: Strand[];
}

export const ROW = 58; // pixels, as in the style sheet
export const SPAN = 100; // the drawing's width; it is stretched to its column
const PORT = 5; // pixels between two lines at the device
const GATE = 150; // between the device and the gateway below it
const SPLIT = 5; // pixels between two lines of one partner

const bytesOf = (p: Peer, line: Line) =>
	p.talks.reduce((n, t) => n + (lineOf(t) === line ? t.up + t.down : 0), 0);

function side(peers: readonly Peer[], at: number, top: number, centre: number): Strand[] {
	const count = peers.reduce((n, p) => n + p.lines.length, 0);
	const strands: Strand[] = [];
	let port = centre - ((count - 1) * PORT) / 2;
	peers.forEach((p, row) => {
		const mid = top + row * ROW + ROW / 2 - ((p.lines.length - 1) * SPLIT) / 2;
		p.lines.forEach((line, k) => {
			const y = mid + k * SPLIT;
			const bend = SPAN / 4, toward = at ? SPAN - bend : bend;
			strands.push({
				peer: p.key, line, width: width(bytesOf(p, line)), x: at, y,
				path: `M${at} ${y}C${toward} ${y} ${toward} ${port} ${SPAN / 2} ${port}`,
			});
			port += PORT;
		});
	});
	return strands;
}

function downward(peers: readonly Peer[], centre: number, bottom: number): Strand[] {
	const lines = [...new Set(peers.flatMap(p => p.lines))];
	return lines.map((line, k) => {
		const x = SPAN / 2 + (k - (lines.length - 1) / 2) * 1.5;
		const bytes = peers.reduce((n, p) => n + bytesOf(p, line), 0);
		return { peer: "", line, width: width(bytes), x, y: bottom,
			path: `M${x} ${centre}V${bottom}` };
	});
}

/** Where each line runs. The device is the middle; both sides are centred on it. */
export function geometry(left: readonly Peer[], right: readonly Peer[],
	gateway: readonly Peer[], more = { left: 0, right: 0 }): Geometry {
	const rows = Math.max(left.length + (more.left ? 1 : 0),
		right.length + (more.right ? 1 : 0), 3);
	const tall = rows * ROW;
	const centre = gateway.length ? Math.max(tall / 2, ROW) : tall / 2;
	const height = gateway.length ? Math.max(tall, centre + GATE) : tall;
	const topOf = (peers: readonly Peer[], rest: number) =>
		centre - ((peers.length + (rest ? 1 : 0)) * ROW) / 2;
	return {
		height, centre,
		strands: [
			...side(left, 0, topOf(left, more.left), centre),
			...side(right, SPAN, topOf(right, more.right), centre),
			...downward(gateway, centre, height - ROW / 2),
		],
	};
}
