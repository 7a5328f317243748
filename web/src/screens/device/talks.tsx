// SPDX-License-Identifier: GPL-2.0-or-later
/* Who it talks to: the house on the left, the device and its gateway in the middle, the
 * internet on the right. Nothing moves. The rows are the same list on a phone and for a
 * screen reader; only the lines between them are drawn. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useResource } from "../../api/resource";
import { part, withQuery } from "../../api/client";
import { query, setQuery } from "../../app/router";
import { t } from "../../i18n";
import { ago, bytes, count, moment } from "../../i18n/format";
import { KindIcon } from "../../parts/icons";
import { inert } from "../../parts/inert";
import { Card, CopyCommand, Empty, Name, Table, Trouble } from "../../parts/parts";
import { deviceWord, shell } from "../../parts/shell";
import { useFollow } from "./follow";
import type { Device } from "./types";
import { geometry, lineOf, peersOf, column, width, SAMPLES, SPAN,
	type Line, type Peer, type Talk, type Unseen, type Where } from "./talks_map";
import { Said } from "../../parts/said";

interface TalksReply {
	device: string;
	from: string;
	recorded_since: string | null;
	peers: Talk[];
	unseen: Unseen[];
	more: number;
}

const HOURS = [24, 168, 336];
const LISTED = 60; /* of a scan; the table below has all */
const LINES: Line[] = ["allowed", "waits", "blocked", "unseen"];

/* The same line as in the map, for lists and the legend. */
export function LineSign({ line, thick = 3 }: { line: Line; thick?: number }) {
	return (
		<svg class={`linesign l-${line}`} viewBox="0 0 40 16" aria-hidden="true">
			<path d={line === "unseen" ? "M1 8H30" : "M1 8H39"} stroke-width={thick} />
			{line === "unseen" && <circle cx="34.5" cy="8" r="3.5" />}
		</svg>
	);
}

const service = (x: { proto: string | null; port: number | null }) =>
	[x.proto?.toUpperCase(), x.port || null].filter(Boolean).join(" ");

function words(p: Peer): string {
	const services = new Set([...p.talks, ...p.unseen].map(service));
	const what = services.size > 2 ? t.talks.services(services.size) : [...services].join(", ");
	const refused = p.refused > 0 ? t.talks.refusedTimes(count(p.refused)) : "";
	const amount = p.bytes > 0 ? bytes(p.bytes) : "";
	return [refused, what, amount || (p.talks.length ? "" : t.talks.neverUsed)]
		.filter(Boolean).join(" · ");
}

/* A name that somebody chose, or one of our words for many. */
const titleOf = (p: Peer) => p.kind === "gateway" ? t.talks.gateway :
	p.kind === "everybody" ? t.talks.everybody :
	p.kind === "nameless" ? t.talks.nameless(count(Number(p.title))) : p.kind === "phrase" ? t.rules.peerAlone(p.title) : p.title;

const lineWords = (p: Peer) => p.lines.map((l) => t.talks[l]).join(", ");

function Row({ peer, chosen, choose }:
	{ peer: Peer; chosen: boolean; choose: (key: string | null) => void }) {
	return (
		<li>
			<button type="button" class={`talk ${peer.lines[0]}`} aria-pressed={chosen}
				onClick={() => choose(chosen ? null : peer.key)}>
				<span class="signs">{peer.lines.map((l) => <LineSign key={l} line={l}
					thick={Math.max(1.5, width(peer.bytes) / 1.8)} />)}</span>
				<b><Name>{titleOf(peer)}</Name></b>
				<small>{words(peer)}</small>
				<span class="hidden-but-read">{lineWords(peer)}</span>
			</button>
		</li>
	);
}

function Side({ where, rows, rest, all, chosen, choose, toggle }: {
	where: Where; rows: Peer[]; rest: number; all: boolean; chosen: string | null;
	choose: (key: string | null) => void; toggle: () => void }) {
	return (
		<section class={`side ${where}`} aria-label={t.talks[where]}>
			<h2 class="over">{t.talks[where]}</h2>
			<ul>
				{rows.map((p) => <Row key={p.key} peer={p} chosen={chosen === p.key}
					choose={choose} />)}
				{rows.length === 0 && <li class="nobody soft">{t.talks.nobodyHere}</li>}
				{(rest > 0 || (all && rows.length > 10)) && (
					<li><button type="button" class="talk rest" onClick={toggle}>
						{all ? t.talks.fewer : t.talks.more(rest)}</button></li>)}
			</ul>
		</section>
	);
}

