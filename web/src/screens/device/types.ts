// SPDX-License-Identifier: GPL-2.0-or-later
/* One device, whole: cardea.device/1. */
import type { State } from "../../api/types";

export interface Step {
	id?: number;
	device?: string;
	kind: string;
	sentence: string;
	at: string;
	detail: string | null;
	protocol: string | null;
	from: State;
	to: State;
	event: string;
}

export interface Profile {
	url: string | null;
	signature: string | null;
	signer: string | null;
	systeminfo: string | null;
	mfg_name: string | null;
	model_name: string | null;
	is_supported: boolean;
	last_update: string | null;
	fetched: string | null;
	rules: number;
	notes: unknown[];
}

export interface Device {
	id: number;
	name: string;
	mac: string;
	state: State;
	since: string;
	hold: "none" | "limited" | "quarantined" | "refused";
	class: string;
	class_used?: string;
	hostname: string;
	vendor_class: string;
	mud_url: string;
	url_source: string;
	confirmed: boolean;
	proven: boolean;
	mud_signer: string;
	quarantine: string | null;
	problem: string;
	first_seen: string;
	last_seen: string;
	addresses: { address: string; source: string; until: string }[];
	profile?: Profile | null;
	allowed_in_quarantine?: string[];
	return_needs?: string;
	shown?: string;
	deadline?: string | null;
	offences?: number;
	returns?: number;
	suspicion?: { points: number; level: string; why: string; tight: boolean };
	evidence?: Step[];
}

export const isHeld = (d: Device) => d.hold !== "none";
