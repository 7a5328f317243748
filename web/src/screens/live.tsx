// SPDX-License-Identifier: GPL-2.0-or-later
/* What happens, as it happens. Whoever scrolls reads: new lines wait until they are asked
 * for. The filter stands in the address. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, type Problem } from "../api/client";
import { listenEvents, streamState } from "../api/stream";
import type { CardeaEvent } from "../api/types";
import { query, setQuery } from "../app/router";
import { t } from "../i18n";
import { clock, count, moment } from "../i18n/format";
import { Icon, Shape } from "../parts/icons";
import { Button, Card, Chips, CopyCommand, Empty, Name, Trouble } from "../parts/parts";
import { shell } from "../parts/shell";
import { phone, VirtualList } from "../parts/virtual";
import { Said } from "../parts/said";

const KEPT_MAX = 5000; /* lines; a browser on a phone has other things to remember */
const PAGE = 300;
const ENOUGH = 40; /* lines that pass the filter: more than a window is high */
const READING_PX = 60; /* scrolled so far, somebody reads */
const HEIGHT = 54;
const HEIGHT_PHONE = 92;

export type Kind = "refused" | "devices" | "questions" | "states" | "gateway";
const KINDS: Record<Kind, string[]> = {
	refused: ["violation", "would-block", "refused", "name-refused", "names-odd", "names-hidden",
		"address-conflict"],
	devices: ["device-joined", "renamed", "identity", "profile-verified", "profile-failed",
		"firmware"],
	questions: ["question", "decided"],
	states: ["protected", "quarantine", "life", "probe", "learned"],
	gateway: ["gateway", "process", "report", "access", "settings"],
};
const SHAPE: Record<Kind, string> = { refused: "suspicious", devices: "new",
	questions: "asks", states: "protected", gateway: "attesting" };

const kinds = new Map((Object.keys(KINDS) as Kind[]).flatMap((kind) =>
	KINDS[kind].map((word) => [word, kind] as const)));

export function kindOf(e: CardeaEvent): Kind {
	return kinds.get(e.kind) ?? "states";
}

export interface Filter {
	kinds: string[];
	words: string[];
	any: boolean;
}

/* What words are looked for in: made once an event, not once a letter that is typed. */
const texts = new WeakMap<CardeaEvent, string>();
function textOf(e: CardeaEvent): string {
	let text = texts.get(e);
	if (text === undefined)
		texts.set(e, text = `${e.text ?? ""} ${e.device ?? ""} ${e.kind} ${e.name ?? ""} ${
			e.peer ?? ""} ${e.port ?? ""}`.toLowerCase());
	return text;
}

/* An event has one kind: chosen kinds are "one of these" and count as one condition. Every
 * word is a condition of its own. Then all must hold, or any. */
export function passes(e: CardeaEvent, f: Filter): boolean {
	const text = f.words.length ? textOf(e) : "";
	const conditions = f.words.map((w) => text.includes(w.toLowerCase()));
	if (f.kinds.length)
		conditions.push(f.kinds.includes(kindOf(e)));
	if (conditions.length === 0)
		return true;
	return f.any ? conditions.some(Boolean) : conditions.every(Boolean);
}

/* An event of states shows the one that it led to, as far as its kind says. */
const shapeOf = (e: CardeaEvent, kind: Kind) =>
	e.kind === "quarantine" ? "quarantined" : e.kind === "life" ? "probation" : SHAPE[kind];

const WHY = new Set(["violation", "would-block", "name-refused", "names-hidden", "names-odd"]);

function Line({ e }: { e: CardeaEvent }) {
	const kind = kindOf(e);
	const to = WHY.has(e.kind) ? `/why/${e.id}` : e.mac ? `/devices/${encodeURIComponent(e.mac)}` : "";
	const inside = (
		<>
			<time dateTime={e.last} title={moment(e.last)}>{clock(e.last, true)}</time>
			<span class={`badge s-${shapeOf(e, kind)}`} title={t.live.kind[kind]}>
				<Shape of={shapeOf(e, kind)} size={14} />
				<span class="hidden-but-read">{t.live.kind[kind]}</span></span>
			<b><Name>{e.device ?? t.live.gateway}</Name></b>
			<span class="said"><bdi><Said text={e.text} /></bdi>{(e.packets ?? 0) > 1 &&
				<small class="soft"> ×{count(e.packets ?? 0)}</small>}</span>
		</>);
	return to ? <a class="event" href={to}>{inside}<Icon of="arrow" size={16} /></a> :
		<div class="event">{inside}</div>;
}

/* Newest first; one that happened again comes to the top in its new shape. */
export function merge(now: CardeaEvent[], more: CardeaEvent[]): CardeaEvent[] {
	const by = new Map(now.map((e) => [e.id, e]));
	for (const e of more)
		by.set(e.id, e);
	return [...by.values()].sort((a, b) => b.last < a.last ? -1 : b.last > a.last ? 1 : b.id - a.id)
		.slice(0, KEPT_MAX);
}

/* What comes within a frame is one change of the list. */
function listenFrames(tell: (events: CardeaEvent[]) => void): () => void {
	let frame = 0;
	let come: CardeaEvent[] = [];
	const end = listenEvents((e) => {
		come.push(e);
		frame ||= requestAnimationFrame(() => {
			const all = come;
			come = [];
			frame = 0;
			tell(all);
		});
	});
	return () => {
		cancelAnimationFrame(frame);
		end();
	};
}

