// SPDX-License-Identifier: GPL-2.0-or-later
/* Every screen, at each width, in both themes: no violation, no word on the console, nothing
 * wider than the window, and, where somebody wants them, a picture. */
export default async function screens(stage) {
	for (const theme of stage.themes)
		for (const width of stage.widths) {
			const page = await stage.open("/", { width, theme });
			for (const [name, path] of Object.entries(stage.context.pages)) {
				stage.step = `${name} at ${width} px, ${theme}`;
				await page.goto(stage.context.url + path);
				if (!await page.locator("main h1").first().waitFor().then(() => true, () => false)) {
					stage.fail(`no heading: ${(await page.locator("main").innerText()).slice(0, 300)}`);
					continue;
				}
				await page.locator(".pending:empty").waitFor({ state: "detached" });
				await stage.audit(page, name);
				await stage.fits(page, name);
				await stage.shot(page, `${name}-${width}-${theme}`);
			}
			await stage.close(page);
		}
}
