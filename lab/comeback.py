# SPDX-License-Identifier: GPL-2.0-or-later
"""A device that is taken over, isolated, mended and let back: the actors, and each step with
what was observed at the far end of the wire. Played by the demo and by the tests.

Steps return (observed, detail). What the gateway thinks is asked by its command line alone,
as an owner would; how it got there is judged by who still receives packets."""

import datetime
import time

from . import internet, mudfiles, signed, updates
from .dns import A, AAAA
from .frames import TCP
from .malware import Malware
from .netns import PATIENCE

C2 = (internet.C2_4, internet.C2_6)
CLOUD = (internet.CLOUD4, internet.CLOUD6)
UPDATES = (internet.UPDATE4, internet.UPDATE6)
CAMERA_IMAGE = 200_000  # octets
# What is asked of the gateway from the device's own address. None of it may exist there.
RELEASES = (("POST", "/v1/quarantine/%s"), ("POST", "/v1/devices/%s"),
            ("PUT", "/v1/devices/%s/state"), ("DELETE", "/v1/quarantine/%s"),
            ("POST", "/.well-known/cardea/release"), ("POST", "/release"))
SETTINGS = {"life": {"probation": 10}}  # an owner in a hurry; a week is usual


def quarantine_list(*aces):
    """The entries of a MUD file that stay in force (draft-richardson-shg-mud-quarantined)."""
    return {"extensions": ["ietf-mud-quarantine"],
            "ietf-mud-quarantine:quaranteed-device-policy": {
                "enabled-ace-names": [{"ace-name": a} for a in aces]}}


def trust_maker(cardea, maker):
    """The owner's word that this key signs the firmware of the maker's devices."""
    cardea.cli("attest", "key", "add", updates.VENDOR, maker.key.path)


def told(answer):
    """The gateway's sentence."""
    said = answer.json() if "json" in answer.kind else {}
    return "%d: %s" % (answer.status, said.get("detail", ""))


