// SPDX-License-Identifier: GPL-2.0-or-later
/* A new password of one's own: another session takes the place of the one that was, and the
 * page goes on with it. */
async function change(stage, page, from, to) {
	await page.getByRole("button", { name: "Password of owner" }).click();
	await page.getByLabel("The password up to now").fill(from);
	await page.getByLabel("The new password").fill(to);
	await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
	await page.getByRole("dialog").waitFor({ state: "hidden" });
}

async function cookie(page) {
	return (await page.context().cookies()).find((c) => c.name === "__Host-cardea")?.value;
}

export default async function password(stage) {
	const page = await stage.open("/settings");
	const before = await cookie(page), own = stage.context.password;
	stage.step = "a new one";
	await change(stage, page, own, `${own} and more`);
	const after = await cookie(page);
	stage.check(after && after !== before, "the cookie is another one");
	stage.step = "back again";
	await change(stage, page, `${own} and more`, own);
	stage.check(await cookie(page) !== after, "the page has the new word, and changes go on");
	await page.goto(`${stage.context.url}/devices`);
	await page.getByRole("heading", { level: 1, name: "Devices" }).waitFor();
	stage.check(true, "nobody has to log in anew");
	await stage.keep(page);
	await stage.close(page);
}
