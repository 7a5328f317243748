// SPDX-License-Identifier: GPL-2.0-or-later
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { get, post, reachable, session, withQuery } from "../src/api/client";
import { nextPause } from "../src/api/stream";

const reply = (status: number, body: string, headers: Record<string, string> = {}) =>
	new Response(body, { status, headers });
let asked: [string, RequestInit][] = [];
let answer: () => Promise<Response>;

beforeEach(() => {
	asked = [];
	vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
		asked.push([url, init]);
		return answer();
	});
	session.value = { role: "owner", user: "owner", csrf: "C" };
});
afterEach(() => vi.unstubAllGlobals());

test("a change carries the token against forgery and a key of its own", async () => {
	answer = async () => reply(200, "{}", { ETag: '"7"' });
	const r = await post("/v1/x", { a: 1 }, { etag: '"6"' });
	const headers = asked[0]?.[1].headers as Record<string, string>;
	expect(headers["X-Cardea-Csrf"]).toBe("C");
	expect(headers["Idempotency-Key"]).toMatch(/^[0-9a-f]{32}$/);
	expect(headers["If-Match"]).toBe('"6"');
	expect(r).toEqual({ ok: true, value: {}, etag: '"7"' });
});

test("a question carries neither", async () => {
	answer = async () => reply(200, "{}");
	await get("/v1/x", { q: "a b", none: null, all: true });
	expect(asked[0]?.[0]).toBe("/v1/x?q=a+b&all=1");
	expect(asked[0]?.[1].headers).not.toHaveProperty("X-Cardea-Csrf");
	expect(withQuery("/v1/x", {})).toBe("/v1/x");
});

test("no is a value with its field and the next step", async () => {
	answer = async () => reply(400, JSON.stringify({ title: "bad", detail: "port is too large",
		field: "port", next: "0 to 65535" }));
	const r = await post("/v1/x", {});
	expect(r).toEqual({ ok: false, problem: { status: 400, title: "bad",
		detail: "port is too large", field: "port", next: "0 to 65535" } });
});

test("an answer that is not JSON, and none at all, are values too", async () => {
	answer = async () => reply(502, "<html>");
	expect(await get("/v1/x")).toMatchObject({ ok: false, problem: { status: 502 } });
	answer = async () => reply(200, "<html>");
	expect(await get("/v1/x")).toMatchObject({ ok: false, problem: { status: 502 } });
	answer = () => Promise.reject(new TypeError("down"));
	expect(await get("/v1/x")).toMatchObject({ ok: false, problem: { status: 0 } });
	expect(reachable.value).toBe(false);
	answer = async () => reply(200, "{}");
	await get("/v1/x");
	expect(reachable.value).toBe(true);
});

test("401 ends the session here, too", async () => {
	answer = async () => reply(401, "{}");
	await get("/v1/x");
	expect(session.value?.role).toBeNull();
});

test("pauses of the stream grow, and end", () => {
	expect(nextPause(1000, 0)).toBe(2000);
	expect(nextPause(1e9, 1)).toBe(45000);
});
