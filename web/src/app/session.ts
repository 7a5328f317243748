// SPDX-License-Identifier: GPL-2.0-or-later
/* Who looks at the page. The gateway alone decides what they may; the page only leaves out
 * what would be refused. */
import { computed } from "@preact/signals";
import { get, post, session, type Problem } from "../api/client";
import { forgetResources } from "../api/resource";
import { stopStream } from "../api/stream";
import type { Session } from "../api/types";

export const mayChange = computed(() => session.value?.role === "owner");

export async function loadSession(): Promise<Problem | null> {
	const r = await get<Session>("/v1/session");
	if (!r.ok)
		return r.problem;
	session.value = r.value;
	return null;
}

export async function login(user: string, password: string): Promise<Problem | null> {
	const r = await post<Session>("/v1/session", { user, password });
	if (!r.ok)
		return r.problem;
	session.value = r.value;
	return null;
}

export async function logout(): Promise<void> {
	await post("/v1/session", { end: true });
	stopStream();
	forgetResources();
	session.value = { role: null, user: null, csrf: null };
}
