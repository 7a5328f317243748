// SPDX-License-Identifier: GPL-2.0-or-later
/* One device: what it is, how it stands, one main thing to do, and four ways to look. */
import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import { part } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Decision, State } from "../../api/types";
import { change } from "../../app/change";
import { mayChange } from "../../app/session";
import { t } from "../../i18n";
import { ago, moment, since } from "../../i18n/format";
import { DecisionCard, REVIEWED } from "../../parts/decision";
import { KindIcon } from "../../parts/icons";
import { inert } from "../../parts/inert";
import { Button, CopyCommand, Dialog, Empty, Name, StateBadge, Trouble } from "../../parts/parts";
import { deviceWord, shell } from "../../parts/shell";
import { WatchingLine } from "../../parts/watching";
import { Identity } from "./identity";
import { Rules } from "./rules";
import { Talks } from "./talks";
import { Timeline } from "./timeline";
import { isHeld, type Device } from "./types";

const TABS: Record<string, ComponentType<{ device: Device }>> = {
	talks: Talks, rules: Rules, timeline: Timeline, identity: Identity };
type Tab = "talks" | "rules" | "timeline" | "identity";

const CLASSES = ["light", "plug", "speaker", "tv", "camera", "sensor", "appliance", "climate",
	"printer", "toy", "lock", "alarm", "medical", "phone", "hub", "smoke", "heating", "computer",
	"other"];

interface Act {
	text: string;
	href: string;
}

/* These are asked where the device is held. */
const OF_CASES = new Set(["case", "release", "playbook"]);

/* What there is to do about it now: at most one thing. review: the question, or null. */
export function mainAct(state: State, id: number, review: number | null): Act | null {
	const held = { text: t.device.act.release, href: `/quarantine?device=${id}` };
	if (review !== null)
		return { text: t.device.act.asks, href: `/review/${id}?decision=${review}` };
	switch (state) {
	case "learning":
		return { text: t.device.act.review, href: `/review/${id}` };
	case "new":
		return { text: t.device.act.say, href: `/devices/${id}/identity` };
	case "suspicious":
		return { text: t.device.act.look, href: `/devices/${id}/timeline` };
	case "quarantined": case "limited": case "updating": case "attesting": case "unfixable":
		return held;
	case "probation":
		return { text: t.device.act.probation, href: held.href };
	default:
		return null;
	}
}

type Ask = "rename" | "kind" | "hold" | "retire" | null;

function AskDialog({ ask, device: d, close, reload }:
	{ ask: Ask; device: Device; close: () => void; reload: () => Promise<void> }) {
	const [text, setText] = useState(ask === "rename" ? d.name : ask === "kind" ? d.class : "");
	const at = `/v1/devices/${part(d.id)}`;
	const word = deviceWord(d);
	const all = {
		rename: { title: t.device.rename, body: { name: text }, said: t.device.renamed(inert(text)),
			command: shell("cardea", "device", "rename", word, text), at },
		kind: { title: t.device.kind, body: { class: text || null }, said: t.device.kindSaid,
			command: shell("cardea", "device", "set", word, "--class", text), at },
		hold: { title: t.device.hold, body: { add: text }, said: t.device.held,
			command: shell("cardea", "quarantine", "add", word, "--reason", text),
			at: `/v1/quarantine/${part(d.id)}` },
		retire: { title: t.device.retire, body: { retire: true }, said: t.state.retired,
			command: shell("cardea", "device", "retire", word), at: `/v1/retired/${part(d.id)}` },
	};
	const now = ask && all[ask];
	const go = async (e: Event) => {
		e.preventDefault();
		if (!now)
			return;
		const r = await change(now.at, now.body, now.said);
		if (r.ok) {
			await reload();
			close();
		}
	};
	if (!now)
		return null;
	return (
		<Dialog open onClose={close} title={now.title} sheet>
			<form onSubmit={(e) => void go(e)}>
				{ask === "hold" && <p class="soft">{t.device.holdHelp}</p>}
				{ask === "retire" && <p class="soft">{t.device.retireHelp}</p>}
				{ask === "kind" && (
					<label class="field"><span>{t.device.kind}</span>
						<select class="input" value={text} onChange={(e) => setText(e.currentTarget.value)}>
							{!CLASSES.includes(text) && <option value={text}>{t.device.kindUnknown}</option>}
							{CLASSES.map((c) => <option key={c} value={c}>{t.kinds[c] ?? c}</option>)}
						</select></label>)}
				{(ask === "rename" || ask === "hold") && (
					<label class="field"><span>{ask === "hold" ? t.device.holdWhy : t.device.newName}</span>
						<input class="input" required maxLength={ask === "hold" ? 255 : 63} value={text} autofocus
							onInput={(e) => setText(e.currentTarget.value)} /></label>)}
				<div class="btns">
					<Button look={ask === "rename" || ask === "kind" ? "main" : "bad"} type="submit">{
						ask === "rename" || ask === "kind" ? t.common.save : now.title}</Button>
					<Button look="bare" onClick={close}>{t.common.cancel}</Button>
					{text && <CopyCommand command={now.command} />}
				</div>
			</form>
		</Dialog>
	);
}

