// SPDX-License-Identifier: GPL-2.0-or-later
/* All devices. What is searched and chosen stands in the address. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { get, type Problem } from "../api/client";
import { listenChanged } from "../api/stream";
import type { Roster, RosterDevice, State } from "../api/types";
import { query, setQuery } from "../app/router";
import { mayChange } from "../app/session";
import { lang, t } from "../i18n";
import { ago, bytes, count, percent } from "../i18n/format";
import { BulkBar } from "../parts/bulk";
import { Icon, KindIcon } from "../parts/icons";
import { Card, Chips, Empty, Name, StateBadge, Trouble } from "../parts/parts";
import { Strip } from "../parts/strip";
import { phone, VirtualList } from "../parts/virtual";

const PAGE = 500; /* devices a request; more than most homes will ever have */
const SETTLE_MS = 500; /* changes that come together are one */
const HEIGHT = 60;
const HEIGHT_PHONE = 100;

async function readAll(signal: AbortSignal): Promise<RosterDevice[] | Problem> {
	const all: RosterDevice[] = [];
	let cursor: number | string | null = null;
	do {
		const r: Awaited<ReturnType<typeof get<Roster>>> =
			await get<Roster>("/v1/roster", { cursor, limit: PAGE }, { signal });
		if (!r.ok)
			return r.problem;
		all.push(...r.value.devices);
		cursor = r.value.next;
	} while (cursor !== null);
	return all;
}

/* Kept from one visit to the next: coming back shows it at once. */
let last: RosterDevice[] | null = null;

function useRoster() {
	const [devices, setDevices] = useState(last);
	const [problem, setProblem] = useState<Problem | null>(null);
	const [asked, setAsked] = useState(0);
	useEffect(() => {
		const end = new AbortController();
		void readAll(end.signal).then((r) => {
			if (end.signal.aborted)
				return;
			setProblem(Array.isArray(r) ? null : r);
			if (Array.isArray(r))
				setDevices(last = r);
		});
		return () => end.abort();
	}, [asked]);
	const again = () => setAsked((n) => n + 1);
	useEffect(() => {
		let timer = 0;
		const end = listenChanged((c) => {
			if (c.what !== "devices" && c.what !== "decisions")
				return;
			clearTimeout(timer);
			timer = window.setTimeout(again, SETTLE_MS);
		});
		return () => {
			clearTimeout(timer);
			end();
		};
	}, []);
	return { devices, problem, again };
}

/* By any of what is known of it, in any case. */
export function matches(d: RosterDevice, words: string[], states: string[]): boolean {
	if (states.length && !states.includes(d.asks ? "asks" : d.state) && !states.includes(d.state))
		return false;
	const text = `${d.name} ${d.mac} ${d.class}`.toLowerCase();
	return words.every((w) => text.includes(w));
}

function stateChips(devices: RosterDevice[]) {
	const counts = new Map<string, number>();
	for (const d of devices) {
		counts.set(d.state, (counts.get(d.state) ?? 0) + 1);
		if (d.asks)
			counts.set("asks", (counts.get("asks") ?? 0) + 1);
	}
	return (Object.keys(t.state) as (State | "asks")[]).filter((s) => counts.has(s))
		.map((s) => ({ id: s, label: t.state[s], count: counts.get(s) ?? 0, shape: s }));
}

/* What was learned is as sure as little of it is still unseen. */
function sourceText(d: RosterDevice): string {
	const unseen = d.source === "learned" ? d.confidence?.share ?? null : null;
	return unseen === null ? t.source[d.source] :
		`${t.source[d.source]}, ${t.devices.unseen(percent(unseen, 1))}`;
}

const className = (c: string) => (t.kind as Record<string, string>)[c] ?? "";

function Row({ d, chosen, choose }:
	{ d: RosterDevice; chosen: boolean; choose: ((on: boolean) => void) | null }) {
	return (
		<div class="device">
			{choose ? <label class="pick"><input type="checkbox" class="tick" checked={chosen}
				aria-label={t.devices.pick(d.name)}
				onChange={(e) => choose(e.currentTarget.checked)} /></label> : <span />}
			<span class="kind"><KindIcon of={d.class} /></span>
			<a class="who" href={`/devices/${d.id}`}>
				<b><Name>{d.name}</Name></b>
				<small>{[className(d.class), sourceText(d)].filter(Boolean).join(" · ")}</small>
			</a>
			<StateBadge state={d.state} asks={d.asks > 0} />
			<Strip name={d.name} marks={d.marks} amounts={d.amounts} />
			<small class="seen">{ago(d.last_seen)}</small>
			<span class="num amount">{d.bytes ? bytes(d.bytes) : "–"}</span>
		</div>
	);
}

function changed(set: ReadonlySet<number>, id: number, on: boolean): ReadonlySet<number> {
	const next = new Set(set);
	if (on)
		next.add(id);
	else
		next.delete(id);
	return next;
}

function useFilter(devices: RosterDevice[] | null) {
	const text = query.value.get("q") ?? "";
	const state = query.value.get("state") ?? "";
	return useMemo(() => {
		const words = text.toLowerCase().split(/\s+/).filter(Boolean);
		const states = state.split(",").filter(Boolean);
		return { text, states, shown: (devices ?? []).filter((d) => matches(d, words, states)) };
	}, [devices, text, state]);
}

function Search({ text }: { text: string }) {
	return (
		<label class="search">
			<Icon of="search" size={18} />
			<span class="hidden-but-read">{t.common.search}</span>
			<input class="input" type="search" value={text} placeholder={t.devices.searchFor}
				autocomplete="off" spellcheck={false}
				onInput={(e) => setQuery({ q: e.currentTarget.value })} />
		</label>
	);
}

export function Devices() {
	const { devices, problem, again } = useRoster();
	const { text, states, shown } = useFilter(devices);
	const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
	const may = mayChange.value;
	const row = useCallback((d: RosterDevice) => <Row d={d} chosen={chosen.has(d.id)}
		choose={may ? (on) => setChosen((now) => changed(now, d.id, on)) : null} />,
	[chosen, may, lang.value]);
	if (!devices)
		return problem ? <Trouble problem={problem} retry={again} /> : <div class="pending" />;
	return (
		<>
			<div class="head">
				<h1>{t.nav.devices}</h1>
				<span class="soft" role="status">{t.devices.shown(count(shown.length), count(devices.length))}</span>
			</div>
			<div class="filter">
				<Search text={text} />
				<Chips chips={stateChips(devices)} chosen={states} label={t.devices.byState}
					onChange={(to) => setQuery({ state: to.join(",") }, true)} />
			</div>
			<Trouble problem={problem} />
			{shown.length === 0 ? <Card><Empty icon="devices"
				title={devices.length ? t.devices.noMatch : t.home.emptyTitle}>
				{devices.length ? t.devices.noMatchText : t.home.emptyText}</Empty></Card> :
			<Card class="flush">
				<VirtualList items={shown} height={phone.value ? HEIGHT_PHONE : HEIGHT}
					label={t.nav.devices} keyOf={(d) => d.id}
					render={row} />
			</Card>}
			<BulkBar chosen={devices.filter((d) => chosen.has(d.id))} shown={shown}
				choose={(ids) => setChosen(new Set(ids))} done={again} />
		</>
	);
}