function Map({ device, peers, chosen, choose }: {
	device: Device; peers: Peer[]; chosen: string | null; choose: (key: string | null) => void }) {
	const [all, setAll] = useState(false);
	const toggle = () => setAll(!all);
	const [left, mid, right] = (["local", "gateway", "internet"] as const)
		.map((w) => column(peers, w, all || w === "gateway"));
	const g = geometry(left!.rows, right!.rows, mid!.rows,
		{ left: left!.rest, right: right!.rest });
	const chosenClass = (key: string) => !chosen ? "" : key === chosen ? "chosen" : "dim";
	return (
		<div class="map" style={{ "--tall": `${g.height}px`, "--mid": `${g.centre}px` }}>
			<Side where="local" {...left!} all={all} chosen={chosen} choose={choose} toggle={toggle} />
			<div class="middle">
				<svg viewBox={`0 0 ${SPAN} ${g.height}`} preserveAspectRatio="none" aria-hidden="true">
					{g.strands.map((s) => <path key={s.path} d={s.path} stroke-width={s.width}
						class={`strand l-${s.line} ${s.peer ? chosenClass(s.peer) : ""}`} />)}
				</svg>
				{g.strands.filter((s) => s.line === "unseen" && s.peer).map((s) => (
					<i key={s.peer} class={`ring ${s.x ? "right" : "left"}`} style={{ top: `${s.y}px` }} />))}
				<div class="self">
					<span class={`disc s-${device.state}`}><KindIcon of={device.class} size={30} /></span>
					<Name>{device.name}</Name>
				</div>
				{mid!.rows.length > 0 && <Side where="gateway" {...mid!} all={false}
					chosen={chosen} choose={choose} toggle={toggle} />}
			</div>
			<Side where="internet" {...right!} all={all} chosen={chosen} choose={choose} toggle={toggle} />
		</div>
	);
}

function Legend() {
	return (
		<ul class="legend">
			{LINES.map((l) => <li key={l}><LineSign line={l} /> {t.talks[l]}</li>)}
			<li class="amounts">{SAMPLES.map((n) => (
				<span key={n}><LineSign line="allowed" thick={width(n)} /> {bytes(n)}</span>))}
			</li>
		</ul>
	);
}

export function whyLink(d: Device, to: string, proto: string | null, port: number | null): string {
	return withQuery("/why", { device: d.id, to, proto, port: port || null });
}

const target = (x: { name: string | null; address?: string | null }) => x.name || x.address || "";

function Detail({ device, peer }: { device: Device; peer: Peer }) {
	const columns = [
		...(peer.kind === "named" ? [] : [{ head: t.talks.partner, cell: (x: Talk) =>
			<Name>{target(x)}</Name> }]),
		{ head: t.talks.service, cell: (x: Talk) => <>{service(x)}
			{x.inbound && <small class="soft"> {t.talks.started}</small>}</> },
		{ head: t.talks.verdict, cell: (x: Talk) => <span class={`verdict l-${lineOf(x)}`}>
			<LineSign line={lineOf(x)} /> {t.talks[lineOf(x)]}</span> },
		/* what one can do stands where no phone has to scroll to it */
		{ head: t.talks.why, cell: (x: Talk) => <a class="btn small" href={whyLink(device, target(x), x.proto, x.port)}>
			{t.talks.why}</a> },
		{ head: t.talks.count, num: true, cell: (x: Talk) => count(x.count + x.refused) },
		{ head: t.talks.last, cell: (x: Talk) => <time title={moment(x.last)}>{ago(x.last)}</time> },
		{ head: t.talks.sent, num: true, cell: (x: Talk) => bytes(x.up) },
		{ head: t.talks.received, num: true, cell: (x: Talk) => bytes(x.down) },
	];
	const first = peer.kind === "named" ? peer.talks[0] ?? peer.unseen[0] : undefined;
	const to = first ? target(first) : "";
	/* on a phone it opens below what one sees: then it comes into sight by itself */
	const ref = useRef<HTMLHeadingElement>(null);
	useEffect(() => ref.current?.scrollIntoView({ block: "nearest" }), [peer.key]);
	return (
		<Card class="detail">
			<h2 ref={ref}><Name>{titleOf(peer)}</Name></h2>
			{peer.also && <p class="soft mono"><bdi>{peer.also}</bdi></p>}
			{peer.talks.length > 0 && <Table rows={peer.talks.slice(0, LISTED)} columns={columns}
				label={inert(titleOf(peer))} keyOf={(x) => `${x.address} ${x.proto} ${x.port} ${x.inbound} ${x.verdict}`} />}
			{peer.unseen.map((u) => (
				<p key={`${u.proto} ${u.port} ${u.text}`} class="soft"><LineSign line="unseen" /> {service(u)} {
					t.talks.unseen}{u.source ? ` (${t.rules.from[u.source] ?? u.source})` : ""}</p>))}
			<div class="btns">
				{peer.device !== null && <a class="btn" href={`/devices/${peer.device}`}>{t.anomalies.open}</a>}
				{to && first && <CopyCommand command={shell("cardea", "why", deviceWord(device), to,
					...(first.port ? ["--port", first.port] : []),
					...(first.proto ? ["--proto", first.proto] : []))} />}
			</div>
		</Card>
	);
}

