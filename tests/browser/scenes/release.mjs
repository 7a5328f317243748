// SPDX-License-Identifier: GPL-2.0-or-later
/* Out of it: a reason, a code, and not by a wrong one. */
export default async function release(stage) {
	const page = await stage.open(`/quarantine?device=${stage.context.device}`, { width: 360 });
	stage.step = "what is known";
	for (const text of ["It blinks at night", "ask this gateway for names"])
		await page.getByText(text, { exact: false }).first().waitFor();
	stage.check(await page.getByText("What still works").isVisible(), "what still works is said");
	await page.getByText("What would leave the house of it").first().click().catch(() => undefined);

	stage.step = "the first step";
	await page.getByRole("button", { name: "Release it all the same" }).click();
	await page.getByRole("button", { name: "Ask for the code" }).click();
	stage.check(await page.locator(".code").count() === 0, "without a reason there is no code");
	await page.getByLabel("Your reason").fill("It was the wind");
	await page.getByRole("button", { name: "Ask for the code" }).click();

	stage.step = "the second step";
	const code = (await page.locator(".code").innerText()).trim();
	stage.check(/^\d{4,}$/.test(code), `a code is shown: ${code}`);
	await stage.audit(page, "release");
	await stage.fits(page, "release");
	stage.expect(/status of 409/);
	await page.getByLabel("Code", { exact: true }).fill(String((Number(code) + 1) % 10 ** code.length).padStart(code.length, "0"));
	await page.getByRole("button", { name: "Release it now" }).click();
	await page.getByRole("status").getByText(/is not released/).waitFor();
	stage.check(await page.locator(".code").count() === 0, "a wrong code releases nothing");
	await stage.fits(page, "refused");
	return again(stage, page);
}

async function again(stage, page) {
	stage.step = "a new code";
	stage.check(await page.getByLabel("Your reason").inputValue() === "It was the wind",
		"the reason need not be typed again");
	await page.getByRole("button", { name: "Ask for the code" }).click();
	const code = (await page.locator(".code").innerText()).trim();
	await page.getByLabel("Code", { exact: true }).fill(code);
	await page.getByRole("button", { name: "Release it now" }).click();
	await page.getByRole("status").getByText("It is out of quarantine, on probation.").waitFor();
	await page.getByText(/On probation until/).waitFor();
	stage.check(true, "and its probation has a clock");
	await stage.close(page);
}
