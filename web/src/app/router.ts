// SPDX-License-Identifier: GPL-2.0-or-later
/* The address is the state: every screen, filter and tab has a URL. */
import { computed, signal } from "@preact/signals";

const at = () => ({ path: location.pathname, query: location.search });
const here = signal(typeof location === "undefined" ? { path: "/", query: "" } : at());

export const path = computed(() => here.value.path);
export const query = computed(() => new URLSearchParams(here.value.query));

/* Whether somebody would lose something by leaving: asked before each step. */
let leave: (() => boolean) | null = null;
export function guardLeaving(ask: (() => boolean) | null): void {
	leave = ask;
}

export function navigate(to: string, how: { replace?: boolean } = {}): void {
	const url = new URL(to, location.href);
	if (url.pathname !== location.pathname && leave && !leave())
		return;
	const same = url.href === location.href;
	if (how.replace || same)
		history.replaceState(null, "", url);
	else
		history.pushState(null, "", url);
	const other = url.pathname !== here.value.path;
	here.value = at();
	if (other && !how.replace)
		scrollTo(0, 0);
}

/* Sets members of the query; an empty one goes. Typing does not fill the history. */
export function setQuery(members: Record<string, string | null>, push = false,
	next = new URLSearchParams(location.search)): void {
	for (const [key, value] of Object.entries(members))
		if (value)
			next.set(key, value);
		else
			next.delete(key);
	const text = next.toString().replaceAll("%2C", ",");
	navigate(location.pathname + (text ? `?${text}` : ""), { replace: !push });
}

/* "/devices/:id/:tab?" against a path: the members, decoded, or null. */
export function match(pattern: string, where: string): Record<string, string> | null {
	const wanted = pattern.split("/").filter(Boolean);
	const given = where.split("/").filter(Boolean);
	if (given.length > wanted.length)
		return null;
	const found: Record<string, string> = {};
	for (const [i, part] of wanted.entries()) {
		const value = given[i];
		const optional = part.endsWith("?");
		if (value === undefined) {
			if (!optional)
				return null;
		} else if (part.startsWith(":")) {
			try {
				found[part.slice(1).replace("?", "")] = decodeURIComponent(value);
			} catch {
				return null;
			}
		} else if (part !== value) {
			return null;
		}
	}
	return found;
}

/* Links of ours are followed without loading the page anew. */
function follow(e: MouseEvent): void {
	const a = (e.target as Element | null)?.closest?.("a");
	if (!a || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey ||
	    e.altKey || a.target || a.hasAttribute("download") || a.origin !== location.origin ||
	    a.pathname.startsWith("/v1/") || a.pathname.includes("."))
		return;
	if (a.hash && a.pathname === location.pathname && a.search === location.search)
		return;
	e.preventDefault();
	navigate(a.href);
}

export function startRouter(): void {
	addEventListener("popstate", () => {
		here.value = at();
	});
	document.addEventListener("click", follow);
}
