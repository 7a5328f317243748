// SPDX-License-Identifier: GPL-2.0-or-later
import { describe, expect, it } from "vitest";
import { keyOf, read, translator, type Piece } from "../src/i18n/gateway";
import RAW from "../src/i18n/gateway.de.txt?raw";
import { pack } from "../src/i18n/pack";

const TABLE = pack(RAW);
const german = translator(TABLE);
const text = (p: Piece[]) => p.map((x) => typeof x === "string" ? x : x.en).join("");
const say = (s: string) => text(german(s));
const isWhole = (s: string) => german(s).every((p) => typeof p === "string");

/* As a gateway of the laboratory said them. */
const REAL: [string, string][] = [
	["3 devices, all behaving as expected.", "3 Geräte, alle verhalten sich wie erwartet."],
	["12 devices. 9 behave as expected. 1 is new or being learned. Kitchen camera asks something. Plug is held.",
		"12 Geräte. 9 verhalten sich wie erwartet. 1 ist neu oder wird noch gelernt. Kitchen camera fragt etwas. Plug wird festgehalten."],
	["Blocked: camera -> 203.0.113.66 tcp 4444. The manufacturer's profile lists 3 destinations; this is not one.",
		"Blockiert: camera → 203.0.113.66 tcp 4444. Das Profil des Herstellers nennt 3 Ziele; dieses gehört nicht dazu."],
	["Allowed: plug -> 192.168.77.1 (this gateway) udp 53. Every device may send UDP to this gateway's DNS port 53 (RFC 8520).",
		"Erlaubt: plug → 192.168.77.1 (dieses Gateway) udp 53. Jedes Gerät darf UDP zu dem DNS dieses Gateways (Port 53) senden (RFC 8520)."],
	["Allowed: bulb -> 203.0.113.10 (cloud.maker.example) tcp 443. The manufacturer's profile, rule 2 (cl0-frdev, line 40): may open TCP to cloud.maker.example port 443.",
		"Erlaubt: bulb → 203.0.113.10 (cloud.maker.example) tcp 443. Das Profil des Herstellers, Regel 2 (cl0-frdev, Zeile 40): Es darf TCP zu cloud.maker.example (Port 443) öffnen."],
	["Refused: camera -> cloud.example. You said no: it must not send anything to cloud.example (overlay 3).",
		"Abgelehnt: camera → cloud.example. Sie haben nein gesagt: Es darf nichts zu cloud.example senden (overlay 3)."],
	["You said of plug: allow 203.0.113.66 tcp port 4444 for 1 hour.",
		"Sie haben zu plug gesagt: es darf mit 203.0.113.66 sprechen (tcp, Port 4444), 1 Stunde lang."],
	["What you said of plug is over, as you wished: allow ads.example for 20 minutes.",
		"Was Sie zu plug gesagt haben, ist vorbei, wie Sie es wollten: es darf mit ads.example sprechen, 20 Minuten lang."],
	["plug is in quarantine: it attacks. It may fetch updates: 120 points: port scan (tcp 23, 192.168.77.12; 40 times), a worm's ports (tcp 2323, 192.168.77.12; 3 times).",
		"plug ist in Quarantäne: Es greift an. Aktualisierungen darf es holen: 120 Punkte: Abtasten von Ports (tcp 23, 192.168.77.12; 40-mal), Ports eines Wurms (tcp 2323, 192.168.77.12; 3-mal)."],
	["You accepted: Its file is not signed. Use it? A changed one is asked about again.",
		"Sie haben zugestimmt: Seine Datei ist nicht signiert. Trotzdem benutzen? Nach einer geänderten werden Sie wieder gefragt."],
	["Which device controls bulb? Until you say so they may not talk. (`cardea decide show 4`)",
		"Welches Gerät steuert bulb? Bis Sie es sagen, dürfen sie nicht miteinander sprechen."],
	["Of 14 conversations and attempts of camera since 2026-11-22T10:00 UTC, 2 that are blocked now would pass: tcp 443 to updates.example.",
		"Von den Gesprächen und Versuchen von camera seit 2026-11-22T10:00 UTC (zusammen 14): 2 werden jetzt verweigert und kämen durch, zum Beispiel TCP 443 zu updates.example."],
	["Allowed: phone is only watched (it names no MUD file, so nothing is enforced for it yet).",
		"Erlaubt: phone wird nur beobachtet (es nennt keine MUD-Datei, also wird noch nichts durchgesetzt)."],
	["may go on with anything to the local network", "darf mit dem Heimnetz weitersprechen"],
	["web.page_port", "Port der Seite"],
	["may answer with TCP to the local network from its port 9999 (IPv4)",
		"darf dem Heimnetz (vom eigenen Port 9999, IPv4) mit TCP antworten"],
	["root changed the settings: dns.rate = 70; to be confirmed.",
		"root hat die Einstellungen geändert: dns.rate = 70; noch zu bestätigen."],
	["event 39 is no violation: printer is out of service for good: retired by hand.",
		"Ereignis 39 ist keine Verweigerung: printer ist endgültig außer Dienst: von Hand ausgemustert."],
	["plug is in quarantine, as its owner wants: er spinnt.",
		"plug ist in Quarantäne, auf Ihren Wunsch: er spinnt."],
	["Blocked: plug -> 192.168.1.111 (local network) tcp 443. The device is in quarantine: only this gateway's names and time stay open, and what repairs it. Its combined profile says of this peer: may open TCP to the local network from its port 9999 (IPv4). That rule is not enforced yet: switched off while in quarantine.",
		"Blockiert: plug → 192.168.1.111 (Heimnetz) tcp 443. Das Gerät ist in Quarantäne: Offen bleiben nur Namen und Uhrzeit von diesem Gateway und was es heilt. Sein zusammengesetztes Profil sagt zu diesem Gegenüber: Es darf TCP zu dem Heimnetz (vom eigenen Port 9999, IPv4) öffnen. Diese Regel ist noch nicht durchgesetzt: während der Quarantäne abgeschaltet."],
	["The profile of gadget is here: not signed by anybody you trust (accepted by you).",
		"Das Profil von gadget ist da: von niemandem signiert, dem Sie trauen (von Ihnen angenommen)."],
	["send text of 1 to 63 bytes", "so ist es richtig: ein Text von 1 bis 63 Bytes"],
	["restart of web, resolver", "Neustart von web, resolver"],
];

