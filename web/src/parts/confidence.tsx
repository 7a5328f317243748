// SPDX-License-Identifier: GPL-2.0-or-later
/* How much of what a device does has been seen: shown, never hidden. The pale part is what
 * the estimate leaves open. */
import { t } from "../i18n";
import { percent } from "../i18n/format";

export interface Unseen {
	state: string;
	share: number | null;
	bound: number | null;
}

export function Confidence({ unseen }: { unseen: Unseen | null }) {
	if (!unseen || unseen.state === "unknown" || unseen.share === null || unseen.bound === null)
		return <span class="soft">{t.why.unknownConfidence}</span>;
	const sure = Math.max(0, 100 - unseen.bound * 100);
	const likely = Math.max(0, 100 - unseen.share * 100);
	return (
		<span class="confidence">
			<svg class="confbar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
				<rect class="all" width="100" height="8" />
				<rect class="likely" width={likely} height="8" />
				<rect class="sure" width={sure} height="8" />
			</svg>
			<span>{t.why.unseen(percent(unseen.share, 1), percent(unseen.bound, 1))}</span>
		</span>
	);
}
