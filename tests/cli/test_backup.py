# SPDX-License-Identifier: GPL-2.0-or-later
"""A house in one sealed file, and what people may read, edit and bring back of it."""

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import threading
import time

import pytest

from conftest import hears_interrupts
from test_offline import mud_file, write
from test_terminal import Terminal

MAC, OTHER = "02:00:00:00:00:07", "02:00:00:00:00:08"
COUNTS = {"devices": 2, "overlays": 1, "decisions": 0, "profiles": 0, "users": 1, "cases": 0,
          "vault": 0}
ABOUT = {"version": "0.1.0", "database": 19, "made": "2026-01-01T00:00:00Z", "counts": COUNTS}
PART = 262144
WORDS = "correct horse battery"


class House:
    """A gateway that gives and takes octets; what it was sent is in taken."""

    def __init__(self, daemon, octets=bytes(range(256)) * 3000):
        self.octets, self.given, self.taken = octets, 0, b""
        self.sha = hashlib.sha256(octets).hexdigest()
        self.restored, self.ended, self.lies = None, 0, False
        self.keeps = "2026-01-31T12:00:00.000Z"
        self.kept = [{"made": "2026-01-02T03:04:05.000Z", "version": "0.1\x1b", "counts": COUNTS}]
        daemon.routes["POST", "/v1/backup"] = self.make
        daemon.routes["GET", "/v1/backup"] = self.part
        daemon.routes["POST", "/v1/restore"] = self.restore
        daemon.routes["GET", "/v1/restore"] = lambda q, b: (200, self.state("idle"))
        daemon.routes["GET", "/v1/status"] = (200, {"schema": "cardea.status/1", "ready": True})

    def make(self, _query, body):
        body = json.loads(body)
        if body.get("end"):
            self.ended += 1
            return 200, {"schema": "cardea.backup/1", "bytes": 0}
        return 200, {"schema": "cardea.backup/1", "bytes": len(self.octets), "sha256": self.sha,
                     "history": body["history"], "about": ABOUT}

    def part(self, query, _body):
        at = int(query["from"])
        part = self.octets[at:at + PART]
        if self.lies:
            part = bytes(len(part))
        more = at + len(part) < len(self.octets)
        return 200, {"schema": "cardea.backup.part/1", "from": at, "part": part.hex(),
                     "next": at + len(part) if more else None}

    def state(self, word):
        last = self.restored and {"sha256": self.restored, "made": None, "at": None}
        checked = word == "checked"
        return {"schema": "cardea.restore/1", "state": word, "bytes": len(self.taken),
                "sha256": None, "about": ABOUT if checked else None,
                "here": COUNTS if checked else None,
                "devices": {"comes": ["lamp\x1b[2J"], "goes": ["tv"],
                            "renamed": [{"from": "a", "to": "b"}]} if checked else None,
                "settings": {"changes": [{"key": "dns.rate", "from": "100", "to": "150"}],
                             "kept": [{"key": "lan.interfaces", "from": "[\"br0\"]",
                                       "to": "[\"eth1\"]"}]} if checked else None,
                "last": last or None, "kept": self.kept,
                "keeps": self.keeps if word == "ends" else None}

    def restore(self, _query, body):
        body = json.loads(body)
        if "begin" in body:
            self.taken = b""
        elif "part" in body:
            assert body["from"] == len(self.taken)
            self.taken += bytes.fromhex(body["part"])
        elif "check" in body:
            if hashlib.sha256(self.taken).hexdigest() != body["check"]:
                return 422, {"error": "this is no whole backup", "next": "take another"}
            return 200, self.state("checked")
        elif "kept" in body:
            if body["kept"] not in [k["made"].replace(".000", "") for k in self.kept]:
                return 409, {"error": "there is none", "next": "look"}
            return 200, {**self.state("checked"), "sha256": "kept"}
        elif "commit" in body:
            self.restored = body["commit"]
            return 200, self.state("ends")
        elif "end" in body:
            self.ended += 1
        return 200, self.state("takes")


@pytest.fixture
def house(daemon, folder):
    write(folder, "pass", (WORDS + "\nsecond line\n").encode())
    write(folder, "wrong", b"another passphrase\n")
    return House(daemon)


