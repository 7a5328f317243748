# SPDX-License-Identifier: GPL-2.0-or-later
"""What outsiders say, and the vault, in a running gateway: its engine has no file but its
own folder, and is killed in between."""

import datetime
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from lab import internet

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from attest_make import Key, array, bstr, cbor_map, number, tstr  # noqa: E402


def sign(key, text):
    """A COSE_Sign1 beside its file (RFC 9052 4.2), ES256."""
    protected = bstr(cbor_map({1: number(-7)}))
    what = array(tstr("Signature1"), protected, bstr(b""), bstr(text))
    return array(protected, cbor_map({}), b"\xf6", bstr(key.sign(what)))


def when(days):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def feed(home, tmp_path):
    """A file about the camera that names where malware calls, and its signature."""
    url = home.cardea.device(home["camera"].mac)["mud_url"]
    text = json.dumps({
        "schema": "cardea.advisory/1", "id": "A-1", "issuer": "csirt", "issued": when(-1),
        "expires": when(9), "effect": "limit", "device": {"mud_url": url},
        "traffic": {"address": internet.C2_4}}).encode()
    key = Key(tmp_path)
    (tmp_path / "a.json").write_bytes(text)
    (tmp_path / "a.cose").write_bytes(sign(key, text))
    home.cardea.cli("advisory", "issuer", "add", "csirt", "csirt", "--key", key.path)
    yield tmp_path
    home.cardea.cli("advisory", "issuer", "remove", "csirt", "--yes")


def engine(cardea):
    return next(p["pid"] for p in cardea.status()["sandbox"] if p["name"] == "engine")


def kill_engine(cardea):
    before = engine(cardea)
    os.kill(before, signal.SIGKILL)

    def back():
        try:
            return engine(cardea) != before
        except Exception:
            return False

    cardea.wait(back, what="a new engine")
    cardea.wait(lambda: cardea.status()["ready"], what="rules")


def hold(home):
    devices = home.cardea.json("quarantine", "list")["devices"]
    return {d["mac"]: d["hold"] for d in devices}.get(home["camera"].mac)


def test_evidence_holds_and_an_appeal_frees(home, feed):
    cardea, camera = home.cardea, home["camera"]
    cloud = camera.resolve(internet.CLOUD_NAME)[0]
    take = ("advisory", "import", str(feed / "a.json"), "--signature", str(feed / "a.cose"))
    assert "our own traffic does not show it" in cardea.cli(*take).stdout
    assert hold(home) is None
    camera.send_udp(internet.C2_4, internet.ANY_UDP)
    cardea.wait(lambda: hold(home) == "limited", what="the camera to be held")
    assert not camera.echo_tcp(cloud, 443, timeout=1.0)
    kill_engine(cardea)
    assert hold(home) == "limited"
    assert not camera.echo_tcp(cloud, 443, timeout=1.0)
    assert "The log is whole" in cardea.cli("advisory", "log", "--verify").stdout
    (kept,) = cardea.json("advisory", "list")["advisories"]
    cardea.cli("advisory", "appeal", str(kept["id"]), "--because", "it is a drill")
    cardea.wait(lambda: hold(home) is None, what="the camera to be free")
    cardea.wait(lambda: camera.echo_tcp(cloud, 443, timeout=1.0), what="its cloud")
    assert "appealed" in cardea.cli("advisory", "log").stdout


def test_a_forged_feed_is_refused(home, feed):
    (feed / "a.json").write_bytes((feed / "a.json").read_bytes() + b" ")
    done = home.cardea.cli("advisory", "import", str(feed / "a.json"), "--signature",
                           str(feed / "a.cose"), check=False)
    assert done.returncode == 7 and "did not sign this file" in done.stderr


def test_the_vault_outlives_the_engine(home, tmp_path):
    cardea, mac = home.cardea, home["camera"].mac
    (tmp_path / "export").write_bytes(os.urandom(5000))
    cardea.cli("device", "vault", "put", mac, str(tmp_path / "export"))
    kill_engine(cardea)
    cardea.cli("device", "vault", "get", mac, "--out", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == (tmp_path / "export").read_bytes()
