// SPDX-License-Identifier: GPL-2.0-or-later
/* What it may do: a sentence a rule, who said it, whether it holds, and whether it was ever
 * used. The entries of the file behind it are one step away. */
import { useState } from "preact/hooks";
import { withQuery } from "../../api/client";
import { useResource } from "../../api/resource";
import { change } from "../../app/change";
import { query, setQuery } from "../../app/router";
import { mayChange } from "../../app/session";
import { t } from "../../i18n";
import { ago, bytes, count, dayHour, moment } from "../../i18n/format";
import { inert } from "../../parts/inert";
import { Button, Card, Chips, CopyCommand, Empty, Name, Table, Trouble } from "../../parts/parts";
import { deviceWord, shell } from "../../parts/shell";
import { destination, families, read, rowsOf, type Row, type Rule, type Said as Read } from "./rules_read";
import { isHeld, type Device } from "./types";
import { whyLink } from "./talks";
import { Said } from "../../parts/said";

interface Limit {
	service: string;
	direction: string;
	bytes_per_s: number;
	packets_per_s: number;
	status: string;
	detail: string;
}

interface PolicyReply {
	devices: { profile: string | null; problem: string; rules: Rule[]; limits: Limit[] }[];
}

export interface Overlay {
	id: number;
	device: string;
	kind: string;
	text: string;
	peer: string | null;
	proto: string | null;
	port_from: number | null;
	port_to: number | null;
	said: string;
	until?: string | null;
	enforced: boolean;
	moot?: boolean;
	note?: string | null;
}

export function sentence(s: Read): string {
	return t.rules.verb[s.verb](t.rules.what(s.what), inert(t.rules.peer(s.peer))) +
		(s.port ? t.rules.port(s.port) : "") + (s.own ? t.rules.own(s.own) : "") +
		(s.within ? t.rules.within(s.within) : "");
}

/* In our words where the sentence is of a kind that we know, else in the gateway's. */
export function Sentence({ of }: { of: string }) {
	const said = read(of);
	return said ? <>{sentence(said)}</> : <Said text={of} />;
}

const STATUS_SHAPE = { enforced: "●", approximated: "◐", off: "○", impossible: "✕" };

function Entries({ rules }: { rules: Rule[] }) {
	return (
		<Table rows={rules} label={t.rules.ace} keyOf={(r) => r.id} columns={[
			{ head: t.rules.list, cell: (r) => <span class="mono"><Name>{r.acl}</Name></span> },
			{ head: t.rules.entry, cell: (r) => <span class="mono"><Name>{r.ace}</Name></span> },
			{ head: t.rules.line, num: true, cell: (r) => r.line },
			{ head: t.rules.said, cell: (r) => <Said text={r.sentence} /> },
			{ head: t.rules.statusWord, cell: (r) => <><Said text={r.status} />{r.detail && <>: <Said text={r.detail} /></>}</> },
			{ head: t.talks.count, num: true, cell: (r) => count(r.hits ?? 0) },
		]} />
	);
}

function Use({ row }: { row: Row }) {
	if (!row.hits)
		return <span class="soft">{t.rules.never}</span>;
	return (
		<span>{t.rules.used(count(row.hits))}{row.bytes > 0 && `, ${bytes(row.bytes)}`}
			<small class="soft"><time title={moment(row.last)}>{t.rules.lastUse(ago(row.last))}</time></small></span>
	);
}

function RuleRow({ row, device }: { row: Row; device: Device }) {
	const to = destination(row);
	const only = families(row);
	const why = [...row.why, ...row.rules.map((r) => r.note ?? "").filter(Boolean)];
	return (
		<li class={`rule st-${row.status}`}>
			<div class="what">
				<p class="saying">{row.said ? <>{sentence(row.said)}.</> :
					<Said text={row.rules[0]?.sentence} />}</p>
				<p class="small soft">
					<span class={`from f-${row.source}`}>{t.rules.from[row.source] ?? row.source}</span>
					<span class="status"><i aria-hidden="true">{STATUS_SHAPE[row.status]}</i> {t.rules.status[row.status]}</span>
					{only.length === 1 && <span>{t.rules.family(only[0]!)}</span>}
					{row.members !== null && <span>{t.rules.members(row.members)}</span>}
				</p>
				{why.map((w) => <p key={w} class="small soft because"><Said text={w} /></p>)}
			</div>
			<div class="use"><Use row={row} /></div>
			<details>
				<summary>{t.rules.ace} ({row.rules.length})</summary>
				<Entries rules={row.rules} />
				<div class="btns">
					{to && <a class="btn" href={whyLink(device, to, null, Number(row.said?.port) || null)}>{t.talks.why}</a>}
					{row.since && <small class="soft">{t.rules.sinceWhen(moment(row.since))}</small>}
				</div>
			</details>
		</li>
	);
}

const ports = (o: Overlay) => !o.port_from && (!o.port_to || o.port_to === 65535) ? "" :
	t.rules.port(o.port_from === o.port_to ? String(o.port_from) : `${o.port_from}-${o.port_to}`);