describe("the gateway's words in German", () => {
	it.each(REAL)("%s", (english, wanted) => {
		expect(say(english)).toBe(wanted);
		expect(isWhole(english)).toBe(true);
	});

	it("marks what it does not know as English, and what of a sentence it does not", () => {
		expect(german("Nobody ever says this.")).toEqual([{ en: "Nobody ever says this." }]);
		expect(german("Its file is not signed: the moon was full. Use it? A changed one is asked about again."))
			.toEqual(["Seine Datei ist nicht signiert: ", { en: "the moon was full" },
				". Trotzdem benutzen? Nach einer geänderten werden Sie wieder gefragt."]);
	});

	it("leaves names as they are, whatever they look like", () => {
		const names = ["the local network", "camera", "A is held.", "{1} {2!}",
			"$&", "<img src=x onerror=alert(1)>", "is now called", " -> ", "learning",
			"You accepted:", "any address", "'; DROP TABLE", "\\", "%s%n", "is held"];
		for (const name of names) {
			expect(say(`${name} is now called Lamp.`)).toBe(`${name} heißt jetzt Lamp.`);
			expect(say(`A new device joined: ${name} (02:00:00:00:00:10).`))
				.toBe(`Ein neues Gerät ist da: ${name} (02:00:00:00:00:10).`);
		}
	});

	it("keeps to its own direction what is written from right to left", () => {
		expect(say("מצלמה is held.")).toBe("\u2068מצלמה\u2069 wird festgehalten.");
	});

	it("is done soon, whatever a name is made of", () => {
		const bad = [" is held.".repeat(200), "-> ".repeat(300), "Blocked: ".repeat(100),
			"says of this peer: ".repeat(50), ": ".repeat(500), " (".repeat(500), "a, ".repeat(390),
			"Of 1 conversations and attempts of ".repeat(30), "You accepted: ".repeat(80), ". ".repeat(590),
			"it is ".repeat(190), `${"{1}".repeat(300)}`, "\u0000".repeat(1100)];
		/* who searched on and on would meet the time that a test has */
		for (const name of bad)
			expect(text(translator(TABLE)(`Blocked: ${name} -> 10.0.0.1 tcp 80.`))).toContain(name.slice(0, 20));
		expect(german("x".repeat(5000))).toEqual([{ en: "x".repeat(5000) }]);
	});

	it("reads each of its own templates back, with nothing of the English left", () => {
		const lines = RAW.split("\n").filter((l) => l && !l.startsWith("# "));
		const whole = lines.filter((l, i) => i % 2 === 0 && !l.includes("{"));
		expect(new Set(whole.map((l) => keyOf(l.replace(/^~/, "")))).size).toBe(whole.length);
		for (const l of whole)
			if (l[0] !== "~")
				expect(say(l)).toBe(lines[lines.indexOf(l) + 1]);
		for (const t of read(TABLE).templates) {
			let n = 0;
			const filled = t.parts.map((p) => typeof p === "string" ? p : p.number ? String(++n + 1) : `q${++n}`).join("");
			if (!t.within && !t.generic)
				expect(isWhole(filled), filled).toBe(true);
		}
	});
});
