# SPDX-License-Identifier: GPL-2.0-or-later
"""One virtual home a file, with the built gateway and its page. The browser is the system's
chromium, at a device of the LAN. Without chromium, node or the modules of web/ the tests are
skipped, and say so; without root or a built gateway they fail."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import stage as stages  # noqa: E402

MANAGED = ("bulb", "camera", "plug", "hub", "printer")


def pytest_collection_modifyitems(items):
    what = stages.missing()
    for item in items if what else ():
        item.add_marker(pytest.mark.skip(reason=what))


@pytest.fixture(scope="session")
def home():
    from lab import Home
    from lab.gateway import LAN4

    with Home() as h:
        # the devices knock where nothing opens: that is what the pages shall show
        h.gateway.always = {"life": {"isolate": False}}
        h.cardea = h.gateway.start_cardea()
        h.join_all()
        for name in MANAGED:
            h.cardea.wait_state(h[name].mac, "protected")
        h.gateway_address, h.page_port = LAN4, 8443
        yield h


@pytest.fixture(scope="session")
def door(home, tmp_path_factory):
    """The page, from the phone; nobody owns the gateway yet."""
    return stages.Stage(home, "phone", tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def stage(door):
    """The same, and the owner is logged in."""
    door.set_up()
    return door


@pytest.fixture(autouse=True)
def alive(home):
    yield
    assert home.cardea.process.alive(), home.cardea.log()[-4000:]
