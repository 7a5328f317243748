// SPDX-License-Identifier: GPL-2.0-or-later
/* What Cardea itself tells others: each receiver with the exact record, a switch, and what
 * came of it. What is read here is what is sent, octet for octet. */
import type { ComponentChildren } from "preact";
import { part, withQuery } from "../api/client";
import { useResource } from "../api/resource";
import { change } from "../app/change";
import { query, setQuery } from "../app/router";
import { mayChange } from "../app/session";
import { t } from "../i18n";
import { ago, moment } from "../i18n/format";
import { plain } from "../parts/inert";
import { Button, Card, CopyCommand, Name, Table, Trouble } from "../parts/parts";
import { deviceWord, shell } from "../parts/shell";
import { visible } from "./case";
import type { Device } from "./device/types";
import { Said, spoken } from "../parts/said";

interface Sink {
	id: string;
	kind: string;
	title: string;
	enabled: boolean;
	fixed: boolean; /* nothing works without it */
	setting: string | null; /* what switches it */
	to: string | null;
	why: string;
	last: string | null;
	outcome: string | null;
	sample: string | null;
	fields: { name: string; why: string }[];
}

interface Report {
	enabled: boolean;
	sent: boolean;
	why: string | null;
	uri: string | null;
	outcome: string | null;
	text: string;
	last: string | null;
	next: string | null;
	body: string | null;
}

function pretty(text: string): string {
	try {
		return visible(JSON.stringify(JSON.parse(text), null, 2));
	} catch {
		return visible(text);
	}
}

function Fact({ head, children }: { head: string; children: ComponentChildren }) {
	return <><dt>{head}</dt><dd>{children}</dd></>;
}

function Sent({ last, outcome }: { last: string | null; outcome: string | null }) {
	return (
		<>
			<Fact head={t.leaves.lastSent}>{last ? <time title={moment(last)}>{ago(last)}</time> : t.leaves.neverSent}</Fact>
			{outcome && <Fact head={t.leaves.outcome}><Said text={outcome} /></Fact>}
		</>
	);
}

function Exact({ text }: { text: string }) {
	return (
		<details class="exact"><summary>{t.leaves.record}</summary>
			<pre class="record" tabIndex={0} aria-label={t.leaves.record}>{pretty(text)}</pre></details>
	);
}

/* The gateway's words for what it knows, in the language of the page. */
const known = (s: Sink) => t.leaves.known[s.id] ??
	{ title: spoken(s.title), why: <Said text={s.why} /> };

/* Those that need to be told more than "on" before they can be: where, and by what word. */
const SET_UP: Record<string, [string, "setUp" | "giveKey"]> = {
	webhook: ["/settings?q=webhook", "setUp"], mqtt: ["/settings?q=mqtt", "setUp"],
	provider: ["/settings", "giveKey"] };

function Switch({ sink: s, reload }: { sink: Sink; reload: () => Promise<void> }) {
	const turn = async () => {
		/* nobody is cut off by it: it need not come back by itself */
		const r = await change("/v1/settings", { set: { [s.setting ?? ""]: !s.enabled }, confirm_within: 0 },
			s.enabled ? t.leaves.turnedOff : t.leaves.turnedOn);
		if (r.ok)
			await reload();
	};
	const test = async () => {
		const r = await change(`/v1/sinks/${part(s.id)}`, { test: true }, t.leaves.tested);
		if (r.ok)
			await reload();
	};
	const where = SET_UP[s.id];
	if (!mayChange.value || (!s.setting && (s.enabled || !where)))
		return null;
	if (!s.setting)
		return <div class="btns"><Button href={where![0]}>{t.leaves[where![1]]}</Button></div>;
	return (
		<div class="btns">
			<Button look={s.enabled ? "plain" : "main"} onClick={turn}>{s.enabled ? t.leaves.turnOff : t.leaves.turnOn}</Button>
			{s.enabled && s.kind === "webhook" && <Button onClick={test}>{t.leaves.test}</Button>}
			<CopyCommand command={shell("cardea", "config", "set", s.setting, String(!s.enabled))} />
		</div>
	);
}

function SinkCard({ sink: s, reload }: { sink: Sink; reload: () => Promise<void> }) {
	const words = known(s);
	return (
		<Card class="sink">
			<header><h2><Name>{words.title}</Name></h2>
				<span class={`onoff ${s.enabled ? "on" : ""}`}><i aria-hidden="true" />{s.enabled ? t.leaves.on : t.leaves.off}</span></header>
			<p class="soft">{words.why}</p>
			<dl class="facts">
				{s.to && <Fact head={t.leaves.to}><Name>{s.to}</Name></Fact>}
				{(s.last || (s.enabled && !s.fixed)) && <Sent last={s.last} outcome={s.outcome} />}
			</dl>
			{s.sample && <Exact text={s.sample} />}
			{s.fields.length > 0 && (
				<details><summary>{t.leaves.fields}</summary>
					<Table rows={s.fields} label={t.leaves.fields} keyOf={(f) => f.name} columns={[
						{ head: t.quarantine.field, cell: (f) => <code>{f.name}</code> },
						{ head: t.why.title, cell: (f) => <Said text={f.why} /> }]} /></details>)}
			<Switch sink={s} reload={reload} />
		</Card>
	);
}

