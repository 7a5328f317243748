// SPDX-License-Identifier: GPL-2.0-or-later
/* Why? One sentence, what is known, and the one thing that undoes it: first played back
 * against what was recorded, then done, then undone if it was wrong. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { part, withQuery } from "../api/client";
import { useResource } from "../api/resource";
import { change } from "../app/change";
import { navigate, query } from "../app/router";
import { mayChange } from "../app/session";
import { t } from "../i18n";
import { ago, clock, count, date, moment, since } from "../i18n/format";
import { Confidence, type Unseen } from "../parts/confidence";
import { EffectOf } from "../parts/effect";
import { commonName, inert, plain } from "../parts/inert";
import { Button, Card, CopyCommand, Trouble } from "../parts/parts";
import { deviceWord, shell } from "../parts/shell";
import { type Overlay, Sentence } from "./device/rules";
import type { Talk } from "./device/talks_map";
import { type Device, isHeld } from "./device/types";
import { because, isNameless, ONCE_S, overlayFor, overlayWords, type Author, type OverlayAsk, type Why }
	from "./why_say";
import { Said } from "../parts/said";

interface Learning {
	unseen: Unseen;
	layers: { maker: unknown; adopted: { source?: string } | null };
}

const authorOf = (l: Learning | null, w: Why): Author =>
	l?.layers.adopted ? (l.layers.adopted.source === "owner" ? "owner" : "learned") :
	l?.layers.maker || w.profile ? "maker" : "none";

const DAY_MS = 86400e3;
const SEEN_HOURS = 336; /* as long as conversations are kept apart */

function peerWords(w: Why): string {
	const peer = inert(w.name ?? w.peer ?? "");
	return w.proto && (w.peer || w.port) ?
		t.why.service(peer, w.proto.toUpperCase(), w.port || null) : peer;
}

export function headline(w: Why): string {
	const d = inert(w.device), p = peerWords(w);
	const when = w.event ? t.why.at(clock(w.event.last)) : "";
	if (w.allowed)
		return t.why.mayTalk(d, p);
	if (w.event?.kind === "name-refused")
		return t.why.nameAsked(when, d, inert(w.name));
	return w.direction === "to-device" ? t.why.called(when, d, p) : t.why.tried(when, d, p);
}

function reason(w: Why, author: Author): string {
	const why = because(w, author);
	const said = why === "other" ? t.why.because.other(inert(w.decided_by)) : t.why.because[why];
	return isNameless(w) ? `${said} ${t.why.because.noName}` : said;
}

function Fact({ head, children }: { head: string; children: ComponentChildren }) {
	return <><dt>{head}</dt><dd>{children}</dd></>;
}

function Before({ device, w }: { device: Device; w: Why }) {
	const r = useResource<{ peers: Talk[] }>(
		withQuery(`/v1/talks/${part(device.id)}`, { hours: SEEN_HOURS }), ["policy"]);
	const same = r.value.value?.peers.filter((p) => p.proto === w.proto && p.port === w.port &&
		(p.address === w.peer || (p.name !== null && p.name === w.name)));
	if (!same)
		return <>–</>;
	const passed = same.reduce((n, p) => n + p.count, 0);
	const first = same.map((p) => p.first).filter(Boolean).sort()[0];
	if (!passed)
		return <>{t.why.never(Math.floor((Date.now() - Date.parse(device.first_seen)) / DAY_MS))}</>;
	return <>{t.why.seenTimes(count(passed), ago(first))}</>;
}

function Facts({ w, device, learning }: { w: Why; device: Device; learning: Learning | null }) {
	const author = authorOf(learning, w), p = device.profile;
	return (
		<dl class="facts">
			<Fact head={t.why.profile}>{author === "maker" && p?.signer ?
				t.why.signedBy(inert(commonName(p.signer)), date(p.last_update)) :
				author === "maker" ? t.why.unsigned : author === "none" ? t.why.noProfile :
				author === "owner" ? t.source.owner : t.why.learnedHere}</Fact>
			<Fact head={t.why.before}><Before device={device} w={w} /></Fact>
			<Fact head={t.why.confidence}>{author === "maker" ? t.why.makerConfidence :
				<Confidence unseen={learning?.unseen ?? null} />}</Fact>
			<Fact head={t.why.decided}>{w.rule ? <><Sentence of={w.rule.sentence} />
				<br /><small class="soft mono">{t.why.entry(inert(w.rule.acl), inert(w.rule.ace))}</small></> :
				w.reason === "not-listed" ? t.why.defaultDeny : reason(w, author)}</Fact>
			{w.event?.packets !== undefined && <Fact head={t.why.times}>{
				t.why.packets(count(w.event.packets))} · <time title={moment(w.event.last)}>{ago(w.event.last)}</time></Fact>}
		</dl>
	);
}

