// SPDX-License-Identifier: GPL-2.0-or-later
/* Every setting of the gateway, as its own table describes it. What is changed collects in
 * a bar; after applying, whoever does not confirm gets the old settings back. */
import { useEffect, useState } from "preact/hooks";
import { post, type Problem } from "../api/client";
import { useResource, type Resource } from "../api/resource";
import { guardLeaving, query, setQuery } from "../app/router";
import { mayChange } from "../app/session";
import { say } from "../app/undo";
import { t } from "../i18n";
import { count } from "../i18n/format";
import { Icon } from "../parts/icons";
import { Button, Card, CopyCommand, Dialog, Empty, Table, Trouble } from "../parts/parts";
import { People } from "../parts/people";
import { nameOf, SettingField, type Setting } from "../parts/setting";
import { Said, spoken } from "../parts/said";

const CONFIRM_S = 90;

interface Changed {
	key: string;
	from: unknown;
	to: unknown;
	applies: string;
}

interface SettingsReply {
	items: Setting[];
	pending: null | { until: string; changes: Changed[] };
}

export const keyOf = (s: Setting) => `${s.section}.${s.key}`;
export const textOf = (value: unknown): string =>
	Array.isArray(value) ? value.join(", ") : String(value ?? "");

/* Only what is really different counts as a change. */
export function differing(items: Setting[], edits: Record<string, string>): Record<string, string> {
	const found: Record<string, string> = {};
	for (const s of items) {
		const edit = edits[keyOf(s)];
		if (edit !== undefined && edit !== textOf(s.value))
			found[keyOf(s)] = edit;
	}
	return found;
}

const wire = (s: Setting | undefined, text: string) => s?.type === "list" ?
	text.split(",").map((x) => x.trim()).filter(Boolean) : text;

function Preview({ changes }: { changes: Changed[] }) {
	return (
		<Table rows={changes} keyOf={(c) => c.key} label={t.settings.preview} columns={[
			{ head: t.settings.what, cell: (c) => <code>{c.key}</code> },
			{ head: t.settings.from, cell: (c) => <bdi class="value">{textOf(c.from) || "–"}</bdi> },
			{ head: t.settings.to, cell: (c) => <b><bdi class="value">{textOf(c.to) || "–"}</bdi></b> },
			{ head: t.settings.applies, cell: (c) => c.applies === "now" ? t.settings.now : <Said text={c.applies} /> },
		]} />
	);
}

/* Seconds until a time; 0 when it is over. Told once a second. */
function useCountdown(until: string | undefined): number {
	const left = () => until ? Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1000)) : 0;
	const [now, setNow] = useState(left());
	useEffect(() => {
		setNow(left());
		const timer = setInterval(() => setNow(left()), 1000);
		return () => clearInterval(timer);
	}, [until]);
	return now;
}

function Pending({ r, pending }:
	{ r: Resource<SettingsReply>; pending: NonNullable<SettingsReply["pending"]> }) {
	const left = useCountdown(pending.until);
	const [problem, setProblem] = useState<Problem | null>(null);
	useEffect(() => {
		/* the gateway took them back by itself: see what holds now */
		if (left === 0)
			void r.reload();
	}, [left === 0]);
	const end = async (body: unknown, word: string) => {
		const answer = await post("/v1/settings", body);
		setProblem(answer.ok ? null : answer.problem);
		if (answer.ok)
			say(word);
		await r.reload();
	};
	return (
		<Card class="pending-card">
			<h2>{t.settings.confirmTitle}</h2>
			<p class="soft">{t.settings.confirmText}</p>
			<p class="count" role="timer">{t.settings.left(count(left))}</p>
			<Preview changes={pending.changes} />
			<Trouble problem={problem} />
			<div class="btns">
				<Button look="main" onClick={() => end({ confirm: true }, t.settings.confirmed)}>
					{t.settings.confirm}</Button>
				<Button onClick={() => end({ rollback: true }, t.settings.rolledBack)}>
					{t.settings.rollback}</Button>
				<CopyCommand command="cardea config confirm" />
			</div>
		</Card>
	);
}

