// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is held, why, what still works, and the way back. Letting one out takes two steps and
 * a reason, so that it is no reflex. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { part, post } from "../api/client";
import { useResource } from "../api/resource";
import type { Decision } from "../api/types";
import { change } from "../app/change";
import { query } from "../app/router";
import { mayChange } from "../app/session";
import { sayProblem } from "../app/undo";
import { lang, t } from "../i18n";
import { ago, dayHour, moment, since } from "../i18n/format";
import { DecisionCard } from "../parts/decision";
import { Shape } from "../parts/icons";
import { inert } from "../parts/inert";
import { Button, Card, CopyCommand, Empty, Name, StateBadge, Trouble } from "../parts/parts";
import { deviceWord, shell } from "../parts/shell";
import { CaseExport } from "./case";
import { type Device, isHeld } from "./device/types";
import { Said } from "../parts/said";

interface Released {
	state: string;
	code: string | null;
	code_seconds: number;
}

const STAYS = new Set(["quarantined", "limited", "updating", "attesting", "unfixable", "probation"]);

function Part({ head, children }: { head: string; children: ComponentChildren }) {
	return <section class="part"><h3>{head}</h3>{children}</section>;
}

function Steps({ device: d }: { device: Device }) {
	return (
		<ol class="timeline slim">{(d.evidence ?? []).map((s, k) => (
			<li key={`${s.at}${k}`} class="entry w-state">
				<time dateTime={s.at} title={moment(s.at)}>{ago(s.at)}</time>
				<div>
					<p class={`moved s-${s.to}`}><Shape of={s.to} /> {(t.state as Record<string, string>)[s.to] ?? s.to}</p>
					<p><Said text={s.sentence} /></p>
					{s.detail && <p class="small soft"><Said free text={s.detail} /></p>}
				</div>
			</li>))}</ol>
	);
}

/* The host of a line of "allowed_in_quarantine" that the owner added himself. */
function Works({ device: d, reload }: { device: Device; reload: () => Promise<void> }) {
	const [host, setHost] = useState("");
	const works = d.allowed_in_quarantine ?? [];
	const add = async (e: Event) => {
		e.preventDefault();
		const r = await change(`/v1/quarantine/${part(d.id)}`, { allow: host.trim() }, t.quarantine.opened);
		if (r.ok) {
			setHost("");
			await reload();
		}
	};
	return (
		<>
			{works.length === 0 && <p class="soft">{t.quarantine.worksNone}</p>}
			<ul class="ticks">{works.map((w) => <li key={w}><Said text={w} /></li>)}</ul>
			{mayChange.value && isHeld(d) && (
				<details><summary>{t.quarantine.allowMore}</summary>
				<form class="inlineform" onSubmit={(e) => void add(e)}>
					<label class="field"><span class="small soft">{t.quarantine.host}</span>
						<input class="input" required maxLength={300} value={host}
							onInput={(e) => setHost(e.currentTarget.value)} /></label>
					<Button type="submit">{t.quarantine.allowHost}</Button>
					{host && <CopyCommand command={shell("cardea", "quarantine", "allow", deviceWord(d), host.trim())} />}
				</form></details>)}
		</>
	);
}

/* Step one asks for a code, step two types it: the gateway counts both. */
function Release({ device: d, reload }: { device: Device; reload: () => Promise<void> }) {
	const [open, setOpen] = useState(false);
	const [reason, setReason] = useState("");
	const [asked, setAsked] = useState<Released | null>(null);
	const [code, setCode] = useState("");
	const at = `/v1/quarantine/${part(d.id)}`;
	const word = deviceWord(d);
	const first = async (e: Event) => {
		e.preventDefault();
		const r = await post<Released>(at, { release: true });
		if (r.ok)
			setAsked(r.value);
		else
			sayProblem(r.problem);
	};
	const second = async (e: Event) => {
		e.preventDefault();
		const r = await change<Released>(at, { release: true, code: code.trim(), reason },
			t.quarantine.released);
		/* the gateway counts: after a wrong code there is a new one */
		setAsked(null);
		setCode("");
		if (r.ok)
			await reload();
	};
	const cancel = () => {
		setOpen(false);
		setAsked(null);
		setCode("");
	};
	if (!open)
		return <div class="btns"><Button look="bad" onClick={() => setOpen(true)}>{t.quarantine.release}</Button>
			<CopyCommand command={shell("cardea", "quarantine", "release", word)} /></div>;
	return (
		<div class="release">
			<form onSubmit={(e) => void first(e)}>
				<h3>{t.quarantine.step1}</h3>
				<p class="small soft">{t.quarantine.step1Help}</p>
				<label class="field"><span>{t.quarantine.reason}</span>
					<input class="input" required maxLength={255} value={reason} disabled={asked !== null}
						onInput={(e) => setReason(e.currentTarget.value)} /></label>
				{!asked && <div class="btns"><Button type="submit">{t.quarantine.ask}</Button>
					<Button look="bare" onClick={cancel}>{t.common.cancel}</Button></div>}
			</form>
			{asked && (
				<form onSubmit={(e) => void second(e)}>
					<h3>{t.quarantine.step2}</h3>
					<p class="small soft">{t.quarantine.step2Help(Math.max(1, Math.round(asked.code_seconds / 60)))}</p>
					<p class="code" aria-live="polite">{asked.code}</p>
					<label class="field"><span>{t.quarantine.code}</span>
						<input class="input mono" required inputMode="numeric" autocomplete="off" maxLength={15} value={code}
							onInput={(e) => setCode(e.currentTarget.value)} /></label>
					<div class="btns"><Button look="bad" type="submit">{t.quarantine.releaseNow}</Button>
						<Button look="bare" onClick={cancel}>{t.common.cancel}</Button>
						<CopyCommand command={shell("cardea", "quarantine", "release", word, "--code", asked.code ?? "")} /></div>
				</form>)}
		</div>
	);
}

