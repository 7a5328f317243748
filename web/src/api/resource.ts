// SPDX-License-Identifier: GPL-2.0-or-later
/* What a screen reads: shown at once from last time, asked anew, and again whenever the
 * gateway says that it changed. Nothing is drawn anew when the answer is the same. */
import { signal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get, type Problem } from "./client";
import { listenChanged } from "./stream";

export interface Resource<T> {
	value: Signal<T | null>;
	problem: Signal<Problem | null>;
	etag: Signal<string | null>;
	reload: () => Promise<void>;
}

const KEPT_MAX = 40; /* answers remembered for going back to a screen */
const SETTLE_MS = 250; /* changes that come together are one */
const kept = new Map<string, Resource<unknown>>();

function make<T>(path: string): Resource<T> {
	const value = signal<T | null>(null);
	const problem = signal<Problem | null>(null);
	const etag = signal<string | null>(null);
	let asked = 0;
	const reload = async () => {
		const mine = ++asked;
		const r = await get<T>(path, {}, { etag: etag.value });
		if (mine !== asked)
			return;
		if (r.ok) {
			value.value = r.value;
			etag.value = r.etag;
			problem.value = null;
		} else if (r.problem.status !== 304) {
			problem.value = r.problem;
		}
	};
	return { value, problem, etag, reload };
}

function resource<T>(path: string): Resource<T> {
	const old = kept.get(path) as Resource<T> | undefined;
	const r = old ?? make<T>(path);
	kept.delete(path);
	kept.set(path, r as Resource<unknown>);
	for (const key of kept.keys()) {
		if (kept.size <= KEPT_MAX)
			break;
		kept.delete(key);
	}
	return r;
}

/* Who logs out leaves nothing behind for who comes after. */
export function forgetResources(): void {
	kept.clear();
}

/* changedBy: the words of "changed" after which to ask again. */
export function useResource<T>(path: string, changedBy: string[] = []): Resource<T> {
	const r = useMemo(() => resource<T>(path), [path]);
	const words = changedBy.join();
	useEffect(() => {
		let timer = 0;
		void r.reload();
		const end = listenChanged((c) => {
			if (!words.split(",").includes(c.what) && c.what !== "all")
				return;
			clearTimeout(timer);
			timer = window.setTimeout(() => void r.reload(), SETTLE_MS);
		});
		return () => {
			clearTimeout(timer);
			end();
		};
	}, [r, words]);
	return r;
}
