// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands around every screen: the mark, the ways to go, the undo bar. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { session } from "../api/client";
import { useResource } from "../api/resource";
import type { HomeReply } from "../api/types";
import { lang, setLang, t } from "../i18n";
import { Icon, Mark, type IconName } from "../parts/icons";
import { Button, Dialog } from "../parts/parts";
import { setTheme, theme, type Theme } from "./prefs";
import { path } from "./router";
import { logout } from "./session";
import { UndoBar } from "./undo";

type Way = { to: string; icon: IconName };
const FIRST: Way[] = [
	{ to: "/", icon: "home" },
	{ to: "/devices", icon: "devices" },
	{ to: "/live", icon: "live" },
	{ to: "/leaves", icon: "leaves" },
];
const SECOND: Way[] = [
	{ to: "/anomalies", icon: "anomalies" },
	{ to: "/quarantine", icon: "quarantine" },
	{ to: "/system", icon: "system" },
	{ to: "/settings", icon: "settings" },
];

const isHere = (to: string) => to === "/" ? path.value === "/" :
	path.value === to || path.value.startsWith(`${to}/`);
const wordOf = (icon: IconName) => (t.nav as Record<string, string>)[icon] ?? icon;

function Link({ way, class: more, asks = 0 }: { way: Way; class?: string; asks?: number }) {
	return (
		<a href={way.to} class={more} aria-current={isHere(way.to) ? "page" : undefined}>
			<Icon of={way.icon} />{wordOf(way.icon)}
			{asks > 0 && <span class="dot">{asks}</span>}
		</a>
	);
}

function Nav() {
	const [open, setOpen] = useState(false);
	const home = useResource<HomeReply>("/v1/home", ["decisions", "devices"]);
	const close = () => setOpen(false);
	return (
		<>
			<nav class="nav" aria-label={t.app.menu}>
				{FIRST.map((w) => <Link key={w.to} way={w} asks={w.to === "/" ?
					home.value.value?.asks ?? 0 : 0} />)}
				{SECOND.map((w, i) => <Link key={w.to} way={w}
					class={i ? "second" : "second push"} />)}
				<button type="button" class="over-more" aria-haspopup="dialog" onClick={() => setOpen(true)}
					aria-current={SECOND.some((w) => isHere(w.to)) ? "true" : undefined}>
					<Icon of="more" /><span>{t.app.more}</span>
				</button>
			</nav>
			<Dialog open={open} onClose={close} title={t.app.more} sheet>
				<MoreMenu close={close} />
			</Dialog>
		</>
	);
}

function MoreMenu({ close }: { close: () => void }) {
	const themes: Theme[] = ["auto", "light", "dark"];
	return (
		<>
			<div class="menu" onClick={close}>
				{SECOND.map((w) => <Link key={w.to} way={w} />)}
				<Link way={{ to: "/changes", icon: "undo" }} />
			</div>
			<div class="menu-prefs">
				<label class="field"><span>{t.app.language}</span>
					<select class="input" value={lang.value} onChange={(e) =>
						setLang(e.currentTarget.value === "de" ? "de" : "en")}>
						<option value="en" lang="en">English</option>
						<option value="de" lang="de">Deutsch</option>
					</select></label>
				<label class="field"><span>{t.app.theme}</span>
					<select class="input" value={theme.value} onChange={(e) =>
						setTheme(e.currentTarget.value as Theme)}>
						{themes.map((x) => <option key={x} value={x}>{t.theme[x]}</option>)}
					</select></label>
			</div>
			<div class="btns">
				{session.value?.user && <Button onClick={() => {
					close();
					return logout();
				}}>{t.app.logout}</Button>}
			</div>
		</>
	);
}

/* Before there is a menu: who cannot read this finds the other language. */
function Tongue() {
	const other = lang.value === "de" ? "en" : "de";
	return <button type="button" class="btn bare tongue" lang={other} onClick={() => setLang(other)}>{
		other === "de" ? "Deutsch" : "English"}</button>;
}

/* After a step to another screen the focus stands at its beginning. */
function useFocus() {
	const ref = useRef<HTMLElement>(null);
	const first = useRef(true);
	const where = path.value;
	useEffect(() => {
		if (!first.current)
			ref.current?.focus({ preventScroll: true });
		first.current = false;
	}, [where]);
	return ref;
}

export function Shell({ children, bare }: { children: ComponentChildren; bare: boolean }) {
	const ref = useFocus();
	return (
		<>
			<a class="skip" href="#content">{t.app.skip}</a>
			<header class="top">
				<a class="mark" href="/"><Mark />{t.app.name}</a>
				{bare ? <Tongue /> : <Nav />}
			</header>
			<main id="content" tabIndex={-1} ref={ref}>{children}</main>
			<UndoBar />
		</>
	);
}
