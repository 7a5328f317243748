// SPDX-License-Identifier: GPL-2.0-or-later
/* While somebody looks at a device, what happens to it is shown as it happens. */
import { useEffect } from "preact/hooks";
import { listenEvents } from "../../api/stream";

const SETTLE_MS = 1500; /* a scan is many events, and one picture */

export function useFollow(id: number, name: string, reload: () => Promise<void>): void {
	useEffect(() => {
		let timer = 0;
		const end = listenEvents((e) => {
			const mine = e.device_id === id || e.device === name;
			if (mine && !timer)
				timer = window.setTimeout(() => {
					timer = 0;
					void reload();
				}, SETTLE_MS);
		});
		return () => {
			clearTimeout(timer);
			end();
		};
	}, [id, name, reload]);
}
