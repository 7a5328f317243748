// SPDX-License-Identifier: GPL-2.0-or-later
import { expect, test } from "vitest";
import { match } from "../src/app/router";

test("a pattern finds its members, decoded", () => {
	expect(match("/", "/")).toEqual({});
	expect(match("/devices/:id/:tab?", "/devices/7")).toEqual({ id: "7" });
	expect(match("/devices/:id/:tab?", "/devices/a%2Fb/rules")).toEqual({ id: "a/b", tab: "rules" });
});

test("what does not fit is no screen, nor is broken encoding", () => {
	expect(match("/devices", "/devices/7")).toBeNull();
	expect(match("/devices/:id", "/devices")).toBeNull();
	expect(match("/devices/:id", "/devices/%ff%zz")).toBeNull();
	expect(match("/", "/anything")).toBeNull();
});
