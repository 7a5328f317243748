// SPDX-License-Identifier: GPL-2.0-or-later
/* The case of a device: every octet that would leave the house of it, before any does. */
import { useState } from "preact/hooks";
import { part, withQuery } from "../api/client";
import { useResource } from "../api/resource";
import { t } from "../i18n";
import { bytes, moment } from "../i18n/format";
import { Button, CopyCommand, Table, Trouble } from "../parts/parts";
import { shell } from "../parts/shell";
import type { Device } from "./device/types";
import { Said } from "../parts/said";

export interface CaseFile {
	id: number;
	device: string;
	state: string;
	open: boolean;
	opened: string;
	closed: string | null;
}

interface Export {
	document: string;
	sha256: string;
}

interface Field {
	field: string;
	level: string;
	why: string;
	leaves: boolean;
}

const LEVELS = ["shape", "names", "peers", "content"];

/* As the browser saves a text that is here already; nothing is sent for it. */
function save(name: string, text: string): void {
	const a = document.createElement("a");
	const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
	a.href = url;
	a.download = name;
	a.click();
	setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function indented(text: string): string {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}

/* JSON lets characters through that one would not see; here all is to be seen. */
export const visible = (text: string) => text.replace(
	/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
	(c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

function Document({ id, level }: { id: number; level: string }) {
	const r = useResource<Export>(withQuery(`/v1/cases/${part(id)}`, { form: "evidence", level }), ["cases"]);
	const fields = useResource<{ fields: Field[] }>(withQuery("/v1/cases/fields", { level }), []);
	const e = r.value.value;
	if (!e)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> : <p class="soft">{t.app.loading}</p>;
	return (
		<>
			<p class="small">{t.quarantine.bytes(bytes(new TextEncoder().encode(e.document).length))}</p>
			<pre class="record" tabIndex={0} aria-label={t.quarantine.showCase}>{visible(indented(e.document))}</pre>
			<p class="small soft">{t.quarantine.digest}: <code class="digest">{e.sha256}</code></p>
			<div class="btns">
				<Button onClick={() => save(`case-${id}-${level}.json`, e.document)}>{t.quarantine.download}</Button>
				<CopyCommand command={shell("cardea", "case", "export", id, "--level", level, "--sha256", e.sha256, "--out", `case-${id}.json`)} />
			</div>
			<details><summary>{t.quarantine.fields}</summary>
				<Table rows={fields.value.value?.fields ?? []} label={t.quarantine.fields} keyOf={(f) => f.field} columns={[
					{ head: t.quarantine.field, cell: (f) => <code>{f.field}</code> },
					{ head: t.quarantine.leaves, cell: (f) => f.leaves ? t.common.yes : t.quarantine.stays },
					{ head: t.why.title, cell: (f) => <Said text={f.why} /> },
				]} /></details>
		</>
	);
}

export function CaseExport({ device }: { device: Device }) {
	const r = useResource<{ cases: CaseFile[] }>(withQuery("/v1/cases", { device: device.id, all: 1 }), ["cases", "devices"]);
	const [level, setLevel] = useState("shape");
	const [open, setOpen] = useState(false);
	const last = r.value.value?.cases.at(-1);
	if (!last)
		return null;
	return (
		<details class="case" onToggle={(e) => setOpen(e.currentTarget.open)}>
			<summary>{t.quarantine.showCase} ({moment(last.opened)})</summary>
			{open && (
				<>
					<label class="field"><span>{t.quarantine.level}</span>
						<select class="input narrow" value={level} onChange={(e) => setLevel(e.currentTarget.value)}>
							{LEVELS.map((l) => <option key={l} value={l}>{t.quarantine.levels[l] ?? l}</option>)}
						</select></label>
					<Document id={last.id} level={level} />
				</>)}
		</details>
	);
}
