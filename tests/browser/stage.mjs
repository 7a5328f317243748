// SPDX-License-Identifier: GPL-2.0-or-later
/* Plays one scene in a real browser and says, as JSON on the last line, what went wrong.
 *
 * usage: node stage.mjs SCENE < CONTEXT, with {url, browser, state, shots, ...}
 *
 * A scene is a module of scenes/ with a default function (stage). A word on the browser's
 * console is a failure, unless the scene said that it will come. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const need = createRequire(join(HERE, "../../web/package.json"));
const { chromium } = need("playwright-core");
const AXE = readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");

/* No first-run pages, no updates, no network of its own; root has no sandbox to give. */
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
	"--disable-component-update", "--force-color-profile=srgb"];
const WIDTHS = [360, 768, 1440];
const THEMES = ["light", "dark"];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PATIENCE_MS = 60000; /* other tests run on the same two cores */

class Stage {
	constructor(context, browser) {
		this.context = context;
		this.browser = browser;
		this.problems = [];
		this.checked = 0;
		this.expected = [];
		this.step = "begin";
		this.widths = WIDTHS;
		this.themes = THEMES;
	}

	fail(text) {
		this.problems.push(`${this.step}: ${text}`);
	}

	check(good, text) {
		this.checked++;
		if (!good)
			this.fail(text);
		return good;
	}

	/* The browser itself notes each answer of 4xx: those that a scene asks for are no fault. */
	expect(pattern) {
		this.expected.push(pattern);
	}

	heard(text) {
		if (!this.expected.some((pattern) => pattern.test(text)))
			this.fail(`the console said: ${text}`);
	}

	/* A window. known: with the session that an earlier scene left. */
	async open(path = "/", { width = 1440, theme = "light", known = true, lang = "en-GB",
		init = null } = {}) {
		const phone = width < 700;
		const context = await this.browser.newContext({
			viewport: { width, height: phone ? 740 : 900 }, colorScheme: theme, locale: lang,
			isMobile: phone, hasTouch: phone, ignoreHTTPSErrors: true, reducedMotion: "reduce",
			storageState: known && existsSync(this.context.state) ? this.context.state : undefined,
		});
		context.setDefaultTimeout(PATIENCE_MS);
		if (init)
			await context.addInitScript(init);
		const page = await context.newPage();
		page.on("console", (m) => this.heard(m.text()));
		page.on("pageerror", (e) => this.fail(`an error was thrown: ${e.message}`));
		page.on("dialog", (d) => d.accept());
		await page.goto(this.context.url + path);
		return page;
	}

	async close(page) {
		await page.context().close();
	}

	/* What follows is in somebody's session: later scenes begin with it. */
	async keep(page) {
		await page.context().storageState({ path: this.context.state });
	}

	/* WCAG 2.2 AA, and what axe advises beyond it. */
	async audit(page, name) {
		await page.evaluate(AXE);
		const found = await page.evaluate((rules) => globalThis.axe.run(document,
			{ runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] }), RULES);
		this.checked++;
		for (const v of found.violations)
			this.fail(`${name}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) =>
				`${n.target.join(" ")} (${n.failureSummary?.split("\n")[1]?.trim() ?? ""})`).join("; ")}`);
	}

	/* Nothing is wider than the window: nobody scrolls sideways on a phone. */
	async fits(page, name) {
		const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		this.check(over <= 0, `${name} is ${over} px wider than the window`);
	}

	async shot(page, name, how = {}) {
		if (!this.context.shots)
			return;
		mkdirSync(this.context.shots, { recursive: true });
		await page.screenshot({ path: join(this.context.shots, `${name}.png`), ...how });
	}
}

async function main() {
	const context = JSON.parse(readFileSync(0, "utf8"));
	const scene = await import(pathToFileURL(join(HERE, "scenes", `${process.argv[2]}.mjs`)));
	const browser = await chromium.launch({ executablePath: context.browser, args: ARGS });
	const stage = new Stage(context, browser);
	let result = null;
	try {
		result = await scene.default(stage);
	} catch (error) {
		stage.fail(error.stack ?? String(error));
		for (const c of browser.contexts())
			for (const page of c.pages())
				stage.problems.push(`the page then, ${page.url()}: ${
					(await page.locator("body").innerText().catch(() => "?")).slice(0, 800)}`);
	}
	await browser.close();
	console.log(JSON.stringify({ problems: stage.problems, checked: stage.checked, result }));
	process.exit(stage.problems.length ? 1 : 0);
}

await main();