function useEvents() {
	const [events, setEvents] = useState<CardeaEvent[] | null>(null);
	const [waiting, setWaiting] = useState<CardeaEvent[]>([]);
	const [problem, setProblem] = useState<Problem | null>(null);
	const [paused, setPaused] = useState(false);
	const [next, setNext] = useState<string | null>(null);
	const reading = useRef(false);
	const asking = useRef(false);
	const read = async (cursor: string | null) => {
		if (asking.current)
			return;
		asking.current = true;
		const r = await get<{ events: CardeaEvent[]; next: string | null }>("/v1/events",
			{ limit: PAGE, cursor });
		asking.current = false;
		setProblem(r.ok ? null : r.problem);
		if (r.ok) {
			setEvents((now) => merge(now ?? [], r.value.events));
			setNext(r.value.next);
		}
	};
	const load = () => read(null);
	const left = next !== null && (events?.length ?? 0) < KEPT_MAX;
	const older = () => left && !problem ? read(next) : undefined;
	useEffect(() => void load(), []);
	useEffect(() => listenFrames((come) => {
		if (reading.current)
			setWaiting((w) => merge(w, come));
		else
			setEvents((now) => merge(now ?? [], come));
	}), []);
	useEffect(() => {
		const look = () => {
			reading.current = paused || scrollY > READING_PX;
			if (!reading.current)
				setWaiting((w) => {
					if (w.length)
						setEvents((now) => merge(now ?? [], w));
					return w.length ? [] : w;
				});
		};
		look();
		addEventListener("scroll", look, { passive: true });
		return () => removeEventListener("scroll", look);
	}, [paused]);
	const show = () => {
		setPaused(false);
		scrollTo({ top: 0 });
	};
	return { events, waiting, problem, paused, setPaused, show, load, older, left,
		cut: next !== null && !left };
}

function useFilter(): Filter {
	const kinds = query.value.get("kind") ?? "";
	const words = query.value.getAll("has").join("\n");
	const any = query.value.get("match") === "any";
	return useMemo(() => ({ kinds: kinds.split(",").filter(Boolean),
		words: words.split("\n").filter(Boolean), any }), [kinds, words, any]);
}

function setWords(words: string[]): void {
	const next = new URLSearchParams(location.search);
	next.delete("has");
	for (const w of words)
		next.append("has", w);
	setQuery({}, true, next);
}

function Words({ filter }: { filter: Filter }) {
	const [text, setText] = useState("");
	const add = (e: Event) => {
		e.preventDefault();
		if (text.trim() && !filter.words.includes(text.trim()))
			setWords([...filter.words, text.trim()]);
		setText("");
	};
	return (
		<form class="search" onSubmit={add} role="search">
			<Icon of="search" size={18} />
			<input class="input" type="search" aria-label={t.live.addWord} placeholder={t.live.addWord}
				value={text} maxLength={100} onInput={(e) => setText(e.currentTarget.value)} />
		</form>
	);
}

function Filters({ filter }: { filter: Filter }) {
	const many = filter.words.length + (filter.kinds.length ? 1 : 0) > 1;
	return (
		<div class="filter">
			<Words filter={filter} />
			<Chips label={t.live.byKind} chosen={filter.kinds}
				chips={(Object.keys(KINDS) as Kind[]).map((k) => ({ id: k, label: t.live.kind[k],
					shape: SHAPE[k] }))}
				onChange={(to) => setQuery({ kind: to.join(",") }, true)} />
			{filter.words.length > 0 && <div class="chips">{filter.words.map((w) => (
				<button key={w} type="button" class="chip" aria-label={t.live.remove(w)}
					onClick={() => setWords(filter.words.filter((x) => x !== w))}>
					<bdi>{w}</bdi><Icon of="close" size={14} /></button>))}</div>}
			{many && <div class="chips" role="radiogroup" aria-label={t.live.match}>
				{([["", t.live.all], ["any", t.live.any]] as const).map(([value, word]) => (
					<button key={value} type="button" class="chip" role="radio"
						aria-checked={filter.any === (value === "any")}
						onClick={() => setQuery({ match: value }, true)}>{word}</button>))}
			</div>}
		</div>
	);
}

const line = (e: CardeaEvent) => <Line e={e} />;

export function Live() {
	const l = useEvents();
	const filter = useFilter();
	const shown = useMemo(() => (l.events ?? []).filter((e) => passes(e, filter)), [l.events, filter]);
	const fresh = useMemo(() => l.waiting.filter((e) => passes(e, filter)).length, [l.waiting, filter]);
	/* what passes may be rare: further back there is more of it */
	useEffect(() => {
		if (l.left && shown.length < ENOUGH)
			void l.older();
	}, [l.left, l.events, shown.length]);
	return (
		<>
			<div class="head">
				<h1>{t.nav.live}</h1>
				<span class={`pulse ${streamState.value}`} role="status">
					{l.paused ? t.live.paused : t.live.stream[streamState.value]}</span>
				<Button onClick={() => l.paused ? l.show() : l.setPaused(true)}>
					<Icon of={l.paused ? "live" : "pause"} size={17} />
					{l.paused ? t.live.go : t.live.pause}</Button>
			</div>
			<Filters filter={filter} />
			<Trouble problem={l.problem} retry={l.load} />
			{fresh > 0 && <div class="fresh"><Button look="main" onClick={l.show}>
				{t.live.fresh(count(fresh))}</Button></div>}
			{l.events && (shown.length ? <Card class="flush">
				<VirtualList items={shown} height={phone.value ? HEIGHT_PHONE : HEIGHT}
					keyOf={(e) => e.id} label={t.nav.live} render={line}
					onEnd={() => void l.older()} />
			</Card> : <Card><Empty icon="live" title={t.live.emptyTitle}>{t.live.emptyText}</Empty></Card>)}
			{l.cut && <p class="small soft">{t.live.cut(count(KEPT_MAX))} <CopyCommand
				command={shell("cardea", "events", "--limit", 1000)} /></p>}
		</>
	);
}
