// SPDX-License-Identifier: GPL-2.0-or-later
/* What happens appears by itself; whoever reads is not disturbed; filters have an address.
 * The test makes things happen when it is asked to, by a line on standard error. */
import { writeFileSync } from "node:fs";

const ask = (stage, what) => writeFileSync(`${stage.context.asks}/${what}`, "");

export default async function live(stage) {
	const page = await stage.open("/live", { width: 1440 });
	const rows = page.locator(".event");
	stage.step = "it lives";
	await page.locator(".pulse.live").waitFor();
	ask(stage, "one");
	await page.locator(".event", { hasText: "203.0.113.66" }).first().waitFor();
	stage.check(true, "what was refused appears");

	stage.step = "paused";
	await page.getByRole("button", { name: "Pause" }).click();
	const before = await rows.first().innerText();
	ask(stage, "two");
	await page.getByRole("button", { name: /new · show/ }).waitFor();
	stage.check((await rows.first().innerText()) === before, "nothing moves under who reads");
	await page.getByRole("button", { name: /new · show/ }).click();
	await page.waitForFunction((old) => document.querySelector(".event")?.innerText !== old, before);
	stage.check(await page.locator(".pulse.live").isVisible(), "and then it goes on");

	stage.step = "filters";
	await page.getByRole("button", { name: "Refused" }).click();
	await page.getByLabel("Add a word: a name, an address, a port").fill("camera");
	await page.keyboard.press("Enter");
	await page.waitForURL(/kind=refused.*has=camera|has=camera.*kind=refused/);
	const all = await rows.count();
	stage.check(all > 0, "both hold for something");
	for (const text of await rows.allInnerTexts())
		stage.check(/camera/i.test(text), `"${text}" is of no camera`);
	await page.getByRole("radio", { name: "any is enough" }).click();
	await page.waitForURL(/match=any/);
	await page.waitForFunction((n) => document.querySelectorAll(".event").length > n, all);
	stage.check(true, "any shows more than all");
	await stage.audit(page, "live");

	stage.step = "why";
	await page.goto(`${stage.context.url}/live?kind=refused`);
	await page.locator("a.event", { hasText: "203.0.113.66" }).first().click();
	await page.waitForURL(/\/why\/\d+/);
	await page.getByText(/203\.0\.113\.66/).first().waitFor();
	stage.check(true, "a click tells why");

	stage.step = "back";
	await page.goBack();
	await page.waitForURL(/\/live\?kind=refused/);
	await rows.first().waitFor();
	stage.check(true, "and back leads to the same list");
	await stage.close(page);
}
