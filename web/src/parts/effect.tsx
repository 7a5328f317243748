// SPDX-License-Identifier: GPL-2.0-or-later
/* Replay before enforce: what would have been different in what was recorded. */
import { useEffect, useState } from "preact/hooks";
import { post, type Problem } from "../api/client";
import { t } from "../i18n";
import { ago, count, moment } from "../i18n/format";
import { plain } from "./inert";
import { Name, Table, Trouble } from "./parts";

export interface Effect {
	recorded_since: string | null;
	conversations: number;
	would_block: number;
	would_allow: number;
	unchanged: number;
	examples: { peer: string; proto: string; port: number | null; now: string; then: string;
		count: number; last: string | null }[];
	sentence: string;
}

export const HOURS = 168; /* of what was recorded: a week has every day in it */

const verdictWord = (v: string) => v === "allowed" || v === "blocked" || v === "waits" ?
	t.talks[v] : plain(v);

/* The share of conversations that change, as one bar: what passes, what is refused, the rest. */
function Bar({ effect: e }: { effect: Effect }) {
	const all = Math.max(1, e.conversations);
	/* what is there is seen, however little it is */
	const part = (n: number) => n > 0 ? Math.max(1.5, (n / all) * 100) : 0;
	const allow = part(e.would_allow), block = part(e.would_block);
	return (
		<svg class="effectbar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
			<rect class="same" width="100" height="4" />
			<rect class="permit" width={allow} height="4" />
			<rect class="deny" x={allow} width={block} height="4" />
		</svg>
	);
}

export function EffectView({ effect: e }: { effect: Effect }) {
	if (!e.conversations)
		return <p class="replay soft">{t.effect.noneYet}</p>;
	return (
		<div class="replay">
			<p class="soft">{t.effect.sentence(count(e.conversations), moment(e.recorded_since))}</p>
			{!e.would_allow && !e.would_block ? <p><b>{t.effect.none}</b></p> : (
				<ul class="effects">
					{e.would_allow > 0 && <li class="permit"><b>{t.effect.allow(count(e.would_allow))}</b></li>}
					{e.would_block > 0 && <li class="deny"><b>{t.effect.block(count(e.would_block))}</b></li>}
					<li class="soft">{t.effect.same(count(e.unchanged))}</li>
				</ul>)}
			<Bar effect={e} />
			{e.examples.length > 0 && (
				<details><summary>{t.effect.example}</summary>
					<Table rows={e.examples} label={t.effect.example}
						keyOf={(x) => `${x.peer} ${x.proto} ${x.port} ${x.then}`} columns={[
						{ head: t.talks.partner, cell: (x) => <Name>{x.peer}</Name> },
						{ head: t.talks.service, cell: (x) => `${x.proto.toUpperCase()} ${x.port ?? ""}` },
						{ head: t.effect.now, cell: (x) => verdictWord(x.now) },
						{ head: t.effect.then, cell: (x) => <b>{verdictWord(x.then)}</b> },
						{ head: t.effect.count, num: true, cell: (x) => count(x.count) },
						{ head: t.effect.last, cell: (x) => ago(x.last) },
					]} /></details>)}
		</div>
	);
}

/* what: a decision, an overlay, a profile, or what was learned. */
export function EffectOf({ device, what }: { device: number; what: Record<string, unknown> }) {
	const [effect, setEffect] = useState<Effect | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	const key = JSON.stringify(what);
	useEffect(() => {
		let wanted = true;
		setEffect(null);
		void post<Effect>("/v1/effect", { device: String(device), hours: HOURS, ...what }).then((r) => {
			if (!wanted)
				return;
			setEffect(r.ok ? r.value : null);
			setProblem(r.ok ? null : r.problem);
		});
		return () => {
			wanted = false;
		};
	}, [device, key]);
	if (problem)
		return <Trouble problem={problem} />;
	return <div aria-live="polite">{effect ? <EffectView effect={effect} /> :
		<p class="replay soft">{t.effect.loading}</p>}</div>;
}
