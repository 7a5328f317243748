// SPDX-License-Identifier: GPL-2.0-or-later
/* A sheet for the device or its box, with the way to its page as a QR code. Only the sheet is
 * printed. */
import { useMemo } from "preact/hooks";
import { useResource } from "../../api/resource";
import { t } from "../../i18n";
import { inert } from "../../parts/inert";
import { Button, Card, CopyCommand, Name } from "../../parts/parts";
import { qr } from "../../parts/qr";
import { deviceWord, shell } from "../../parts/shell";
import type { Device } from "./types";

const QUIET = 4; /* modules around a code (ISO/IEC 18004 6.3.8) */

/* The dark modules, a line's neighbours as one. */
export function modulesPath(grid: boolean[][]): string {
	return grid.map((row, y) => row.map((dark, x) => {
		if (!dark || row[x - 1])
			return "";
		const end = row.indexOf(false, x);
		const wide = (end < 0 ? row.length : end) - x;
		return `M${x + QUIET} ${y + QUIET}h${wide}v1h-${wide}z`;
	}).join("")).join("");
}

function Code({ text, name }: { text: string; name: string }) {
	const grid = useMemo(() => qr(text), [text]);
	if (!grid)
		return null;
	const side = grid.length + 2 * QUIET;
	return (
		<svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={t.identity.labelCode(name)}
			shape-rendering="crispEdges">
			<path class="ground" d={`M0 0h${side}v${side}h-${side}z`} />
			<path d={modulesPath(grid)} />
		</svg>
	);
}

/* As the gateway calls its page, which the command line says, too. */
function usePage(device: Device): string {
	const s = useResource<{ portal?: { page?: string | null } }>("/v1/status").value.value;
	const page = s?.portal?.page || (s ? location.origin : "");
	return page && `${page.replace(/\/+$/, "")}/devices/${device.id}`;
}

export function Label({ device: d }: { device: Device }) {
	const page = usePage(d);
	return (
		<Card class="labelcard">
			<h2>{t.identity.label}</h2>
			<p class="soft">{t.identity.labelHelp}</p>
			<div class="labelsheet">
				{page && <Code text={page} name={inert(d.name)} />}
				<div class="labeltext">
					<b><Name>{d.name}</Name></b>
					{d.profile?.systeminfo && <span><Name>{d.profile.systeminfo}</Name></span>}
					<span class="mono">{d.mac}</span>
					{page && <span class="mono"><Name>{page}</Name></span>}
				</div>
			</div>
			<div class="btns"><Button onClick={() => window.print()}>{t.identity.label}</Button>
				<CopyCommand command={shell("cardea", "device", "label", deviceWord(d))} /></div>
		</Card>
	);
}