class Comeback:
    """One device and its maker. spelled "mud": its file says what stays open in quarantine;
    "suit": only the signed manifest names the update host."""

    def __init__(self, home, maker, name="camera", spelled="mud"):
        self.home, self.maker, self.name = home, maker, name
        self.sink = home.internet.sink
        accesses = [mudfiles.cloud(internet.CLOUD_NAME)]
        extra = None
        if spelled == "mud":
            accesses.append(mudfiles.cloud(internet.UPDATE_HOST))
            extra = quarantine_list("a1-frdev", "a1-todev")
        self.url = home.internet.publish(name, "Yard " + name, accesses, extra=extra)
        self.old, self.sold, self.fixed = (
            maker.release(name, n, CAMERA_IMAGE) for n in (1, 2, 3))

    def moves_in(self, cardea):
        """It is there already; its owner tells the gateway what it is and whose keys count."""
        self.cardea = cardea
        self.device = self.home[self.name]
        self.malware = Malware(self.device)
        self.mac = self.device.mac
        folder = self.home.path("dev", self.name)
        self.firmware = updates.Firmware(
            self.device, signed.Key(folder, "P-256", "attestation"),
            self.home.internet.pki.web_ca, self.sold.image)
        cardea.wait_state(self.mac, "protected")
        cardea.cli("device", "set", self.mac, "--class", "camera")
        cardea.cli("attest", "key", "add", self.mac, self.firmware.key.path)

    # ---- what is asked of the gateway

    def shown(self):
        return self.cardea.json("device", "show", self.mac)

    def state(self):
        return self.shown()["state"]

    def comes_to(self, state, timeout=2 * PATIENCE):
        began = time.monotonic()
        self.cardea.wait(lambda: self.state() == state, timeout,
                         "state %s of %s (it is %s)" % (state, self.name, self.state()))
        return True, "after %.1f s" % (time.monotonic() - began)

    def history(self):
        """The states it was in, in order, as the gateway stored them."""
        steps = self.cardea.json("quarantine", "history", self.mac)["steps"]
        steps = sorted(steps, key=lambda s: s["at"])
        return [steps[0]["from"]] + [s["to"] for s in steps if s["from"] != s["to"]]

    # ---- what is observed

    def reaches(self, name, port=443):
        """By name, over both families: how many were answered."""
        return sum(self.device.echo_tcp(a, port)
                   for q in (A, AAAA) for a in self.device.resolve(name, q))

    def works(self):
        answered = self.reaches(internet.CLOUD_NAME)
        return answered == 2, "its cloud answers over %d families" % answered

    def misbehaves(self):
        """It calls home, which its file does not know: refused, noticed, nobody is called.
        Eight new services: the gateway counts different ones by a sketch that may take two
        for one, and suspects from five on."""
        for port in (4444, 443, 8443, internet.ANY_TCP):
            for address in C2:
                self.device.connect(address, port, timeout=0.2)
        return self.comes_to("suspicious")

    def attacks(self):
        """A scan of addresses, one of ports, a flood; again until it is held."""
        began, probes = time.time(), 0
        while self.state() != "quarantined" and time.time() - began < 4 * PATIENCE:
            probes += self.malware.scan_addresses(50, pause=0.01)
            probes += self.malware.scan_ports(internet.CLOUD4, 50)
            probes += self.malware.flood(internet.C2_4, 500, 1)
        shown = self.shown()
        since = datetime.datetime.fromisoformat(shown["since"].replace("Z", "+00:00"))
        return (shown["state"] == "quarantined",
                "%d packets sent, held since %.1f s after the first"
                % (probes, since.timestamp() - began))

    def is_cut_off(self):
        """Its cloud and its command server get nothing, whatever it sends."""
        time.sleep(0.3)  # what the kernel already had on its way
        self.sink.clear()
        answered = sum(self.device.echo_tcp(a, 443, timeout=0.3) for a in CLOUD)
        answered += self.malware.call_home()
        for address, port in ((internet.C2_4, 4444), (internet.CLOUD4, 443)):
            self.malware.flood(address, 1000, 0.5, port)
        arrived = self.sink.packets(dst=CLOUD + C2)
        cloud = sum(p.dst in CLOUD for p in arrived)
        return (not answered and not arrived,
                "1,000 packets tried; its cloud got %d, its command server %d"
                % (cloud, len(arrived) - cloud))

    def reaches_updates(self, wanted=True):
        self.sink.clear()
        patience = PATIENCE if wanted else 1.0
        found = [a for q in (A, AAAA)
                 for a in self.device.resolve(internet.UPDATE_HOST, q, timeout=patience)]
        open_ = [self.device.connect(a, 443, timeout=patience) for a in found]
        answered = sum(s is not None for s in open_)
        for sock in filter(None, open_):
            sock.close()
        arrived = self.sink.count(dst=UPDATES, proto=TCP)
        ok = (answered == 2) if wanted else not answered and not arrived
        return ok, "%d of %d answered, %d packets there" % (answered, len(found), arrived)

    def is_told_what_is_open(self):
        told = self.shown()["allowed_in_quarantine"]
        return any(internet.UPDATE_HOST in str(t) for t in told), "%d entries" % len(told)

    def is_captive(self, wanted=True):
        """RFC 8908 with the draft's further key, for both kinds of devices."""
        answers = [self.firmware.portal("GET", "/capport", tls=tls) for tls in (True, False)]
        said = [a.json() if a and a.status == 200 else None for a in answers]
        return (all(s and s["captive"] is wanted and s["quarantine"] is wanted
                    for s in said), "%s" % said[0])

    # ---- the way back

    def hands_in_manifest(self, release=None):
        """The maker's signed manifest, which it had kept."""
        answer = self.firmware.post((release or self.fixed).envelope, updates.ENVELOPE)
        return (answer is not None and answer.status in (200, 202),
                told(answer) if answer else "nobody answers")

    def fetches(self):
        self.firmware.runs = self.firmware.fetch(self.fixed.url)
        return self.firmware.runs == self.fixed.image, "%d octets of version %d" % (
            len(self.firmware.runs), self.fixed.sequence)

    def is_seen_fetching(self):
        """A conversation is told when it has been silent for a while after its end."""
        return self.comes_to("updating", 4 * PATIENCE)

    def starts_anew(self):
        self.firmware.restart()
        return self.comes_to("attesting", 4 * PATIENCE)

    def attests(self):
        self.accepted = self.firmware.token(self.firmware.challenge())
        answer = self.firmware.post(self.accepted)
        came, detail = self.comes_to("probation")
        return (came and answer is not None and answer.status == 200,
                "%s; %s" % (told(answer) if answer else "nobody answers", detail))

    def serves_probation(self):
        return self.comes_to("protected")

    # ---- and those who cheat

    def _refused(self, answer, states=("quarantined",)):
        """Nothing came of it; what was answered."""
        state = self.state()
        return (answer is not None and answer.status >= 400 and state in states,
                "%s; still %s" % (told(answer) if answer else "nobody answers", state))

    def forges_a_token(self):
        """Over the right nonce and the right image, by a key of its own."""
        key = signed.Key(self.home.path("dev", self.name), "P-256", "forger")
        nonce = self.firmware.challenge()
        return self._refused(self.firmware.post(
            self.firmware.token(nonce, key, self.fixed.image)))

    def replays_a_token(self):
        """The one that let it back last time."""
        self.firmware.challenge()
        return self._refused(self.firmware.post(self.accepted))

    def hands_in_old_manifest(self):
        """Signed by its maker, and older than what was accepted."""
        return self._refused(self.firmware.post(self.old.envelope, updates.ENVELOPE))

    def vouches_for_old_firmware(self):
        """A genuine key over the right nonce, for firmware with the hole."""
        nonce = self.firmware.challenge()
        return self._refused(self.firmware.post(
            self.firmware.token(nonce, image=self.sold.image)))

    def frees_itself(self):
        """By whatever the gateway's own interfaces might be, from its own address."""
        granted = []
        for method, path in RELEASES:
            path = path % self.mac if "%s" in path else path
            for tls in (True, False):
                answer = self.firmware.portal(method, path, b'{"release":true}',
                                              "application/json", tls)
                if answer is not None and answer.status < 400:
                    granted.append((method, path, answer.status))
        return (not granted and self.state() == "quarantined",
                "%d requests, none granted; still %s"
                % (2 * len(RELEASES), self.state()) if not granted else str(granted))
