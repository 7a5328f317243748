// SPDX-License-Identifier: GPL-2.0-or-later
/* Whoever reads German reads German: what the gateway says, too. Nothing that the pages show
 * is marked as English, and none of its English words stands there unmarked. */
const ENGLISH = new RegExp(["\\bBlocked:", "\\bAllowed:", "\\bRefused:", "manufacturer's", "\\bprofile\\b",
	"this is not one", "\\bdevices?\\b", "\\bjoined\\b", "\\bquarantine\\b", "\\brules?\\b", "\\bits\\b",
	"\\bwhich\\b", "\\bthe\\b", "\\byou\\b", "\\bmay\\b", "\\bis\\b"].join("|"), "g");

/* What people and commands said is in no language of ours. */
async function read(page, mine) {
	return page.evaluate((names) => {
		const main = document.querySelector("main").cloneNode(true);
		for (const e of main.querySelectorAll("code, pre, .mono, bdi.name, select, input, dialog"))
			e.remove();
		const marked = [...main.querySelectorAll("[lang=en]")].map((e) => e.textContent);
		return { marked, text: names.reduce((text, name) => text.replaceAll(name, "…"), main.innerText)
				.replace(/`[^`]*`|\bdevice(-[0-9a-f]{2})+/g, "…") };
	}, mine);
}

export default async function german(stage) {
	const { pages, names, said } = stage.context;
	for (const [name, path] of Object.entries(pages)) {
		stage.step = name;
		const page = await stage.open(path, { lang: "de-DE", width: 768,
			init: () => localStorage.setItem("cardea-lang", "de") });
		await page.locator("main h1, main h2").first().waitFor();
		await stage.audit(page, name);
		/* what is folded is read, too */
		await page.evaluate(() => document.querySelectorAll("details").forEach((d) => {
			d.open = true;
		}));
		if (said[name])
			await page.getByText(new RegExp(said[name])).first().waitFor();
		const { marked, text } = await read(page, names);
		stage.check(await page.evaluate(() => document.documentElement.lang) === "de", "the page is German");
		stage.check(marked.length === 0, `in English: ${marked.join(" | ")}`);
		const left = [...text.matchAll(ENGLISH)].map((m) => text.slice(Math.max(0, m.index - 40), m.index + 60));
		stage.check(left.length === 0, `English that is not marked: ${left.join(" | ")}`);
		await stage.fits(page, name);
		await stage.close(page);
	}
}
