// SPDX-License-Identifier: GPL-2.0-or-later
/* On a phone: from the device to what was refused, to why, and to yes. */
export default async function whyAllow(stage) {
	const { device, peer, port } = stage.context;
	const page = await stage.open(`/devices/${device}`, { width: 360 });

	stage.step = "the device";
	const row = page.getByRole("button", { name: peer });
	/* what is refused is told within a minute: then the page shows it by itself */
	await row.waitFor({ timeout: 120000 });
	stage.check(/refused/.test(await row.innerText()), "the row says that it is refused");
	stage.check(await page.locator(".refusals li", { hasText: peer }).getByRole("link").isVisible(),
		"and above the map, with its why beside it");
	await row.click();
	await page.locator(".detail").waitFor();
	const why = page.locator(".detail tr", { hasText: String(port) }).getByRole("link", { name: "Why?" });
	stage.check(await why.evaluate((a) => {
		const at = a.getBoundingClientRect();
		return at.left >= 0 && at.right <= innerWidth && at.top < innerHeight;
	}), "what was tapped opens in sight, and why is at hand");
	await stage.audit(page, "detail");
	await why.click();

	stage.step = "why";
	await page.waitForURL(/\/why\?/);
	const sentence = page.getByRole("heading", { level: 1 });
	await sentence.filter({ hasText: peer }).waitFor();
	const said = await sentence.innerText();
	stage.check(/doesn't list/.test(said), `the sentence says why: ${said}`);
	await page.getByText("what no sentence allows is refused").waitFor();
	await stage.shot(page, "why-blocked-360", { fullPage: true });

	stage.step = "played back first";
	await page.getByRole("button", { name: "Allow for this device" }).click();
	const say = page.getByRole("region", { name: /would have been different/ });
	await say.getByText(/more would pass|Nothing that was recorded/).waitFor();
	stage.check(/more would pass/.test(await say.innerText()), "what was refused would have passed");
	await stage.audit(page, "preview");
	await stage.fits(page, "preview");
	await stage.shot(page, "why-preview-360", { fullPage: true });

	stage.step = "allowed";
	await say.getByRole("button", { name: "Allow it now" }).click();
	await page.locator(".why.ok").waitFor();
	await page.getByRole("status").getByText("Allowed.").waitFor();
	stage.check(await page.getByRole("button", { name: "Take back" }).isVisible(), "it can be taken back here");
	stage.check(await page.getByRole("status").getByRole("button", { name: "Undo" }).isVisible(),
		"and undone below");
	await stage.audit(page, "allowed");
	await stage.close(page);
}
