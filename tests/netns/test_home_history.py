# SPDX-License-Identifier: GPL-2.0-or-later
"""What a real device does is on the pages: whom it talks to, what it was refused, what a
change would do and then does; it outlives a killed engine, and hours move on."""

import http.client
import json
import os
import signal
import socket
import sqlite3

import pytest

from lab import Home, dns, internet

SOON = 60  # seconds: who looks sees what happened up to three seconds ago
PORT = internet.ANY_TCP
HOUR = 3600


class Api:
    """The control socket, as root."""

    def __init__(self, cardea):
        self.path = cardea.socket

    def ask(self, target, body=None):
        link = http.client.HTTPConnection("localhost", timeout=60)
        link.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.sock.settimeout(60)
        link.sock.connect(self.path)
        text = None if body is None else json.dumps(body)
        link.request("POST" if body is not None else "GET", target, text,
                     {"Content-Type": "application/json"} if text else {})
        reply = link.getresponse()
        text = reply.read()
        link.close()
        return reply.status, json.loads(text), len(text)

    def get(self, target):
        status, reply, _ = self.ask(target)
        assert status == 200, reply
        return reply

    def effect(self, **body):
        status, reply, _ = self.ask("/v1/effect", body)
        assert status == 200, reply
        return reply


@pytest.fixture(scope="module")
def house():
    with Home(("bulb", "phone")) as home:
        # it is refused things on purpose
        home.gateway.always = {"life": {"isolate": False}}
        home.cardea = home.gateway.start_cardea()
        home.join_all()
        home.cardea.wait_state(home["bulb"].mac, "protected")
        home.cardea.wait_state(home["phone"].mac, "learning")
        home.api = Api(home.cardea)
        yield home


def use_cloud(device, times=1):
    address, = device.resolve(internet.CLOUD_NAME, dns.A)
    for _ in range(times):
        assert device.echo_tcp(address, 443)


def told(home, device):
    """The sensor tells what is under way."""
    home.cardea.cli("profile", "learn", device.mac, "--episode")


def peer(home, device, match, hours=2):
    talks = home.api.get("/v1/talks/%s?hours=%d" % (device.mac, hours))
    return next((p for p in talks["peers"] if match(p)), None)


def wait_peer(home, device, match, what):
    return home.cardea.wait(lambda: peer(home, device, match), SOON, what)


def is_cloud(p):
    return p["name"] == internet.CLOUD_NAME and p["port"] == 443


def is_c2(p):
    return p["address"] == internet.C2_4


def test_who_it_talks_to(house):
    bulb = house["bulb"]
    use_cloud(bulb, 3)
    told(house, bulb)
    cloud = wait_peer(house, bulb, lambda p: is_cloud(p) and p["count"] >= 3, "the cloud")
    assert cloud["where"] == "internet" and cloud["address"] == internet.CLOUD4
    assert cloud["verdict"] == "allowed" and cloud["source"] == "manufacturer"
    assert internet.CLOUD_NAME in cloud["rule"]
    assert cloud["up"] > 0 and cloud["down"] > 0 and cloud["refused"] == 0
    talks = house.api.get("/v1/talks/" + bulb.mac)
    assert talks["recorded_since"]
    gateway = [p for p in talks["peers"] if p["where"] == "gateway" and p["port"] == 53]
    assert gateway, "it asked the gateway for the name"


