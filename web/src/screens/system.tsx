// SPDX-License-Identifier: GPL-2.0-or-later
/* How the gateway itself is: processes and how they are shut in, what judges packets, what
 * was lost, whose clock. */
import { useResource } from "../api/resource";
import { mayChange } from "../app/session";
import { t } from "../i18n";
import { ago, bytes, count, moment } from "../i18n/format";
import { Shape } from "../parts/icons";
import { Card, CopyCommand, Trouble } from "../parts/parts";
import { spoken } from "../parts/said";

interface Process {
	name: string;
	running: boolean;
	waits?: boolean;
	pid: number;
	restarts: number;
	sandbox: string;
	memory_kb: number | null;
}

interface Port {
	name: string;
	covered: boolean;
	why?: string | null;
	accepted?: boolean;
}

interface Reply {
	version: string;
	started: string;
	ready: boolean;
	backend: string;
	backend_lacks: string | null;
	ports: Port[];
	processes: Process[];
	memory_at: string | null;
	sensor: { frames: number; malformed: number; dropped: number; violations: number;
		suppressed: number };
	store: { bytes: number; written: number; writes_day: number | null };
	refused_transactions: number;
	clock_trusted: boolean;
}

interface Status {
	dns_service: { tls: boolean; why_not: string; name: string; fingerprint: string | null;
		not_after: string | null };
}

/* Of the levels that a process can have; more is better, all is "whole". */
const LEVELS = ["rlimit", "chroot", "uid", "no_new_privs", "landlock", "seccomp"];

function ProcessState({ p }: { p: Process }) {
	const word = p.running ? t.system.running : p.waits ? t.system.waits : t.system.stopped;
	const shape = p.running ? "protected" : p.waits ? "away" : "quarantined";
	return <span class={`badge s-${shape}`}><Shape of={shape} size={13} /><span>{word}</span></span>;
}

function Sandbox({ of }: { of: string }) {
	const has = new Set(of.split(" "));
	const many = LEVELS.filter((l) => has.has(l)).length;
	return (
		<span class="levels" title={of}>
			<span aria-hidden="true">{LEVELS.map((l) => <i key={l} class={has.has(l) ? "on" : ""} />)}</span>
			<span class="small">{t.system.levels(many, LEVELS.length)}</span>
		</span>
	);
}

function Processes({ list }: { list: Process[] }) {
	return (
		<Card class="flush"><ul class="rows">{list.map((p) => (
			<li key={p.name} class="process">
				<p class="names"><b>{p.name}</b> <small class="soft">{
					(t.system.does as Record<string, string>)[p.name] ?? ""}</small></p>
				<ProcessState p={p} />
				{p.running ? <Sandbox of={p.sandbox} /> : <span />}
				<span class="num small soft">{p.memory_kb !== null && <span title={t.system.memory}>{
					bytes(p.memory_kb * 1024)}</span>}{p.restarts > 0 &&
					` · ${t.system.restarted(count(p.restarts))}`}</span>
			</li>))}</ul></Card>
	);
}

function Facts({ rows }: { rows: [string, string | number | null | undefined, string?][] }) {
	return (
		<dl class="facts">{rows.filter(([, v]) => v !== null && v !== undefined && v !== "").map(
			([name, value, why]) => (
				<><dt>{name}</dt><dd><bdi>{typeof value === "number" ? count(value) : value}</bdi>
					{why && <small class="soft block">{why}</small>}</dd></>))}</dl>
	);
}

/* In fours, as one compares it with what the console shows. */
export const spaced = (hex: string) => hex.replace(/(.{4})(?=.)/g, "$1 ");

function Certificate() {
	const s = useResource<Status>("/v1/status", ["settings"]).value.value?.dns_service;
	return !s ? null : (
		<section class="section"><h2 class="over">{t.system.certificate}</h2><Card>
			<Facts rows={[[t.system.name, s.name],
				[t.system.fingerprint, s.fingerprint ? spaced(s.fingerprint) : null],
				[t.system.until, s.not_after ? moment(s.not_after) : null],
				[t.system.lacks, spoken(s.why_not) || null]]} />
		</Card></section>
	);
}

/* What is sent to somebody who is to help; the gateway leaves names and addresses out. */
function Bundle() {
	return (
		<section class="section"><h2 class="over">{t.system.help}</h2><Card>
			<p class="soft">{t.system.bundleText}</p>
			<div class="btns gap">
				<a class="btn plain" href="/v1/bundle" download="cardea-bundle.json">{t.system.bundle}</a>
				<CopyCommand command="cardea status --json" />
			</div>
		</Card></section>
	);
}

function headOf(s: Reply, bare: number): string {
	if (!s.ready)
		return t.system.starts;
	return bare || s.processes.some((p) => !p.running && !p.waits) ? t.system.ports : t.system.well;
}

export function System() {
	const r = useResource<Reply>("/v1/system", ["system", "settings"]);
	const s = r.value.value;
	if (!s)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> :
			<div class="pending" />;
	const bare = s.ports.filter((p) => !p.covered);
	return (
		<>
			<h1>{headOf(s, bare.length)}</h1>
			<p class="sub">{t.system.since(s.version, ago(s.started))}</p>
			<section class="section"><h2 class="over">{t.system.guard}</h2><Card>
				<Facts rows={[
					[t.system.backend, s.backend === "bpf" ? t.system.bpf : t.system.nft, spoken(s.backend_lacks)],
					[t.system.covered, t.system.coveredOf(s.ports.length - bare.length, s.ports.length),
						bare.map((p) => `${p.name}: ${spoken(p.why)}`).join(" · ")],
					[t.system.clock, s.clock_trusted ? t.system.clockGood : t.system.clockBad],
					[t.system.refused, s.refused_transactions],
				]} />
			</Card></section>
			<section class="section"><h2 class="over">{t.system.processes}</h2><Processes list={s.processes} /></section>
			<section class="section"><h2 class="over">{t.system.watching}</h2><Card>
				<Facts rows={[
					[t.system.frames, s.sensor.frames], [t.system.dropped, s.sensor.dropped,
						s.sensor.dropped ? t.system.droppedWhy : ""],
					[t.system.malformed, s.sensor.malformed],
					[t.system.suppressed, s.sensor.suppressed],
					[t.system.store, bytes(s.store.bytes)],
					[t.system.written, s.store.writes_day === null ? null :
						t.system.aDay(bytes(s.store.writes_day))]]} />
			</Card></section>
			<Certificate />
			{mayChange.value && <Bundle />}
		</>
	);
}
