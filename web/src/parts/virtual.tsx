// SPDX-License-Identifier: GPL-2.0-or-later
/* A long list of rows of one height, of which only those in sight are there: 500 devices
 * cost as much as 20. The page scrolls, not a box within it. */
import { computed, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const BEYOND = 8; /* rows kept on either side, so that Tab finds the next one */
const STEP = 4; /* rows that scroll by before anything is drawn anew */
const REST_MS = 100; /* without a jump for so long, a throw is over */
const NEAR_END = 60; /* rows: some views of the highest window */

const wide = typeof matchMedia === "undefined" ? null : matchMedia("(min-width: 700px)");
const isWide = signal(wide?.matches ?? true);
wide?.addEventListener("change", (e) => {
	isWide.value = e.matches;
});
export const phone = computed(() => !isWide.value);

/* Which rows: [from, to) of count, for a view of so many pixels that begins at top; beyond:
 * how many more on either side. */
export function rowsInSight(top: number, view: number, height: number, count: number,
	beyond = BEYOND): [number, number] {
	const first = Math.floor(Math.max(0, top) / height / STEP) * STEP;
	const from = Math.max(0, Math.min(first, count) - beyond);
	const to = Math.min(count, first + Math.ceil(view / height) + STEP + beyond);
	return [from, Math.max(from, to)];
}

type Range = [number, number];
const holds = (all: Range, part: Range) => all[0] <= part[0] && part[1] <= all[1];

/* Looks once a frame, however often something scrolls in it. Who is thrown through the list
 * gets what is in sight and no more, as long as the throw goes on: the rows beyond, which
 * nobody sees, would cost as much again in every frame. */
function useRange(ref: { current: HTMLElement | null }, height: number, count: number): Range {
	const [range, setRange] = useState<Range>([0, Math.min(count, 24)]);
	useLayoutEffect(() => {
		let frame = 0, rest = 0;
		let drawn: Range = [0, 0];
		const draw = (next: Range) => {
			if (drawn[0] === next[0] && drawn[1] === next[1])
				return;
			drawn = next;
			setRange(next);
		};
		const look = (beyond: number): Range | null => {
			const box = ref.current?.getBoundingClientRect();
			return box ? rowsInSight(-box.top, innerHeight, height, count, beyond) : null;
		};
		const settle = () => {
			const next = look(BEYOND);
			if (next)
				draw(next);
		};
		const step = () => {
			frame = 0;
			const seen = look(0), next = look(BEYOND);
			if (!seen || !next || (holds(drawn, seen) && holds(drawn, next)))
				return;
			const thrown = seen[0] >= drawn[1] || seen[1] <= drawn[0];
			draw(thrown ? seen : next);
			clearTimeout(rest);
			if (thrown)
				rest = window.setTimeout(settle, REST_MS);
		};
		const ask = () => {
			frame ||= requestAnimationFrame(step);
		};
		settle();
		addEventListener("scroll", ask, { passive: true });
		addEventListener("resize", ask, { passive: true });
		return () => {
			cancelAnimationFrame(frame);
			clearTimeout(rest);
			removeEventListener("scroll", ask);
			removeEventListener("resize", ask);
		};
	}, [height, count]);
	return range;
}

interface Props<T> {
	items: T[];
	height: number;
	keyOf: (item: T) => string | number;
	/* the same function as long as an item's row would be the same */
	render: (item: T) => ComponentChildren;
	label: string;
	/* the end is near: there may be more to fetch */
	onEnd?: () => void;
}

export function VirtualList<T>({ items, height, keyOf, render, label, onEnd }: Props<T>) {
	const ref = useRef<HTMLUListElement>(null);
	const [from, to] = useRange(ref, height, items.length);
	const near = to >= items.length - NEAR_END;
	useEffect(() => {
		if (near)
			onEnd?.();
	}, [near, items.length]);
	/* A row that stays is the same object, and Preact leaves it alone. */
	const drawn = useRef(new Map<T, ComponentChildren>());
	const by = useRef(render);
	const seen = drawn.current;
	const now = new Map<T, ComponentChildren>();
	for (const item of items.slice(from, to))
		now.set(item, by.current === render && seen.get(item) || render(item));
	drawn.current = now;
	by.current = render;
	return (
		<ul class="virtual" ref={ref} aria-label={label} style={{ height: `${height * items.length}px` }}>
			{items.slice(from, to).map((item, i) => (
				<li key={keyOf(item)} aria-setsize={items.length} aria-posinset={from + i + 1}
					style={{ height: `${height}px`, top: `${(from + i) * height}px` }}>
					{now.get(item)}
				</li>))}
		</ul>
	);
}
