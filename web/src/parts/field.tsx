// SPDX-License-Identifier: GPL-2.0-or-later
/* A field with its label, a hint, and what is wrong with it. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../i18n";

interface Props {
	label: string;
	value: string;
	onInput: (value: string) => void;
	type?: "text" | "password" | "number";
	hint?: ComponentChildren;
	wrong?: string | null;
	autocomplete?: string;
	first?: boolean; /* where one begins to type */
	maxLength?: number;
	min?: number;
	max?: number;
	mono?: boolean;
}

export function Field({ label, value, onInput, type = "text", hint, wrong, mono,
	first = false, ...rest }: Props) {
	const id = useId();
	const ref = useRef<HTMLInputElement>(null);
	useEffect(() => {
		if (first)
			ref.current?.focus();
	}, []);
	const about = [hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ");
	const [seen, setSeen] = useState(false);
	const secret = type === "password";
	/* the typings want one, not one of three */
	const kind = { type: secret && seen ? "text" : type } as { type: "text" };
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<span class={secret ? "secret" : "plainfield"}><input id={id} ref={ref} class={`input ${mono ? "mono" : ""}`} {...kind} value={value}
				spellcheck={false} autocapitalize="none" aria-invalid={wrong ? true : undefined}
				aria-describedby={about || undefined}
				onInput={(e) => onInput(e.currentTarget.value)} {...rest} />
				{secret && <button type="button" aria-pressed={seen} aria-controls={id}
					onClick={() => setSeen(!seen)}>{seen ? t.common.hide : t.common.show}</button>}</span>
			{hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
			{wrong && <span class="wrong" id={`${id}-wrong`} role="alert">{wrong}</span>}
		</div>
	);
}
