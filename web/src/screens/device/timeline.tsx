// SPDX-License-Identifier: GPL-2.0-or-later
/* What happened to it, the newest first. */
import { useEffect, useState } from "preact/hooks";
import { get, part, withQuery } from "../../api/client";
import { useResource } from "../../api/resource";
import type { State } from "../../api/types";
import { t } from "../../i18n";
import { clock, count, date, moment } from "../../i18n/format";
import { Shape } from "../../parts/icons";
import { Button, Card, CopyCommand, Empty, Trouble } from "../../parts/parts";
import { deviceWord, shell } from "../../parts/shell";
import { useFollow } from "./follow";
import { dayOf, daysOf, weightOf, type Entry, type Item } from "./timeline_days";
import type { Device } from "./types";
import { Said } from "../../parts/said";

interface TimelineReply {
	items: Item[];
	next: string | null;
}

const PAGE = 60;
/* Of these Why? can be asked. */
const EXPLAINED = new Set(["violation", "would-block", "refused", "name-refused", "names-hidden",
	"names-odd"]);

function dayName(day: string): string {
	const now = Date.now();
	return day === dayOf(new Date(now).toISOString()) ? t.timeline.today :
		day === dayOf(new Date(now - 86400e3).toISOString()) ? t.timeline.yesterday : date(`${day}T12:00`);
}

const stateWord = (s: string | null) => (t.state as Record<string, string>)[s ?? ""] ?? s ?? "";

function One({ item }: { item: Item }) {
	const moved = item.to && item.from !== item.to;
	return (
		<>
			{moved && <p class={`moved s-${item.to}`}><Shape of={item.to as State} /> {
				item.from ? t.timeline.became(stateWord(item.from), stateWord(item.to)) : stateWord(item.to)}</p>}
			<p class={moved ? "soft" : ""}><Said text={item.sentence} />{item.count > 1 &&
				<small class="soft"> {t.timeline.times(count(item.count))}</small>}</p>
			{item.detail && <p class="small soft"><Said free text={item.detail} /></p>}
			{item.event !== null && EXPLAINED.has(item.kind) &&
				<p class="small"><a href={`/why/${part(item.event)}`}>{t.timeline.why}</a></p>}
		</>
	);
}

function EntryRow({ entry }: { entry: Entry }) {
	const { first, alike } = entry;
	return (
		<li class={`entry w-${weightOf(first)}`}>
			<time dateTime={first.at} title={moment(first.at)}>{clock(first.at)}</time>
			<div>
				<One item={first} />
				{alike.length > 0 && (
					<details><summary>{t.timeline.alike(alike.length)}</summary>
						<ul>{alike.slice(0, PAGE).map((i, k) => <li key={k}><span class="mono small">{clock(i.at, true)}</span> {
							<Said text={i.sentence} />} {i.event !== null && EXPLAINED.has(i.kind) &&
								<a href={`/why/${part(i.event)}`}>{t.timeline.why}</a>}</li>)}</ul>
						{alike.length > PAGE && <p class="soft">{t.timeline.times(count(alike.length))}</p>}
					</details>)}
			</div>
		</li>
	);
}

export function Timeline({ device }: { device: Device }) {
	const at = `/v1/timeline/${part(device.id)}`;
	const r = useResource<TimelineReply>(withQuery(at, { limit: PAGE }), ["devices", "policy"]);
	useFollow(device.id, device.name, r.reload);
	const [older, setOlder] = useState<Item[]>([]);
	const [next, setNext] = useState<string | null>(null);
	const newest = r.value.value;
	useEffect(() => {
		/* what is loaded anew begins anew: its cursor is another */
		setOlder([]);
		setNext(newest?.next ?? null);
	}, [newest]);
	if (!newest)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> :
			<div class="pending" />;
	const more = async () => {
		const page = await get<TimelineReply>(at, { limit: PAGE, cursor: next });
		if (page.ok) {
			setOlder([...older, ...page.value.items]);
			setNext(page.value.next);
		}
	};
	const days = daysOf([...newest.items, ...older]);
	if (!days.length)
		return <Empty icon="live" title={t.timeline.none}>{t.timeline.noneText}</Empty>;
	return (
		<>
			{days.map((d) => (
				<section class="section day-of" key={d.day} aria-label={dayName(d.day)}>
					<h2 class="over">{dayName(d.day)}</h2>
					<Card class="flush"><ol class="timeline">{d.entries.map((e, k) =>
						<EntryRow key={`${e.first.at}${k}`} entry={e} />)}</ol></Card>
				</section>))}
			<div class="btns">
				{next && <Button onClick={more}>{t.timeline.more}</Button>}
				<CopyCommand command={shell("cardea", "events", "--device", deviceWord(device))} />
			</div>
		</>
	);
}
