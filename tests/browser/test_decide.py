# SPDX-License-Identifier: GPL-2.0-or-later
"""What an owner decides on the page, and what then passes on the wire: a block is understood,
undone and made good again; profiles are taken, in part or not at all; a device is held and
let go. What the page says is one thing, who answers at the far end the other."""

import pytest

from lab import internet, mudfiles

PORT = 4444
CLOUD = [mudfiles.cloud(internet.CLOUD_NAME), mudfiles.cloud(internet.UPDATE_HOST)]


def number(home, device):
    """As the page calls it."""
    return home.cardea.wait(lambda: home.cardea.devices().get(device.mac),
                            what="the device")["id"]


def reaches(device, address=internet.C2_4, port=PORT, patience=1.0):
    return device.echo_tcp(address, port, timeout=patience)


def test_why_and_back(stage):
    """The camera's block: understood, allowed, undone."""
    home = stage.home
    camera = home["camera"]
    assert not reaches(camera)
    stage.play("why_allow", device=number(home, camera), peer=internet.C2_4, port=PORT)
    assert reaches(camera, patience=30)
    stage.play("why_undo", peer=internet.C2_4)
    home.cardea.wait(lambda: not reaches(camera), what="the block")


def test_allowed_once(stage):
    """The plug's block, allowed for an hour and taken back; then for seconds, and over."""
    home = stage.home
    plug, cardea = home["plug"], home.cardea
    where = {"device": number(home, plug), "peer": internet.C2_4, "port": PORT}
    assert not reaches(plug)
    stage.play("why_once", **where)
    assert reaches(plug, patience=30)
    (said,) = cardea.json("policy", "overlays", plug.mac)["overlays"]
    assert "for 1 hour" in said["text"]
    cardea.cli("policy", "withdraw", str(said["id"]))
    cardea.wait(lambda: not reaches(plug), what="the block")
    cardea.cli("policy", "allow", plug.mac, internet.C2_4, "--for", "60s")
    stage.play("why_once", ends=True, **where)
    assert not reaches(plug)


@pytest.fixture
def strangers(stage):
    """Two devices whose files nobody signed: each has a question."""
    home = stage.home

    def joins(name, octet):
        url = internet.mud_url("%s/v1" % name)
        home.internet.web.publish(url, mudfiles.build(
            url, "A gadget", "Lab Maker", "gadget", CLOUD, signature=False))
        return home.add_device(name, octet, url=url).join().wait_ready()

    yield [joins("gadget-%d" % i, 0xa0 + i) for i in range(2)]
    for i in range(2):
        home.remove_device("gadget-%d" % i)


def asked(home, device):
    row = home.cardea.devices().get(device.mac)
    return row and any(q["device"] == row["name"] for q in
                       home.cardea.json("decide", "list")["decisions"])


def test_profiles_accepted_and_rejected(stage, strangers):
    home, (taken, left) = stage.home, strangers
    for device in strangers:
        home.cardea.wait(lambda d=device: asked(home, d), what="the question")
        assert reaches(device, patience=30)  # only watched, so far
    stage.play("review", taken=number(home, taken), left=number(home, left),
               out=internet.UPDATE_HOST, kept=internet.CLOUD_NAME)
    home.cardea.wait_state(taken.mac, "protected")
    assert reaches(taken, taken.resolve(internet.CLOUD_NAME)[0], 443, patience=30)
    assert not reaches(taken)
    # it stands in the file, and was left out
    no, = [o for o in home.cardea.json("policy", "overlays", taken.mac)["overlays"]]
    assert (no["kind"], no["peer"]) == ("refuse", internet.UPDATE_HOST)
    assert not reaches(taken, internet.UPDATE4, 443)
    assert home.cardea.devices()[left.mac]["state"] == "learning"
    assert reaches(left, patience=30)


def switches(home, patience=1.0):
    return home["phone"].echo_tcp(home["plug"].ipv4, 9999, timeout=patience)


def test_held_and_let_go(stage):
    home = stage.home
    plug = home["plug"]
    assert switches(home, patience=30)
    stage.play("hold", device=number(home, plug))
    assert home.cardea.devices()[plug.mac]["hold"] == "quarantined"
    home.cardea.wait(lambda: not switches(home), what="the isolation")
    stage.play("release", device=number(home, plug))
    home.cardea.wait(lambda: switches(home), what="the way back")
    assert home.cardea.devices()[plug.mac]["state"] == "probation"


def test_screens(stage):
    """As test_screens.py, for what is about one device, and about what was decided."""
    home = stage.home
    phone = number(home, home["phone"])
    home.cardea.cli("quarantine", "add", home["plug"].mac, "--reason", "It scanned the house.")
    # what test_screens.py does not show
    stage.play("screens", timeout=600, pages={
        "why-ask": "/why", "review-learned": "/review/%d" % phone,
        "quarantine": "/quarantine", "changes": "/changes"})
