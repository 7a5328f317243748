// SPDX-License-Identifier: GPL-2.0-or-later
/* One question, one main action, what it would change, and the command beside it. */
import { useState } from "preact/hooks";
import { part, post, type Problem } from "../api/client";
import type { Decision } from "../api/types";
import { change } from "../app/change";
import { mayChange } from "../app/session";
import { t } from "../i18n";
import { ago, count } from "../i18n/format";
import { Shape } from "./icons";
import { Button, Card, CopyCommand, Name, Trouble } from "./parts";
import { Said, spoken } from "./said";

interface Effect {
	conversations: number;
	would_block: number;
	would_allow: number;
	unchanged: number;
	sentence: string;
}

/* Only these change a policy; what was recorded says nothing about the others. */
const REPLAYED = new Set(["authority", "signer", "unsigned", "rollback", "my-controller",
	"controller", "preview", "conversation"]);
const HOURS = 24;

function EffectLine({ effect }: { effect: Effect }) {
	if (!effect.would_block && !effect.would_allow)
		return <p class="effect">{effect.sentence ? <Said text={effect.sentence} /> : t.home.effectNone}</p>;
	return (
		<div class="effect">
			<p><Said text={effect.sentence} /></p>
			<p class="small">
				{effect.would_block > 0 && <b>{t.home.blocks(count(effect.would_block))} · </b>}
				{effect.would_allow > 0 && <b>{t.home.allows(count(effect.would_allow))} · </b>}
				{t.home.same(count(effect.unchanged))}
			</p>
		</div>
	);
}

function useEffectOf(d: Decision) {
	const [effect, setEffect] = useState<Effect | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	const ask = async () => {
		const r = await post<Effect>("/v1/effect", { device: d.device, hours: HOURS, decision: d.id });
		setEffect(r.ok ? r.value : null);
		setProblem(r.ok ? null : r.problem);
	};
	return { effect, problem, ask };
}

function Answers({ decision: d, done }: { decision: Decision; done: () => Promise<void> }) {
	const [choice, setChoice] = useState(d.needs_choice ? "" : d.choice ?? "");
	const answer = async (word: "accept" | "reject", chosen = choice) => {
		const r = await change(`/v1/decisions/${part(d.id)}`,
			{ answer: word, ...(chosen ? { choice: chosen } : {}) },
			`${word === "accept" ? t.home.accepted : t.home.rejected}: ${spoken(d.text)}`);
		if (r.ok)
			await done();
	};
	const words = t.home.answers[d.kind];
	if (d.choices?.length)
		return <>{d.choices.map((c, i) => (
			<Button key={c.choice} look={i ? "plain" : "main"}
				onClick={() => answer("accept", c.choice)}><Said text={c.text} /></Button>))}</>;
	return (
		<>
			{d.needs_choice && (
				<input class="input narrow" aria-label={t.home.choose} placeholder={t.home.choose}
					value={choice} onInput={(e) => setChoice(e.currentTarget.value)} />)}
			<Button look="main" disabled={d.needs_choice && !choice}
				onClick={() => answer("accept")}>{words?.[0] ?? t.common.accept}</Button>
			<Button onClick={() => answer("reject")}>{words?.[1] ?? t.common.reject}</Button>
		</>
	);
}

/* Questions about a whole profile: old and new can stand side by side. */
export const REVIEWED = new Set(["authority", "signer", "unsigned", "rollback", "preview",
	"conversation"]);

/* The question names the device as it was called then; the card says what it is called now. */
export const nameless = (text: string) => text.replace(/^.{1,64}?: (?=(?:Its|It|The|This) )/, "");
const questionOf = (d: Decision) => d.device && REVIEWED.has(d.kind) ? nameless(d.text) : d.text;

/* id: of its device, where that is known. */
export function DecisionCard({ decision: d, done, id }:
	{ decision: Decision; done: () => Promise<void>; id?: number | undefined }) {
	const { effect, problem, ask } = useEffectOf(d);
	const device = part(id ?? d.device ?? "");
	return (
		<Card class="decision s-asks" labelledBy={`ask-${d.id}`}>
			<span class="sign"><Shape of="asks" size={26} /></span>
			<div class="about">
				{d.device && <p class="whose"><a href={`/devices/${device}`}><Name>{d.device}</Name></a>
					<small class="soft">{t.home.asked(ago(d.asked))}</small></p>}
				<h2 id={`ask-${d.id}`}><bdi><Said text={questionOf(d)} /></bdi></h2>
			</div>
			{d.detail && <p><bdi><Said text={d.detail} /></bdi></p>}
			<div class="wide">
				{effect && <EffectLine effect={effect} />}
				<Trouble problem={problem} />
				<div class="btns">
					{mayChange.value ? <Answers decision={d} done={done} /> :
						<p class="small soft">{t.common.viewerOnly}</p>}
					{REVIEWED.has(d.kind) && d.device ?
						<Button href={`/review/${device}?decision=${d.id}`}>{t.home.compare}</Button> :
						REPLAYED.has(d.kind) && d.device && !effect &&
							<Button onClick={ask}>{t.home.effect}</Button>}
					<CopyCommand command={`cardea decide accept ${d.id}`} />
				</div>
			</div>
		</Card>
	);
}
