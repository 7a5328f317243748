// SPDX-License-Identifier: GPL-2.0-or-later
/* 500 devices: thrown to the end and back, by hand and by keys, and searched in the middle of
 * it, with no task of over 50 ms. */
import { fling, hurry, judge, painted, throttled, watch } from "../long_tasks.mjs";

const SEARCH = "Name, kind or MAC address";

async function all(page, stage) {
	const search = page.getByPlaceholder(SEARCH);
	await search.fill("");
	await painted(page);
	await hurry(page, stage);
	await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
	await painted(page);
	const last = await page.locator(".virtual > li").last().getAttribute("aria-posinset");
	stage.check(Number(last) === stage.context.count, `the last row is number ${last}`);
	await search.pressSequentially("lamp 4");
	const thrown = fling(page, 3000);
	await search.pressSequentially("9");
	await thrown;
	await page.getByText(new RegExp(`of ${stage.context.count} devices`)).waitFor();
}

export default async function many(stage) {
	const result = {};
	for (const width of [360, 1440]) {
		stage.step = `${width} px`;
		const page = await stage.open("/devices", { width, init: watch });
		await page.getByText(`${stage.context.count} devices`).waitFor();
		const rows = await page.locator(".virtual > li").count();
		stage.check(rows < 60, `${rows} rows are drawn at once`);
		await painted(page);
		const judged = await judge(page, stage, () => all(page, stage));
		stage.check(new URL(page.url()).search === "?q=lamp+49", "what is searched has an address");
		stage.check(await page.locator(".virtual > li").count() > 0, "something is found");
		await page.getByPlaceholder(SEARCH).fill("");
		result[width] = { rows, ...judged,
			throttled: await throttled(page) };
		await stage.audit(page, "devices");
		await stage.close(page);
	}
	return result;
}
