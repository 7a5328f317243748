// SPDX-License-Identifier: GPL-2.0-or-later
/* How do we know that it is this device? Each claim with whose word it is. */
import type { ComponentChildren } from "preact";
import { part } from "../../api/client";
import { useResource } from "../../api/resource";
import { change } from "../../app/change";
import { mayChange } from "../../app/session";
import { t } from "../../i18n";
import { date, moment } from "../../i18n/format";
import { commonName } from "../../parts/inert";
import { Button, Card, CopyCommand, Name } from "../../parts/parts";
import { deviceWord, shell } from "../../parts/shell";
import { Label } from "./label";
import type { Device } from "./types";
import { Said } from "../../parts/said";

interface Attest {
	manifest: { sequence: number; accepted: string; vendor: string } | null;
	keys: { id: number; use: string; device: string | null; vendor: string | null; since: string }[];
	last: { at: string; kind: string; good: boolean; text: string } | null;
}

/* 0 nothing, 1 its own word, 2 that and a signed file, 3 the owner's word, 4 a certificate */
export function strength(d: Device): number {
	if (d.proven)
		return 4;
	if (d.confirmed || d.url_source === "owner" || d.url_source === "qr")
		return 3;
	if (!d.mud_url)
		return 0;
	return d.profile?.signature === "valid" ? 2 : 1;
}

/* Locally administered (IEEE 802c): the device made it up. */
export const isMadeUp = (mac: string) => (parseInt(mac.slice(0, 2), 16) & 2) !== 0;

function says(d: Device): string {
	const s = t.identity.sentence;
	return [s.unknown, s.claimed, s.signed, s.confirmed, s.proven][strength(d)]!;
}

function Strength({ of }: { of: number }) {
	const word = t.identity.strengths[of] ?? "";
	return (
		<p class="strength">
			<span class="soft">{t.identity.strength}</span>
			<span class="pips" aria-hidden="true">{[1, 2, 3, 4].map((n) =>
				<i key={n} class={n <= of ? "on" : ""} />)}</span>
			<b>{word}</b>
		</p>
	);
}

function Fact({ head, children }: { head: string; children: ComponentChildren }) {
	return <><dt>{head}</dt><dd>{children}</dd></>;
}

function Word({ device: d }: { device: Device }) {
	const word = async (confirmed: boolean) => void await change(`/v1/devices/${part(d.id)}`,
		{ confirmed }, confirmed ? t.identity.confirmed : t.identity.unconfirmed);
	if (!d.mud_url || d.proven)
		return null;
	return (
		<div class="btns">
			{mayChange.value && (d.confirmed ?
				<Button onClick={() => word(false)}>{t.identity.unconfirm}</Button> :
				<Button look="main" onClick={() => word(true)}>{t.identity.confirm}</Button>)}
			<CopyCommand command={shell("cardea", "device", "confirm", deviceWord(d),
				...(d.confirmed ? ["--no"] : []))} />
			{!d.confirmed && <small class="soft">{t.identity.confirmHelp}</small>}
		</div>
	);
}

function Maker({ device: d }: { device: Device }) {
	const p = d.profile;
	if (!p)
		return null;
	return (
		<Card>
			<h2>{t.identity.file}</h2>
			<dl class="facts">
				<Fact head={t.identity.model}><Name>{[p.mfg_name, p.systeminfo || p.model_name].filter(Boolean).join(" · ")}</Name></Fact>
				<Fact head={t.identity.file}><span class="mono"><Name>{p.url}</Name></span></Fact>
				<Fact head={t.identity.signer}>{p.signer ? <Name>{commonName(p.signer)}</Name> : t.identity.unsigned}</Fact>
				<Fact head={t.identity.signature}><Said text={p.signature ?? "–"} /></Fact>
				<Fact head={t.identity.fetched}>{moment(p.fetched)}</Fact>
				<Fact head={t.identity.fresh}>{date(p.last_update)}</Fact>
				<Fact head={t.identity.supported}>{p.is_supported ? t.common.yes : t.common.no}</Fact>
			</dl>
		</Card>
	);
}

function Evidence({ device: d }: { device: Device }) {
	const r = useResource<Attest>(`/v1/attest/${part(d.id)}`, ["devices"]);
	const a = r.value.value;
	const level = (l: string | undefined) => t.identity.levels[l ?? "none"] ?? l ?? "–";
	return (
		<Card>
			<h2>{t.identity.evidence}</h2>
			<dl class="facts">
				<Fact head={t.identity.shown}>{level(d.shown)}</Fact>
				{d.return_needs && <Fact head={t.identity.needs}>{level(d.return_needs)}</Fact>}
				{a?.manifest && <Fact head={t.identity.manifest}><Name>{`${a.manifest.vendor} · ${a.manifest.sequence}`}</Name></Fact>}
				<Fact head={t.identity.keys}>{a && a.keys.length === 0 ? t.identity.noKeys :
					<ul>{a?.keys.map((k) => <li key={k.id}><Said text={k.use} />: <Name>{k.device ?? k.vendor}</Name>, {date(k.since)}</li>)}</ul>}</Fact>
				{a?.last && <Fact head={t.talks.last}><Said text={a.last.text} /> ({moment(a.last.at)})</Fact>}
			</dl>
			<div class="btns"><CopyCommand command={shell("cardea", "attest", "show", deviceWord(d))} /></div>
		</Card>
	);
}

export function Identity({ device: d }: { device: Device }) {
	return (
		<>
			<p class="says">{says(d)}</p>
			<Card>
				<Strength of={strength(d)} />
				<dl class="facts">
					<Fact head={t.identity.mac}><span class="mono">{d.mac}</span>{isMadeUp(d.mac) &&
						<small class="soft"> {t.identity.macRandom}</small>}</Fact>
					<Fact head={t.identity.hostname}><Name>{d.hostname}</Name></Fact>
					{d.vendor_class && <Fact head={t.identity.vendorClass}><Name>{d.vendor_class}</Name></Fact>}
					<Fact head={t.identity.source}>{t.identity.sources[d.url_source] ?? d.url_source}</Fact>
					{d.mud_signer && <Fact head={t.identity.signer}><Name>{d.mud_signer}</Name></Fact>}
					<Fact head={t.identity.firstSeen}>{moment(d.first_seen)}</Fact>
					<Fact head={t.identity.addresses}><ul>{d.addresses.map((a) =>
						<li key={a.address} class="mono">{a.address}</li>)}</ul></Fact>
				</dl>
				<Word device={d} />
			</Card>
			<div class="twin">
				<Maker device={d} />
				<Evidence device={d} />
			</div>
			<Label device={d} />
		</>
	);
}