def put(cli, *flags, code=0, **more):
    return cli("backup", "house", "--passphrase-file", "pass", *flags, code=code, **more)


def get(cli, *flags, code=0, key="pass", name="house"):
    return cli("restore", name, "--passphrase-file", key, *flags, code=code)


def test_a_file_goes_and_comes(cli, house, folder):
    done = put(cli)
    path = os.path.join(folder, "house")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert "2  devices" in done.stdout and "is whole" in done.stderr and house.ended == 1
    with open(path, "rb") as f:
        sealed = f.read()
    assert sealed[:16] == b"cardea.backup/1\n"
    assert bytes(range(64)) not in sealed and house.sha.encode() not in sealed
    assert sorted(os.listdir(folder)) == ["control.sock", "house", "pass", "wrong"]
    done = get(cli, "--dry-run")
    assert house.taken == house.octets and house.restored is None
    assert "Nothing was changed." in done.stderr and "\x1b" not in done.stdout
    assert "comes:   lamp" in done.stdout and "goes:    tv" in done.stdout
    assert "renamed: a -> b" in done.stdout
    assert "setting: dns.rate: 100 -> 150" in done.stdout
    assert "stays:   lan.interfaces" in done.stdout
    done = get(cli, "--yes")
    assert house.restored == house.sha
    assert "`cardea restore --kept 2026-01-31T12:00:00Z`" in done.stderr
    assert json.loads(get(cli, "--yes", "--json").stdout)["schema"] == "cardea.restore/1"
    # the same house sealed again is another file
    put(cli, "--force")
    with open(path, "rb") as f:
        assert f.read()[64:] != sealed[64:]


def test_what_was_replaced_comes_back(cli, house, daemon):
    done = cli("restore", "--list")
    assert done.stdout.startswith("2026-01-02T03:04:05Z  ") and "2 devices" in done.stdout
    assert "\x1b" not in done.stdout
    name = "2026-01-02T03:04:05Z"
    assert "next: add --yes" in cli("restore", "--kept", name, code=2).stderr
    done = cli("restore", "--kept", name, "--dry-run")
    assert house.restored is None and house.ended == 1 and "goes:    tv" in done.stdout
    done = cli("restore", "--kept", name, "--yes")
    assert house.restored == "kept" and "--kept 2026-01-31T12:00:00Z`" in done.stderr
    house.restored = None
    cli("restore", "--kept", "2026-01-02T03:04:06Z", "--yes", code=5)
    assert house.restored is None
    house.keeps = None
    assert "could not be kept" in cli("restore", "--kept", name, "--yes").stderr
    daemon.requests.clear()
    for wrong in ([], ["house", "--list"], ["house", "--kept", name], ["--list", "--kept", name]):
        assert "name one thing" in cli("restore", *wrong, "--yes", code=2).stderr
    assert not daemon.requests
    house.kept = []
    assert "nothing was restored here" in cli("restore", "--list").stderr


def pem(folder, key="KEY ONE\n", cert="CERT ONE\n"):
    tls = os.path.join(folder, "state", "dns-tls")
    os.makedirs(tls, exist_ok=True)
    write(tls, "key.pem", key.encode())
    write(tls, "cert.pem", cert.encode())
    return tls


def test_the_certificate_goes_with_the_house(cli, house, daemon, folder):
    daemon.routes["GET", "/v1/settings"] = (200, {"items": [
        {"section": "paths", "key": "state", "value": folder + "/state"}]})
    tls = pem(folder)
    put(cli)
    with open(folder + "/house", "rb") as f:
        assert b"KEY ONE" not in f.read()
    get(cli, "--yes")  # it is so already
    assert sorted(os.listdir(tls)) == ["cert.pem", "key.pem"], "a house that is not kept"
    house.kept.append({"made": house.keeps, "version": "0.1", "counts": COUNTS})
    pem(folder, "KEY TWO\n", "CERT TWO\n")
    write(tls, "kept-2020-01-01T00:00:00Z.pem", b"of a house that is gone")
    get(cli, "--dry-run")
    assert not os.path.exists(tls + "/restored.pem")
    assert "certificate of then" in get(cli, "--yes").stderr
    kept = "kept-2026-01-31T12:00:00Z.pem"
    assert sorted(os.listdir(tls)) == ["cert.pem", kept, "key.pem", "restored.pem"]
    for name, text in ((kept, b"KEY TWO\nCERT TWO\n"), ("restored.pem", b"KEY ONE\nCERT ONE\n")):
        with open(os.path.join(tls, name), "rb") as f:
            assert f.read() == text
        assert stat.S_IMODE(os.stat(os.path.join(tls, name)).st_mode) == 0o600
    # and back
    house.keeps = "2026-01-31T13:00:00.000Z"
    cli("restore", "--kept", "2026-01-31T12:00:00Z", "--yes")
    with open(tls + "/restored.pem", "rb") as f:
        assert f.read() == b"KEY TWO\nCERT TWO\n"


