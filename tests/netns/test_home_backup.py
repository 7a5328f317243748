# SPDX-License-Identifier: GPL-2.0-or-later
"""A house moves: backed up on one gateway, restored on one that never ran, with the same
devices, names, words and rules in the kernel; and whatever ends the gateway in the middle,
it is the one house or the other. The shared home is left as it was."""

import hashlib
import json
import os
import signal
import re
import socket
import sqlite3
import ssl
import threading

import pytest

from lab import internet
from test_home_faults import CHILDREN

FORBIDDEN, DAMAGED, CONFLICT = 7, 6, 5
KNOWN = ("bulb", "camera", "plug", "hub", "printer")  # others come and go as they are heard


def reaches(device, name=internet.CLOUD_NAME):
    try:
        addresses = device.resolve(name)
    except OSError:
        return False
    return bool(addresses) and device.echo_tcp(addresses[0], 443, timeout=0.5)


@pytest.fixture(scope="module")
def folder(opened, tmp_path_factory):
    path = tmp_path_factory.mktemp("backup")
    (path / "pass").write_text("correct horse battery\n")
    (path / "wrong").write_text("wrong horse battery\n")
    return path


@pytest.fixture(scope="module")
def house(opened):
    """What an owner has said: it is the same wherever it is restored."""
    cardea, bulb = opened.cardea, opened["bulb"]
    cardea.known = [opened[name].mac for name in KNOWN]
    cardea.cli("device", "rename", bulb.mac, "Hall lamp")
    cardea.cli("device", "set", bulb.mac, "--class", "light")
    cardea.cli("policy", "refuse", bulb.mac, internet.CLOUD_NAME)
    cardea.cli("policy", "limit", opened["plug"].mac, "lan-only")
    exported = os.path.join(cardea.folder, "export.bin")
    with open(exported, "wb") as out:
        out.write(bytes(range(256)))
    cardea.cli("device", "vault", "put", bulb.mac, exported)
    cardea.cli("config", "set", "dns.rate", "150")
    assert ask(cardea, "POST", "/v1/users", {
        "name": "anna", "role": "owner", "key": "11" * 32})[0] == 200
    yield cardea
    for row in cardea.json("policy", "overlays")["overlays"]:
        cardea.cli("policy", "withdraw", str(row["id"]))
    cardea.cli("config", "set", "dns.rate", "--default")
    cardea.cli("device", "rename", bulb.mac, "bulb")
    cardea.cli("user", "remove", "anna", check=False)


def said(cardea):
    """All that an owner says, and what the kernel is told for it."""
    names = {mac: (d["name"], d["class"], d["state"]) for mac, d in cardea.devices().items()
             if mac in cardea.known}
    overlays = [(o["mac"], o["kind"], o["text"]) for o in
                cardea.json("policy", "overlays")["overlays"]]
    rules = {d["mac"]: sorted((r["acl"], r["ace"], r["source"], r["direction"], r["action"])
                              for r in d["rules"])
             for d in cardea.json("policy", "show")["devices"] if d["mac"] in cardea.known}
    items = {i["section"] + "." + i["key"]: i["value"] for i in
             cardea.json("config", "get")["items"]}
    return {"names": names, "overlays": sorted(overlays), "rules": rules,
            "rate": items["dns.rate"],
            "users": [(u["name"], u["role"]) for u in cardea.json("user", "list")["users"]],
            # the salt of passwords is the house's: without it no user could log in again
            "salt": ask(cardea, "GET", "/v1/session")[1]["scrypt"]["salt"]}


def backup(cardea, folder, name="house", *flags):
    path = str(folder / name)
    done = cardea.cli("backup", path, "--passphrase-file", str(folder / "pass"), *flags)
    return path, done


def restore(cardea, path, folder, *flags, key="pass", check=True):
    return cardea.cli("restore", path, "--passphrase-file", str(folder / key), *flags,
                      check=check, timeout=90)


def fingerprints(opened):
    """Of the certificates that are served, to devices and to people."""
    found = []
    for port in (853, 8443):
        loose = ssl._create_unverified_context()
        with opened["phone"].connect("192.168.1.1", port, timeout=10) as sock:
            with loose.wrap_socket(sock) as s:
                found.append(hashlib.sha256(s.getpeercert(True)).hexdigest())
    return found


def told_fingerprint(cardea):
    return cardea.status()["dns_service"]["tls"] and cardea.status()["dns_service"]["fingerprint"]


def fresh(opened, **config):
    """A gateway that never ran, at the same place of the house."""
    opened.cardea.stop()
    opened.cardea.forget()
    opened.gateway.start_cardea(**config)