/* Two steps: what would have been different, then the word itself. */
function Say({ ask, whole, setWhole, close, done }: {
	ask: OverlayAsk; whole: boolean; setWhole: ((whole: boolean) => void) | null;
	close: () => void; done: (id: number) => void }) {
	const allow = ask.kind === "allow";
	const { device, for: seconds, ...overlay } = ask;
	const ends = seconds ? since(new Date(Date.now() + seconds * 1000).toISOString()) : "";
	/* the question took the place of the buttons: it begins where one looks */
	const ref = useRef<HTMLElement>(null);
	useEffect(() => ref.current?.scrollIntoView({ block: "start" }), []);
	const go = async () => {
		const r = await change<Overlay>("/v1/overlays", ask, ends ? t.why.doneOnce(ends) :
			allow ? t.why.doneAllow : t.why.doneRefuse);
		if (r.ok)
			done(r.value.id);
	};
	return (
		<section class="say" aria-label={t.why.preview} ref={ref}>
			<h2 class="over">{t.why.preview}</h2>
			{setWhole && (
				<div class="chips" role="radiogroup" aria-label={t.why.scope}>
					{[false, true].map((all) => (
						<button key={String(all)} type="button" class="chip" role="radio" aria-checked={whole === all}
							onClick={() => setWhole(all)}>{all ? t.why.portAll : t.why.port1}</button>))}
				</div>)}
			<EffectOf device={Number(device)} what={{ overlay }} />
			{allow && !/[a-z]/i.test(ask.peer.replaceAll(/[0-9a-f:]/gi, "")) &&
				<p class="small soft">{t.why.addressOnly}</p>}
			{!allow && <p class="small soft">{t.why.refuseHelp}</p>}
			{ends && <p class="small soft">{t.why.onceHelp(ends)}</p>}
			<div class="btns">
				<Button look="main" onClick={go}>{ends ? t.why.confirmOnce(ends) :
					allow ? t.why.confirmAllow : t.why.confirmRefuse}</Button>
				<Button look="bare" onClick={close}>{t.common.cancel}</Button>
			</div>
		</section>
	);
}

/* What the owner said about exactly this, if anything. */
function useMine(device: Device, w: Why) {
	const r = useResource<{ overlays: Overlay[] }>(
		withQuery("/v1/overlays", { device: device.id }), ["policy"]);
	const mine = r.value.value?.overlays.find((o) => (o.peer === w.name || o.peer === w.peer) &&
		o.kind === (w.allowed ? "allow" : "refuse") &&
		(!o.port_from || (w.port !== null && o.port_from <= w.port && w.port <= (o.port_to ?? 0))));
	return { mine: mine ?? null, reload: r.reload };
}

function Actions({ w, device, reload }: { w: Why; device: Device; reload: () => Promise<void> }) {
	const [kind, setKind] = useState<"allow" | "once" | "refuse" | null>(null);
	const [whole, setWhole] = useState(false);
	const { mine, reload: reloadMine } = useMine(device, w);
	const all = async () => {
		setKind(null);
		await Promise.all([reload(), reloadMine()]);
	};
	const takeBack = async () => {
		const r = await change(`/v1/overlays/${mine?.id}`, { remove: true }, t.rules.tookBack);
		if (r.ok)
			await all();
	};
	const offer = w.allowed ? "refuse" : "allow";
	const said = overlayFor(w, device.id, kind === "once" ? "allow" : kind ?? offer, whole);
	const ask = said && kind === "once" ? { ...said, for: ONCE_S } : said;
	const ends = mine?.until;
	const one = ask && ask.port_from ? true : whole;
	const command = mine ? shell("cardea", "policy", "withdraw", mine.id) :
		ask ? shell(...overlayWords(ask, deviceWord(device))) : null;
	if (isHeld(device))
		return <div class="btns"><Button look="main" href={`/quarantine?device=${device.id}`}>{t.device.act.release}</Button></div>;
	if (kind && ask)
		return <Say ask={ask} whole={whole} setWhole={one ? setWhole : null}
			close={() => setKind(null)} done={() => void all()} />;
	return (
		<>
			{mayChange.value && (
				<div class="btns">
					{mine ? <Button look="main" onClick={takeBack}>{t.rules.takeBack}</Button> :
						!w.allowed && w.enforced && <Button look="main" href={`/devices/${device.id}`}>{t.why.keep}</Button>}
					{!mine && ask && !w.allowed && <Button onClick={() => setKind("once")}>{t.why.once}</Button>}
					{ends && w.allowed && ask && <Button onClick={() => setKind("allow")}>{t.why.forGood}</Button>}
					{!mine && ask && <Button onClick={() => setKind(offer)}>{w.allowed ? t.why.stopIt : t.why.allow}</Button>}
					{!mine && ask && !w.allowed && <Button onClick={() => setKind("refuse")}>{t.why.refuse}</Button>}
					{command && <CopyCommand command={command} />}
				</div>)}
			{!ask && !w.allowed && w.enforced && <p class="small soft">{t.why.noOverlay}</p>}
			{ends && <p class="ends">{t.why.ends(since(ends))}</p>}
			{mine && w.allowed && <p class="small soft">{t.why.doneHelp} <a href={withQuery("/live", { device: device.id })}>{t.why.live}</a></p>}
			{!w.allowed && !mine && ask && <p class="small soft">{t.why.keepHelp}</p>}
		</>
	);
}