def test_a_folder_that_others_write_to_is_left_alone(cli, house, daemon, folder):
    daemon.routes["GET", "/v1/settings"] = (200, {"items": [
        {"section": "paths", "key": "state", "value": folder + "/state"}]})
    tls = pem(folder)
    put(cli)
    os.chmod(tls, 0o777)
    pem(folder, "KEY TWO\n")
    assert "not that of the backup" in get(cli, "--yes").stderr
    assert sorted(os.listdir(tls)) == ["cert.pem", "key.pem"]
    os.rename(tls, folder + "/elsewhere")
    os.symlink(folder + "/elsewhere", tls)
    os.chmod(tls, 0o700)
    assert "not that of the backup" in get(cli, "--yes").stderr
    assert sorted(os.listdir(tls)) == ["cert.pem", "key.pem"]
    put(cli, "--force")  # a house without a certificate
    assert "certificate" not in get(cli, "--yes").stderr


def test_danger_wants_a_word(cli, house, daemon):
    put(cli)
    daemon.requests.clear()
    done = get(cli, code=2)
    assert "next: add --yes" in done.stderr and not daemon.requests


def test_dry_run_writes_nothing(cli, house, daemon, folder):
    done = cli("backup", "house", "--dry-run")
    assert "2  devices" in done.stdout
    assert "Nothing was written." in done.stderr and not os.path.exists(folder + "/house")
    assert json.loads(daemon.requests[-1][3]) == {"history": False, "dry_run": True}
    said = json.loads(cli("backup", "house", "--dry-run", "--history", "--json").stdout)
    assert said["schema"] == "cardea.backup/1" and said["history"] is True


def test_a_file_that_is_there_stays(cli, house, folder):
    write(folder, "house", b"mine")
    assert "--force replaces it" in put(cli, code=5).stderr
    with open(folder + "/house", "rb") as f:
        assert f.read() == b"mine"
    put(cli, "--force")
    get(cli, "--dry-run")
    assert sorted(os.listdir(folder)) == ["control.sock", "house", "pass", "wrong"]


def test_what_goes_wrong_leaves_no_file(cli, house, daemon, folder):
    house.lies = True
    assert "something else than it had announced" in put(cli, code=1).stderr
    daemon.routes["GET", "/v1/backup"] = (409, {"error": "gone", "next": "begin again"})
    put(cli, code=5)
    daemon.routes["GET", "/v1/backup"] = (200, {"part": "zz"})
    put(cli, code=1)
    daemon.routes["GET", "/v1/backup"] = (200, {"part": ""})
    put(cli, code=1)
    assert cli("backup", "no/such/folder/house", "--passphrase-file", "pass", code=1).stderr
    assert not os.path.exists(folder + "/house")
    assert sorted(os.listdir(folder)) == ["control.sock", "pass", "wrong"]


def test_an_interrupt_leaves_no_file(cli, house, daemon, folder):
    seen = []

    def slow(query, body):
        seen.append(query)
        while run.poll() is None and len(seen) > 1:
            pass
        return house.part(query, body)

    daemon.routes["GET", "/v1/backup"] = slow
    run = subprocess.Popen([cli.program, "backup", "house", "--passphrase-file", "pass"],
                           env={"CARDEA_SOCKET": cli.socket}, cwd=folder,
                           preexec_fn=hears_interrupts)
    while len(seen) < 2:
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 130
    assert sorted(os.listdir(folder)) == ["control.sock", "pass", "wrong"]