def test_a_house_moves(home, opened, house, folder):
    bulb = opened["bulb"]
    before = said(house)
    known = house.wait(lambda: told_fingerprint(house), what="DNS over TLS")
    assert fingerprints(opened) == [known, known]
    path, done = backup(house, folder)
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert sorted(os.listdir(folder)) == ["house", "pass", "wrong"]
    with open(path, "rb") as f:
        sealed = f.read()
    assert sealed.startswith(b"cardea.backup/1\n") and b"Hall lamp" not in sealed
    assert b"SQLite" not in sealed and internet.CLOUD_NAME.encode() not in sealed
    assert b"PRIVATE KEY" not in sealed
    again = house.cli("backup", path, "--passphrase-file", str(folder / "pass"), check=False)
    assert again.returncode == CONFLICT and "--force replaces it" in again.stderr
    with open(path, "rb") as f:
        assert f.read() == sealed

    fresh(opened)
    secret = os.path.join(house.state, "setup-secret")
    assert os.path.exists(secret)
    assert "Hall lamp" not in [d["name"] for d in house.devices().values()]
    own = house.wait(lambda: told_fingerprint(house), what="DNS over TLS")
    assert own != known
    dry = restore(house, path, folder, "--dry-run")
    assert "Nothing was changed." in dry.stderr and "dns.rate: " in dry.stdout
    assert "lan.interfaces" not in dry.stdout
    assert "Hall lamp" not in [d["name"] for d in house.devices().values()]
    assert not house.json("policy", "overlays")["overlays"] and os.path.exists(secret)
    done = restore(house, path, folder, "--yes")
    assert "The house is as in the backup" in done.stderr
    # browsers and devices find the certificate that they know
    house.wait(lambda: told_fingerprint(house) == known, what="the certificate")
    assert fingerprints(opened) == [known, known]
    tls = os.path.join(house.state, "dns-tls")
    assert sorted(n for n in os.listdir(tls) if not n.startswith("kept-")) == [
        "cert.pem", "key.pem"]
    for name in os.listdir(tls):
        at = os.stat(os.path.join(tls, name))
        assert at.st_mode & 0o777 == 0o600 and at.st_uid == 0, name
    for name in KNOWN:
        house.wait_state(opened[name].mac, "protected")
    assert said(house) == before and not os.path.exists(secret)
    # and the kernel does it
    house.wait(lambda: not reaches(bulb), what="the refusal")
    version = house.json("device", "vault", "get", bulb.mac)
    assert bytes.fromhex(version["content"]) == bytes(range(256))
    assert any("restored from a backup" in e["text"] for e in house.events())
    assert house.json("undo", "--list")["changes"], "what was changed before is known"


def undone(house, done):
    """Does what a restore has said it takes to take it back."""
    command = re.search(r"`cardea (restore --kept \S+)`", done.stderr).group(1)
    return house.cli(*command.split(), "--yes", timeout=90)


def test_a_wrong_restore_is_taken_back(home, opened, house, folder):
    lamp = opened["bulb"].mac
    path, _ = backup(house, folder, "wrong-one")
    house.cli("device", "rename", lamp, "Later name")
    house.cli("policy", "allow", lamp, "later.example")
    house.wait_state(lamp, "protected")
    before, known = said(house), told_fingerprint(house)
    events = [e["text"] for e in house.events()]
    assert events
    dry = house.cli("restore", "--kept", "2001-01-01T00:00:00Z", "--dry-run", check=False)
    assert dry.returncode == CONFLICT
    for word in ("yesterday", "../../etc", "2001-13-41T00:00:00Z"):
        assert house.cli("restore", "--kept", word, "--yes", check=False).returncode
    first = restore(house, path, folder, "--yes")
    assert house.devices()[lamp]["name"] == "Hall lamp"
    back = undone(house, first)
    house.wait_state(lamp, "protected")
    assert said(house) == before, "as if nothing had been restored"
    assert set(events) <= {e["text"] for e in house.events()}, "with what was recorded"
    again = undone(house, back)  # an undo is a restore: it is undone, too
    assert house.devices()[lamp]["name"] == "Hall lamp"
    undone(house, again)
    house.wait_state(lamp, "protected")
    assert said(house) == before
    house.wait(lambda: told_fingerprint(house) == known, what="the certificate")
    kept = sorted(n for n in os.listdir(house.state) if n.startswith("kept-"))
    assert kept == ["kept-0.db", "kept-1.db", "kept-2.db"]
    for name in kept:
        assert os.stat(os.path.join(house.state, name)).st_mode & 0o777 == 0o600
    listed = house.cli("restore", "--list").stdout.splitlines()
    assert len(listed) == 3 and listed == sorted(listed, reverse=True)
    pairs = sorted(n for n in os.listdir(os.path.join(house.state, "dns-tls"))
                   if n.startswith("kept-"))
    assert pairs == sorted("kept-%s.pem" % line.split()[0] for line in listed)
    house.cli("device", "rename", lamp, "Hall lamp")
    for row in house.json("policy", "overlays")["overlays"]:
        if row["kind"] == "allow":
            house.cli("policy", "withdraw", str(row["id"]))