function ApplyBar({ items, edits, reset, r }:
	{ items: Setting[]; edits: Record<string, string>; reset: () => void;
	  r: Resource<SettingsReply> }) {
	const [seen, setSeen] = useState<Changed[] | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	const many = Object.keys(edits).length;
	const set = Object.fromEntries(Object.entries(edits).map(([key, text]) =>
		[key, wire(items.find((s) => keyOf(s) === key), text)]));
	const send = async (dry: boolean) => {
		const a = await post<{ changes: Changed[] }>("/v1/settings",
			dry ? { set, dry_run: true } : { set, confirm_within: CONFIRM_S }, { etag: r.etag.value });
		setProblem(a.ok ? null : a.problem);
		setSeen(a.ok && dry ? a.value.changes : null);
		if (a.ok && !dry) {
			reset();
			await r.reload();
			scrollTo({ top: 0 });
		}
	};
	if (many === 0)
		return null;
	return (
		<div class="bar" role="region" aria-label={t.settings.changes(many)}>
			<b>{t.settings.changes(many)}</b>
			<div class="btns">
				<Button onClick={() => send(true)}>{t.settings.preview}</Button>
				<Button look="main" onClick={() => send(false)}>{t.settings.apply}</Button>
				<Button look="bare" onClick={reset}>{t.settings.discard}</Button>
			</div>
			<Trouble problem={problem} />
			<Dialog open={seen !== null} onClose={() => setSeen(null)} title={t.settings.preview}>
				{seen && <Preview changes={seen} />}
				<p class="small soft">{t.settings.previewText(CONFIRM_S)}</p>
				<div class="btns">
					<Button look="main" onClick={() => send(false)}>{t.settings.apply}</Button>
					<Button look="bare" onClick={() => setSeen(null)}>{t.common.cancel}</Button>
				</div>
			</Dialog>
		</div>
	);
}

function Section({ name, items, edits, edit, open }:
	{ name: string; items: Setting[]; edits: Record<string, string>; open: boolean;
	  edit: (key: string, to: string) => void }) {
	const words = (t.settings.section as Record<string, string>)[name];
	const changed = items.some((s) => keyOf(s) in edits);
	return (
		<details class="group" open={open || changed}>
			<summary><h2>{words ?? name}</h2>
				<span class="soft small">{t.settings.many(items.length)}</span></summary>
			<Card>{items.map((s) => <SettingField key={s.key} setting={s} id={keyOf(s)}
				value={edits[keyOf(s)] ?? textOf(s.value)} changed={keyOf(s) in edits}
				disabled={!mayChange.value || Boolean(s.by_hand)}
				onChange={(to) => edit(keyOf(s), to)} />)}</Card>
		</details>
	);
}

function sectionsOf(items: Setting[], words: string): [string, Setting[]][] {
	const by = new Map<string, Setting[]>();
	for (const s of items)
		if (`${keyOf(s)} ${nameOf(s)} ${spoken(s.help)}`.toLowerCase().includes(words.toLowerCase()))
			by.set(s.section, [...(by.get(s.section) ?? []), s]);
	return [...by];
}

export function Settings() {
	const r = useResource<SettingsReply>("/v1/settings", ["settings"]);
	const [edits, setEdits] = useState<Record<string, string>>({});
	const reply = r.value.value;
	const changed = reply ? differing(reply.items, edits) : {};
	const many = Object.keys(changed).length;
	useEffect(() => {
		guardLeaving(many ? () => confirm(t.settings.leave(many)) : null);
		return () => guardLeaving(null);
	}, [many]);
	if (!reply)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> :
			<div class="pending" />;
	const words = query.value.get("q") ?? "";
	const sections = sectionsOf(reply.items, words);
	return (
		<>
			<h1>{t.nav.settings}</h1>
			{reply.pending && <Pending r={r} pending={reply.pending} />}
			<div class="filter"><label class="search"><Icon of="search" size={18} />
				<span class="hidden-but-read">{t.common.search}</span>
				<input class="input" type="search" value={words} placeholder={t.settings.searchFor}
					onInput={(e) => setQuery({ q: e.currentTarget.value })} /></label></div>
			{mayChange.value && !words && <People />}
			{sections.map(([name, items]) => <Section key={name} name={name} items={items}
				open={words !== ""}
				edits={changed} edit={(key, to) => setEdits((now) => ({ ...now, [key]: to }))} />)}
			{sections.length === 0 && <Card><Empty icon="settings" title={t.settings.noMatch} /></Card>}
			<ApplyBar items={reply.items} edits={changed} r={r} reset={() => setEdits({})} />
		</>
	);
}
