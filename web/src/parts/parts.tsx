// SPDX-License-Identifier: GPL-2.0-or-later
/* The small parts that all screens share. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../api/client";
import type { State } from "../api/types";
import { t } from "../i18n";
import { Icon, Shape, type IconName } from "./icons";
import { Said } from "./said";

/* A name that somebody else chose: text alone, and its direction stays its own. */
export function Name({ children }: { children: string | null | undefined }) {
	return <bdi class="name">{children || "–"}</bdi>;
}

/* Shape, word and colour. asks: it waits for an answer, which outweighs the state. */
export function StateBadge({ state, asks = false, more }:
	{ state: State; asks?: boolean; more?: string }) {
	const shown = asks ? "asks" : state;
	const word = (t.state as Record<string, string>)[shown] ?? state;
	return (
		<span class={`badge s-${shown}`}>
			<Shape of={shown} />
			<span>{word}{more ? ` ${more}` : ""}</span>
		</span>
	);
}

/* labelledBy: the id of its heading. */
export function Card({ children, class: more = "", labelledBy }:
	{ children: ComponentChildren; class?: string; labelledBy?: string }) {
	return <section class={`card ${more}`.trim()} aria-labelledby={labelledBy}>{children}</section>;
}

type Look = "main" | "bare" | "bad" | "plain";
interface ButtonProps {
	children: ComponentChildren;
	look?: Look;
	href?: string;
	disabled?: boolean;
	type?: "button" | "submit";
	onClick?: (e: MouseEvent) => void | Promise<unknown>;
	label?: string;
	class?: string;
}

/* While what it began goes on, it cannot be pressed again. */
export function Button({ children, look = "plain", href, disabled = false, type = "button",
	onClick, label, class: more = "" }: ButtonProps) {
	const [busy, setBusy] = useState(false);
	const alive = useRef(true);
	useEffect(() => {
		alive.current = true;
		return () => {
			alive.current = false;
		};
	}, []);
	const look_class = `btn ${look} ${more}`.trim();
	if (href)
		return <a class={look_class} href={href} aria-label={label}>{children}</a>;
	const press = async (e: MouseEvent) => {
		const going = onClick?.(e);
		if (!(going instanceof Promise))
			return;
		setBusy(true);
		await going;
		if (alive.current)
			setBusy(false);
	};
	return (
		<button class={look_class} type={type} disabled={disabled || busy} aria-label={label}
			aria-busy={busy || undefined} onClick={press}>{children}</button>
	);
}

/* The page teaches the command line. Without a clipboard (it asks for a certificate that
 * the browser trusts) the line is shown to be copied by hand. */
export function CopyCommand({ command, label }: { command: string; label?: string }) {
	const [state, setState] = useState<"" | "copied" | "shown">("");
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(command);
			setState("copied");
		} catch {
			setState("shown");
		}
	};
	return (
		<span class="copying">
			<button class="btn bare copy" type="button" onClick={() => void copy()} title={command}>
				<Icon of={state === "copied" ? "check" : "copy"} size={16} />
				<span class="sign" aria-live="polite">{state === "copied" ? t.common.copied :
					label ?? t.common.copy}</span>
			</button>
			{state === "shown" && (
				<input class="input mono" readOnly value={command} aria-label={t.common.copyBy}
					onFocus={(e) => e.currentTarget.select()} />)}
		</span>
	);
}

/* The browser's own dialog: it keeps the focus, and Escape closes it. */
export function Dialog({ open, onClose, title, children, sheet = false }:
	{ open: boolean; onClose: () => void; title: string; children: ComponentChildren;
	  sheet?: boolean }) {
	const ref = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		const d = ref.current;
		if (open && d && !d.open)
			d.showModal();
		else if (!open && d?.open)
			d.close();
	}, [open]);
	const outside = (e: MouseEvent) => {
		if (e.target === ref.current)
			onClose();
	};
	return (
		<dialog ref={ref} class={sheet ? "sheet" : ""} aria-label={title} onClose={onClose}
			onClick={outside}>
			{open && <><h2>{title}</h2>{children}
				{/* the last one, so that the focus begins at what the dialog asks for */}
				<button type="button" class="close" aria-label={t.common.close} onClick={onClose}>
					<Icon of="close" size={20} /></button></>}
		</dialog>
	);
}

/* Says what will appear here, and when. whole: it is the whole screen. */
export function Empty({ icon, title, children, whole = false }:
	{ icon?: IconName; title: string; children?: ComponentChildren; whole?: boolean }) {
	return (
		<div class="empty">
			{icon && <Icon of={icon} size={34} />}
			{whole ? <h1>{title}</h1> : <h2>{title}</h2>}
			{children && <p>{children}</p>}
		</div>
	);
}

/* What, where, what next. */
export function Trouble({ problem, retry }:
	{ problem: Problem | null; retry?: () => void | Promise<unknown> }) {
	if (!problem)
		return null;
	const what = problem.detail || problem.title;
	return (
		<div class="trouble" role="alert">
			<p><b>{problem.status === 0 ? t.app.silent : <Said sentence text={what} />}</b></p>
			{problem.next && <p class="soft"><Said sentence text={problem.next} /></p>}
			{retry && <div class="btns"><Button onClick={retry}>{t.common.retry}</Button></div>}
		</div>
	);
}

interface Chip {
	id: string;
	label: string;
	count?: number;
	shape?: string;
}

/* Several may be pressed. */
export function Chips({ chips, chosen, onChange, label }:
	{ chips: Chip[]; chosen: string[]; onChange: (chosen: string[]) => void; label: string }) {
	const toggle = (id: string) => onChange(chosen.includes(id) ?
		chosen.filter((c) => c !== id) : [...chosen, id]);
	return (
		<div class="chips" role="group" aria-label={label}>
			{chips.map((c) => (
				<button key={c.id} type="button" class={`chip ${c.shape ? `s-${c.shape}` : ""}`}
					aria-pressed={chosen.includes(c.id)} onClick={() => toggle(c.id)}>
					{c.shape && <Shape of={c.shape} size={13} />}
					{c.label}{c.count !== undefined && <b>{c.count}</b>}
				</button>
			))}
		</div>
	);
}

export interface Column<T> {
	head: string;
	cell: (row: T) => ComponentChildren;
	num?: boolean;
}

export function Table<T>({ rows, columns, label, keyOf }:
	{ rows: T[]; columns: Column<T>[]; label: string; keyOf: (row: T) => string | number }) {
	return (
		<div class="scroll-x" role="region" aria-label={label} tabIndex={0}>
			<table class="table" aria-label={label}>
				<thead><tr>{columns.map((c) => (
					<th key={c.head} scope="col" class={c.num ? "num" : ""}>{c.head}</th>))}</tr></thead>
				<tbody>{rows.map((row) => (
					<tr key={keyOf(row)}>{columns.map((c) => (
						<td key={c.head} class={c.num ? "num" : ""}>{c.cell(row)}</td>))}</tr>))}</tbody>
			</table>
		</div>
	);
}