def test_what_is_no_backup_changes_nothing(home, opened, house, folder):
    path, _ = backup(house, folder, "sound")
    before = said(house)
    with open(path, "rb") as f:
        good = f.read()
    wrong = {"cut": good[:-1], "short": good[:100], "head": good[:40], "longer": good + b"x",
             "flipped": good[:-30] + bytes([good[-30] ^ 1]) + good[-29:],
             "version": good.replace(b"cardea.backup/1\n", b"cardea.backup/2\n"),
             "salt": good[:25] + bytes([good[25] ^ 1]) + good[26:],
             "cost": good[:16] + b"\x1f" + good[17:], "none": b"", "text": b"hello" * 100}
    words = {"cut": "is cut off", "short": "is cut off", "head": "is cut off",
             "longer": "damaged or altered", "flipped": "damaged or altered",
             "version": "form that this version does not know",
             "salt": "not its passphrase", "cost": "damaged or altered",
             "none": "is no backup", "text": "is no backup"}
    for name, content in wrong.items():
        bad = folder / "bad"
        bad.write_bytes(content)
        done = restore(house, str(bad), folder, "--yes", check=False)
        assert words[name] in done.stderr, (name, done.stderr)
        assert done.returncode == (FORBIDDEN if name == "salt" else DAMAGED), name
    done = restore(house, path, folder, "--yes", key="wrong", check=False)
    assert done.returncode == FORBIDDEN and "not its passphrase" in done.stderr
    assert said(house) == before
    assert house.json("status")["ready"] is True


def test_what_was_said_is_taken_back_and_brought_again(home, opened, house, folder):
    lamp, path = opened["bulb"].mac, str(folder / "house.json")
    house.cli("export", "--out", path)
    exported, before = house.json("export"), said(house)
    lamps = next(d for d in exported["devices"] if d["mac"] == lamp)
    assert lamps["name"] == "Hall lamp" and lamps["class"] == "light"
    assert [o["kind"] for o in lamps["overlays"]] == ["refuse"]
    assert "so already" in house.cli("import", path, "--yes").stderr
    house.cli("device", "rename", lamp, "Another name")
    for row in house.json("policy", "overlays")["overlays"]:
        house.cli("policy", "withdraw", str(row["id"]))
    house.cli("policy", "allow", lamp, "more.example")
    dry = house.cli("import", path, "--exact", "--dry-run")
    assert "~ Another name: name Another name -> Hall lamp" in dry.stdout.splitlines()
    assert "- Another name: allow more.example" in dry.stdout and len(
        dry.stdout.splitlines()) == 4
    done = house.cli("import", path, "--exact", "--yes")
    assert done.stdout == dry.stdout and "undo with" in done.stderr
    after = said(house)
    for rules in (before, after):  # named after numbers, which are never given twice
        del rules["rules"]
    assert house.json("export")["devices"] == exported["devices"] and after == before
    assert "so already" in house.cli("import", path, "--exact", "--yes").stderr
    checked = house.cli("policy", "check", "--json", check=False)
    told = json.loads(checked.stdout)
    assert checked.returncode == (0 if told["exact"] else 6)
    assert {d["device"] for d in told["devices"]} >= {"Hall lamp"}
    assert [b["name"] for b in told["backends"]] == [house.status()["backend"]]


def ask(cardea, method, path, body=None):
    """One request by root's socket: what a backup that lies comes by."""
    text = json.dumps(body).encode() if body is not None else b""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(cardea.socket)
        s.sendall(b"%s %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"
                  % (method.encode(), path.encode(), len(text), text))
        data = b""
        while chunk := s.recv(1 << 20):
            data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(rest)


def read_database(cardea):
    status, made = ask(cardea, "POST", "/v1/backup", {"history": False})
    assert status == 200
    data, at = b"", 0
    while at is not None:
        status, part = ask(cardea, "GET", "/v1/backup?from=%d" % at)
        assert status == 200
        data += bytes.fromhex(part["part"])
        at = part["next"]
    assert len(data) == made["bytes"]
    assert ask(cardea, "POST", "/v1/backup", {"end": True})[0] == 200
    return data


def send_database(cardea, data, digest=None):
    assert ask(cardea, "POST", "/v1/restore", {"begin": len(data)})[0] == 200
    for at in range(0, len(data), 1 << 17):
        assert ask(cardea, "POST", "/v1/restore", {
            "from": at, "part": data[at:at + (1 << 17)].hex()})[0] == 200
    return ask(cardea, "POST", "/v1/restore", {
        "check": digest or hashlib.sha256(data).hexdigest()})


