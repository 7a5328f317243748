// SPDX-License-Identifier: GPL-2.0-or-later
/* What scrolling costs: the browser's own account of tasks that took long (Long Tasks API),
 * while a hand does with a list what hands do. */
export const LONGEST_MS = 50;
/* A busy machine can make a task longer, and never shorter: what is too long in every round
 * is the page's own. */
const ROUNDS = 3;
const JITTER_MS = 15;
const SLOWER = 4; /* a phone of some years, as far as a throttled processor is one */

/* Before the page's first script. */
export function watch() {
	globalThis.long = [];
	new PerformanceObserver((list) => {
		for (const e of list.getEntries())
			globalThis.long.push(Math.round(e.duration));
	}).observe({ type: "longtask", buffered: true });
}

/* A hundred pieces of the same work, by the same clock: how much longer the longest takes than
 * the usual one, because other programs have the processor. */
function jitter() {
	const times = Array.from({ length: 100 }, () => {
		const began = performance.now();
		for (let i = 0, x = 0; i < 4e6; i++)
			x += i % 7;
		return performance.now() - began;
	}).sort((a, b) => a - b);
	return times.at(-1) - times[50];
}

export const painted = (page) => page.evaluate(() => new Promise((resolve) =>
	requestAnimationFrame(() => requestAnimationFrame(resolve))));

/* Keys scroll smoothly: until nothing moves any more. */
const settled = (page) => page.evaluate(() => new Promise((resolve) => {
	let last = -1, same = 0;
	const frame = () => {
		same = scrollY === last ? same + 1 : 0;
		last = scrollY;
		if (same > 4)
			resolve();
		else
			requestAnimationFrame(frame);
	};
	frame();
}));

/* To the end and back, so many pixels a frame; with frames: no further than so many. */
export const fling = (page, px, frames = 1e9) => page.evaluate(([step, most]) =>
	new Promise((resolve) => {
	let way = step, done = 0;
	const frame = () => {
		const end = document.documentElement.scrollHeight - innerHeight;
		scrollBy(0, way);
		if (way > 0 && (scrollY >= end - 1 || ++done >= most))
			way = -step;
		if (way < 0 && scrollY <= 0)
			resolve();
		else
			requestAnimationFrame(frame);
	};
	requestAnimationFrame(frame);
}), [px, frames]);

/* What is in sight is drawn: a list that is fast because it is blank is none. */
async function isDrawn(page, stage, where) {
	await painted(page);
	const blank = await page.evaluate(() => [0.3, 0.5, 0.7].filter((part) =>
		!document.elementFromPoint(innerWidth / 2, innerHeight * part)
			?.closest(".virtual > li")).length);
	stage.check(blank === 0, `${where}: ${blank} of 3 places show no row`);
}

async function jumps(page, stage) {
	for (let i = 0; i < 4; i++) {
		await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
		await isDrawn(page, stage, "at the end");
		await page.evaluate(() => scrollTo(0, 0));
		await painted(page);
	}
}

async function keys(page, stage) {
	await page.evaluate(() => document.activeElement?.blur());
	for (const key of ["End", "Home", "End", "PageUp", "PageUp", "Home",
		...Array(6).fill("PageDown")]) {
		await page.keyboard.press(key);
		await painted(page);
	}
	await page.keyboard.press("End");
	await settled(page);
	await isDrawn(page, stage, "after the key End");
	await page.keyboard.press("Home");
	await settled(page);
}

/* All that a hand does, and beside it what the scene does. */
export async function hurry(page, stage) {
	await fling(page, 300, 60);
	await fling(page, 3000);
	await fling(page, 9000);
	await jumps(page, stage);
	await keys(page, stage);
	await painted(page);
}

/* How long the processor worked at each task of the page, whoever else had it in between: the
 * longest, in ms. The observer's clock goes on meanwhile. */
async function processor(page, act) {
	const browser = page.context().browser();
	await browser.startTracing(page, { categories: ["toplevel"] });
	await act();
	const all = JSON.parse((await browser.stopTracing()).toString()).traceEvents;
	const mains = new Set(all.filter((e) => e.name === "thread_name" &&
		e.args.name === "CrRendererMain").map((e) => `${e.pid} ${e.tid}`));
	const times = all.filter((e) => e.name.endsWith("RunTask") && e.tdur !== undefined &&
		mains.has(`${e.pid} ${e.tid}`)).map((e) => e.tdur / 1000);
	return times.length ? Math.round(Math.max(...times)) : null;
}

/* Loading is not scrolling: what came before does not count. */
async function round(page, act) {
	await page.evaluate(() => {
		globalThis.long.length = 0;
	});
	const own = await processor(page, act);
	await painted(page);
	return { long: await page.evaluate(() => [...globalThis.long]), own };
}

const isClean = (r) => r.long.every((ms) => ms <= LONGEST_MS);

/* Says the rounds. On a machine that is busy with other things the processor's own time is
 * what counts: it is the page's alone. */
export async function judge(page, stage, act) {
	const rounds = [];
	let busy = 0;
	do {
		busy = Math.max(busy, await page.evaluate(jitter));
		rounds.push(await round(page, act));
		busy = Math.max(busy, await page.evaluate(jitter));
	} while (!isClean(rounds.at(-1)) && rounds.length < ROUNDS);
	const own = Math.min(...rounds.map((r) => r.own ?? Infinity));
	stage.check(isClean(rounds.at(-1)) || (busy > JITTER_MS && own <= LONGEST_MS),
		`tasks took ${rounds.map((r) => `${r.long.join(", ")} (the processor ${r.own})`)
			.join(" | ")} ms; other programs ${Math.round(busy)} ms`);
	return { rounds, busy: Math.round(busy) };
}

/* Throws alone, with a slow processor: a figure, and no judgement. */
export async function throttled(page) {
	const devtools = await page.context().newCDPSession(page);
	await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
	const { long, own } = await round(page, async () => {
		await fling(page, 3000, 60);
		await fling(page, 9000, 60);
	});
	await devtools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
	await devtools.detach();
	return { slower: SLOWER, tasks: long.length, longest: Math.max(0, ...long), own };
}
