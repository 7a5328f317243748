# SPDX-License-Identifier: GPL-2.0-or-later
"""A camera is taken over, isolated, mended and let back, unattended; then it offends again
and lies. Each step is judged by what arrived at the far end of the wire, and the states
by what the gateway stored of them, in order.

One home; its tests are a story and run in this order. Each names the step it needs."""

import pytest

from lab import Home
from lab.comeback import SETTINGS, Comeback, trust_maker
from lab.updates import Maker

ROUND = ["suspicious", "quarantined", "updating", "attesting", "probation", "protected"]


class Scene:
    """home, and two devices: the file of the camera says what stays open in quarantine; only
    the signed manifest of the webcam names its update host."""

    def __init__(self, home):
        self.home = home
        maker = Maker(home, home.path("maker"))
        self.camera = Comeback(home, maker)
        self.webcam = Comeback(home, maker, "webcam", "suit")
        home.add_device("webcam", 0x31, "udhcpc", self.webcam.url)
        self.cardea = home.gateway.start_cardea(**SETTINGS)
        home.join_all()
        trust_maker(self.cardea, maker)
        for one in (self.camera, self.webcam):
            one.moves_in(self.cardea)
        self.done = set()


@pytest.fixture(scope="module", name="scene")
def fixture_scene():
    with Home(("camera",)) as home:
        yield Scene(home)


def observed(step, *args, **kwargs):
    ok, detail = step(*args, **kwargs)
    print("%s: %s" % (step.__name__, detail))
    assert ok, "%s: %s" % (step.__name__, detail)


def needs(scene, *done):
    for name in done:
        if name not in scene.done:
            pytest.skip("%s did not come to its end" % name)


def test_taken_over_and_isolated(scene):
    camera = scene.camera
    observed(camera.works)
    observed(camera.reaches_updates)
    observed(camera.is_captive, False)
    observed(camera.misbehaves)
    observed(camera.attacks)
    observed(camera.is_cut_off)
    observed(camera.reaches_updates)
    observed(camera.is_told_what_is_open)
    observed(camera.is_captive)
    shown = camera.shown()
    assert shown["evidence"] and all(
        e["kind"] and e["sentence"] and e["at"] for e in shown["evidence"])
    assert shown["since"]
    scene.done.add("isolated")


def test_only_the_manifest_names_the_update_host(scene):
    """No quarantine list in its file: nothing is open until its maker's signed word is here."""
    webcam = scene.webcam
    observed(webcam.works)
    observed(webcam.misbehaves)
    observed(webcam.attacks)
    observed(webcam.is_cut_off)
    observed(webcam.reaches_updates, False)
    observed(webcam.hands_in_manifest)
    observed(webcam.is_told_what_is_open)
    observed(webcam.reaches_updates)
    observed(webcam.is_cut_off)
    scene.done.add("opened")


def test_mended_and_let_back(scene):
    needs(scene, "isolated", "opened")
    both = (scene.camera, scene.webcam)
    observed(scene.camera.hands_in_manifest)
    for step in (Comeback.fetches, Comeback.is_seen_fetching, Comeback.starts_anew,
                 Comeback.is_cut_off, Comeback.attests, Comeback.works,
                 Comeback.serves_probation):
        for one in both:
            observed(step, one)
    observed(scene.camera.is_captive, False)
    observed(scene.camera.works)
    observed(scene.webcam.reaches_updates, False)  # its file does not have it
    for one in both:
        assert one.history()[-len(ROUND):] == ROUND
    scene.done.add("back")


def test_liars_stay_where_they_are(scene):
    """The second offence: no lie helps, and each is refused with a reason."""
    needs(scene, "back")
    camera = scene.camera
    before = camera.history()
    observed(camera.attacks)
    for lie in (camera.frees_itself, camera.forges_a_token, camera.replays_a_token,
                camera.hands_in_old_manifest, camera.vouches_for_old_firmware):
        observed(lie)
    observed(camera.is_cut_off)
    assert [s for s in camera.history()[len(before):] if s != "suspicious"] == [
        "quarantined"]
