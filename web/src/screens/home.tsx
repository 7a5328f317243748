// SPDX-License-Identifier: GPL-2.0-or-later
/* The first question is "is everything all right, do I have to do something?": a sentence,
 * at most three decisions, and a quiet day. */
import { useResource } from "../api/resource";
import type { HomeReply, StripRow } from "../api/types";
import { bytes, clock, date } from "../i18n/format";
import { lang, t } from "../i18n";
import { DecisionCard } from "../parts/decision";
import { Card, Empty, Name, StateBadge, Trouble } from "../parts/parts";
import { Strip } from "../parts/strip";
import { WatchingCard } from "../parts/watching";

/* Of these the state is news enough. */
const LOUD = new Set(["suspicious", "quarantined", "limited", "updating", "attesting", "unfixable"]);

function Day({ row, asks }: { row: StripRow; asks: boolean }) {
	const refused = row.marks.includes("w") && !asks && !LOUD.has(row.state);
	return (
		<li>
			<a class="day" href={`/devices/${row.id}`}>
				<b><Name>{row.name}</Name></b>
				<span class="stands"><StateBadge state={row.state} asks={asks} />
					{refused && <span class="refused">{t.home.refused}</span>}</span>
				<Strip name={row.name} marks={row.marks} amounts={row.amounts} />
				<span class="num">{row.bytes ? bytes(row.bytes) : ""}</span>
			</a>
		</li>
	);
}

function Strips({ home }: { home: HomeReply }) {
	const { from, rows, more } = home.strip;
	const asking = new Set(home.decisions.map((d) => d.device));
	if (rows.length === 0)
		return <Card><Empty icon="devices" title={t.home.emptyTitle}>{t.home.emptyText}</Empty></Card>;
	return (
		<section class="section" aria-labelledby="day">
			<h2 class="over" id="day">{t.home.strip}</h2>
			<Card class="flush">
				<ul class="rows">{rows.map((r) => <Day key={r.id} row={r}
					asks={asking.has(r.name)} />)}</ul>
				<p class="hours" aria-hidden="true"><span><i>{clock(from)}</i><i>{t.home.now}</i></span></p>
			</Card>
			{more > 0 && <p class="more"><a href="/devices">{t.home.stripMore(more)}</a></p>}
		</section>
	);
}

const HELD = new Set(["quarantined", "updating", "attesting", "unfixable"]);

/* The gateway's own sentence is English. */
function sentenceOf(home: HomeReply): string {
	const all = Object.values(home.counts).reduce((sum, n) => sum + n, 0);
	const held = home.strip.rows.filter((r) => HELD.has(r.state)).map((r) => r.name);
	return lang.value === "en" ? home.sentence : t.home.sentence(all, held, home.asks);
}

const SET_OFF_MS = 1000;

export function Home() {
	const r = useResource<HomeReply>("/v1/home", ["decisions", "devices", "settings", "system"]);
	const home = r.value.value;
	if (!home)
		return r.problem.value ? <Trouble problem={r.problem.value} retry={r.reload} /> :
			<div class="pending" />;
	/* what an answer sets off, such as another setting, is there a moment after it */
	const done = async () => {
		await r.reload();
		setTimeout(() => void r.reload(), SET_OFF_MS);
	};
	const rest = home.asks - home.decisions.length;
	return (
		<>
			<header class="hello">
				<h1><bdi>{sentenceOf(home)}</bdi></h1>
				{home.since && <p class="sub">{t.home.since(date(home.since))}</p>}
			</header>
			<WatchingCard watching={home.watching} reload={r.reload} />
			{home.decisions.length > 0 && (
				<section aria-label={t.home.asks}>
					{home.decisions.map((d) => <DecisionCard key={d.id} decision={d} done={done}
						id={home.strip.rows.find((row) => row.name === d.device)?.id} />)}
					{rest > 0 && <p class="more soft">{t.home.more(rest)}</p>}
				</section>)}
			<Strips home={home} />
		</>
	);
}