function More({ device: d, reload }: { device: Device; reload: () => Promise<void> }) {
	const [open, setOpen] = useState(false);
	const [ask, setAsk] = useState<Ask>(null);
	const begin = (what: Ask) => {
		setOpen(false);
		setAsk(what);
	};
	const readmit = async () => {
		setOpen(false);
		const r = await change(`/v1/retired/${part(d.id)}`, { retire: false }, t.device.readmit);
		if (r.ok)
			await reload();
	};
	return (
		<>
			<Button onClick={() => setOpen(true)}>{t.device.more}</Button>
			<Dialog open={open} onClose={() => setOpen(false)} title={t.device.more} sheet>
				<div class="menu">
					<button type="button" onClick={() => begin("rename")}>{t.device.rename}</button>
					<button type="button" onClick={() => begin("kind")}>{t.device.kind}</button>
					{!isHeld(d) && <button type="button" onClick={() => begin("hold")}>{t.device.hold}</button>}
					{d.state === "retired" ?
						<button type="button" onClick={() => void readmit()}>{t.device.readmit}</button> :
						<button type="button" onClick={() => begin("retire")}>{t.device.retire}</button>}
				</div>
			</Dialog>
			{ask && <AskDialog ask={ask} device={d} close={() => setAsk(null)} reload={reload} />}
		</>
	);
}

function Head({ device: d, asks, review, reload }:
	{ device: Device; asks: boolean; review: number | null; reload: () => Promise<void> }) {
	const act = mainAct(d.state, d.id, review);
	const p = d.profile;
	const made = p?.systeminfo && p.mfg_name ? t.device.by(inert(p.systeminfo), inert(p.mfg_name)) :
		p?.systeminfo ? inert(p.systeminfo) : "";
	const address = d.addresses.find((a) => a.address.includes("."))?.address;
	return (
		<header class="devhead">
			<span class={`disc s-${asks ? "asks" : d.state}`}><KindIcon of={d.class} size={30} /></span>
			<div class="naming">
				<h1><Name>{d.name}</Name></h1>
				<p class="line">
					<StateBadge state={d.state} asks={asks} more={t.device.since(since(d.since))} />
				</p>
				<p class="soft small">
					{made && <><span>{made}</span> · </>}
					{address && <><span class="mono">{address}</span> · </>}
					<time title={moment(d.last_seen)}>{t.device.seen(ago(d.last_seen))}</time>
				</p>
				<p class="soft">{(t.stateHelp as Record<string, string>)[d.state]}</p>
				{!isHeld(d) && <WatchingLine />}
			</div>
			<div class="btns">
				{act && <Button look="main" href={act.href}>{act.text}</Button>}
				{mayChange.value && <More device={d} reload={reload} />}
			</div>
		</header>
	);
}

function Tabs({ id, tab }: { id: string; tab: Tab }) {
	return (
		<nav class="tabs" aria-label={t.device.tabs}>
			{(Object.keys(TABS) as Tab[]).map((k) => (
				<a key={k} href={`/devices/${part(id)}/${k}`} aria-current={k === tab ? "page" : undefined}>
					{t.device[k]}</a>))}
		</nav>
	);
}

export function DevicePage({ params }: { params: Record<string, string> }) {
	const id = params["id"] ?? "";
	const tab: Tab = params["tab"] && params["tab"] in TABS ? params["tab"] as Tab : "talks";
	const r = useResource<Device>(`/v1/devices/${part(id)}`, ["devices", "decisions"]);
	const open = useResource<{ decisions: Decision[] }>("/v1/decisions", ["decisions"]);
	const d = r.value.value;
	if (!d)
		return r.problem.value?.status === 404 ? <Empty icon="devices" title={t.device.gone}>
			<a href="/devices">{t.nav.devices}</a></Empty> :
			r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> : <div class="pending" />;
	const asked = open.value.value?.decisions.filter((x) => x.device === d.name && !OF_CASES.has(x.kind)) ?? [];
	const review = asked.find((x) => REVIEWED.has(x.kind))?.id ?? null;
	const reload = async () => {
		await Promise.all([r.reload(), open.reload()]);
	};
	const Shown = TABS[tab]!;
	return (
		<article class="devpage">
			<Head device={d} asks={asked.length > 0} review={review} reload={reload} />
			{asked.filter((x) => !REVIEWED.has(x.kind)).map((x) =>
				<DecisionCard key={x.id} decision={x} done={reload} id={d.id} />)}
			<Tabs id={id} tab={tab} />
			<Shown device={d} />
		</article>
	);
}
