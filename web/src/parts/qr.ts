// SPDX-License-Identifier: GPL-2.0-or-later
/* A QR code (ISO/IEC 18004:2015) of a short text: octets, level M, versions 1 to 6, which need
 * no version information. The letters and numbers are the standard's. */

/* Of each version at level M (table 9): blocks, data and error correction octets a block. */
const BLOCKS: [number, number, number][] = [
	[1, 16, 10], [1, 28, 16], [1, 44, 26], [2, 32, 18], [2, 43, 24], [4, 27, 16]];
const HEAD_BITS = 12; /* mode 0100 and a count of 8 bits */
const FILL = [0xec, 0x11]; /* 7.4.10 */
const LEVEL_M = 0; /* table 12 */

/* ---- error correction (7.5): GF(256) by x^8 + x^4 + x^3 + x^2 + 1 ---- */

function times(a: number, b: number): number {
	let product = 0;
	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = a << 1 ^ (a & 0x80 ? 0x11d : 0);
	}
	return product;
}

/* (x - 1)(x - 2)(x - 4)..., without its first member. */
function generator(degree: number): number[] {
	let g = [1], root = 1;
	for (let i = 0; i < degree; i++) {
		const next = [...g, 0];
		for (const [k, factor] of g.entries())
			next[k + 1]! ^= times(factor, root);
		g = next;
		root = times(root, 2);
	}
	return g.slice(1);
}

function remainder(data: number[], g: number[]): number[] {
	const rest: number[] = Array(g.length).fill(0);
	for (const octet of data) {
		const factor = octet ^ rest.shift()!;
		rest.push(0);
		for (const [i, member] of g.entries())
			rest[i]! ^= times(member, factor);
	}
	return rest;
}

/* ---- the octets (7.4, 7.6) ---- */

function padded(octets: Uint8Array, room: number): number[] {
	const bits = [0, 1, 0, 0];
	for (const octet of [octets.length, ...octets])
		for (let i = 7; i >= 0; i--)
			bits.push(octet >> i & 1);
	bits.push(0, 0, 0, 0);
	const all: number[] = [];
	for (let i = 0; i < bits.length; i += 8)
		all.push(Number.parseInt(bits.slice(i, i + 8).join(""), 2));
	for (let i = 0; all.length < room; i++)
		all.push(FILL[i % 2]!);
	return all;
}

function interleaved(data: number[], [count, size, more]: [number, number, number]): number[] {
	const g = generator(more);
	const blocks = Array.from({ length: count }, (_, i) => data.slice(i * size, (i + 1) * size));
	const checks = blocks.map((b) => remainder(b, g));
	const mix = (lists: number[][], length: number) =>
		Array.from({ length: length * count }, (_, i) => lists[i % count]![Math.floor(i / count)]!);
	return [...mix(blocks, size), ...mix(checks, more)];
}

/* ---- the symbol (6.3, 7.7) ---- */

type Grid = (boolean | null)[][]; /* [y][x]; null: free for data */

function square(grid: Grid, x: number, y: number, dark: (ring: number) => boolean,
	radius: number): void {
	for (let dy = -radius; dy <= radius; dy++)
		for (let dx = -radius; dx <= radius; dx++) {
			const row = grid[y + dy];
			if (row && x + dx >= 0 && x + dx < row.length)
				row[x + dx] = dark(Math.max(Math.abs(dx), Math.abs(dy)));
		}
}

function drawn(version: number): Grid {
	const size = 17 + 4 * version;
	const grid: Grid = Array.from({ length: size }, () => Array<null>(size).fill(null));
	for (let i = 0; i < size; i++)
		grid[6]![i] = grid[i]![6] = i % 2 === 0;
	for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const)
		square(grid, x, y, (ring) => ring < 2 || ring === 3, 4);
	if (version > 1)
		square(grid, size - 7, size - 7, (ring) => ring !== 1, 2);
	return grid;
}

/* 15 bits, twice (7.9): BCH(15,5), so that no format is all light. */
function setFormat(grid: Grid, mask: number): void {
	const size = grid.length, five = LEVEL_M << 3 | mask;
	let rest = five;
	for (let i = 0; i < 10; i++)
		rest = rest << 1 ^ (rest >> 9) * 0x537;
	const bits = (five << 10 | rest) ^ 0x5412;
	for (let i = 0; i < 15; i++) {
		const dark = (bits >> i & 1) === 1;
		grid[i < 6 ? i : i < 8 ? i + 1 : size - 15 + i]![8] = dark;
		grid[8]![i < 8 ? size - 1 - i : i < 9 ? 7 : 14 - i] = dark;
	}
	grid[size - 8]![8] = true;
}

const MASKS: ((x: number, y: number) => boolean)[] = [
	(x, y) => (x + y) % 2 === 0, (_, y) => y % 2 === 0, (x) => x % 3 === 0,
	(x, y) => (x + y) % 3 === 0, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
	(x, y) => x * y % 2 + x * y % 3 === 0, (x, y) => (x * y % 2 + x * y % 3) % 2 === 0,
	(x, y) => ((x + y) % 2 + x * y % 3) % 2 === 0];

/* Two columns at a time, from the right, up and down (7.7.3). */
function fill(grid: Grid, octets: number[], masked: (x: number, y: number) => boolean): boolean[][] {
	const size = grid.length;
	let at = 0, up = true;
	for (let right = size - 1; right > 0; right -= 2, up = !up) {
		if (right === 6)
			right = 5;
		for (let i = 0; i < size; i++)
			for (const x of [right, right - 1]) {
				const y = up ? size - 1 - i : i, row = grid[y]!;
				if (row[x] !== null)
					continue;
				const bit = (octets[at >> 3] ?? 0) >> 7 - (at & 7) & 1;
				row[x] = (bit === 1) !== masked(x, y);
				at++;
			}
	}
	return grid as boolean[][];
}

/* How hard it is to read (7.8.3): long runs, squares, what looks like a corner, one colour. */
function penalty(grid: boolean[][]): number {
	const size = grid.length;
	const lines = [...grid, ...grid.map((_, x) => grid.map((row) => row[x]!))]
		.map((line) => line.map(Number).join(""));
	let sum = 0, dark = 0;
	for (const line of lines) {
		for (const run of line.match(/0{5,}|1{5,}/g) ?? [])
			sum += run.length - 2;
		for (let i = 0; i + 11 <= size; i++)
			sum += /^(10111010000|00001011101)/.test(line.slice(i, i + 11)) ? 40 : 0;
	}
	for (let y = 0; y < size; y++)
		for (let x = 0; x < size; x++) {
			const here = grid[y]![x];
			dark += here ? 1 : 0;
			if (x && y && here === grid[y - 1]![x] && here === grid[y]![x - 1] &&
			    here === grid[y - 1]![x - 1])
				sum += 3;
		}
	return sum + 10 * Math.floor(Math.abs(dark / size / size - 0.5) * 20);
}

/** Rows of modules, dark is true; null where the text is too long for it. */
export function qr(text: string): boolean[][] | null {
	const octets = new TextEncoder().encode(text);
	const version = 1 + BLOCKS.findIndex(([count, size]) =>
		HEAD_BITS + 8 * octets.length <= 8 * count * size);
	const blocks = BLOCKS[version - 1];
	if (!blocks)
		return null;
	const all = interleaved(padded(octets, blocks[0] * blocks[1]), blocks);
	const tries = MASKS.map((masked, mask) => {
		const grid = drawn(version);
		setFormat(grid, mask);
		return fill(grid, all, masked);
	});
	const worth = tries.map(penalty);
	return tries[worth.indexOf(Math.min(...worth))]!;
}
