// SPDX-License-Identifier: GPL-2.0-or-later
/* A gateway that only watches says so wherever one would think that it protects; what
 * protecting would have blocked is shown before it can be chosen. */
import { useState } from "preact/hooks";
import { get, type Problem } from "../api/client";
import { useResource } from "../api/resource";
import type { Watching } from "../api/types";
import { change } from "../app/change";
import { mayChange } from "../app/session";
import { t } from "../i18n";
import { count, date } from "../i18n/format";
import { Icon } from "./icons";
import { Button, Card, CopyCommand, Name, Trouble } from "./parts";
import { Said } from "./said";

const CHANGED = ["settings", "system", "decisions"];

function Effect({ effect: e }: { effect: NonNullable<Watching["effect"]> }) {
	if (!e.would_block)
		return <p>{t.watching.none}</p>;
	return (
		<>
			<p>{t.watching.sum(count(e.would_block), e.devices.length + e.more)}</p>
			<ul class="blocks">{e.devices.map((d) => (
				<li key={d.id}>
					<a href={`/devices/${d.id}`}><Name>{d.name}</Name></a> <span class="num">{
						count(d.would_block)}</span>
					<ul class="small soft">{d.examples.map((x) => (
						<li key={x.text}><bdi><Said text={x.text} free /></bdi> · {t.watching.times(count(x.count))}</li>))}</ul>
				</li>))}</ul>
		</>
	);
}

/* The sentence alone: on the page of one device. */
export function WatchingLine() {
	const w = useResource<Watching>("/v1/watching", CHANGED).value.value;
	return w?.mode !== "watch" ? null : (
		<p class="watching-line"><Icon of="eye" size={20} /> {
			t.watching.until(w.until && date(w.until))}</p>
	);
}

export function WatchingCard({ watching: w, reload }:
	{ watching: Omit<Watching, "effect">; reload: () => Promise<void> }) {
	const [effect, setEffect] = useState<Watching["effect"]>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	if (w.mode !== "watch")
		return null;
	const ask = async () => {
		const shown = await get<Watching>("/v1/watching", { effect: 1 });
		setEffect(shown.ok ? shown.value.effect : null);
		setProblem(shown.ok ? null : shown.problem);
	};
	const protect = async () => {
		const done = await change("/v1/settings",
			{ set: { "policy.mode": "protect" }, confirm_within: 0 }, t.watching.protects);
		if (done.ok)
			await reload();
	};
	return (
		<Card class="watching" labelledBy="watching">
			<h2 id="watching"><Icon of="eye" size={24} /> {t.watching.until(w.until && date(w.until))}</h2>
			<p class="soft">{t.watching.means}</p>
			{effect && <Effect effect={effect} />}
			<Trouble problem={problem} />
			<div class="btns">
				{!effect && <Button onClick={ask}>{t.watching.ask}</Button>}
				{effect && mayChange.value &&
					<Button look="main" onClick={protect}>{t.watching.protect}</Button>}
				{effect && <CopyCommand command="cardea config set policy.mode protect" />}
			</div>
		</Card>
	);
}
