// SPDX-License-Identifier: GPL-2.0-or-later
/* A week of watching is over: the question, and the answer that begins to protect. */
export default async function watching(stage) {
	const page = await stage.open("/", { width: 360 });
	const card = page.getByRole("region", { name: /Protect now, or watch on/ });

	stage.step = "the question";
	await card.waitFor();
	await page.getByRole("region", { name: /Watching only until/ }).waitFor();
	stage.check(/would have been blocked/.test(await card.textContent()),
		"it says what it is about");
	await stage.audit(page, "question");
	await stage.fits(page, "question");
	await stage.shot(page, "watching-question-360");

	stage.step = "a device";
	await page.goto(`${stage.context.url}/devices/${stage.context.bulb}`);
	await page.getByText(/Watching only until/).waitFor();

	stage.step = "protect";
	await page.goto(`${stage.context.url}/`);
	await card.getByRole("button", { name: "Protect now" }).click();
	await page.getByRole("region", { name: /Watching only until/ }).waitFor({ state: "detached" });
	stage.check(await card.count() === 0, "the question is answered");
	await stage.close(page);
}