def test_each_fault_has_its_word(cli, house, daemon, folder):
    put(cli)
    with open(folder + "/house", "rb") as f:
        good = f.read()
    first = 64 + 4 + int.from_bytes(good[64:68], "big") + 16  # where the second part begins
    second = first + 4 + int.from_bytes(good[first:first + 4], "big") + 16
    faults = {
        "is cut off": [good[:-1], good[:first], good[:70], good[:40]],
        "was damaged or altered": [
            good + b"x", good[:-1] + bytes([good[-1] ^ 1]), good[:80] + b"\0" + good[81:],
            good[:64] + good[first:second] + good[64:first] + good[second:],  # moved
            good[:first] + good[second:],  # left out
            good[:64] + b"\x7f" + good[65:],
            good[:first] + bytes([good[first] | 0x80]) + good[first + 1:],  # the last one?
            good[:16] + b"\x1f" + good[17:], good[:18] + b"\xff" + good[19:]],
        "in a form that this version does not know": [
            good.replace(b"cardea.backup/1\n", b"cardea.backup/2\n")],
        "is no backup": [b"", b"x", os.urandom(500), json.dumps(mud_file()).encode()],
        "not its passphrase": [good[:21] + bytes([good[21] ^ 1]) + good[22:]],
    }
    daemon.requests.clear()
    for words, files in faults.items():
        for content in files:
            write(folder, "bad", content)
            done = get(cli, "--yes", name="bad", code=7 if "passphrase" in words else 6)
            assert words in done.stderr and "next: " in done.stderr, (words, done.stderr)
            assert done.stdout == ""
    assert "not its passphrase" in get(cli, "--yes", key="wrong", code=7).stderr
    assert "No such file" in get(cli, "--yes", name="none", code=1).stderr
    assert "is no file" in get(cli, "--yes", name="/dev/null", code=2).stderr
    assert not daemon.requests and house.restored is None


def test_the_gateway_has_the_last_word(cli, house, daemon):
    put(cli)
    house.ended = 0
    for status, code in ((409, 5), (413, 2), (422, 1), (500, 1), (403, 7)):
        real = house.restore

        def refuse(query, body, status=status, real=real):
            if "check" in json.loads(body):
                return status, {"error": "made by a newer Cardea", "next": "install that"}
            return real(query, body)

        daemon.routes["POST", "/v1/restore"] = refuse
        done = get(cli, "--yes", code=code)
        assert "made by a newer Cardea" in done.stderr and done.stdout == ""
    assert house.ended == 5 and house.restored is None


def test_passphrases(cli, house, folder):
    write(folder, "short", b"short\n")
    write(folder, "empty", b"\n")
    write(folder, "long", b"x" * 300)
    for name in ("short", "empty", "long"):
        cli("backup", "house", "--passphrase-file", name, code=2)
    assert "No such file" in cli("backup", "house", "--passphrase-file", "none", code=1).stderr
    with open(folder + "/pass", "rb") as f:
        cli("backup", "house", stdin=f)
    with open(folder + "/pass", "rb") as f:
        cli("restore", "house", "--dry-run", stdin=f)
    assert house.taken == house.octets


def test_a_terminal_asks_twice(cli, house, folder):
    t = Terminal(cli)
    try:
        t.type("cardea backup house")
        t.key("Enter")
        t.until("Passphrase of this backup:$")
        t.type(WORDS)
        t.key("Enter")
        t.until("Once more:$")
        t.type("something else")
        t.key("Enter")
        assert "not the same" in t.until("next: run it again")
        assert WORDS not in t.screen() and not os.path.exists(folder + "/house")
        t.type("cardea backup house --passphrase-file pass && cardea restore house")
        t.key("Enter")
        t.until("Passphrase of the backup:$")
        t.type(WORDS)
        t.key("Enter")
        t.until(r"Do it\? \[y/N\]")
        assert house.restored is None
        t.key("Enter")
        t.until("Nothing has changed")
        assert house.restored is None
    finally:
        t.tmux("kill-server")


def test_what_takes_long_shows_how_far_it_is(cli, house, daemon):
    parts, seen = [], threading.Event()

    def slow(query, body):
        parts.append(query)
        if len(parts) < 3:
            time.sleep(0.6)
        else:
            seen.wait(15)  # somebody has to have looked
        return house.part(query, body)

    daemon.routes["GET", "/v1/backup"] = slow
    t = Terminal(cli)
    try:
        t.type("cardea backup house --passphrase-file pass")
        t.key("Enter")
        t.until(r"backup ▕█+ *▏ \d+ %  ETA \d+ s")
        seen.set()
        assert "packets" not in t.screen()
        assert "▕" not in t.until("house is whole")
    finally:
        t.tmux("kill-server")


