// SPDX-License-Identifier: GPL-2.0-or-later
/* A change, its preview, and what becomes of it: confirmed, taken back, or left alone. */
const FIELD = "#dns\\.rate";

async function change(page, to) {
	await page.goto(`${page.base}/settings?q=dns.rate`);
	await page.locator(FIELD).waitFor();
	await page.locator(FIELD).fill(to);
}

export default async function settings(stage) {
	const page = await stage.open("/settings", { width: 1440 });
	page.base = stage.context.url;
	const bar = page.getByRole("region", { name: "1 change" });

	stage.step = "a value that cannot be";
	stage.expect(/status of 400/);
	await change(page, "0");
	await bar.getByRole("button", { name: "Preview" }).click();
	await bar.getByRole("alert").waitFor();
	await page.locator(FIELD).fill("50");
	stage.check(await bar.count() === 0, "what is as it was is no change");

	stage.step = "preview";
	await page.locator(FIELD).fill("77");
	await bar.getByRole("button", { name: "Preview" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByRole("cell", { name: "77" }).waitFor();
	await stage.audit(page, "preview");
	await stage.shot(page, "settings-preview-1440-light");
	await dialog.getByRole("button", { name: "Apply" }).click();

	stage.step = "confirm";
	await page.getByRole("heading", { name: "Does everything still work?" }).waitFor();
	await page.getByRole("timer").waitFor();
	await stage.audit(page, "confirm");
	await stage.shot(page, "settings-confirm-1440-light");
	await page.getByRole("button", { name: "Yes, keep them" }).click();
	await page.getByText("The new settings stay.").waitFor();
	await page.reload();
	await page.waitForFunction((s) => document.querySelector(s)?.value === "77", FIELD);
	stage.check(true, "confirmed settings stay");

	stage.step = "taken back";
	await change(page, "78");
	await bar.getByRole("button", { name: "Apply" }).click();
	await page.getByRole("button", { name: "Take them back" }).click();
	await page.waitForFunction((s) => document.querySelector(s)?.value === "77", FIELD);
	stage.check(true, "taken back at once");

	stage.step = "not confirmed";
	/* the shortest time that the gateway takes; everything else is as on the page */
	await page.route("**/v1/settings", (route) => {
		const body = route.request().postDataJSON();
		return body?.confirm_within ?
			route.continue({ postData: JSON.stringify({ ...body, confirm_within: 25 }) }) :
			route.continue();
	});
	await change(page, "79");
	await bar.getByRole("button", { name: "Apply" }).click();
	await page.getByRole("heading", { name: "Does everything still work?" }).waitFor();
	await page.getByRole("heading", { name: "Does everything still work?" }).waitFor({
		state: "detached", timeout: 90000 });
	await page.waitForFunction((s) => document.querySelector(s)?.value === "77", FIELD);
	stage.check(true, "who says nothing gets the old settings back");
	await stage.close(page);
}
