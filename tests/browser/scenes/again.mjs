// SPDX-License-Identifier: GPL-2.0-or-later
/* Logs in and keeps the session: the scene before this one ended it. */
export default async function again(stage) {
	const page = await stage.open("/", { known: false });
	await page.getByLabel("Password").fill(stage.context.password);
	await page.keyboard.press("Enter");
	stage.check(await page.getByRole("navigation").first().isVisible().catch(() => false) ||
		await page.getByRole("navigation").first().waitFor().then(() => true), "logged in");
	await stage.keep(page);
	await stage.close(page);
}
