// SPDX-License-Identifier: GPL-2.0-or-later
/* A profile that waits for a word: what it says now and would say, the difference, what it
 * would have done to what was recorded, and what nobody has seen yet. */
import { useState } from "preact/hooks";
import { part, post, withQuery } from "../api/client";
import { useResource } from "../api/resource";
import type { Decision } from "../api/types";
import { change } from "../app/change";
import { navigate, query } from "../app/router";
import { mayChange } from "../app/session";
import { sayProblem } from "../app/undo";
import { t } from "../i18n";
import { count } from "../i18n/format";
import { Confidence, type Unseen } from "../parts/confidence";
import { EffectView, type Effect } from "../parts/effect";
import { nameless } from "../parts/decision";
import { inert } from "../parts/inert";
import { Button, Card, CopyCommand, Empty, Name, Trouble } from "../parts/parts";
import { deviceWord, shell } from "../parts/shell";
import { Sentence } from "./device/rules";
import type { Device } from "./device/types";
import { asked, grouped, refusalOf, type Change } from "./review_read";
import { Said } from "../parts/said";

interface Review {
	waiting: { by: "maker" | "learned"; kind: string; text: string; asked: string | null;
		problem: string | null } | null;
	current: Said[];
	proposed: Said[] | null;
	diff: Change[] | null;
	diff_whole: boolean;
	effect: Effect | null;
	coverage: { episodes: number; contexts: Record<string, number>; unseen: Unseen;
		not_seen: string[]; since: string | null } | null;
	decision: number | null;
	learned: boolean;
}

interface Said {
	sentence: string;
	source: string;
}

function heading(r: Review, d: Device): string {
	const name = inert(d.name);
	return r.waiting?.by === "learned" ? t.review.learned(name) : t.review.maker(name);
}

function Difference({ diff, left, setLeft }:
	{ diff: Change[]; left: Set<string>; setLeft: ((left: Set<string>) => void) | null }) {
	if (!diff.length)
		return <p class="soft">{t.review.noDifference}</p>;
	const toggle = (s: string) => {
		const next = new Set(left);
		if (!next.delete(s))
			next.add(s);
		setLeft?.(next);
	};
	return (
		<ul class="diff">{grouped(diff).map((c) => (
			<li key={c.sign + c.sentence} class={`${c.sign === "+" ? "plus" : "minus"} ${left.has(c.sentence) ? "out" : ""}`}>
				<i aria-hidden="true">{c.sign === "+" ? "+" : "−"}</i>
				<span><span class="hidden-but-read">{c.sign === "+" ? t.review.adds : t.review.drops}: </span>
					<Sentence of={c.sentence} /></span>
				{setLeft && c.sign === "+" && refusalOf(c.sentence) && (
					<label class="check"><input type="checkbox" checked={left.has(c.sentence)}
						onChange={() => toggle(c.sentence)} />{t.review.leaveOut}</label>)}
			</li>))}
		</ul>
	);
}

function Side({ title, rules, none }: { title: string; rules: Said[]; none: string }) {
	const seen = [...new Set(asked(rules.map((r) => ({ sign: " ", sentence: r.sentence })))
		.map((c) => c.sentence))];
	return (
		<Card>
			<h2 class="over">{title}</h2>
			{seen.length === 0 && <p class="soft">{none}</p>}
			<ul class="plainrules">{seen.map((s) => <li key={s}><Sentence of={s} /></li>)}</ul>
		</Card>
	);
}

const contextWord = (c: string) => t.review.contexts[c] ?? c;

function Coverage({ of: c }: { of: NonNullable<Review["coverage"]> }) {
	const seen = Object.entries(c.contexts).filter(([, n]) => n > 0);
	return (
		<Card>
			<h2>{t.review.coverage}</h2>
			<p>{t.review.episodes(count(c.episodes))}{seen.length > 0 && ": "}{
				seen.map(([k, n]) => `${contextWord(k)} ${count(n)}`).join(", ")}</p>
			<p class="gap"><Confidence unseen={c.unseen} /></p>
			<p class="gap"><b>{t.review.notSeen}:</b> {c.not_seen.length ?
				c.not_seen.map(contextWord).join(", ") : t.review.allSeen}</p>
			{c.not_seen.length > 0 && <p class="small soft">{t.review.notSeenHelp}</p>}
		</Card>
	);
}

function refusalWords(sentence: string, device: string): string {
	const r = refusalOf(sentence);
	const port = !r?.port_from ? null : r.port_to === r.port_from ? `${r.port_from}` : `${r.port_from}-${r.port_to}`;
	return shell("cardea", "policy", "refuse", device, r?.peer ?? "", ...(port ? ["--port", port] : []),
		...(r?.proto ? ["--proto", r.proto] : []));
}

const SETTLED = new Set(["settled", "closed"]);

/* First what shall stay closed, then the profile: there is no moment in which it is open. */
async function refuseFirst(device: Device, left: Set<string>): Promise<boolean> {
	for (const sentence of left) {
		const refusal = refusalOf(sentence);
		const r = refusal && await post("/v1/overlays",
			{ device: String(device.id), kind: "refuse", ...refusal });
		if (r && !r.ok) {
			sayProblem(r.problem);
			return false;
		}
	}
	return true;
}