# ---- export, import ----

HOUSE = {"schema": "cardea.house/1", "devices": [
    {"mac": MAC, "name": "Lamp", "class": "light", "overlays": [
        {"kind": "refuse", "peer": "ads.example", "proto": "tcp", "port_from": 443,
         "port_to": 443}, {"kind": "lan-only"}]},
    {"mac": OTHER, "overlays": []}],
    "controllers": [{"class": "https://x.example/hub", "device": MAC, "target": OTHER}],
    "decisions": [{"kind": "unsigned", "device": MAC, "subject": "https://x.example/lamp",
                   "text": "May it?", "answer": "accepted"}]}


class Owner:
    """A gateway that knows what it was told."""

    def __init__(self, daemon):
        self.devices = {MAC: {"name": "Lamp", "class": "light", "confirmed": False},
                        OTHER: {"name": "hub", "class": "unknown", "confirmed": False}}
        self.overlays = [
            {"id": 1, "mac": MAC, "kind": "refuse", "peer": "ads.example", "proto": "tcp",
             "port_from": 443, "port_to": 443},
            {"id": 2, "mac": MAC, "kind": "lan-only", "port_from": 0, "port_to": 65535}]
        self.answer, self.posts, self.controller = "accepted", [], True
        daemon.routes.update({("GET", "/v1/devices"): self.list, ("GET", "/v1/overlays"):
                              lambda q, b: (200, {"overlays": self.overlays}),
                              ("GET", "/v1/controllers"): self.controllers,
                              ("GET", "/v1/decisions"): self.decisions,
                              ("POST", "/v1/overlays"): self.say,
                              ("POST", "/v1/overlays/9"): self.withdraw,
                              ("POST", "/v1/controllers"): self.set_controller,
                              ("POST", "/v1/decisions/5"): self.decide})
        for mac in self.devices:
            daemon.routes["GET", "/v1/views/" + mac] = self.view(mac)
            daemon.routes["POST", "/v1/devices/" + mac] = self.change(mac)

    def list(self, _query, _body):
        return 200, {"devices": [{"mac": m, "name": d["name"], "url_source": "dhcp"}
                                 for m, d in self.devices.items()]}

    def view(self, mac):
        return lambda q, b: (200, {**self.devices[mac], "mac": mac, "named_by_owner":
                                   self.devices[mac]["name"] == "Lamp",
                                   "mud_url": "https://x.example/lamp"})

    def controllers(self, _query, _body):
        row = {"class": "https://x.example/hub", "device": self.devices[MAC]["name"],
               "target": "hub", "target_mac": OTHER, "used_by": []}
        return 200, {"controllers": [row] if self.controller else [], "unmapped": []}

    def decisions(self, query, _body):
        assert query == {"all": "1"}
        return 200, {"decisions": [
            {"id": 4, "kind": "case", "answer": "accepted", "device": None, "text": "x",
             "subject": ""},
            {"id": 5, "kind": "unsigned", "answer": self.answer, "text": "May it?",
             "device": self.devices[MAC]["name"], "subject": "https://x.example/lamp"}]}

    def posted(self, what, body):
        self.posts.append((what, json.loads(body)))
        return 200, {"schema": "x/1"}

    def change(self, mac):
        def post(_query, body):
            self.devices[mac].update(json.loads(body))
            return self.posted(mac, body)
        return post

    def say(self, _query, body):
        said = json.loads(body)
        if said.get("peer") == "wrong":
            return 400, {"error": "the peer is neither a name nor an address", "next": "x"}
        mac = said.pop("device")
        self.overlays.append({"id": 9, "mac": mac, "port_from": 0, "port_to": 65535, **said})
        return self.posted("say", body)

    def withdraw(self, _query, body):
        self.overlays = [o for o in self.overlays if o["id"] != 9]
        return self.posted("withdraw", body)

    def set_controller(self, _query, body):
        self.controller = True
        return self.posted("controller", body)

    def decide(self, _query, body):
        self.answer = "accepted" if json.loads(body)["answer"] == "accept" else "rejected"
        return self.posted("decide", body)


