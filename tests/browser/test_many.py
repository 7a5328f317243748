# SPDX-License-Identifier: GPL-2.0-or-later
"""A house of 500 devices and 100,000 events scrolls and is searched without a task of over
50 ms."""

import contextlib
import itertools
import json
import os
import sqlite3
import threading
import time

from lab import internet

COUNT = 500
EVENTS = 100_000
DAY_NS = 86400 * 10**9
KINDS = (4, 4, 17, 14, 21, 9)  # violation twice, refused, name-refused, learned, question


def enter(home):
    """Devices that the owner names before they are there; fewer than 500 joined by wire."""
    have = len(home.cardea.devices())
    lines = "".join(json.dumps({
        "mac": "02:00:5e:10:%02x:%02x" % (i >> 8, i & 255), "source": "owner",
        "mud_url": "", "name": "Lamp %d" % i}) + "\n" for i in range(COUNT - have))
    done = home.gateway.ns.run(
        ["/usr/bin/python3", "-c", ENTER, home.cardea.socket], stdin=lines, timeout=120)
    assert not done.stdout, done.stdout
    assert len(home.cardea.devices()) == COUNT


# One connection a request, as the control socket has it.
ENTER = """
import socket, sys
for line in sys.stdin:
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sys.argv[1])
        body = line.strip().encode()
        s.sendall(b"POST /v1/identities HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n"
                  b"Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"
                  % len(body) + body)
        answer = b""
        while part := s.recv(65536):
            answer += part
        if b" 200 " not in answer[:20]:
            sys.exit(print(answer.decode()))
"""


def remember(home):
    """A month of events, put where the gateway keeps its own, while it is off."""
    home.cardea.stop()
    now = time.time_ns()
    with contextlib.closing(sqlite3.connect(
            os.path.join(home.cardea.state, "cardea.db"))) as db, db:
        devices = [row[0] for row in db.execute("SELECT id FROM device")]
        at = [now - 30 * DAY_NS + n * (30 * DAY_NS // (EVENTS + 1)) for n in range(EVENTS)]
        db.executemany(
            "INSERT INTO event VALUES(NULL,?,?,?,?,0,0,NULL,NULL,6,0,443,0,?,?,?)",
            ((when, when, devices[n % len(devices)], KINDS[n % 6], "host%d.example.net" % (n % 977),
              1 + n % 9, "Blocked: lamp %d to host%d.example.net, TCP port 443. Its profile does "
              "not list this." % (n % 500, n % 977)) for n, when in enumerate(at)))
    home.cardea.start()


@contextlib.contextmanager
def busy(home):
    """A device tries one port after the other, where nothing opens; the owner cannot make up
    his mind about the name of another."""
    end = threading.Event()

    def happen():
        for n in itertools.count():
            if end.wait(0.2):
                return
            home["camera"].send_udp(internet.C2_4, 2000 + n % 60000)
            if n % 5 == 0:
                home.cardea.cli("device", "rename", home["plug"].mac, "Plug %d" % n)

    thread = threading.Thread(target=happen)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def tell(found):
    """Judged it was where the browser is. What it costs a processor that is so much slower is
    told, and not judged."""
    for width, at in found.items():
        last, slow = at["rounds"][-1], at["throttled"]
        print("%s px: long tasks %s ms, the processor at most %s ms, others %d ms; %dx slower: "
              "%d long tasks, the longest %d ms, the processor %s ms" % (
                  width, last["long"], last["own"], at["busy"], slow["slower"], slow["tasks"],
                  slow["longest"], slow["own"]))


def test_devices_scroll_without_long_tasks(stage):
    enter(stage.home)
    tell(stage.play("many", count=COUNT, timeout=400))


def test_live_scrolls_without_long_tasks(stage):
    home = stage.home
    remember(home)
    home.cardea.wait_state(home["camera"].mac, "protected")
    with busy(home):
        tell(stage.play("many_events", timeout=400))