const SHOWN = 3; /* refusals that are worth a line of their own; the map has all */

/* What was refused is what people come for: each with its why, before anything else. */
function Refusals({ device, peers }: { device: Device; peers: Peer[] }) {
	const all = peers.filter((p) => p.lines.includes("blocked") && p.kind !== "nameless");
	return all.length === 0 ? null : (
		<ul class="refusals">{all.slice(0, SHOWN).map((p) => {
			const x = p.talks.find((talk) => lineOf(talk) === "blocked")!;
			return (
				<li key={p.key}>
					<LineSign line="blocked" />
					<p><b><Name>{titleOf(p)}</Name></b> <span class="soft">{
						t.talks.refusedTimes(count(p.refused))}, {ago(x.last)}</span></p>
					<a class="btn" href={whyLink(device, target(x), x.proto, x.port)}
						aria-label={t.talks.whyThat(inert(titleOf(p)))}>{t.talks.why}</a>
				</li>);
		})}</ul>
	);
}

function AsTable({ device, peers }: { device: Device; peers: Peer[] }) {
	const rows = peers.flatMap((p) => p.talks.map((x) => ({ p, x })));
	return (
		<details class="astable">
			<summary>{t.talks.table}</summary>
			<Table rows={rows} label={t.device.talks} keyOf={({ p, x }) =>
				`${p.key} ${x.address} ${x.proto} ${x.port} ${x.inbound} ${x.verdict}`} columns={[
				{ head: t.talks.partner, cell: ({ p }) => <Name>{titleOf(p)}</Name> },
				{ head: t.talks.where, cell: ({ p }) => t.talks[p.where] },
				{ head: t.talks.service, cell: ({ x }) => service(x) },
				{ head: t.talks.sent, num: true, cell: ({ x }) => bytes(x.up) },
				{ head: t.talks.received, num: true, cell: ({ x }) => bytes(x.down) },
				{ head: t.talks.verdict, cell: ({ x }) => t.talks[lineOf(x)] },
				{ head: t.talks.by, cell: ({ x }) => x.source ? t.rules.from[x.source] ?? x.source : "–" },
				{ head: t.talks.rule, cell: ({ x }) => <Said text={x.rule ?? "–"} /> },
				{ head: t.talks.first, cell: ({ x }) => moment(x.first) },
				{ head: t.talks.last, cell: ({ x }) => moment(x.last) },
				{ head: t.talks.why, cell: ({ x }) => <a href={whyLink(device, target(x), x.proto, x.port)}>
					{t.talks.why}</a> },
			]} />
		</details>
	);
}

function Span({ hours }: { hours: number }) {
	return (
		<label class="span"><span class="hidden-but-read">{t.talks.span}</span>
			<select class="input narrow" value={hours}
				onChange={(e) => setQuery({ hours: e.currentTarget.value })}>
				{HOURS.map((h) => <option key={h} value={h}>{t.talks.hours(h)}</option>)}
			</select></label>
	);
}

export function Talks({ device }: { device: Device }) {
	const hours = HOURS.find((h) => String(h) === query.value.get("hours")) ?? 24;
	const r = useResource<TalksReply>(withQuery(`/v1/talks/${part(device.id)}`, { hours }), ["policy", "devices"]);
	useFollow(device.id, device.name, r.reload);
	const talks = r.value.value;
	if (!talks)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> :
			<div class="pending" />;
	const peers = peersOf(talks.peers, talks.unseen);
	const chosen = peers.find((p) => p.key === query.value.get("peer")) ?? null;
	const count_ = (where: Where) => peers.filter((p) => p.where === where &&
		p.talks.some((x) => lineOf(x) !== "blocked")).length;
	const refused = peers.reduce((n, p) => n + (p.kind === "nameless" ? Number(p.title) :
		p.lines.includes("blocked") ? 1 : 0), 0);
	if (!peers.length)
		return <><div class="head"><span /><Span hours={hours} /></div>
			<Empty icon="devices" title={t.talks.none}>{talks.recorded_since ?
				t.talks.noneText(moment(talks.recorded_since)) : t.talks.noneEver}</Empty></>;
	return (
		<>
			<div class="head">
				<p class="says">{t.talks.sentence(count_("local"), count_("internet"))} {
					refused > 0 && t.talks.refused(refused)}</p>
				<Span hours={hours} />
			</div>
			<Refusals device={device} peers={peers} />
			<Card class="mapcard">
				<Map device={device} peers={peers} chosen={chosen?.key ?? null}
					choose={(key) => setQuery({ peer: key })} />
				<Legend />
			</Card>
			{chosen && <Detail device={device} peer={chosen} />}
			{talks.more > 0 && <p class="soft small">{t.talks.cut(count(talks.peers.length))}</p>}
			<AsTable device={device} peers={peers} />
		</>
	);
}