def test_what_it_was_refused(house):
    bulb = house["bulb"]
    assert not bulb.echo_tcp(internet.C2_4, PORT, timeout=0.5)
    stranger = wait_peer(house, bulb, lambda p: is_c2(p) and p["refused"], "the refusal")
    assert stranger["verdict"] == "blocked" and stranger["count"] == 0
    told(house, bulb)  # the sensor saw the attempts, too: they are not conversations
    use_cloud(bulb)
    told(house, bulb)
    wait_peer(house, bulb, lambda p: is_cloud(p) and p["count"] >= 4, "what it did next")
    assert peer(house, bulb, is_c2)["count"] == 0
    row, = [d for d in house.api.get("/v1/roster")["devices"] if d["mac"] == bulb.mac]
    assert "w" in row["marks"][-2:]  # an hour may have ended meanwhile
    assert row["bytes"] > 0 and row["source"] == "maker"
    events = house.api.get("/v1/events?kind=violation&device=%s&text=%s" % (
        bulb.mac, internet.C2_4))["events"]
    assert events and all(e["kind"] == "violation" for e in events)
    why = house.api.get("/v1/why?event=%d" % events[-1]["id"])
    assert why["allowed"] is False and why["peer"] == internet.C2_4
    timeline = house.api.get("/v1/timeline/%s?limit=200" % bulb.mac)
    assert timeline["next"] is None
    kinds = [item["kind"] for item in timeline["items"]]
    assert "violation" in kinds and "state" in kinds and "device-joined" in kinds
    times = [item["at"] for item in timeline["items"]]
    assert times == sorted(times, reverse=True)


def test_the_first_screen_is_small(house):
    status, home, size = house.api.ask("/v1/home")
    assert status == 200 and size <= 20 * 1024
    assert home["counts"]["protected"] == 1 and home["counts"]["learning"] == 1
    assert {row["name"] for row in home["strip"]["rows"]} and home["strip"]["more"] == 0
    assert home["sentence"].startswith("2 devices")


def test_what_is_foretold_comes_true(house):
    """A refusal of the cloud would block what was recorded; then it does."""
    bulb = house["bulb"]
    refuse = {"kind": "refuse", "peer": internet.CLOUD_NAME}

    def foretell():
        told_of = house.api.effect(overlay=refuse, device=bulb.mac, hours=2)
        recorded = peer(house, bulb, is_cloud)["count"]
        return told_of["would_block"] == recorded >= 3 and told_of

    foretold = house.cardea.wait(foretell, SOON, "the same count on both pages")
    assert foretold["would_allow"] == 0
    assert [e["then"] for e in foretold["examples"][:1]] == ["blocked"]
    use_cloud(bulb)  # nothing has changed by asking
    status, overlay, _ = house.api.ask("/v1/overlays", dict(refuse, device=bulb.mac))
    assert status == 200
    wait = house.cardea.wait  # the kernel follows the answer
    wait(lambda: not bulb.echo_tcp(internet.CLOUD4, 443, timeout=0.5), SOON, "the refusal")
    assert peer(house, bulb, is_cloud)["verdict"] == "blocked"

    def is_foretold():
        allowed = house.api.effect(overlay={"kind": "allow", "peer": internet.C2_4},
                                   device=bulb.mac, hours=2)
        return allowed["would_allow"] == peer(house, bulb, is_c2)["refused"] > 0

    wait(is_foretold, SOON, "what would pass that is refused")
    house.api.ask("/v1/overlays/%d" % overlay["id"], {"remove": True})
    wait(lambda: bulb.resolve(internet.CLOUD_NAME, dns.A) == [internet.CLOUD4] and
         bulb.echo_tcp(internet.CLOUD4, 443, timeout=0.5), SOON, "the cloud again")


def engine(home):
    found, = [p for p in home.cardea.status()["sandbox"] if p["name"] == "engine"]
    return found["pid"]


def stored(home, table):
    with sqlite3.connect("file:%s/cardea.db?mode=ro" % home.cardea.state, uri=True) as db:
        return db.execute("SELECT count(*) FROM " + table).fetchone()[0]


def test_a_killed_engine_forgets_nothing_that_was_shown(house):
    bulb, before = house["bulb"], peer(house, house["bulb"], is_cloud)
    house.cardea.wait(lambda: stored(house, "talk"), SOON, "rows in the store")
    os.kill(engine(house), signal.SIGKILL)
    house.cardea.wait(lambda: (house.cardea.status() or {}).get("ready") is True, SOON,
                      "the next engine")
    after = peer(house, bulb, is_cloud)
    assert after["count"] >= before["count"] and after["down"] >= before["down"]
    assert after["first"] == before["first"]
    use_cloud(bulb)
    told(house, bulb)
    wait_peer(house, bulb, lambda p: is_cloud(p) and p["count"] > before["count"],
              "what it did since")


