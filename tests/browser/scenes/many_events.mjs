// SPDX-License-Identifier: GPL-2.0-or-later
/* 100,000 events in store, more arriving all the while: Live is thrown to the end and back,
 * and filtered in the middle of it, with no task of over 50 ms. */
import { fling, hurry, judge, painted, throttled, watch } from "../long_tasks.mjs";

const LOADED = 1500; /* rows; the house has far more */

async function all(page, stage) {
	const words = page.getByLabel("Add a word: a name, an address, a port");
	await hurry(page, stage);
	await words.pressSequentially("host12");
	const thrown = fling(page, 3000);
	await page.keyboard.press("Enter");
	await thrown;
	await page.getByRole("button", { name: /host12/ }).click();
	await page.getByRole("button", { name: "Refused" }).click();
	await fling(page, 9000);
	await page.getByRole("button", { name: "Refused" }).click();
	await painted(page);
}

/* Older ones come as the end comes near. */
async function deep(page, stage) {
	await page.waitForFunction((rows) => {
		scrollTo(0, document.documentElement.scrollHeight);
		return Number(document.querySelector(".virtual > li:last-child")
			?.getAttribute("aria-setsize")) >= rows;
	}, LOADED);
	stage.check(true, "scrolling brings older ones");
	await page.evaluate(() => scrollTo(0, 0));
}

const newest = (page) => page.locator(".event time").first().getAttribute("datetime");

export default async function manyEvents(stage) {
	const result = {};
	for (const width of [360, 1440]) {
		stage.step = `${width} px`;
		const page = await stage.open("/live", { width, init: watch });
		await page.locator(".pulse.live").waitFor();
		await deep(page, stage);
		const before = await newest(page);
		const judged = await judge(page, stage, () => all(page, stage));
		const rows = await page.locator(".virtual > li").count();
		stage.check(rows < 60, `${rows} rows are drawn at once`);
		result[width] = { rows, ...judged,
			throttled: await throttled(page) };
		await page.evaluate(() => scrollTo(0, 0));
		await page.waitForFunction((old) =>
			document.querySelector(".event time")?.getAttribute("datetime") > old, before);
		stage.check(true, "what arrived meanwhile stands at the top");
		await stage.audit(page, "live");
		await stage.close(page);
	}
	return result;
}
