// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be done with several devices at once: the same requests as for one, in turn. */
import { useState } from "preact/hooks";
import { part, post, type Problem } from "../api/client";
import type { RosterDevice } from "../api/types";
import { undoSince } from "../app/change";
import { say, sayProblem } from "../app/undo";
import { t } from "../i18n";
import { count } from "../i18n/format";
import { Button, Dialog } from "./parts";

type Act = "quarantine" | "class" | "again";

const requestOf = (act: Act, d: RosterDevice, value: string): [string, unknown] =>
	act === "again" ? [`/v1/learning/${part(d.id)}`, { again: true }] :
	[`/v1/devices/${part(d.id)}`, act === "quarantine" ? { quarantine: value } :
		{ class: value || null }];

/* One after the other: the gateway of a home has other things to do, too. */
async function doAll(act: Act, devices: RosterDevice[], value: string,
	tell: (n: number) => void): Promise<{ done: number; problem: Problem | null }> {
	let done = 0;
	for (const d of devices) {
		const [path, body] = requestOf(act, d, value);
		const r = await post(path, body);
		if (!r.ok)
			return { done, problem: r.problem };
		tell(++done);
	}
	return { done, problem: null };
}

function Ask({ act, devices, close, done }:
	{ act: Act; devices: RosterDevice[]; close: () => void; done: () => void }) {
	const [value, setValue] = useState("");
	const [at, setAt] = useState(0);
	const go = async () => {
		const began = Date.now();
		const r = await doAll(act, devices, value, setAt);
		if (r.problem)
			sayProblem(r.problem);
		else
			say(t.bulk.did[act](count(r.done)), await undoSince(began, r.done));
		close();
		done();
	};
	return (
		<form onSubmit={(e) => e.preventDefault()}>
			<p class="soft">{t.bulk.text[act](count(devices.length))}</p>
			{act === "quarantine" && <label class="field"><span>{t.bulk.reason}</span>
				<input class="input" value={value} maxLength={200}
					onInput={(e) => setValue(e.currentTarget.value)} /></label>}
			{act === "class" && <label class="field"><span>{t.bulk.class}</span>
				<select class="input" value={value} onChange={(e) => setValue(e.currentTarget.value)}>
					<option value="">{t.bulk.classOwn}</option>
					{Object.entries(t.kind).map(([k, word]) => <option key={k} value={k}>{word}</option>)}
				</select></label>}
			{at > 0 && <progress max={devices.length} value={at}
				aria-label={t.bulk.did[act](count(at))} />}
			<div class="btns">
				<Button type="submit" look={act === "quarantine" ? "bad" : "main"} onClick={go}
					disabled={act === "quarantine" && !value.trim()}>{t.bulk.act[act]}</Button>
				<Button look="bare" onClick={close}>{t.common.cancel}</Button>
			</div>
		</form>
	);
}

export function BulkBar({ chosen, shown, choose, done }:
	{ chosen: RosterDevice[]; shown: RosterDevice[]; choose: (ids: number[]) => void;
	  done: () => void }) {
	const [act, setAct] = useState<Act | null>(null);
	if (chosen.length === 0)
		return null;
	const acts: Act[] = ["class", "again", "quarantine"];
	return (
		<div class="bar" role="region" aria-label={t.bulk.chosen(count(chosen.length))}>
			<b>{t.bulk.chosen(count(chosen.length))}</b>
			<div class="btns">
				{acts.map((a) => <Button key={a} onClick={() => setAct(a)}>{t.bulk.act[a]}</Button>)}
				<Button look="bare" onClick={() => choose(shown.map((d) => d.id))}>{t.bulk.all}</Button>
				<Button look="bare" onClick={() => choose([])}>{t.bulk.noneOf}</Button>
			</div>
			<Dialog open={act !== null} onClose={() => setAct(null)}
				title={act ? t.bulk.act[act] : ""}>
				{act && <Ask act={act} devices={chosen} close={() => setAct(null)} done={() => {
					choose([]);
					done();
				}} />}
			</Dialog>
		</div>
	);
}
