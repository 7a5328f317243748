// SPDX-License-Identifier: GPL-2.0-or-later
/* Every screen and its address. One line each; a screen's code comes when it is wanted:
 * "/devices": () => import("../screens/devices").then((m) => m.Devices). */
import type { ComponentType } from "preact";
import { Home } from "../screens/home";

type Screen = ComponentType<{ params: Record<string, string> }>;

export const screens: Record<string, () => Promise<Screen>> = {
	"/": () => Promise.resolve(Home),
	"/devices/:id/:tab?": () => import("../screens/device/device").then((m) => m.DevicePage),
	"/devices": () => import("../screens/devices").then((m) => m.Devices),
	"/live": () => import("../screens/live").then((m) => m.Live),
	"/login": () => import("../screens/login").then((m) => m.Login),
	"/setup": () => import("../screens/setup").then((m) => m.Setup),
	"/settings": () => import("../screens/settings").then((m) => m.Settings),
	"/system": () => import("../screens/system").then((m) => m.System),
	"/why/:event?": () => import("../screens/why").then((m) => m.WhyPage),
	"/review/:id": () => import("../screens/review").then((m) => m.ReviewPage),
	"/quarantine": () => import("../screens/quarantine").then((m) => m.QuarantinePage),
	"/anomalies": () => import("../screens/anomalies").then((m) => m.AnomaliesPage),
	"/leaves": () => import("../screens/leaves").then((m) => m.LeavesPage),
	"/changes": () => import("../screens/changes").then((m) => m.ChangesPage),
};
