// SPDX-License-Identifier: GPL-2.0-or-later
/* A device calls itself whatever it likes: on each page it is text, and nothing else. */
const PAGES = ["/", "/devices", "/live"];
const TABS = ["", "/rules", "/timeline", "/identity"];

export default async function names(stage) {
	const { evil } = stage.context;
	for (const path of [...PAGES, ...TABS.map((tab) => `/devices/${evil.id}${tab}`)]) {
		stage.step = path;
		const page = await stage.open(path, { width: 360 });
		await page.locator("bdi", { hasText: evil.shown }).first().waitFor();
		const found = await page.evaluate(() => ({
			pwned: globalThis.pwned === true,
			made: document.querySelectorAll("main img, main script, main iframe, main b[onclick]").length,
		}));
		stage.check(!found.pwned, "its script ran");
		stage.check(found.made === 0, "its markup became markup");
		/* whatever it says of directions ends with it */
		const bare = await page.evaluate((shown) => {
			const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
			for (let n = walk.nextNode(); n; n = walk.nextNode())
				if (n.data.includes(shown) && !n.parentElement.closest("bdi") &&
				    getComputedStyle(n.parentElement).unicodeBidi !== "isolate")
					return n.parentElement.outerHTML.slice(0, 200);
			return "";
		}, evil.shown);
		stage.check(bare === "", `it is not isolated: ${bare}`);
		await stage.fits(page, path);
		await stage.close(page);
	}
}
