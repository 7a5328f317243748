// SPDX-License-Identifier: GPL-2.0-or-later
/* Out and in again; a wrong password; and no page before that. */
export default async function login(stage) {
	const page = await stage.open("/devices?q=bulb", { known: false, width: 768 });
	stage.step = "the door";
	await page.getByRole("heading", { name: "Good to see you." }).waitFor();
	stage.check(new URL(page.url()).pathname === "/login", "a stranger sees the door alone");
	await stage.audit(page, "login");
	await stage.shot(page, "login-768-light");

	stage.step = "a wrong password";
	stage.expect(/status of 401/);
	await page.getByLabel("Password").fill("not this one at all");
	await page.getByRole("button", { name: "Log in" }).click();
	await page.getByRole("alert").waitFor();
	stage.check((await page.getByLabel("Password").inputValue()) === "", "a wrong password is cleared");

	stage.step = "the right one";
	await page.getByLabel("Password").fill(stage.context.password);
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { level: 1, name: "Devices" }).waitFor();
	stage.check(new URL(page.url()).search === "?q=bulb", "one is led to where one wanted to go");
	const cookies = await page.context().cookies();
	stage.check(cookies.length > 0 && cookies.every((c) => c.httpOnly && c.secure &&
		c.sameSite === "Strict"), "the session's cookie is no script's and no other site's");
	stage.check(await page.evaluate((secret) => !document.documentElement.outerHTML.includes(secret) &&
		JSON.stringify({ ...localStorage, ...sessionStorage }).indexOf(secret) < 0,
	stage.context.password), "the password stays nowhere in the page");

	stage.step = "a link that leads away";
	await page.goto(`${stage.context.url}/login?then=//example.org/`);
	await page.getByRole("heading", { level: 1 }).waitFor();
	stage.check(page.url() === `${stage.context.url}/`, "a link leads only within this page");

	stage.step = "out";
	await page.getByRole("button", { name: "More" }).click();
	await page.getByRole("button", { name: "Log out" }).click();
	await page.getByRole("heading", { name: "Good to see you." }).waitFor();
	stage.check((await page.context().cookies()).every((c) => !c.value), "the cookie is gone");
	await page.goto(`${stage.context.url}/devices`);
	await page.getByRole("heading", { name: "Good to see you." }).waitFor();
	stage.check(true, "nothing is shown after that");
	await stage.close(page);
}