const MINUTE = 60e3, HOUR = 3600e3, DAY = 86400e3;

/* "6 days": what is left. */
export function left(until: string, now = Date.now(), language: string = lang.value): string {
	const ms = Date.parse(until) - now;
	if (!(ms > 0))
		return "";
	const [n, unit] = ms > 2 * DAY ? [ms / DAY, "day"] : ms > 2 * HOUR ? [ms / HOUR, "hour"] :
		[Math.max(1, ms / MINUTE), "minute"];
	return new Intl.NumberFormat(language,
		{ style: "unit", unit: unit as string, unitDisplay: "long" }).format(Math.floor(n as number));
}

function Probation({ device: d }: { device: Device }) {
	if (!d.deadline)
		return null;
	const begin = Date.parse(d.since), end = Date.parse(d.deadline);
	const done = Math.min(1, Math.max(0, (Date.now() - begin) / Math.max(1, end - begin)));
	return (
		<Part head={t.quarantine.wayBack}>
			<p>{t.quarantine.probation(dayHour(d.deadline))} <span class="soft">{t.quarantine.probationLeft(left(d.deadline))}</span></p>
			<svg class="confbar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
				<rect class="all" width="100" height="8" /><rect class="sure" width={done * 100} height="8" /></svg>
		</Part>
	);
}

function WayBack({ device: d }: { device: Device }) {
	if (d.state === "probation")
		return <Probation device={d} />;
	const needs = t.quarantine.needs[d.return_needs ?? ""] ?? t.quarantine.needs["owner"];
	return (
		<Part head={t.quarantine.wayBack}>
			<p>{needs}</p>
			{d.deadline && <p class="small soft">{t.quarantine.deadline(dayHour(d.deadline))}</p>}
		</Part>
	);
}

/* What shall become of it: the gateway asks, and advises the first. */
function Asks({ device: d, reload }: { device: Device; reload: () => Promise<void> }) {
	const open = useResource<{ decisions: Decision[] }>("/v1/decisions", ["decisions"]);
	const mine = open.value.value?.decisions.filter((x) => x.device === d.name) ?? [];
	return <>{mine.map((x) => <DecisionCard key={x.id} decision={x} id={d.id} done={async () => {
		await Promise.all([open.reload(), reload()]);
	}} />)}</>;
}

function Held({ id, reloadAll }: { id: number; reloadAll: () => Promise<void> }) {
	const r = useResource<Device>(`/v1/devices/${part(id)}`, ["devices"]);
	const d = r.value.value;
	if (!d)
		return <Trouble problem={r.problem.value} retry={r.reload} />;
	const offences = d.offences ?? 0;
	const reload = async () => {
		await Promise.all([r.reload(), reloadAll()]);
	};
	return (
		<Card class="held">
			<header>
				<h2><a href={`/devices/${d.id}`}><Name>{d.name}</Name></a></h2>
				<StateBadge state={d.state} more={t.device.since(since(d.since))} />
			</header>
			<div class="parts">
				<div>
					<Part head={t.quarantine.cause}><p><Said free text={d.quarantine || d.suspicion?.why || "–"} /></p></Part>
					<Part head={t.quarantine.evidence}><Steps device={d} /></Part>
				</div>
				<div>
					<Part head={t.quarantine.works}><Works device={d} reload={reload} /></Part>
					<WayBack device={d} />
					<Part head={t.quarantine.offences}><p>{offences <= 1 ? t.quarantine.first :
						t.quarantine.before(offences, d.returns ?? 0)}</p></Part>
					{mayChange.value && isHeld(d) && <Release device={d} reload={reload} />}
				</div>
			</div>
			<Asks device={d} reload={reload} />
			<CaseExport device={d} />
		</Card>
	);
}

export function QuarantinePage() {
	const r = useResource<{ devices: Device[] }>("/v1/devices", ["devices"]);
	const all = r.value.value?.devices;
	if (!all)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> : <div class="pending" />;
	const wanted = query.value.get("device");
	const held = all.filter((d) => STAYS.has(d.state) || isHeld(d) || String(d.id) === wanted)
		.filter((d) => !wanted || String(d.id) === wanted);
	const others = all.filter((d) => isHeld(d) && String(d.id) !== wanted);
	return (
		<>
			<h1>{held.length ? wanted ? inert(held[0]?.name) :
				t.quarantine.sentence(held.filter(isHeld).length) : t.quarantine.title}</h1>
			{held.length === 0 ?
				<Card><Empty icon="quarantine" title={t.quarantine.none}>{t.quarantine.noneText}</Empty></Card> :
				<div class="heldlist">{held.map((d) => <Held key={d.id} id={d.id} reloadAll={r.reload} />)}</div>}
			{wanted && others.length > 0 && <p class="links"><a href="/quarantine">{
				t.quarantine.sentence(others.length + held.filter(isHeld).length)}</a></p>}
			<p class="links"><CopyCommand command="cardea quarantine list" /></p>
		</>
	);
}

