// SPDX-License-Identifier: GPL-2.0-or-later
/* From a gateway that nobody owns to its first page, in five steps, on a phone. */
export default async function firstRun(stage) {
	const { secret, password } = stage.context;
	const page = await stage.open("/devices", { width: 360, known: false });
	const next = page.getByRole("button", { name: "Next" });

	stage.step = "the door";
	await page.getByRole("heading", { name: "Show that this gateway is yours." }).waitFor();
	stage.check(new URL(page.url()).pathname === "/setup", "whoever comes is led to the first run");
	await stage.audit(page, "secret");
	await stage.fits(page, "secret");
	await stage.shot(page, "setup-1-secret-360");

	stage.step = "a wrong secret";
	stage.expect(/status of 40[013]/);
	await page.getByLabel("The secret").fill("none-of-it");
	await next.click();
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByLabel("Once more").fill(password);
	await page.getByRole("button", { name: "Make me the owner" }).click();
	await page.getByRole("alert").waitFor();
	stage.check(await page.getByLabel("The secret").isVisible(), "one may type it again");

	stage.step = "passwords that differ";
	/* as people type it: other letters, other dashes */
	await page.getByLabel("The secret").fill(` ${secret.toUpperCase()} `);
	await page.keyboard.press("Enter");
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByLabel("Once more").fill(`${password}!`);
	await page.getByText("The two are not the same.").waitFor();
	const make = page.getByRole("button", { name: "Make me the owner" });
	stage.check(await make.isDisabled(), "two that differ make no owner");
	await stage.audit(page, "password");

	stage.step = "the password";
	await page.getByLabel("Once more").fill(password);
	await make.click();
	await page.getByRole("heading", { name: /devices are here/ }).waitFor();
	await page.locator(".found li").first().waitFor();
	await stage.audit(page, "found");
	await stage.shot(page, "setup-3-found-360");
	await next.click();

	stage.step = "watch or protect";
	stage.check(await page.getByLabel(/Watch for 7 days/).isChecked(), "watching comes first");
	await page.getByLabel(/Protect at once/).check();
	await page.getByLabel(/Watch for 7 days/).check();
	await stage.audit(page, "strict");
	await stage.shot(page, "setup-4-strict-360");
	await next.click();
	await page.getByRole("heading", { name: "Your home is watched over." }).waitFor();
	await page.getByRole("button", { name: "To the first page" }).click();

	stage.step = "home";
	await page.getByRole("heading", { level: 1, name: /devices?/ }).waitFor();
	stage.check(new URL(page.url()).pathname === "/", "the first run ends at home");
	const card = page.getByRole("region", { name: /Watching only until/ });
	await card.waitFor();
	await stage.audit(page, "watching");
	await stage.fits(page, "watching");
	await stage.shot(page, "home-watching-360");

	stage.step = "protect, having seen what it would block";
	stage.check(await card.getByRole("button", { name: "Protect now" }).count() === 0,
		"nothing is blocked that was not shown before");
	await card.getByRole("button", { name: "What would be blocked?" }).click();
	await card.getByText(/would have been blocked/).waitFor();
	await card.getByRole("button", { name: "Protect now" }).click();
	await card.waitFor({ state: "detached" });
	await stage.keep(page);
	await stage.close(page);
}
