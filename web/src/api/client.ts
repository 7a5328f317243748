// SPDX-License-Identifier: GPL-2.0-or-later
/* The control API: every answer is a value, also "no". Nothing here throws. */
import { signal } from "@preact/signals";
import type { Session } from "./types";

/* problem+json of the gateway, or what took its place on the way. */
export interface Problem {
	status: number; /* 0: nobody answered */
	title: string;
	detail: string;
	field: string | null;
	next: string;
}

export type Result<T> =
	| { ok: true; value: T; etag: string | null }
	| { ok: false; problem: Problem };

export const session = signal<Session | null>(null);
/* The gateway answers; false as soon as it did not. */
export const reachable = signal(true);

const TIMEOUT_MS = 15000; /* longer than a replay of a day takes */

function member(o: unknown, key: string): string {
	const value = typeof o === "object" && o !== null ?
		(o as Record<string, unknown>)[key] : undefined;
	return typeof value === "string" ? value : "";
}

export function readProblem(status: number, body: unknown): Problem {
	const field = member(body, "field");
	return {
		status,
		title: member(body, "title") || member(body, "error") || `HTTP ${status}`,
		detail: member(body, "detail") || member(body, "error"),
		field: field || null,
		next: member(body, "next"),
	};
}

interface Ask {
	body?: unknown;
	etag?: string | null; /* If-Match on a change, If-None-Match on a question */
	key?: string; /* Idempotency-Key: asked twice, done once */
	signal?: AbortSignal;
}

function headersOf(method: string, ask: Ask): Record<string, string> {
	const headers: Record<string, string> = { Accept: "application/json" };
	if (method !== "GET") {
		headers["Content-Type"] = "application/json";
		headers["Idempotency-Key"] = ask.key ?? newKey();
		const csrf = session.value?.csrf;
		if (csrf)
			headers["X-Cardea-Csrf"] = csrf;
	}
	if (ask.etag)
		headers[method === "GET" ? "If-None-Match" : "If-Match"] = ask.etag;
	return headers;
}

/* randomUUID is for secure contexts only; getRandomValues is everywhere. */
export function newKey(): string {
	const octets = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(octets, (o) => o.toString(16).padStart(2, "0")).join("");
}

function limit(given?: AbortSignal): { signal: AbortSignal; done: () => void } {
	const own = new AbortController();
	const timer = setTimeout(() => own.abort(), TIMEOUT_MS);
	const pass = () => own.abort();
	given?.addEventListener("abort", pass);
	return {
		signal: own.signal,
		done: () => {
			clearTimeout(timer);
			given?.removeEventListener("abort", pass);
		},
	};
}

async function bodyOf(response: Response): Promise<unknown> {
	try {
		return await response.json();
	} catch {
		return null;
	}
}

export async function request<T>(method: string, path: string, ask: Ask = {}):
	Promise<Result<T>> {
	const bound = limit(ask.signal);
	try {
		const response = await fetch(path, {
			method,
			headers: headersOf(method, ask),
			body: ask.body === undefined ? null : JSON.stringify(ask.body),
			credentials: "same-origin",
			cache: "no-store",
			redirect: "error",
			signal: bound.signal,
		});
		const body = await bodyOf(response);
		reachable.value = true;
		if (!response.ok) {
			/* 401: the session ended meanwhile; the shell shows the login */
			if (response.status === 401 && session.value?.role)
				session.value = { ...session.value, role: null, csrf: null };
			return { ok: false, problem: readProblem(response.status, body) };
		}
		if (body === null)
			return { ok: false, problem: readProblem(502, null) };
		return { ok: true, value: body as T, etag: response.headers.get("ETag") };
	} catch {
		if (!ask.signal?.aborted)
			reachable.value = false;
		return { ok: false, problem: readProblem(0, null) };
	} finally {
		bound.done();
	}
}

type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query: Query): string {
	const members = new URLSearchParams();
	for (const [key, value] of Object.entries(query))
		if (value !== null && value !== undefined && value !== "")
			members.set(key, value === true ? "1" : String(value));
	const text = members.toString();
	return text ? `${path}?${text}` : path;
}

export const get = <T>(path: string, query: Query = {}, ask: Ask = {}) =>
	request<T>("GET", withQuery(path, query), ask);
export const post = <T>(path: string, body: unknown, ask: Ask = {}) =>
	request<T>("POST", path, { ...ask, body });

/* A name or id as a part of a path. */
export const part = (text: string | number) => encodeURIComponent(String(text));
