# SPDX-License-Identifier: GPL-2.0-or-later
"""What the owner allows for a while ends by itself, on time: with both back ends, across a
restart, and while the gateway is off; conversations that were open end with it."""

import collections
import datetime
import time

import pytest

from lab import internet, mudfiles

PORT = 4444
LATE = 20.0  # s: a tick, the kernel's turn, and a machine that has other things to do
House = collections.namedtuple("House", "home cardea device")


@pytest.fixture(scope="module", params=["bpf", "nft"])
def house(opened, request):
    opened.cardea.stop()
    opened.gateway.start_cardea(enforce={"backend": request.param})
    assert opened.cardea.status()["backend"] == request.param
    url = opened.internet.publish("while-" + request.param, "Radio",
                                  [mudfiles.cloud(internet.CLOUD_NAME)])
    device = opened.add_device("radio", 0x7a if request.param == "bpf" else 0x7b, url=url)
    device.join().wait_ready()
    opened.cardea.wait_state(device.mac, "protected")
    yield House(opened, opened.cardea, device)
    if not opened.cardea.process.alive():
        opened.cardea.start()
    opened.remove_device("radio")


def reaches(device):
    return device.echo_tcp(internet.C2_4, PORT, timeout=0.5)


def allow(house, span):
    """Until when, as the gateway says it."""
    said = house.cardea.json("policy", "allow", house.device.mac, internet.C2_4, "--port",
                             str(PORT), "--proto", "tcp", "--for", span)
    return until(said)


def until(overlay):
    return datetime.datetime.fromisoformat(overlay["until"].replace("Z", "+00:00")).timestamp()


def overs(house):
    return [e["text"] for e in house.cardea.events()
            if e["kind"] == "overlay" and "is over, as you wished" in e["text"] and
            internet.C2_4 in e["text"]]


def test_it_ends_on_time_across_a_restart(house):
    cardea, device = house.cardea, house.device
    before = len(overs(house))
    assert not reaches(device)
    end = allow(house, "40s")
    cardea.wait(lambda: reaches(device), what="the way")
    cardea.stop()
    cardea.start()
    (kept,) = cardea.json("policy", "overlays", device.mac)["overlays"]
    assert until(kept) == end and "for 40 seconds" in kept["text"]
    cardea.wait(lambda: reaches(device), what="the way after the restart")
    with device.connect(internet.C2_4, PORT) as line:

        def passes(patience):
            line.settimeout(patience)
            try:
                line.sendall(b"x")
                return line.recv(1) == b"x"
            except OSError:
                return False

        assert passes(30) and time.time() < end
        cardea.wait(lambda: not reaches(device), timeout=90, what="its end")
        assert end - 1 <= time.time() <= end + LATE
        assert not passes(0.5), "what was open goes on"
    assert cardea.json("policy", "overlays", device.mac)["overlays"] == []
    cardea.wait(lambda: len(overs(house)) == before + 1, what="a sentence about it")
    last, first = cardea.json("undo", "--list")["changes"][:2]
    assert last["who"] == "the gateway" and "is over" in last["sentence"]
    assert first["undone"] and "--for 40s" in first["command"] and not first["can_undo"]


def test_its_time_goes_by_while_the_gateway_is_off(house):
    cardea, device = house.cardea, house.device
    before = len(overs(house))
    end = allow(house, "15s")
    cardea.wait(lambda: reaches(device), what="the way")
    cardea.stop()
    time.sleep(max(0, end - time.time()) + 0.1)
    cardea.start()
    assert not reaches(device)
    cardea.wait_state(device.mac, "protected")
    assert not reaches(device)
    assert len(overs(house)) == before + 1
    assert cardea.json("policy", "overlays", device.mac)["overlays"] == []
