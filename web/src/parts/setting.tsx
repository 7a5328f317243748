// SPDX-License-Identifier: GPL-2.0-or-later
/* One setting, as the gateway's table describes it. */
import { t } from "../i18n";
import { count, spanOf } from "../i18n/format";
import { Said, spoken } from "./said";

export interface Setting {
	section: string;
	key: string;
	type: string; /* bool, int, text, list */
	value: string | number | boolean | string[];
	default: string | number | boolean | string[];
	help: string;
	min?: number | null;
	max?: number | null;
	choices?: string[] | null;
	applies: string;
	by_hand?: boolean; /* whoever could change it here could lock himself out */
	running?: unknown; /* what is in force, where the file says something else */
}

/* Its key in English; in another language the words that it has there. */
export function nameOf(s: Pick<Setting, "section" | "key">): string {
	const key = `${s.section}.${s.key}`, said = spoken(key);
	return said === key ? s.key.replaceAll("_", " ") : said;
}

interface Props {
	setting: Setting;
	id: string;
	value: string;
	changed: boolean;
	disabled: boolean;
	onChange: (to: string) => void;
}

function Control({ setting: s, id, value, disabled, onChange }: Props) {
	const about = `${id}-help`;
	const common = { id, disabled, "aria-describedby": about };
	if (s.type === "bool")
		return <input {...common} type="checkbox" class="switch" role="switch" checked={value === "true"}
			onChange={(e) => onChange(String(e.currentTarget.checked))} />;
	if (s.choices?.length)
		return (
			<select {...common} class="input" value={value} onChange={(e) => onChange(e.currentTarget.value)}>
				{s.choices.map((c) => <option key={c} value={c}>{c}</option>)}
			</select>);
	if (s.type === "int")
		return <input {...common} class="input" type="number" inputMode="numeric" value={value}
			min={s.min ?? undefined} max={s.max ?? undefined}
			onInput={(e) => onChange(e.currentTarget.value)} />;
	return <input {...common} class="input mono" type="text" value={value} spellcheck={false}
		autocapitalize="none" placeholder={s.type === "list" ? t.settings.list : ""}
		onInput={(e) => onChange(e.currentTarget.value)} />;
}

export function SettingField(props: Props) {
	const { setting: s, id, changed } = props;
	const range = s.type === "int" && s.min != null && s.max != null && s.max > s.min ?
		` ${t.settings.range(count(s.min), count(s.max))}` : "";
	const span = s.type === "int" && /^seconds\b/i.test(s.help) ? spanOf(Number(props.value)) : null;
	return (
		<div class={`setting ${changed ? "changed" : ""}`}>
			<div>
				<label for={id}>{nameOf(s)}</label>
				<p class="small soft" id={`${id}-help`}><Said text={s.help} />.{range}
					{s.by_hand ? ` ${t.settings.byHand}` : s.applies !== "now" &&
						` ${t.settings.later(spoken(s.applies))}`}
					{s.running !== undefined && <b> {t.settings.waits}</b>}</p>
			</div>
			<div class="control"><Control {...props} />
				{span && <small class="soft">= {span}</small>}</div>
		</div>
	);
}
