# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner's own rules stay as they are; stopping does what it says. Runs with the shared
home and leaves it started."""

import json
import os
import signal

import pytest

from lab import internet
from lab.frames import UDP


def reaches_c2(home, number=20):
    """Datagrams of a protected device that got to the command server."""
    home.internet.sink.clear()
    for address in (internet.C2_4, internet.C2_6):
        for _ in range(number):
            home["bulb"].send_udp(address, internet.ANY_UDP)
    return home.internet.sink.count(dst=(internet.C2_4, internet.C2_6), proto=UDP)


@pytest.fixture
def restarted(home):
    """For tests that stop the gateway: it runs again afterwards, the house protected."""
    yield home
    if not home.cardea.process.alive():
        home.cardea.start()
    home.cardea.wait_state(home["bulb"].mac, "protected")


def test_owner_rules_are_untouched_by_start(home):
    assert home.gateway.rules() == home.owners_rules
    assert home.gateway.enforced_by() == home.cardea.status()["backend"]


def test_stop_leaves_the_house_protected(restarted):
    home, cardea = restarted, restarted.cardea
    by = cardea.status()["backend"]
    cardea.stop()
    assert home.gateway.enforced_by() == by
    assert home.gateway.rules() == home.owners_rules
    assert reaches_c2(home) == 0
    assert home["camera"].echo_udp(internet.MEDIA4, 5004)
    cardea.start()
    assert reaches_c2(home) == 0
    assert home.gateway.rules() == home.owners_rules
    assert home["bulb"].echo_tcp(home["bulb"].resolve(internet.CLOUD_NAME)[0], 443)


def test_stop_open_takes_the_rules_away(restarted):
    home, cardea = restarted, restarted.cardea
    by = cardea.status()["backend"]
    cardea.stop("--open")
    assert home.gateway.enforced_by() == ""
    assert home.gateway.rules() == home.owners_rules
    assert reaches_c2(home) == 40
    cardea.start()
    cardea.wait_state(home["bulb"].mac, "protected")
    assert home.gateway.enforced_by() == by
    assert reaches_c2(home) == 0


def test_stop_open_without_an_enforcer(restarted):
    """It ended a moment ago: it comes back to take the rules away."""
    home, cardea = restarted, restarted.cardea
    by = cardea.status()["backend"]
    row = next(p for p in cardea.status()["sandbox"] if p["name"] == "enforcer")
    os.kill(row["pid"], signal.SIGKILL)
    cardea.stop("--open")
    assert home.gateway.enforced_by() == ""
    cardea.start()
    cardea.wait_state(home["bulb"].mac, "protected")
    assert home.gateway.enforced_by() == by


def test_a_live_conversation_survives_a_restart(restarted):
    home, bulb = restarted, restarted["bulb"]
    with bulb.connect(bulb.resolve(internet.CLOUD_NAME)[0], 443) as conversation:
        def still():
            conversation.settimeout(30)
            conversation.send(b"still there?")
            return conversation.recv(64) == b"still there?"

        assert still()
        home.cardea.stop()
        assert still()
        home.cardea.start()
        assert still()


def test_owner_rules_may_change_under_us(restarted):
    """What the owner loads while the gateway runs is the owner's as well."""
    home = restarted
    home.gateway.ns.nft("table ip owner_late { chain c { type filter hook output "
                        "priority 0; policy accept; ip daddr 192.0.2.9 drop; }; }")
    try:
        before = home.gateway.rules()
        home.cardea.stop()
        home.cardea.start()
        assert home.gateway.rules() == before
    finally:
        home.gateway.ns.run(["nft", "delete", "table", "ip", "owner_late"])


def test_the_owners_name_for_a_device_survives(restarted):
    home, cardea, mac = restarted, restarted.cardea, restarted["plug"].mac
    old = cardea.devices()[mac]["name"]
    cardea.cli("device", "rename", mac, "Coffee plug")
    try:
        cardea.stop()
        cardea.start()
        assert cardea.devices()[mac]["name"] == "Coffee plug"
        shown = json.loads(cardea.cli("device", "show", "Coffee plug", "--json").stdout)
        assert shown["mac"] == mac
    finally:
        cardea.cli("device", "rename", mac, old)
