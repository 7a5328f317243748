// SPDX-License-Identifier: GPL-2.0-or-later
/* Two files wait: one is taken without one of its sentences, the other is not taken. */
async function open(stage, id) {
	const page = await stage.open(`/devices/${id}`);
	await page.getByRole("link", { name: "Answer its question" }).click();
	await page.getByRole("heading", { level: 1, name: /proposes a new profile/ }).waitFor();
	return page;
}

export default async function review(stage) {
	const { taken, left, out, kept } = stage.context;
	stage.step = "taken";
	let page = await open(stage, taken);
	await page.getByText(/not signed/).waitFor();
	/* what it did is told when it has been silent for a while */
	await page.getByText(/Played back against|Nothing was recorded yet/).waitFor();
	const line = (name) => page.locator(".diff .plus", { hasText: name });
	await line(kept).waitFor();
	await line(out).getByRole("checkbox", { name: "leave this out" }).check();
	stage.check(await line(out).locator("xpath=self::*[contains(@class,'out')]").count() === 1,
		"what is left out is struck through");
	await stage.audit(page, "review");
	await stage.shot(page, "review-answer-1440", { fullPage: true });
	await page.getByRole("button", { name: "Approve without one" }).click();
	await page.getByRole("status").getByText("Approved.").waitFor();
	await page.getByRole("heading", { name: "Nothing waits for you here" }).waitFor();
	await stage.close(page);

	stage.step = "left";
	page = await open(stage, left);
	await page.getByRole("button", { name: "Reject" }).click();
	await page.getByRole("status").getByText(/All stays as it is/).waitFor();
	await page.locator(".reviewcard").waitFor({ state: "detached" });
	stage.check(true, "the question is gone");
	await stage.close(page);
}
