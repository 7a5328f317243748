// SPDX-License-Identifier: GPL-2.0-or-later
/* Allowed for an hour, in two steps; then it is taken back. And what was allowed for seconds
 * is blocked again before one's eyes. */
export async function once(stage, page) {
	const { peer } = stage.context;
	stage.step = "allow once";
	await page.getByRole("button", { name: "Allow once" }).click();
	const say = page.getByRole("region", { name: /would have been different/ });
	await say.getByText(/more would pass|Nothing that was recorded/).waitFor();
	stage.check(/For an hour: at .+ it ends by itself/.test(await say.innerText()),
		"it says when it ends before it is done");
	await stage.audit(page, "once");
	await stage.shot(page, "why-once-360", { fullPage: true });
	await say.getByRole("button", { name: /Allow it until/ }).click();
	await page.locator(".why.ok").waitFor();
	await page.getByText(/You allowed it until .+ Then it ends by itself/).waitFor();
	await page.getByRole("status").getByText(/Allowed until/).waitFor();
	stage.check(await page.getByRole("button", { name: "Allow it for good" }).isVisible(),
		"it can be made to last");
	await stage.audit(page, "allowed for a while");
	await stage.fits(page, "allowed for a while");
	await stage.shot(page, "why-ends-360", { fullPage: true });
	await page.goto(`${stage.context.url}/devices/${stage.context.device}/rules`);
	await page.locator(".rule", { hasText: peer }).getByText(/ends by itself/).waitFor();
	stage.check(true, "the device's rules say so, too");
}

export default async function whyOnce(stage) {
	const { device, peer, port, ends } = stage.context;
	const page = await stage.open(`/why?device=${device}&to=${peer}&port=${port}&proto=tcp`,
		{ width: 360 });
	if (ends) {
		stage.step = "its end";
		await page.getByText(/You allowed it until/).waitFor();
		await page.locator(".why.bad").waitFor({ timeout: 120000 });
		stage.check(await page.getByRole("button", { name: "Allow once" }).isVisible(),
			"it is blocked again, by itself");
		await page.goto(`${stage.context.url}/changes`);
		const over = page.locator("li.rule", { hasText: "is over, as you wished" }).first();
		await over.getByText(/by itself/).first().waitFor();
		stage.check(true, "and the changes say so");
	} else {
		await once(stage, page);
	}
	await stage.close(page);
}