function Sinks() {
	const r = useResource<{ sinks: Sink[] }>("/v1/sinks", ["sinks", "settings"]);
	const sinks = r.value.value?.sinks;
	const chosen = sinks?.filter((s) => !s.fixed) ?? [];
	const needed = sinks?.filter((s) => s.fixed) ?? [];
	return (
		<>
			<h1>{sinks ? t.leaves.sentence(chosen.filter((s) => s.enabled).length) : t.leaves.title}</h1>
			<p class="sub measure">{t.leaves.help}</p>
			{r.problem.value && <Trouble problem={r.problem.value} retry={r.reload} />}
			<div class="twin sinks">{chosen.map((s) => <SinkCard key={s.id} sink={s} reload={r.reload} />)}</div>
			{needed.length > 0 && (
				<section class="section" aria-labelledby="needed">
					<h2 class="over" id="needed">{t.leaves.needed}</h2>
					<div class="twin sinks">{needed.map((s) => <SinkCard key={s.id} sink={s} reload={r.reload} />)}</div>
				</section>)}
		</>
	);
}

function MakerReport({ device }: { device: Device }) {
	const r = useResource<Report>(withQuery("/v1/reports", { device: device.id }), ["reports", "devices"]);
	const now = r.value.value;
	if (!now)
		return r.problem.value ? <Trouble problem={r.problem.value} /> : <p class="soft">{t.app.loading}</p>;
	const send = async () => {
		const done = await change("/v1/reports", { device: String(device.id) }, t.leaves.tested);
		if (done.ok)
			await r.reload();
	};
	return (
		<>
			<dl class="facts">
				{now.uri && <Fact head={t.leaves.to}><Name>{now.uri}</Name></Fact>}
				{!now.sent && <Fact head={t.leaves.notSent}><Said text={now.why} /></Fact>}
				{(now.sent || now.last) && <Sent last={now.last} outcome={now.outcome && (now.text ? `${now.outcome}: ${now.text}` : now.outcome)} />}
			</dl>
			{now.body && <Exact text={now.body} />}
			<div class="btns">
				{now.sent && mayChange.value && <Button onClick={send}>{t.leaves.sendNow}</Button>}
				<CopyCommand command={shell("cardea", "report", "preview", deviceWord(device))} />
			</div>
		</>
	);
}

function Makers() {
	const r = useResource<{ devices: Device[] }>("/v1/devices", ["devices"]);
	const list = r.value.value?.devices.filter((d) => d.mud_url) ?? [];
	const wanted = query.value.get("device");
	const chosen = list.find((d) => String(d.id) === wanted) ?? list[0];
	return (
		<Card>
			<h2>{t.leaves.makers}</h2>
			<p class="soft measure">{t.leaves.makersHelp}</p>
			{!chosen ? <p>{t.leaves.makerNone}</p> : (
				<>
					<label class="field gap"><span class="hidden-but-read">{t.why.device}</span>
						<select class="input narrow" value={chosen.id} onChange={(e) => setQuery({ device: e.currentTarget.value })}>
							{list.map((d) => <option key={d.id} value={d.id}>{plain(d.name)}</option>)}</select></label>
					<MakerReport key={chosen.id} device={chosen} />
				</>)}
		</Card>
	);
}

function Cases() {
	const list = useResource<{ cases: { id: number; device: string }[] }>("/v1/cases?all=1", ["cases"])
		.value.value?.cases ?? [];
	return (
		<Card>
			<h2>{t.leaves.cases}</h2>
			<p class="soft measure">{t.leaves.casesHelp}</p>
			<p>{list.length === 0 ? t.leaves.nothing : <a href="/quarantine">{[...new Set(list.map((c) => plain(c.device)))].join(", ")}</a>}</p>
		</Card>
	);
}

interface Advisory {
	id: number;
	advisory: string;
	issuer: string;
	state: string;
	effect: string;
	text: string;
}

function Advisories() {
	const list = useResource<{ advisories: Advisory[] }>("/v1/advisories", ["advisories"]).value.value?.advisories ?? [];
	return (
		<Card>
			<h2>{t.leaves.advisories}</h2>
			<p class="soft measure">{t.leaves.advisoriesHelp}</p>
			{list.length === 0 ? <p>{t.leaves.advisoriesNone}</p> :
				<ul class="ticks">{list.map((a) => <li key={a.id}><b><Name>{a.issuer}</Name></b>: <Said free text={a.text} /></li>)}</ul>}
		</Card>
	);
}

export function LeavesPage() {
	return (
		<div class="leaves">
			<Sinks />
			<Makers />
			<div class="twin"><Cases /><Advisories /></div>
		</div>
	);
}
