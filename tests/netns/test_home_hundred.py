# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred devices of one maker in two LANs, all members of one class: every pair, both
families, bridged and routed, counted at the far end."""

import itertools

import pytest

from lab import mudfiles
from lab.crowd import Crowd
from lab.frames import TCP

PORT, OTHER_PORT, NUMBER = 8010, 8011, 100


@pytest.fixture(scope="module")
def crowd(opened):
    url = opened.internet.publish("meter", "Meter", [
        mudfiles.members({"same-manufacturer": [None]}, TCP, PORT),
        mudfiles.members({"same-manufacturer": [None]}, TCP, device_port=PORT)])
    crowd = Crowd(opened, NUMBER)
    crowd.join(url)
    opened.cardea.wait(lambda: states(crowd, "protected") == NUMBER, timeout=120,
                       what="protection of all")
    yield crowd
    crowd.close()


def states(crowd, state):
    rows = crowd.home.cardea.devices()
    return sum(rows.get(m.mac, {}).get("state") == state
               and len(rows[m.mac]["addresses"]) >= 3 for m in crowd.members)


def every_pair(crowd):
    return list(itertools.permutations(crowd.members, 2))


def expected(pairs):
    return {(a.number, b.number, family): 1 for a, b in pairs for family in (4, 6)}


def name_of(crowd, member):
    return crowd.home.cardea.devices()[member.mac]["name"]


def test_all_refused_before_proof(crowd):
    assert crowd.shoot(every_pair(crowd), PORT) == {}


def test_all_pass_with_proof(crowd):
    names = {m.mac: crowd.home.cardea.devices()[m.mac]["name"] for m in crowd.members}
    for name in names.values():
        crowd.home.cardea.cli("device", "confirm", name)
    some = every_pair(crowd)[::97]
    crowd.home.cardea.wait(lambda: crowd.shoot(some, PORT) == expected(some), timeout=120,
                           what="the rules of a hundred")
    pairs = every_pair(crowd)
    assert crowd.shoot(pairs, PORT) == expected(pairs)
    assert crowd.shoot(some, OTHER_PORT) == {}


def test_one_loses_it(crowd):
    one = crowd.members[7]
    crowd.home.cardea.cli("device", "confirm", name_of(crowd, one), "--no")
    with_it = [p for p in every_pair(crowd) if one in p]
    crowd.home.cardea.wait(lambda: crowd.shoot(with_it, PORT) == {}, timeout=120,
                           what="the end of what one device could do")
    others = [p for p in every_pair(crowd) if one not in p][::13]
    assert crowd.shoot(others, PORT) == expected(others)


def test_the_gateway_is_well(crowd):
    status = crowd.home.cardea.status()
    assert status["ready"] is True
    assert status["refused_transactions"] == 0
    assert all(p["restarts"] == 0 for p in status["sandbox"])
