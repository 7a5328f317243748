// SPDX-License-Identifier: GPL-2.0-or-later
/* Doing something, saying so, and knowing the way back. */
import { get, part, post, type Problem, type Result } from "../api/client";
import type { Change } from "../api/types";
import { say, sayProblem } from "./undo";

export async function undoChange(id: number): Promise<Problem | null> {
	const r = await post(`/v1/changes/${part(id)}`, { undo: true });
	return r.ok ? null : r.problem;
}

/* The gateway's list of changes knows the inverse, for this page and the command line. */
async function newest(since: number): Promise<Change | null> {
	const r = await get<{ changes: Change[] }>("/v1/changes", { limit: 1 });
	const c = r.ok ? r.value.changes[0] : undefined;
	/* its clock and ours may differ a little, and RFC 3339 may cut a second */
	return c && c.can_undo && Date.parse(c.at) >= since - 5000 ? c : null;
}

export async function change<T>(path: string, body: unknown, sentence: string):
	Promise<Result<T>> {
	const began = Date.now();
	const r = await post<T>(path, body);
	if (!r.ok) {
		sayProblem(r.problem);
		return r;
	}
	const c = await newest(began);
	say(sentence, c ? () => undoChange(c.id) : undefined);
	return r;
}

/* The way back for several changes made together; the last one first. */
export async function undoSince(began: number, many: number):
	Promise<(() => Promise<Problem | null>) | undefined> {
	const r = await get<{ changes: Change[] }>("/v1/changes", { limit: many });
	const mine = r.ok ? r.value.changes.filter((c) => c.can_undo &&
		Date.parse(c.at) >= began - 5000) : [];
	if (mine.length < many)
		return undefined;
	return async () => {
		for (const c of mine) {
			const problem = await undoChange(c.id);
			if (problem)
				return problem;
		}
		return null;
	};
}
