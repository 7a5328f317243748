// SPDX-License-Identifier: GPL-2.0-or-later
/* Drawn by hand, one line of ink, 24 units square. */
import type { JSX } from "preact";

/* Shapes of states, 20 units square: filled or hollow tells as much as the colour. */
const SHAPES: Record<string, JSX.Element> = {
	protected: <circle cx="10" cy="10" r="7.5" fill="currentColor" />,
	new: <path d="M10 2.5 17.500 10 10 17.500 2.500 10Z" fill="none" stroke="currentColor" stroke-width="2.2" />,
	learning: <path d="M10 1.500 18.500 10 10 18.500 1.500 10Z" fill="currentColor" />,
	suspicious: <path d="M10 3 17.500 16.500H2.500Z" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linejoin="round" />,
	asks: <path d="M10 2 18.500 17.500H1.500Z" fill="currentColor" />,
	quarantined: <rect x="3" y="3" width="14" height="14" fill="currentColor" />,
	unfixable: <path d="M3 3h14v14H3zM6 6l8 8M14 6l-8 8" fill="none" stroke="currentColor" stroke-width="2.2" />,
	updating: <path d="M10 2v11M5.500 9 10 13.500 14.500 9M3 17.500h14" fill="none" stroke="currentColor" stroke-width="2.2" />,
	attesting: <path d="M3 10.500 8 15.500 17 5" fill="none" stroke="currentColor" stroke-width="2.6" />,
	probation: <g><circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="2.2" /><circle cx="10" cy="10" r="3" fill="currentColor" /></g>,
	limited: <g><circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="2.2" /><path d="M10 3a7 7 0 0 1 0 14Z" fill="currentColor" /></g>,
	away: <circle cx="10" cy="10" r="6.500" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="2.500 3" />,
	retired: <path d="M4 10h12" fill="none" stroke="currentColor" stroke-width="2.4" />,
};

export function Shape({ of, size = 15 }: { of: string; size?: number }) {
	return (
		<svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
			{SHAPES[of] ?? SHAPES["away"]}
		</svg>
	);
}

const LINES = {
	home: "M4 11 12 4l8 7M6 10v10h12V10M10 20v-6h4v6",
	devices: "M4 5h16v10H4zM9 19h6M12 15v4",
	live: "M3 12h4l3-7 4 14 3-7h4",
	leaves: "M13 4h7v16h-7M3 12h11M10 8l4 4-4 4",
	anomalies: "M3 17c4 0 4-5 8-5s3-7 6-7c2 0 2 4 4 4",
	quarantine: "M5 11h14v9H5zM8 11V8a4 4 0 0 1 8 0v3",
	system: "M6 6h12v12H6zM9 3v3M15 3v3M9 18v3M15 18v3M3 9h3M3 15h3M18 9h3M18 15h3",
	settings: "M4 7h9M17 7h3M4 17h3M11 17h9M13 5v4M7 15v4",
	more: "M4 7h16M4 12h16M4 17h16",
	close: "M6 6l12 12M18 6 6 18",
	search: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13M15.500 15.500 20 20",
	leave: "M10 4H5v16h5M9 12h11M16 8l4 4-4 4",
	language: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18",
	moon: "M19 14A8 8 0 0 1 10 5a8 8 0 1 0 9 9",
	copy: "M9 9h11v11H9zM5 15H4V4h11v1",
	arrow: "M9 5l7 7-7 7",
	check: "M4 12.500 9.500 18 20 6.500",
	eye: "M2.500 12C6 6.500 9 5 12 5s6 1.500 9.500 7c-3.500 5.500-6.500 7-9.500 7s-6-1.500-9.500-7M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
	shield: "M12 3l7.500 3v6c0 5-4 8-7.500 9-3.500-1-7.500-4-7.500-9V6z",
	pause: "M8 5v14M16 5v14",
	plus: "M12 5v14M5 12h14",
	undo: "M8 5 4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
} as const;
export type IconName = keyof typeof LINES;

/* What a device is for (the classes of the life cycle). */
const KINDS: Record<string, string> = {
	light: "M9 17h6M10 20h4M12 3a6 6 0 0 0-3.500 10.900V15h7v-1.100A6 6 0 0 0 12 3",
	plug: "M8 3v5M16 3v5M6 8h12v4a6 6 0 0 1-12 0zM12 18v3",
	speaker: "M7 3h10v18H7zM12 12a3 3 0 1 0 0 6 3 3 0 0 0 0-6M12 7h.01",
	tv: "M3 5h18v12H3zM9 21h6",
	camera: "M3 7h18v11H3zM12 9.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 21h8",
	sensor: "M12 10v11M8.500 13.500a5 5 0 1 1 7 0M6 16a8.500 8.500 0 1 1 12 0",
	appliance: "M5 3h14v18H5zM5 8h14M12 11a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7M8 5.500h.01",
	climate: "M12 3v18M4.200 7.500l15.600 9M19.800 7.500l-15.600 9",
	printer: "M7 9V3h10v6M5 18H3V9h18v9h-2M7 14h10v7H7z",
	toy: "M12 8a4 4 0 1 0 0 .1M8 5a2 2 0 1 1 2-2M16 5a2 2 0 1 0-2-2M7 20a5 5 0 0 1 10 0z",
	lock: "M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4M12 15v2",
	alarm: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4",
	medical: "M12 20C5 15 3 12 3 9a4.500 4.500 0 0 1 9-1 4.500 4.500 0 0 1 9 1c0 3-2 6-9 11z",
	phone: "M7 2h10v20H7zM11 19h2",
	hub: "M4 13h16v6H4zM8 16h.01M12 13V8M8.500 6a5 5 0 0 1 7 0",
	smoke: "M5 8h14l-2 7H7zM9 19c0-1 1-1 1-2M14 19c0-1 1-1 1-2M12 4v1",
	heating: "M5 6v13M9 6v13M13 6v13M17 6v13M3 9h18M3 16h18",
	computer: "M5 4h14v11H5zM2 19h20",
	other: "M5 5h14v14H5zM9 12h.01M12 12h.01M15 12h.01",
};

function Lines({ d, size }: { d: string; size: number }) {
	return (
		<svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true"
			fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"
			stroke-linejoin="round">
			<path d={d} />
		</svg>
	);
}

export function Icon({ of, size = 22 }: { of: IconName; size?: number }) {
	return <Lines d={LINES[of]} size={size} />;
}

export function KindIcon({ of, size = 26 }: { of: string | null | undefined; size?: number }) {
	return <Lines d={KINDS[of ?? ""] ?? KINDS["other"]!} size={size} />;
}

export function Mark() {
	return (
		<svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true">
			<path d="M5 2v22" stroke="var(--bronze)" stroke-width="3" stroke-linecap="round" />
			<path d="M5 4l14 4v14L5 22" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
			<circle cx="5" cy="8" r="2.600" fill="var(--paper)" stroke="var(--bronze)" stroke-width="2" />
			<circle cx="5" cy="18" r="2.600" fill="var(--paper)" stroke="var(--bronze)" stroke-width="2" />
		</svg>
	);
}
