// SPDX-License-Identifier: GPL-2.0-or-later
/* What was changed, by whom, here or on the command line, and the way back for a day. */
import { useState } from "preact/hooks";
import { get } from "../api/client";
import { useResource } from "../api/resource";
import type { Change } from "../api/types";
import { undoChange } from "../app/change";
import { mayChange } from "../app/session";
import { say, sayProblem } from "../app/undo";
import { t } from "../i18n";
import { ago, moment } from "../i18n/format";
import { inert } from "../parts/inert";
import { Button, Card, CopyCommand, Empty, Trouble } from "../parts/parts";
import { left } from "./quarantine";
import { Said } from "../parts/said";

const ITSELF = "the gateway"; /* it ended when its time was over */

interface List {
	changes: Change[];
	next?: string | null;
}

function Row({ change: c, reload }: { change: Change; reload: () => Promise<void> }) {
	const undo = async () => {
		const problem = await undoChange(c.id);
		if (problem)
			sayProblem(problem);
		else
			say(t.changes.undoneNow);
		await reload();
	};
	const remains = left(c.until);
	return (
		<li class={`rule ${c.undone ? "undone" : ""}`}>
			<div class="what">
				<p class="saying"><Said text={c.sentence} /></p>
				<p class="small soft"><time title={moment(c.at)}>{t.changes.by(c.who === ITSELF ? t.changes.itself : inert(c.who), ago(c.at))}</time>
					{c.undone ? <span>{t.changes.undone}</span> : c.can_undo ?
						<span>{remains && t.changes.left(remains)}</span> : <span>{c.why_not ?
							<Said text={c.why_not} /> : t.changes.over}</span>}</p>
			</div>
			<div class="btns">
				{c.can_undo && !c.undone && mayChange.value && <Button onClick={undo}>{t.changes.undo}</Button>}
				{c.command && <CopyCommand command={c.command} />}
			</div>
		</li>
	);
}

export function ChangesPage() {
	const r = useResource<List>("/v1/changes", ["changes"]);
	const [older, setOlder] = useState<List | null>(null);
	const list = r.value.value;
	if (!list)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> : <div class="pending" />;
	const all = [...list.changes, ...older?.changes ?? []];
	const next = older ? older.next : list.next;
	const more = async () => {
		const page = await get<List>("/v1/changes", { cursor: next ?? null });
		if (page.ok)
			setOlder({ changes: [...older?.changes ?? [], ...page.value.changes], next: page.value.next ?? null });
	};
	const reload = async () => {
		setOlder(null);
		await r.reload();
	};
	return (
		<>
			<h1>{t.changes.title}</h1>
			{all.length === 0 ? <Card><Empty icon="check" title={t.changes.none}>{t.changes.noneText}</Empty></Card> :
				<Card class="flush gaptop"><ul class="rows">{all.map((c) => <Row key={c.id} change={c} reload={reload} />)}</ul></Card>}
			{next && <div class="btns links"><Button onClick={more}>{t.timeline.more}</Button></div>}
		</>
	);
}