@pytest.fixture
def owner(daemon):
    return Owner(daemon)


def test_export_is_what_was_said(cli, owner, folder):
    assert json.loads(cli("export").stdout) == HOUSE
    assert json.loads(cli("export", "--json").stdout) == HOUSE
    cli("export", "--out", "house.json")
    with open(folder + "/house.json", encoding="utf-8") as f:
        text = f.read()
    assert json.loads(text) == HOUSE and text.endswith("}\n") and text.count("\n") > 20
    done = cli("import", "house.json", "--yes")
    assert "it is so already" in done.stderr and done.stdout == "" and not owner.posts


def test_import_shows_does_and_is_done(cli, owner, daemon, folder):
    write(folder, "house.json", json.dumps(HOUSE).encode())
    owner.devices[MAC].update(name="bulb", **{"class": "unknown"})
    owner.overlays, owner.answer, owner.controller = [], "open", False
    dry = cli("import", "house.json", "--dry-run")
    assert not owner.posts and "Nothing was changed." in dry.stderr
    assert dry.stdout.splitlines() == [
        "~ bulb: name bulb -> Lamp", "~ bulb: class - -> light",
        "+ bulb: refuse ads.example tcp port 443-443", "+ bulb: lan-only",
        "+ bulb: its https://x.example/hub is " + OTHER, "~ yes: May it?"]
    assert "next: add --yes" in cli("import", "house.json", code=2).stderr
    assert not owner.posts
    daemon.headers = b"Cardea-Change: 7\r\n"
    done = cli("import", "house.json", "--yes")
    assert done.stdout == dry.stdout and len(owner.posts) == 6
    assert "undo with: cardea undo" in done.stderr
    assert owner.posts[2] == ("say", {"kind": "refuse", "peer": "ads.example", "proto": "tcp",
                                      "port_from": 443, "port_to": 443, "device": MAC})
    again = cli("import", "house.json", "--yes")
    assert "it is so already" in again.stderr and len(owner.posts) == 6
    said = json.loads(cli("import", "house.json", "--yes", "--json").stdout)
    assert said == {"schema": "cardea.import/1", "changes": [], "done": 0, "not_here": 0}


def test_import_leaves_what_the_file_lacks(cli, owner, folder):
    owner.overlays.append({"id": 9, "mac": OTHER, "kind": "allow", "peer": "b.example",
                           "port_from": 0, "port_to": 65535})
    write(folder, "house.json", json.dumps(HOUSE).encode())
    assert "so already" in cli("import", "house.json", "--yes").stderr
    assert cli("import", "house.json", "--exact", "--dry-run").stdout == \
        "- hub: allow b.example\n"
    cli("import", "house.json", "--exact", "--yes")
    assert owner.posts == [("withdraw", {"remove": True})]
    some = {"schema": "cardea.house/1", "devices": [{"mac": "02-00-00-00-00-99"}]}
    write(folder, "some.json", json.dumps(some).encode())
    assert "is not here" in cli("import", "some.json", "--yes", "--exact").stderr


def test_import_stops_where_it_is_refused(cli, owner, folder):
    house = json.loads(json.dumps(HOUSE))
    house["devices"][0]["name"] = "New"
    house["devices"][0]["overlays"] = [{"kind": "refuse", "peer": "wrong"}, {"kind": "lan-only"}]
    write(folder, "house.json", json.dumps(house).encode())
    done = cli("import", "house.json", "--yes", code=2)
    assert "neither a name nor an address" in done.stderr
    assert "1 of 2 changes are made" in done.stderr and len(owner.posts) == 1


