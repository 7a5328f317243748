// SPDX-License-Identifier: GPL-2.0-or-later
/* One stream for the whole page: what happens, and what changed. EventSource resumes by
 * itself with Last-Event-ID while the connection merely breaks; where the gateway answers
 * with an error it gives up, and then we ask again, with growing pauses. */
import { signal } from "@preact/signals";
import type { CardeaEvent } from "./types";

export interface Changed {
	what: string;
	id?: number | string | null;
}

type OnEvent = (e: CardeaEvent) => void;
type OnChanged = (c: Changed) => void;

export type StreamState = "off" | "connecting" | "live" | "waiting";
export const streamState = signal<StreamState>("off");

const PAUSE_MS = 1000; /* the first pause; doubles */
const PAUSE_MAX_MS = 30000;

const onEvent = new Set<OnEvent>();
const onChanged = new Set<OnChanged>();
let source: EventSource | null = null;
let lastId = "";
let pause = PAUSE_MS;
let timer = 0;

/* Up to a half more, so that not every page of a house comes back in one moment. */
export function nextPause(now: number, random: number): number {
	return Math.min(now * 2, PAUSE_MAX_MS) * (1 + random / 2);
}

function parse<T>(text: string): T | null {
	try {
		return JSON.parse(text) as T;
	} catch {
		return null;
	}
}

function open(): void {
	streamState.value = "connecting";
	source = new EventSource(lastId ? `/v1/stream?after=${encodeURIComponent(lastId)}` :
		"/v1/stream");
	source.onopen = () => {
		streamState.value = "live";
		pause = PAUSE_MS;
	};
	source.addEventListener("event", (m) => {
		lastId = m.lastEventId || lastId;
		const e = parse<CardeaEvent>(m.data);
		if (e)
			for (const tell of onEvent)
				tell(e);
	});
	source.addEventListener("changed", (m) => {
		const c = parse<Changed>(m.data);
		if (c)
			for (const tell of onChanged)
				tell(c);
	});
	source.onerror = () => {
		if (source?.readyState === EventSource.CLOSED)
			later();
		else
			streamState.value = "waiting";
	};
}

function later(): void {
	source?.close();
	source = null;
	streamState.value = "waiting";
	timer = window.setTimeout(open, pause);
	pause = nextPause(pause, Math.random());
}

export function startStream(): void {
	if (!source && !timer)
		open();
}

export function stopStream(): void {
	clearTimeout(timer);
	timer = 0;
	source?.close();
	source = null;
	streamState.value = "off";
}

export function listenEvents(tell: OnEvent): () => void {
	onEvent.add(tell);
	return () => onEvent.delete(tell);
}

export function listenChanged(tell: OnChanged): () => void {
	onChanged.add(tell);
	return () => onChanged.delete(tell);
}