export function overlayText(o: Overlay): string {
	const say = t.rules.kind[o.kind];
	return say ? say(inert(o.peer)) + (o.proto ? ` (${o.proto.toUpperCase()}${ports(o)})` : ports(o)) : o.text;
}

function Yours({ device }: { device: Device }) {
	const r = useResource<{ overlays: Overlay[] }>(
		withQuery("/v1/overlays", { device: device.id }), ["policy", "devices"]);
	const list = r.value.value?.overlays ?? [];
	const takeBack = async (o: Overlay) => {
		const done = await change(`/v1/overlays/${o.id}`, { remove: true }, t.rules.tookBack);
		if (done.ok)
			await r.reload();
	};
	return (
		<section class="section" aria-labelledby="yours">
			<h2 class="over" id="yours">{t.rules.yours}</h2>
			<Card class={list.length ? "flush" : ""}>
				{list.length === 0 && <p class="soft">{t.rules.yoursNone}</p>}
				<ul class="rows">{list.map((o) => (
					<li key={o.id} class="rule">
						<div class="what"><p class="saying">{overlayText(o)}.</p>
							<p class="small soft">{moment(o.said)}{o.until && ` · ${t.rules.until(dayHour(o.until))}`}{o.moot && ` · ${t.rules.moot}`}</p>
							{o.note && <p class="small soft because"><Said text={o.note} /></p>}</div>
						<div class="btns">
							{mayChange.value && <Button onClick={() => takeBack(o)}>{t.rules.takeBack}</Button>}
							<CopyCommand command={shell("cardea", "policy", "withdraw", o.id)} />
						</div>
					</li>))}
				</ul>
			</Card>
		</section>
	);
}

function Limits({ limits }: { limits: Limit[] }) {
	if (!limits.length)
		return null;
	return (
		<section class="section" aria-labelledby="limits">
			<h2 class="over" id="limits">{t.rules.limits}</h2>
			<Card><ul>{limits.map((l) => (
				<li key={`${l.service} ${l.direction}`}><Name>{l.service}</Name>: {l.bytes_per_s > 0 &&
					t.rules.perSecond(bytes(l.bytes_per_s))} <small class="soft"><Said text={l.status} />{
					l.detail && <>: <Said text={l.detail} /></>}</small></li>))}</ul></Card>
		</section>
	);
}

/* Names, time, the portal: the same for all, so it stands back. */
function Base({ rows, device }: { rows: Row[]; device: Device }) {
	return !rows.length ? null : (
		<li class="basics"><details><summary>{t.rules.base(rows.length)}</summary>
			<ul class="rows">{rows.map((row) => <RuleRow key={row.key} row={row} device={device} />)}</ul>
		</details></li>
	);
}

function List({ rows, device }: { rows: Row[]; device: Device }) {
	const [unused, setUnused] = useState(false);
	const from = query.value.get("from")?.split(",") ?? [];
	const own = rows.filter((r) => r.source !== "base");
	const sources = [...new Set(own.map((r) => r.source))];
	const shown = rows.filter((r) => (!from.length || from.includes(r.source)) &&
		(!unused || r.hits === 0));
	return (
		<>
			{own.length > 5 && (
				<div class="filters">
					{sources.length > 1 && <Chips label={t.rules.filter} chosen={from}
						chips={sources.map((s) => ({ id: s, label: t.rules.from[s] ?? s }))}
						onChange={(chosen) => setQuery({ from: chosen.join() })} />}
					<label class="check"><input type="checkbox" checked={unused}
						onChange={(e) => setUnused(e.currentTarget.checked)} />{t.rules.unused}</label>
				</div>)}
			<Card class="flush"><ul class="rows">{shown.filter((r) => r.source !== "base").map((row) =>
				<RuleRow key={row.key} row={row} device={device} />)}
				<Base rows={shown.filter((r) => r.source === "base")} device={device} /></ul></Card>
		</>
	);
}

export function Rules({ device }: { device: Device }) {
	const r = useResource<PolicyReply>(withQuery("/v1/policy", { device: device.id }),
		["devices", "policy", "decisions"]);
	const policy = r.value.value?.devices[0];
	if (!r.value.value)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> :
			<div class="pending" />;
	const rows = rowsOf(policy?.rules ?? []);
	const own = rows.filter((x) => x.source !== "base").length;
	return (
		<>
			<div class="head">
				<p class="says">{own ? t.rules.sentence(count(own)) : rows.length ? t.rules.nothing : t.rules.watched}</p>
				<CopyCommand command={shell("cardea", "policy", "show", deviceWord(device))} />
			</div>
			{isHeld(device) && rows.length > 0 && <p class="soft">{t.rules.held("")}</p>}
			{rows.length === 0 ?
				<Card><Empty icon="shield" title={t.rules.none}>{t.rules.noneText}
					{policy?.problem && <><br /><Said text={policy.problem} /></>}</Empty></Card> :
				<List rows={rows} device={device} />}
			<Yours device={device} />
			<Limits limits={policy?.limits ?? []} />
			{policy?.profile && <p class="small soft profile">{t.rules.profile}: <bdi class="mono">{policy.profile}</bdi></p>}
		</>
	);
}