def test_what_is_wrong_in_a_file_is_told(cli, owner, daemon, folder):
    def device(**more):
        return {"schema": "cardea.house/1", "devices": [{"mac": MAC, **more}]}

    wrong = {
        "devices[0].nmae: is nothing that stands there": device(nmae="x"),
        "devices[0].mac: is not right": {"schema": "cardea.house/1", "devices": [{"mac": "x"}]},
        "devices[0].mac: is missing": {"schema": "cardea.house/1", "devices": [{}]},
        "devices[0].class: is not right": device(**{"class": "lamp"}),
        "devices[0].confirmed: is not right": device(confirmed="yes"),
        "devices[0].overlays[0].kind: is not right": device(overlays=[{"kind": "no"}]),
        "devices[0].overlays[0].port_from": device(
            overlays=[{"kind": "refuse", "peer": "a.example", "port_from": 4}]),
        "devices[0]: is no object": {"schema": "cardea.house/1", "devices": [3]},
        "devices[1].mac: stands there twice": {
            "schema": "cardea.house/1", "devices": [{"mac": MAC}, {"mac": MAC.upper()}]},
        "schema: is none that this version knows": {"schema": "cardea.house/2"},
        "schema: is missing": {},
        "decisions[0].answer: is not right": {
            "schema": "cardea.house/1", "decisions": [{"kind": "port", "answer": "yes"}]}}
    for words, house in wrong.items():
        write(folder, "house.json", json.dumps(house).encode())
        done = cli("import", "house.json", "--yes", code=6)
        assert words in done.stderr, (words, done.stderr)
    assert "did you mean" in cli_nmae(cli, folder, device(nmae="x"))
    for content in (b"", b"{", b"[]", b'{"a":1,"a":2}', b"\xff", b"[" * 100000):
        write(folder, "house.json", content)
        cli("import", "house.json", "--yes", code=6)
    write(folder, "house.json", b" " * (5 << 20))
    cli("import", "house.json", "--yes", code=1)
    cli("import", "none.json", "--yes", code=None)
    assert not daemon.requests and not owner.posts


def cli_nmae(cli, folder, house):
    write(folder, "house.json", json.dumps(house).encode())
    return cli("import", "house.json", "--yes", code=6).stderr


# ---- policy check ----

def test_policy_check_of_a_file(cli, folder):
    write(folder, "lamp.json", mud_file())
    said = json.loads(cli("policy", "check", "lamp.json", "--json").stdout)
    assert said["schema"] == "cardea.policy.check/1" and said["exact"] is True
    assert [b["name"] for b in said["backends"]] == ["nft", "bpf"]
    assert all(b["compiles"] for b in said["backends"])
    text = cli("policy", "check", "lamp.json").stdout
    assert "0 not as they are written" in text and re.search(r"to \d+ elements", text)
    mud = mud_file()
    ace = mud["ietf-access-control-list:acls"]["acl"][0]["aces"]["ace"][0]
    ace["matches"].setdefault("ipv4", {})["dscp"] = 10
    write(folder, "odd.json", json.dumps(mud).encode())
    done = cli("policy", "check", "odd.json", code=6)
    assert "not as they are written" in done.stdout and "Not all of it" in done.stderr
    said = json.loads(cli("policy", "check", "odd.json", "--json", code=6).stdout)
    assert said["exact"] is False and said["devices"][0]["problems"][0]["detail"]
    write(folder, "none.json", b"{}")
    cli("policy", "check", "none.json", code=6)


def test_policy_check_of_the_gateway(cli, daemon):
    rule = {"sentence": "may open TCP", "status": "enforced", "detail": "", "acl": "a",
            "ace": "b", "source": "manufacturer", "line": 3}
    device = {"device": "lamp", "rules": [rule, {**rule, "status": "reply"}], "limits": [],
              "problem": ""}
    status = {"backend": "bpf", "backend_lacks": None, "ports": [
        {"name": "br0", "covered": True}]}
    daemon.routes["GET", "/v1/policy"] = (200, {"devices": [device]})
    daemon.routes["GET", "/v1/status"] = (200, status)
    assert "All of it is enforced" in cli("policy", "check").stderr
    for odd in ({**device, "rules": [{**rule, "status": "approximated", "detail": "why"}]},
                {**device, "limits": [{"service": "x", "status": "approximated",
                                       "detail": "why"}]},
                {**device, "problem": "why: too many"}):
        daemon.routes["GET", "/v1/policy"] = (200, {"devices": [device, odd]})
        assert "why" in cli("policy", "check", code=6).stdout
    daemon.routes["GET", "/v1/policy"] = (200, {"devices": [device]})
    daemon.routes["GET", "/v1/status"] = (200, {**status, "ports": [
        {"name": "br0", "covered": False, "why": "x"}]})
    assert "not every port" in cli("policy", "check", code=6).stdout
