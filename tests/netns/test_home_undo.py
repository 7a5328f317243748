# SPDX-License-Identifier: GPL-2.0-or-later
"""What the owner changed is taken back by a real gateway, for the traffic too: with the
command line that a person would type. A device of its own in the shared home."""

import json

import pytest

from lab import internet, mudfiles

REFUSED = 6


@pytest.fixture(scope="module")
def lamp(opened):
    url = opened.internet.publish("undo/lamp", "Lamp", [mudfiles.cloud(internet.CLOUD_NAME)])
    device = opened.add_device("undolamp", 0x6d, url=url).join().wait_ready()
    opened.cardea.wait_state(device.mac, "protected")
    yield device
    opened.remove_device("undolamp")


def reaches(device):
    try:
        addresses = device.resolve(internet.CLOUD_NAME)
    except OSError:
        return False
    return bool(addresses) and device.echo_tcp(addresses[0], 443, timeout=0.5)


def becomes(home, device, answer, what):
    home.cardea.wait(lambda: reaches(device) is answer, what=what)


def listed(cardea, number):
    return next(c for c in cardea.json("undo", "--list")["changes"] if c["id"] == number)


def last(cardea):
    return cardea.json("undo", "--list")["changes"][0]


def test_a_block_is_understood_and_undone(home, lamp):
    cardea = home.cardea
    name = cardea.device(lamp.mac)["name"]
    becomes(home, lamp, True, "the way to the cloud")
    said = cardea.cli("policy", "refuse", name, internet.CLOUD_NAME)
    assert "undo with: cardea policy withdraw" in said.stderr
    becomes(home, lamp, False, "the end of the way")
    why = cardea.cli("why", name, internet.CLOUD_NAME, check=False)
    assert why.returncode == REFUSED and "You said no" in why.stdout
    change = last(cardea)
    assert change["can_undo"] and change["who"] == "root"
    assert change["command"] == "cardea policy refuse %s %s" % (name, internet.CLOUD_NAME)
    done = cardea.cli("undo")
    assert "undone: " in done.stdout and internet.CLOUD_NAME in done.stdout
    becomes(home, lamp, True, "the way back")
    # and the undo is undone, as its line says
    number = done.stderr.split("undo with: cardea undo ")[1].strip()
    cardea.cli("undo", number)
    becomes(home, lamp, False, "the end of the way, again")
    assert not listed(cardea, change["id"])["undone"]
    cardea.cli("undo", str(change["id"]))
    becomes(home, lamp, True, "the way, at last")


def test_what_was_changed_survives_a_restart(home, lamp):
    cardea = home.cardea
    name = cardea.device(lamp.mac)["name"]
    cardea.cli("device", "rename", name, "Undone lamp")
    number = last(cardea)["id"]
    cardea.stop()
    cardea.start()
    cardea.wait_state(lamp.mac, "protected")
    assert listed(cardea, number)["can_undo"]
    cardea.cli("undo", str(number))
    assert cardea.device(lamp.mac)["name"] == name
    refused = cardea.cli("undo", str(number), check=False)
    assert refused.returncode == 5 and "has undone it" in refused.stderr
    assert cardea.cli("undo", "999999", check=False).returncode == 4


def test_what_a_change_would_do_is_told_before(home, lamp):
    cardea = home.cardea
    name = cardea.device(lamp.mac)["name"]
    becomes(home, lamp, True, "the way to the cloud")
    words = ("policy", "replay", name, "--refuse", internet.CLOUD_NAME)

    def blocks():
        done = cardea.cli(*words, "--json", check=False)
        assert done.returncode in (0, REFUSED), done.stderr
        effect = json.loads(done.stdout)
        assert (effect["would_block"] > 0) == (done.returncode == REFUSED)
        return effect["would_block"] > 0

    cardea.wait(blocks, timeout=90, what="the record of the conversation")
    assert internet.CLOUD_NAME in cardea.cli(*words, check=False).stdout
    cardea.wait(lambda: reaches(lamp), what="what was not changed")


def test_shells_are_told_live_names(home, lamp):
    names = home.cardea.cli("completion", "devices").stdout.splitlines()
    assert home.cardea.device(lamp.mac)["name"] in names


def test_a_label_leads_to_the_page(home, lamp):
    cardea = home.cardea
    done = cardea.cli("device", "label", lamp.mac, check=False)
    page = cardea.status()["portal"]["page"]
    if not page:
        assert done.returncode == 1 and "page_port" in done.stderr
        return
    assert "%s/devices/%d" % (page.rstrip("/"), cardea.device(lamp.mac)["id"]) in done.stdout
    assert lamp.mac in done.stdout


def test_who_helps_is_given_no_names(home, lamp, tmp_path):
    cardea = home.cardea
    path = str(tmp_path / "bundle.json")
    cardea.cli("device", "rename", lamp.mac, "Nursery light")
    cardea.cli("bundle", "--out", path)
    cardea.cli("undo")
    with open(path, encoding="ascii") as f:
        text = f.read()
    assert json.loads(text)["schema"] == "cardea.bundle/1"
    for secret in (lamp.mac, "Nursery", lamp.ipv4, internet.CLOUD_NAME):
        assert secret not in text
    assert cardea.device(lamp.mac)["name"] != "Nursery light"
    sinks = {row["id"]: row for row in cardea.json("report", "sinks")["sinks"]}
    assert sinks["names"]["to"] == internet.DNS4