function Answer({ review, device, left, reload }:
	{ review: Review; device: Device; left: Set<string>; reload: () => Promise<void> }) {
	const learned = review.decision === null;
	/* too little was seen: it may be put in force all the same, but not by the way */
	const early = learned && !SETTLED.has(review.coverage?.unseen.state ?? "");
	const word = deviceWord(device);
	const give = async (answer: "accept" | "reject") => {
		if (answer === "accept" && !await refuseFirst(device, left))
			return;
		const said = answer === "accept" ? t.review.approved : t.review.rejected;
		const r = learned ? await change(`/v1/learning/${part(device.id)}`, { approve: true, ...(early ? { now: true } : {}) }, said) :
			await change(`/v1/decisions/${part(review.decision ?? 0)}`, { answer }, said);
		if (r.ok) {
			/* answered: its address would show the question still */
			navigate(`/review/${part(device.id)}`, { replace: true });
			await reload();
		}
	};
	if (!mayChange.value || (learned && !review.learned))
		return null;
	return (
		<>
			<div class="btns answer">
				{early && <Button look="main" href={`/devices/${device.id}`}>{t.review.wait}</Button>}
				<Button look={early ? "plain" : "main"} onClick={() => give("accept")}>{
					left.size ? t.review.approveWith(left.size) : early ? t.review.approveEarly : t.review.approve}</Button>
				{learned ? !early && <Button href={`/devices/${device.id}`}>{t.review.wait}</Button> :
					<Button onClick={() => give("reject")}>{t.review.reject}</Button>}
				<CopyCommand command={[...[...left].map((s) => refusalWords(s, word)),
					learned ? shell("cardea", "profile", "approve", word, ...(early ? ["--now"] : [])) :
						shell("cardea", "decide", "accept", review.decision ?? 0)].join(" && ")} />
			</div>
			<p class="small soft">{early ? t.review.earlyHelp : learned ? "" : t.review.rejectHelp}</p>
		</>
	);
}

function Waiting({ review: r, device, reload }:
	{ review: Review; device: Device; reload: () => Promise<void> }) {
	const [left, setLeft] = useState(new Set<string>());
	return (
		<>
			<h1>{heading(r, device)}</h1>
			<Card class="reviewcard">
				{r.decision !== null && r.waiting?.text && <p class="asks"><Said text={nameless(r.waiting.text)} /></p>}
				<h2 class="over">{t.review.effect}</h2>
				{r.effect ? <EffectView effect={r.effect} /> : <p class="soft">{r.waiting?.problem ?
					<Said text={r.waiting.problem} /> : t.effect.noneYet}</p>}
				<h2 class="over">{t.review.difference}</h2>
				{r.diff ? <Difference diff={r.diff} left={left} setLeft={mayChange.value ? setLeft : null} /> :
					<p class="soft">{t.review.unknown}</p>}
				{!r.diff_whole && <p class="small soft">{t.review.notWhole}</p>}
				<Answer review={r} device={device} left={left} reload={reload} />
			</Card>
			{r.coverage && (r.coverage.episodes > 0 || r.decision === null) && <Coverage of={r.coverage} />}
			<div class="twin">
				<Side title={t.review.current} rules={r.current} none={t.review.currentNone} />
				<Side title={t.review.proposed} rules={r.proposed ?? []} none={r.proposed ? t.review.proposedNone : t.review.unknown} />
			</div>
		</>
	);
}

export function ReviewPage({ params }: { params: Record<string, string> }) {
	const id = params["id"] ?? "";
	const d = useResource<Device>(`/v1/devices/${part(id)}`, ["devices"]);
	const open = useResource<{ decisions: Decision[] }>("/v1/decisions", ["decisions"]);
	const wanted = query.value.get("decision");
	/* an old link leads to what waits now */
	const isOpen = open.value.value?.decisions.some((x) => String(x.id) === wanted) ?? true;
	const r = useResource<Review>(withQuery(`/v1/review/${part(id)}`, { decision: isOpen ? wanted : null }), ["decisions", "devices", "learning"]);
	const device = d.value.value, review = r.value.value;
	const problem = d.problem.value ?? r.problem.value;
	if (!device || !review)
		return problem ? <Trouble problem={problem} retry={r.reload} /> : <div class="pending" />;
	const reload = async () => {
		await Promise.all([r.reload(), d.reload()]);
	};
	return (
		<article class="review">
			<p class="links"><a href={`/devices/${device.id}`}>← <Name>{device.name}</Name></a></p>
			{review.waiting ? <Waiting review={review} device={device} reload={reload} /> :
				<>
					<h1>{t.review.title}</h1>
					<Card class="gaptop"><Empty icon="shield" title={t.review.nothing}>{t.review.nothingText}</Empty></Card>
					{review.coverage && review.coverage.episodes > 0 && <Coverage of={review.coverage} />}
					<div class="twin"><Side title={t.review.current} rules={review.current} none={t.review.currentNone} /></div>
				</>}
		</article>
	);
}
