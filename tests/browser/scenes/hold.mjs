// SPDX-License-Identifier: GPL-2.0-or-later
/* Into quarantine, with a reason, on a phone. */
export default async function hold(stage) {
	const page = await stage.open(`/devices/${stage.context.device}`, { width: 360 });
	await page.locator(".devhead").getByRole("button", { name: "More" }).click();
	await page.getByRole("button", { name: "Put in quarantine" }).click();
	const dialog = page.getByRole("dialog", { name: "Put in quarantine" });
	await stage.audit(page, "reason");
	await dialog.getByRole("button", { name: "Put in quarantine" }).click();
	stage.check(await dialog.isVisible(), "without a reason nothing happens");
	await dialog.getByRole("textbox").fill("It blinks at night");
	await dialog.getByRole("button", { name: "Put in quarantine" }).click();
	await page.locator(".devhead").getByText(/Quarantined/).waitFor();
	await page.locator(".devhead").getByRole("link", { name: "Look at its way back" }).waitFor();
	stage.check(true, "its page says so, and where the way back is");
	await stage.close(page);
}