function Answer({ w, reload }: { w: Why; reload: () => Promise<void> }) {
	const id = w.event?.mac ?? w.device;
	const d = useResource<Device>(`/v1/devices/${part(id)}`, ["devices"]).value.value;
	const learning = useResource<Learning>(`/v1/learning/${part(id)}`, ["learning"]).value.value;
	const refused = w.verdict === "refuse";
	return (
		<>
			<article class={`why ${w.allowed ? "ok" : refused ? "polite" : "bad"}`}>
				<p class="over">{w.allowed ? t.why.allowed : refused ? t.why.refused : t.why.blocked}</p>
				<h1>{headline(w)} {reason(w, authorOf(learning, w))}</h1>
				{d && <Facts w={w} device={d} learning={learning} />}
				{d && <Actions w={w} device={d} reload={reload} />}
				<details><summary>{t.why.word}</summary><p><Said text={w.text} /></p></details>
			</article>
			{d && <p class="links"><a href={`/devices/${d.id}`}>{t.why.backTo(inert(d.name))}</a>
				{d.mud_url && <> · <a href={`/leaves?device=${d.id}`}>{t.why.report}</a></>}
				{" "}<CopyCommand command={w.event ? shell("cardea", "why", w.event.id) :
					shell("cardea", "why", deviceWord(d), w.name ?? w.peer ?? "",
						...(w.port ? ["--port", w.port] : []), ...(w.proto ? ["--proto", w.proto] : []))} /></p>}
		</>
	);
}

/* Whoever comes without a question asks one. */
function AskForm() {
	const devices = useResource<{ devices: Device[] }>("/v1/devices", ["devices"]).value.value?.devices ?? [];
	const [device, setDevice] = useState("");
	const [to, setTo] = useState("");
	const [port, setPort] = useState("");
	const go = (e: Event) => {
		e.preventDefault();
		navigate(withQuery("/why", { device: device || devices[0]?.id, to: to.trim(), port }));
	};
	return (
		<>
			<h1>{t.why.ask}</h1>
			<p class="sub">{t.why.askText}</p>
			<Card class="askwhy">
				<form onSubmit={go}>
					<label class="field"><span>{t.why.device}</span>
						<select class="input" value={device || devices[0]?.id} onChange={(e) => setDevice(e.currentTarget.value)}>
							{devices.map((d) => <option key={d.id} value={d.id}>{plain(d.name)}</option>)}
						</select></label>
					<label class="field"><span>{t.why.to}</span>
						<input class="input" required maxLength={253} value={to} onInput={(e) => setTo(e.currentTarget.value)} /></label>
					<label class="field"><span>{t.why.port} <small class="soft">{t.why.optional}</small></span>
						<input class="input" inputMode="numeric" pattern="[0-9]{1,5}" value={port}
							onInput={(e) => setPort(e.currentTarget.value)} /></label>
					<Button look="main" type="submit">{t.why.askNow}</Button>
				</form>
			</Card>
		</>
	);
}

function Asked({ ask }: { ask: Record<string, string | null> }) {
	const r = useResource<Why>(withQuery("/v1/why", ask), ["devices", "policy", "decisions"]);
	const w = r.value.value;
	if (r.problem.value && !w)
		return <Trouble problem={r.problem.value} retry={r.reload} />;
	return w ? <Answer w={w} reload={r.reload} /> : <div class="pending" />;
}

export function WhyPage({ params }: { params: Record<string, string> }) {
	const q = query.value;
	const event = params["event"] ?? null;
	const device = q.get("device"), to = q.get("to");
	if (!event && !(device && to))
		return <AskForm />;
	const ask = event ? { event } : { device, destination: to, port: q.get("port"), proto: q.get("proto") };
	return <Asked key={JSON.stringify(ask)} ask={ask} />;
}

