// SPDX-License-Identifier: GPL-2.0-or-later
/* Who deviates from its own history, when, and in what: each device is measured against
 * itself alone. */
import { withQuery } from "../api/client";
import { useResource } from "../api/resource";
import { query, setQuery } from "../app/router";
import { lang, t } from "../i18n";
import { inert } from "../parts/inert";
import { Button, Card, Empty, Name, Table, Trouble } from "../parts/parts";
import { Trend } from "../parts/trend";
import { Said } from "../parts/said";

interface Top {
	day: string;
	measure: string;
	score: number;
	what: string;
	was: string | number;
	usual: string | number;
}

interface Row {
	id: number;
	name: string;
	baseline_days: number;
	scores: (number | null)[];
	top: Top[];
}

interface AnomaliesReply {
	days: string[];
	least_days: number;
	devices: Row[];
}

const DAYS = [14, 28];
const UNUSUAL = 60; /* of 100: from here on it is said in words */
const STEPS = 6;

const name = (day: string) => new Intl.DateTimeFormat(lang.value,
	{ day: "numeric", month: "short" }).format(new Date(`${day}T12:00:00Z`));

/* 0 to 5: how dark. */
export const step = (score: number | null) =>
	score === null ? -1 : Math.min(STEPS - 1, Math.floor((Math.max(0, score) / 100) * STEPS));

const highest = (r: Row) => Math.max(-1, ...r.scores.map((s) => s ?? -1));

/* The unusual ones first; among them the most unusual of late. */
export function sorted(rows: readonly Row[]): Row[] {
	const late = (r: Row) => r.scores.reduce<number>((best, s, i) =>
		Math.max(best, (s ?? 0) * (0.5 + (i + 1) / r.scores.length / 2)), 0);
	return [...rows].sort((a, b) => late(b) - late(a) || a.name.localeCompare(b.name));
}

function Heat({ row, days }: { row: Row; days: string[] }) {
	return (
		<span class="heat">{days.map((d, i) => {
			const score = row.scores[i] ?? null;
			return <i key={d} class={`h${step(score)}`} title={score === null ?
				t.anomalies.noScore(name(d)) : t.anomalies.score(name(d), score)}>{
				score !== null && score >= UNUSUAL ? score : ""}</i>;
		})}</span>
	);
}

function words(row: Row, days: string[]): string {
	const odd = days.filter((_, i) => (row.scores[i] ?? 0) >= UNUSUAL);
	return odd.length ? odd.map((d) => t.anomalies.score(name(d), row.scores[days.indexOf(d)] ?? 0)).join(", ") :
		highest(row) < 0 ? t.anomalies.tooYoung : t.anomalies.less;
}

function Detail({ row, days }: { row: Row; days: string[] }) {
	return (
		<div class="why-odd">
			<h2>{t.anomalies.trend(inert(row.name))}</h2>
			{highest(row) < 0 ? <p class="soft">{t.anomalies.tooYoung}</p> :
				<Trend days={days} values={row.scores} dayName={name}
					label={`${row.name}: ${words(row, days)}`} />}
			{row.top.length === 0 ? <p class="soft">{t.anomalies.nothing}</p> :
				<Table rows={row.top} label={t.anomalies.unusual} keyOf={(x) => `${x.day} ${x.what}`} columns={[
					{ head: t.anomalies.day, cell: (x) => name(x.day) },
					{ head: t.anomalies.what, cell: (x) => t.anomalies.measure[x.measure] ??
						<Said text={x.what} /> },
					{ head: t.anomalies.was, num: true, cell: (x) => <b><Said text={String(x.was)} /></b> },
					{ head: t.anomalies.usual, num: true, cell: (x) => <Said text={String(x.usual)} /> },
				]} />}
			<div class="btns"><Button href={`/devices/${row.id}`}>{t.anomalies.open}</Button>
				<Button href={`/devices/${row.id}/timeline`}>{t.device.timeline}</Button></div>
		</div>
	);
}

function Rows({ reply }: { reply: AnomaliesReply }) {
	const open = query.value.get("device");
	return (
		<ul class="rows odds">{sorted(reply.devices).map((r) => {
			const shown = String(r.id) === open;
			return (
				<li key={r.id}>
					<button type="button" class="odd" aria-expanded={shown}
						onClick={() => setQuery({ device: shown ? null : String(r.id) })}>
						<b><Name>{r.name}</Name></b>
						<small class="soft">{highest(r) < 0 ? t.anomalies.tooYoung : t.anomalies.baseline(r.baseline_days)}</small>
						<Heat row={r} days={reply.days} />
						<span class="hidden-but-read">{words(r, reply.days)}</span>
					</button>
					{shown && <Detail row={r} days={reply.days} />}
				</li>);
		})}</ul>
	);
}

function Scale() {
	return (
		<p class="scale soft small" aria-hidden="true">{t.anomalies.less}
			<span class="heat">{Array.from({ length: STEPS }, (_, i) => <i key={i} class={`h${i}`} />)}</span>
			{t.anomalies.more}</p>
	);
}

export function AnomaliesPage() {
	const days = DAYS.find((d) => String(d) === query.value.get("days")) ?? DAYS[0]!;
	const r = useResource<AnomaliesReply>(withQuery("/v1/anomalies", { days }), ["anomalies"]);
	const reply = r.value.value;
	if (!reply)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> : <div class="pending" />;
	const known = reply.devices.filter((x) => highest(x) >= 0);
	const odd = known.filter((x) => x.scores.slice(-2).some((s) => (s ?? 0) >= UNUSUAL));
	return (
		<>
			<div class="head">
				<h1>{known.length ? t.anomalies.sentence(odd.length) : t.anomalies.title}</h1>
				<label><span class="hidden-but-read">{t.anomalies.days}</span>
					<select class="input narrow" value={days} onChange={(e) => setQuery({ days: e.currentTarget.value })}>
						{DAYS.map((d) => <option key={d} value={d}>{t.anomalies.daysN(d)}</option>)}</select></label>
			</div>
			<p class="sub measure">{t.anomalies.help}</p>
			{known.length === 0 ?
				<Card class="gaptop"><Empty icon="anomalies" title={t.anomalies.none}>{t.anomalies.noneText(reply.least_days)}</Empty></Card> :
				<><Card class="flush gaptop"><Rows reply={reply} /></Card><Scale /></>}
		</>
	);
}
