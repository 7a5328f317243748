# SPDX-License-Identifier: GPL-2.0-or-later
"""One virtual home with the built gateway in it, shared by all tests of a session.

CARDEA_BUILD names the build folder (default: build/release, then the checked builds).
CARDEA_KILLS is how often the fault tests kill each process (default 5; long run 50).
Without root or a built gateway the tests fail: they do not skip what they cannot prove."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))

MANAGED = ("bulb", "camera", "plug", "hub", "printer")


@pytest.fixture(scope="session")
def opened():
    """The home, joined and protected; its devices are for the tests to use."""
    from lab import Home

    with Home(second_lan=True) as home:
        home.owners_rules = home.gateway.rules()
        # the tests knock where nothing opens, all day long: that is what scanners do
        home.gateway.always = {"life": {"isolate": False}}
        home.cardea = home.gateway.start_cardea()
        home.join_all()
        for name in MANAGED:
            home.cardea.wait_state(home[name].mac, "protected")
        home.cardea.wait_state(home["phone"].mac, "learning")
        yield home


@pytest.fixture
def home(opened):
    """The same home, known to be alive before and after each test."""
    assert opened.cardea.status()["ready"] is True
    opened.gateway.bridge_nf(0)
    yield opened
    assert opened.cardea.process.alive(), opened.cardea.log()[-4000:]
    assert opened.cardea.status()["ready"] is True


@pytest.fixture(scope="session")
def kills():
    return int(os.environ.get("CARDEA_KILLS", "5"))