def altered(data, folder, sql):
    path = str(folder / "altered.db")
    with open(path, "wb") as out:
        out.write(data)
    db = sqlite3.connect(path, isolation_level=None)
    for one in sql:
        db.execute(one)
    db.close()
    with open(path, "rb") as f:
        return f.read()


HOSTILE = {
    "trigger": ["CREATE TRIGGER t AFTER INSERT ON device BEGIN DELETE FROM device; END"],
    "view": ["DROP TABLE url_seen", "CREATE VIEW url_seen AS SELECT 1, 2, 'x', 3"],
    "column": ["ALTER TABLE device ADD COLUMN more TEXT"],
    "missing": ["DROP TABLE overlay"],
    "generated": ["ALTER TABLE device ADD COLUMN g TEXT AS (hex(name)) VIRTUAL"],
    "dangling": ["PRAGMA foreign_keys=OFF", "UPDATE overlay SET device=999999"],
    "other": ["PRAGMA application_id=7"],
    "before": ["PRAGMA user_version=3"],
    "mute": ["DELETE FROM restored WHERE name='settings'"],
    "settings": ["UPDATE restored SET value=CAST('[dns]\nrate = \"many\"' AS BLOB) "
                 "WHERE name='settings'"],
}


def test_a_database_that_lies_is_refused(home, opened, house, folder):
    data = read_database(house)
    before = said(house)
    for name, sql in HOSTILE.items():
        status, reply = send_database(house, altered(data, folder, sql))
        assert status == 422 and "error" in reply, (name, status, reply)
        assert ask(house, "GET", "/v1/restore")[1]["state"] == "idle", name
    newer = altered(data, folder, ["PRAGMA user_version=9999"])
    status, reply = send_database(house, newer)
    assert status == 409 and "newer Cardea" in reply["error"]
    assert send_database(house, data, "0" * 64)[0] == 422
    assert send_database(house, b"x" * 5000)[0] == 422
    status, reply = send_database(house, data)
    assert status == 200 and reply["state"] == "checked" and reply["devices"]["comes"] == []
    assert ask(house, "POST", "/v1/restore", {"commit": "0" * 64})[0] == 409
    assert ask(house, "POST", "/v1/restore", {"end": True})[0] == 200
    assert ask(house, "POST", "/v1/restore", {"from": 0, "part": "00"})[0] == 409
    left = [n for n in os.listdir(house.state) if n.startswith(("restore", "backup"))]
    assert not left and said(house) == before


class Watch:
    """What must not pass at any moment: the camera to the command server."""

    def __init__(self, home):
        self.home, self.tried, self._end = home, 0, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        with self.home["camera"].socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            while not self._end.wait(0.01):
                try:
                    s.sendto(b"c2", (internet.C2_4, 5777))
                    self.tried += 1
                except OSError:
                    pass

    def __enter__(self):
        self.home.internet.sink.clear()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


def kill_engine(cardea):
    rows = ask(cardea, "GET", "/v1/system")[1]["processes"]
    pid = next(p["pid"] for p in rows if p["name"] == "engine")
    os.kill(pid, signal.SIGKILL)


def test_an_end_in_the_middle_is_one_house_or_the_other(home, opened, house, folder):
    """Killed at each step; enforcement never opens meanwhile."""
    assert "engine" in CHILDREN
    lamp = opened["bulb"].mac
    data = read_database(house)
    digest = hashlib.sha256(data).hexdigest()
    house.cli("device", "rename", lamp, "Other name")
    with Watch(home) as watch:
        for step in ("sent", "checked", "committed"):
            if step == "sent":
                assert ask(house, "POST", "/v1/restore", {"begin": len(data)})[0] == 200
                assert ask(house, "POST", "/v1/restore", {
                    "from": 0, "part": data[:4096].hex()})[0] == 200
            else:
                assert send_database(house, data)[0] == 200
            if step == "committed":
                # cardead and all of its processes, as when the power goes
                pids = [p["pid"] for p in ask(house, "GET", "/v1/system")[1]["processes"] if p["pid"]]
                assert ask(house, "POST", "/v1/restore", {"commit": digest})[0] == 200
                os.kill(house.process.popen.pid, signal.SIGKILL)
                for pid in pids:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                house.process.popen.wait(30)
                house.start()
            else:
                kill_engine(house)
                house.wait(lambda: (house.status() or {}).get("ready"), what="the engine")
            want = "Hall lamp" if step == "committed" else "Other name"
            house.wait_state(lamp, "protected")
            assert house.devices()[lamp]["name"] == want, step
            left = [n for n in os.listdir(house.state) if n.startswith("restore")]
            assert not left, (step, left)
    assert watch.tried > 20
    assert home.internet.sink.count(dst=internet.C2_4, dport=5777) == 0
