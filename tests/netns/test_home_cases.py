# SPDX-License-Identifier: GPL-2.0-or-later
"""A case in a running house: what is kept of it, what of it leaves, and that its owner has
three choices. Runs with the shared home and a device of its own."""

import json
import os
import signal
import sys

import pytest

from lab import internet, mudfiles
from lab.malware import Malware

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "cli"))
import cacao_schema  # noqa: E402

OWNER_SAYS = "Annas Nachtlicht"


@pytest.fixture(scope="module")
def house(opened):
    """With a lamp that was taken over: it spoke with its cloud, then it scanned."""
    opened.cardea.stop()
    opened.gateway.always = {}  # what attacks is isolated
    opened.gateway.start_cardea()
    url = opened.internet.publish("nightlight", "Night light",
                                  [mudfiles.cloud(internet.CLOUD_NAME)])
    lamp = opened.add_device("nightlight", 0x83, url=url).join().wait_ready()
    cardea = opened.cardea
    cardea.wait_state(lamp.mac, "protected")
    cardea.cli("device", "rename", lamp.mac, OWNER_SAYS)
    assert lamp.echo_tcp(lamp.resolve(internet.CLOUD_NAME)[0], 443)
    Malware(lamp).scan_addresses(80, pause=0.01)
    Malware(lamp).call_home()
    cardea.wait_state(lamp.mac, "quarantined")
    yield opened
    opened.remove_device("nightlight")


def case_of(house):
    return house.cardea.json("case", "list", "--device", house["nightlight"].mac)["cases"][-1]


def own_words(house):
    """All that says who is in this house, as it is spelt somewhere."""
    for name in ("nightlight", "bulb", "camera", "plug", "hub", "printer", "phone"):
        device = house[name]
        yield device.mac
        yield device.mac.replace(":", "")
        for address in (device.ipv4, device.ipv6):
            if address:
                yield address
    yield OWNER_SAYS
    yield OWNER_SAYS.lower().replace(" ", "-")
    yield "nightlight"


def test_a_case_is_open(house):
    case = case_of(house)
    assert case["open"] and case["state"] == "quarantined"
    shown = house.cardea.json("case", "show", str(case["id"]))
    assert shown["moments"][-1]["to"] == "quarantined" and OWNER_SAYS in shown["moments"][-1]["sentence"]
    assert {d["kind"] for d in shown["detectors"]} & {"address-scan", "worm-ports"}
    scanned = {f["peer"] for f in shown["flows"] if f["refused"] and f["port"] == 23}
    assert len(scanned) > 10


@pytest.mark.parametrize("level", ["shape", "names", "peers", "content"])
def test_what_leaves_names_nobody(house, level, tmp_path):
    number, out = str(case_of(house)["id"]), str(tmp_path / "case.json")
    cli = house.cardea.cli
    preview = cli("case", "evidence", number, "--level", level, "--cut", "moments.at_ms")
    digest = preview.stderr.split("--sha256 ")[1].split()[0]
    cli("case", "export", number, "--level", level, "--cut", "moments.at_ms", "--sha256",
        digest, "--out", out)
    with open(out, encoding="utf-8") as f:
        text = f.read()
    assert text == preview.stdout
    found = [w for w in own_words(house) if w.lower() in text.lower()]
    assert not found, text
    document = json.loads(text)
    assert document["level"] == level and document["cut"] == ["moments.at_ms"]
    assert len([f for f in document["flows"] if f["port"] == 23]) > 10
    scanned = internet.C2_4.rsplit(".", 1)[0] + "."  # the scan was of these
    assert (scanned in text) == (level in ("peers", "content"))


def test_a_case_that_went_on_is_not_what_was_seen(house, tmp_path):
    number, out = str(case_of(house)["id"]), tmp_path / "case.json"
    done = house.cardea.cli("case", "export", number, "--sha256", "0" * 64, "--out", str(out),
                            check=False)
    assert done.returncode == 5 and not out.exists()


def test_playbook(house, tmp_path):
    number, out = str(case_of(house)["id"]), str(tmp_path / "playbook.json")
    house.cardea.cli("case", "export", number, "--cacao", "--out", out)
    with open(out, encoding="utf-8") as f:
        playbook = json.load(f)
    assert not [w for w in own_words(house) if w.lower() in json.dumps(playbook).lower()]
    # what we write we would let in; nothing comes of it by itself
    done = house.cardea.cli("case", "import", number, out, "--dry-run", check=False)
    assert done.returncode == 5 and "a question about that device is open" in done.stderr
    asked = question(house, "case")
    house.cardea.cli("decide", "accept", str(asked["id"]), "--choose", "keep")
    done = house.cardea.cli("case", "import", number, out, "--dry-run")
    assert "isolate" in done.stdout
    data = os.path.join(os.environ.get("CARDEA_DATA", ""), "identity", "cacao")
    if os.path.isdir(data):
        assert cacao_schema.Schemas(data).errors(playbook, "playbook.json") == []


def test_an_engine_that_is_killed_keeps_it(house):
    cardea, before = house.cardea, case_of(house)
    row = next(p for p in cardea.status()["sandbox"] if p["name"] == "engine")
    os.kill(row["pid"], signal.SIGKILL)
    cardea.wait(lambda: (cardea.status() or {}).get("ready"), what="a new engine")
    assert case_of(house) == before
    assert len(cardea.json("case", "list", "--all", "--device",
                           house["nightlight"].mac)["cases"]) == 1


def question(house, kind):
    return next((d for d in house.cardea.json("decide", "list")["decisions"]
                 if d["kind"] == kind and d["device"] == OWNER_SAYS), None)


def test_three_choices_and_a_second_word(house):
    cardea, lamp = house.cardea, house["nightlight"]
    asked = next(d for d in cardea.json("decide", "list", "--all")["decisions"]
                 if d["kind"] == "case" and d["device"] == OWNER_SAYS)
    assert [c["choice"] for c in asked["choices"]] == ["keep", "release", "retire"]
    cardea.cli("decide", "accept", str(asked["id"]), "--choose", "release")  # he thought again
    assert cardea.device(lamp.mac)["state"] == "quarantined"
    again = question(house, "release")
    cardea.cli("decide", "accept", str(again["id"]), "--dry-run")
    assert cardea.device(lamp.mac)["state"] == "quarantined"
    cardea.cli("decide", "accept", str(again["id"]))
    cardea.wait_state(lamp.mac, "probation")
    assert question(house, "case") is None and question(house, "release") is None
    assert lamp.echo_tcp(lamp.resolve(internet.CLOUD_NAME)[0], 443)
