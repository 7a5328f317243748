# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 of each process at random moments under traffic: nothing that is allowed is cut,
nothing that is forbidden passes, the process comes back, the house is known as before."""

import os
import random
import signal
import socket
import threading
import time

import pytest

from lab import dns, frames, internet, reaper
from lab.gateway import MAC as GATEWAY

CHILDREN = ("enforcer", "sensor", "resolver", "courier", "engine")
PACE = 0.01  # seconds between packets of each kind
FORBIDDEN_PORT, ALLOWED_PORT = 5777, 5004


class Traffic:
    """Allowed: a TCP conversation of the bulb and a UDP stream of the camera, both echoed
    and numbered. Forbidden: datagrams of the camera to the command server, and spoofed
    frames over the bridge to the plug."""

    def __init__(self, home):
        self.home = home
        self.sent = self.echoed = self.tcp = self.tried = 0
        self.cut = None
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=f) for f in (self._stream, self._talk,
                                                              self._mischief)]

    def __enter__(self):
        bulb, camera = self.home["bulb"], self.home["camera"]
        address = bulb.resolve(internet.CLOUD_NAME)[0]
        self._conversation = bulb.connect(address, 443)
        self._conversation.settimeout(30)
        self._udp = camera.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._udp.settimeout(30)
        self._udp.connect((internet.MEDIA6, ALLOWED_PORT))
        self.home.internet.sink.clear()
        self.home["plug"].sink.clear()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._conversation.close()
        self._udp.close()

    def _stream(self):
        while not self._stopping.wait(PACE):
            try:
                self.sent += 1
                self._udp.send(b"frame %d" % self.sent)
                if self._udp.recv(64) == b"frame %d" % self.sent:
                    self.echoed += 1
            except OSError as error:
                self.cut = "camera's stream: %s" % error

    def _talk(self):
        while not self._stopping.wait(PACE):
            try:
                word = b"word %d" % self.tcp
                self._conversation.send(word)
                if self._conversation.recv(64) != word:
                    self.cut = "bulb's conversation is garbled"
                self.tcp += 1
            except OSError as error:
                self.cut = "bulb's conversation: %s" % error
                return

    def _mischief(self):
        camera, plug, phone = (self.home[n] for n in ("camera", "plug", "phone"))
        spoofed = frames.udp(camera.mac, GATEWAY, phone.ipv4, internet.C2_4, 1,
                             FORBIDDEN_PORT)
        lateral = frames.tcp(camera.mac, plug.mac, camera.ipv4, plug.ipv4, 1, 9999)
        while not self._stopping.wait(PACE):
            for address in (internet.C2_4, internet.C2_6):
                camera.send_udp(address, FORBIDDEN_PORT)
            camera.send_frame(spoofed)
            camera.send_frame(lateral)
            self.tried += 4

    def verdict(self):
        """After the end of it all."""
        assert self.cut is None, self.cut
        assert self.sent > 20 and self.tcp > 20 and self.tried > 80, "there was no traffic"
        assert self.echoed == self.sent
        assert self.home.internet.sink.count(dport=FORBIDDEN_PORT) == 0
        assert self.home["plug"].sink.count(src_mac=self.home["camera"].mac,
                                            dport=9999) == 0


def process(cardea, role):
    """The running process of that role, or None."""
    status = cardea.status()
    return next((p for p in (status or {}).get("sandbox", [])
                 if p["name"] == role and p["running"] and p["pid"] and status["ready"]),
                None)


def house(cardea):
    """What has to be the same after as before. Who knocks where nothing opens, as the
    traffic does, becomes suspicious, and is as protected as before."""
    return {d["mac"]: (d["id"], d["name"],
                       d["state"].replace("suspicious", "protected"), d["mud_url"])
            for d in cardea.devices().values()}


def house_works(home):
    """A new name is opened and a new conversation made: each process does its part."""
    zone, bulb = home.internet.zone, home["bulb"]
    name = zone.fresh(1)[0]
    assert bulb.resolve(name) == zone.records[name][dns.A]
    assert bulb.echo_tcp(bulb.resolve(internet.CLOUD_NAME)[0], 443)


@pytest.mark.parametrize("role", CHILDREN)
def test_kill_child(home, kills, role):
    cardea = home.cardea
    cardea.wait(lambda: process(cardea, role), what=role)
    before = house(cardea)
    with Traffic(home) as traffic:
        for _ in range(kills):
            time.sleep(random.uniform(0.05, 0.5))
            victim = cardea.wait(lambda: process(cardea, role), what=role)
            os.kill(victim["pid"], signal.SIGKILL)
            cardea.wait(lambda: (process(cardea, role) or victim)["pid"] != victim["pid"],
                        what="a new " + role)
            house_works(home)
    traffic.verdict()
    assert house(cardea) == before


def test_kill_parent(home, kills):
    """The init system's part is played by the test: it starts the daemon again."""
    cardea = home.cardea
    before = house(cardea)
    with Traffic(home) as traffic:
        for _ in range(kills):
            time.sleep(random.uniform(0.05, 0.5))
            pids = [p["pid"] for p in cardea.status()["sandbox"] if p["running"]]
            os.kill(cardea.process.pid, signal.SIGKILL)
            cardea.process.popen.wait()
            deadline = time.monotonic() + 30
            while reaper.running() & set(pids):
                assert time.monotonic() < deadline, "a child outlives its parent"
                time.sleep(0.02)
            cardea.start()
            house_works(home)
    traffic.verdict()
    assert house(cardea) == before


def test_kill_everything_at_once(home, kills):
    cardea = home.cardea
    before = house(cardea)
    with Traffic(home) as traffic:
        for _ in range(kills):
            time.sleep(random.uniform(0.05, 0.5))
            pids = {p["pid"] for p in cardea.status()["sandbox"] if p["running"]}
            for pid in (pids | {cardea.process.pid}) - {0}:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            cardea.process.popen.wait()
            cardea.start()
            house_works(home)
    traffic.verdict()
    assert house(cardea) == before
