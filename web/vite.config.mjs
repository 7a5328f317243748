// SPDX-License-Identifier: GPL-2.0-or-later
// How the page is built, and what it may weigh: a build over its budget fails.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig } from "vite";
import { pack } from "./src/i18n/pack";

// Bytes after gzip -9, which is how the gateway embeds them.
const BUDGET = { js: 90 * 1024, css: 12 * 1024, icons: 15 * 1024, all: 150 * 1024 };

const kindOf = (name) =>
	/\.js$/.test(name) ? "js" : /\.css$/.test(name) ? "css" :
	/\.(svg|png|ico|webp)$/.test(name) ? "icons" : "other";

function budget() {
	return {
		name: "cardea-budget",
		apply: "build",
		// what lies in the folder: what was copied from public/ weighs, too
		writeBundle(options) {
			/* it is embedded beside them */
			const api = gzipSync(readFileSync(new URL("openapi.json", import.meta.url)), { level: 9 }).length;
			const sums = { js: 0, css: 0, icons: 0, other: api, all: api };
			for (const name of readdirSync(options.dir, { recursive: true })) {
				const path = join(options.dir, name);
				if (!statSync(path).isFile())
					continue;
				const size = gzipSync(readFileSync(path), { level: 9 }).length;
				sums[kindOf(name)] += size;
				sums.all += size;
			}
			const over = Object.keys(BUDGET).filter((k) => sums[k] > BUDGET[k]);
			const line = Object.keys(BUDGET)
				.map((k) => `${k} ${(sums[k] / 1024).toFixed(1)} of ${BUDGET[k] / 1024}`)
				.join(" · ");
			console.log(`KiB after gzip: ${line}`);
			if (over.length)
				throw new Error(`over the budget: ${over.join(", ")}`);
		},
	};
}

/* What the gateway says, in German: its address, as a file of its own that is fetched by who
 * wants it. */
function words() {
	const source = () => pack(readFileSync(new URL("src/i18n/gateway.de.txt", import.meta.url), "utf8"));
	let serves = false;
	return {
		name: "cardea-words",
		configResolved: (config) => {
			serves = config.command === "serve";
		},
		resolveId: (id) => id === "words:de" ? "\0words:de" : undefined,
		load(id) {
			if (id !== "\0words:de")
				return undefined;
			if (serves)
				return `export default "data:text/plain;charset=utf-8,${encodeURIComponent(source())}";`;
			const file = this.emitFile({ type: "asset", name: "gateway.de.txt", source: source() });
			return `export default import.meta.ROLLUP_FILE_URL_${file};`;
		},
	};
}

/* In development the page speaks to a real gateway's control socket. There it is root's,
 * hence the owner's: no login is asked for. CARDEA_URL: another page's https instead. */
function gateway() {
	const socketPath = process.env.CARDEA_SOCKET;
	if (socketPath)
		return { "/v1": { target: { socketPath, host: "localhost" }, changeOrigin: true } };
	const target = process.env.CARDEA_URL;
	return target ? { "/v1": { target, secure: false, changeOrigin: true } } : {};
}

export default defineConfig({
	esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
	server: { proxy: gateway() },
	build: {
		emptyOutDir: true,
		target: "es2021",
		// nothing inline: the page's policy is default-src 'self'
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		cssCodeSplit: false,
		// Two files of code: what the first screen needs, and the rest while nobody waits. A
		// router answers few requests faster than many small ones. What reads the gateway's
		// words for another language is one more, for who wants that language.
		rollupOptions: { output: { manualChunks: (id) =>
			/\/src\/screens\/(?!home)/.test(id) ? "more" :
			/\/src\/i18n\/gateway\.ts/.test(id) ? "words" :
			/\/src\/(?!main)|\/node_modules\//.test(id) ? "base" : undefined } },
	},
	plugins: [words(), budget()],
	test: { include: ["tests/**/*.test.ts", "tests/**/*.test.mjs"], environment: "node" },
});