def move(home, hours, days):
    """All that is stored happened so much earlier."""
    with sqlite3.connect(home.cardea.state + "/cardea.db") as db:
        db.execute("PRAGMA foreign_keys=OFF")
        for table in ("talk", "talk_hour"):
            db.execute("UPDATE %s SET hour=hour-?" % table, (hours,))
        db.execute("UPDATE talk_day SET day=day-?", (days,))
        db.execute("UPDATE talk_span SET day=day-?, since=since-?, hours=0xffffff",
                   (days, days * 24 * HOUR * 10**9))
    db.close()


def test_hours_and_days_pass(house):
    """The gateway is off while its store is moved; then an hour has passed, and a week."""
    bulb = house["bulb"]
    number = house.cardea.device(bulb.mac)["id"]
    house.cardea.stop()
    move(house, 3, 1)
    with sqlite3.connect(house.cardea.state + "/cardea.db") as db:
        day = db.execute("SELECT max(day) FROM talk_span").fetchone()[0]
        db.execute("UPDATE device SET first_seen=first_seen-?", (20 * 24 * HOUR * 10**9,))
        for ago in range(1, 9):  # quiet days
            db.execute("INSERT OR REPLACE INTO talk_span VALUES(?,?,?)",
                       (day - ago, 1, 0xffffff))
            db.execute("INSERT OR REPLACE INTO talk_day VALUES(?,?,?,?,?,?,?,?,?)",
                       (number, day - ago, 0xffffff, 900, 1000, 3, 0, 2, 0))
        db.execute("UPDATE talk_day SET down=5000000000 WHERE device=? AND day=?",
                   (number, day))
    db.close()
    house.gateway.start_cardea()
    after, = [d for d in house.api.get("/v1/roster")["devices"] if d["mac"] == bulb.mac]
    assert "w" in after["marks"][-6:-3] and "w" not in after["marks"][-3:]
    assert after["amounts"][-6:-3] != "000" and after["amounts"][-3:] == "000"
    assert peer(house, bulb, is_cloud, hours=2) is None
    assert peer(house, bulb, is_cloud, hours=6)["count"] >= 3
    told_of = house.api.get("/v1/anomalies?days=3")
    row = told_of["devices"][0]
    assert row["id"] == number and 100 in row["scores"][:2]
    assert row["top"][0]["what"] == "more data than usual" and row["top"][0]["was"] == "5.0 GB"
    assert row["top"][0]["day"] in told_of["days"][:2]


def test_a_provider_sees_counts_alone(house):
    counts = house.api.get("/v1/aggregate")
    text = json.dumps(counts)
    assert counts["devices"] == 2 and counts["classes"] == {} and counts["few"] == 2
    for secret in (house["bulb"].mac, "192.168.", internet.CLOUD_NAME, "bulb", "maker.example"):
        assert secret not in text


def test_without_learning_only_refusals(house):
    bulb = house["bulb"]
    house.cardea.stop()
    house.gateway.start_cardea(learn={"enabled": False})
    house.cardea.wait_state(bulb.mac, "protected")
    before = peer(house, bulb, is_cloud, hours=6)["count"]
    use_cloud(bulb)
    assert not bulb.echo_tcp(internet.C2_4, PORT, timeout=0.5)
    wait_peer(house, bulb, lambda p: is_c2(p) and p["refused"], "the refusal")
    talks = house.api.get("/v1/talks/%s?hours=6" % bulb.mac)
    assert talks["recorded_since"] is None
    assert next(p for p in talks["peers"] if is_cloud(p))["count"] == before
    assert house.api.get("/v1/home")["recorded_since"] is None
