// SPDX-License-Identifier: GPL-2.0-or-later
/* Later, on another screen: what was changed is listed, and goes back. */
export default async function whyUndo(stage) {
	const { peer } = stage.context;
	const page = await stage.open("/changes");
	const row = page.locator("li.rule", { hasText: peer }).first();
	await row.waitFor();
	stage.check(/can be undone for 23 hours/.test(await row.innerText()), "it says for how long");
	stage.check(await row.getByRole("button", { name: "Copy as command" }).getAttribute("title")
		.then((line) => line?.startsWith("cardea policy allow ")), "the command is there");
	const struck = (where) => where.locator(".saying").evaluate((p) =>
		getComputedStyle(p).textDecorationLine === "line-through");
	stage.check(!await struck(row), "what holds is not struck through");
	await stage.audit(page, "changes");
	await row.getByRole("button", { name: "Undo" }).click();
	await page.getByRole("status").getByText("Undone.").waitFor();
	const undone = page.locator("li.rule.undone", { hasText: peer }).first();
	await undone.waitFor();
	stage.check(await struck(undone), "it is marked as undone");
	await stage.close(page);
}
