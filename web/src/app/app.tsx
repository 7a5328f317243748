// SPDX-License-Identifier: GPL-2.0-or-later
/* Which screen an address shows, and for whom. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { reachable, session, type Problem } from "../api/client";
import { startStream } from "../api/stream";
import { lang, setLang, t } from "../i18n";
import { Button, Empty, Trouble } from "../parts/parts";
import { Home } from "../screens/home";
import { startPrefs } from "./prefs";
import { match, navigate, path, query, startRouter } from "./router";
import { loadSession } from "./session";
import { Shell } from "./shell";
import { screens } from "./screens";

export type Params = Record<string, string>;
type Screen = ComponentType<{ params: Params }>;

function find(where: string): { load: () => Promise<Screen>; key: string; params: Params } | null {
	for (const [pattern, load] of Object.entries(screens)) {
		const params = match(pattern, where);
		if (params)
			return { load, key: pattern, params };
	}
	return null;
}

/* A screen's code arrives once; until then its place is kept. */
const loaded = new Map<string, Screen>([["/", Home]]);

function Place() {
	const found = find(path.value);
	const key = found?.key ?? "";
	const [, drawn] = useState("");
	useEffect(() => {
		if (found && !loaded.has(key))
			void found.load().then((screen) => {
				loaded.set(key, screen);
				drawn(key);
			}, () => drawn(`${key}!`));
	}, [key]);
	if (!found)
		return (
			<Empty icon="search" title={t.app.notFound} whole>
				{t.app.notFoundNext} <a href="/">{t.app.toHome}</a>
			</Empty>);
	const Known = loaded.get(key);
	return Known ? <Known params={found.params} key={JSON.stringify(found.params)} /> :
		<p class="pending soft" aria-live="polite">{t.app.loading}</p>;
}

/* The rest of the page, while nobody waits for it. */
function fetchRest(): void {
	const idle = window.requestIdleCallback ?? ((f: () => void) => setTimeout(f, 500));
	idle(() => {
		for (const [key, load] of Object.entries(screens))
			if (!loaded.has(key))
				void load().then((screen) => loaded.set(key, screen), () => undefined);
	});
}

const isOutside = (where: string) => where === "/login" || where === "/setup";

/* Where somebody who may not be here belongs. */
function useGate(): void {
	const who = session.value;
	const where = path.value;
	useEffect(() => {
		if (!who)
			return;
		if (who.setup && !who.role && where !== "/setup")
			navigate("/setup", { replace: true });
		else if (!who.setup && !who.role && where !== "/login")
			navigate(`/login?then=${encodeURIComponent(where + location.search)}`, { replace: true });
		else if (who.role && where === "/login")
			navigate(safeThen(query.value.get("then")), { replace: true });
		if (who.role && !isOutside(where)) {
			startStream();
			fetchRest();
		}
	}, [who, where]);
}

/* A link may bring anything: only a path of this page counts. */
export function safeThen(then: string | null): string {
	return then && /^\/(?![/\\])/.test(then) && !then.startsWith("/login") ? then : "/";
}

startRouter();
startPrefs();
setLang(lang.value);

export function App() {
	const [problem, setProblem] = useState<Problem | null>(null);
	const begin = async () => setProblem(await loadSession());
	useEffect(() => void begin(), []);
	useGate();
	if (!session.value)
		return problem ? (
			<main>
				<Trouble problem={problem} />
				<p><Button onClick={begin}>{t.common.retry}</Button></p>
			</main>) : null;
	return (
		<Shell bare={!session.value.role || path.value === "/setup"}>
			{!reachable.value && <p class="strap" role="alert">{t.app.offline}</p>}
			{(session.value.role || isOutside(path.value)) && <Place />}
		</Shell>
	);
}
