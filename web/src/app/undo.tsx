// SPDX-License-Identifier: GPL-2.0-or-later
/* What was just done, in one sentence, with the way back. It stays until the next thing is
 * done or somebody closes it: nobody has to be fast. */
import { signal } from "@preact/signals";
import type { Problem } from "../api/client";
import { Button } from "../parts/parts";
import { t } from "../i18n";
import { asSentence } from "../i18n/format";
import { spoken } from "../parts/said";

export interface Said {
	text: string;
	undo?: () => Promise<Problem | null>;
}

export const said = signal<Said | null>(null);

export function say(text: string, undo?: Said["undo"]): void {
	said.value = undo ? { text, undo } : { text };
}

export function sayProblem(p: Problem): void {
	const what = p.status === 0 ? t.app.offline : spoken(p.detail || p.title);
	say(asSentence(what) + (p.next ? ` ${t.common.nextStep} ${asSentence(spoken(p.next))}` : ""));
}

export function UndoBar() {
	const now = said.value;
	const undo = async () => {
		const problem = await now?.undo?.();
		if (problem)
			sayProblem(problem);
		else if (said.value === now)
			said.value = null;
	};
	return (
		<div role="status" aria-live="polite">
			{now && (
				<div class="undo">
					<p><bdi>{now.text}</bdi></p>
					{now.undo && <Button onClick={undo}>{t.common.undo}</Button>}
					<Button label={t.common.close} onClick={() => {
						said.value = null;
					}}>×</Button>
				</div>)}
		</div>
	);
}
