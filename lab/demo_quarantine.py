# SPDX-License-Identifier: GPL-2.0-or-later
"""The second story of the demo: a camera is taken over, and is not thrown away. What is shown
are the steps of lab/comeback.py, each judged at the far end of the wire."""

from .comeback import SETTINGS, Comeback, trust_maker
from .updates import Maker


class Play:
    """The chapters, in order."""

    DEVICES = ("camera", "plug", "phone")

    def __init__(self, home, story):
        self.home, self.story = home, story
        self.maker = Maker(home, home.path("maker"))
        self.camera = Comeback(home, self.maker)

    def run(self, build_dir):
        self.moves_in(build_dir)
        self.turns_bad()
        self.is_isolated()
        self.comes_back()
        self.cheats()

    def moves_in(self, build_dir):
        story, camera = self.story, self.camera
        story.chapter("A camera that its maker can mend")
        self.cardea = self.home.gateway.start_cardea(build_dir, **SETTINGS)
        story.step("Cardea is ready", True, self.cardea.status()["sentence"])
        self.home.join_all()
        trust_maker(self.cardea, self.maker)
        camera.moves_in(self.cardea)
        story.attempt("the camera is protected", lambda: camera.comes_to("protected"))
        story.attempt("and does its work", camera.works)

    def turns_bad(self):
        story, camera = self.story, self.camera
        story.chapter("It is taken over")
        story.attempt("it calls home: it is suspicious, and nobody is woken",
                      camera.misbehaves)
        story.attempt("it scans and floods: it is in quarantine", camera.attacks)
        story.quote("cardea quarantine list", self.cardea.cli("quarantine", "list").stdout)

    def is_isolated(self):
        story, camera = self.story, self.camera
        story.chapter("In quarantine, with its way back open")
        story.attempt("its cloud and its command server get nothing", camera.is_cut_off)
        story.attempt("its update host answers", camera.reaches_updates)
        story.attempt("the gateway says so", camera.is_told_what_is_open)
        story.attempt("the camera itself can ask (RFC 8908)", camera.is_captive)

    def comes_back(self):
        story, camera = self.story, self.camera
        story.chapter("It is mended, and shows it")
        story.attempt("its maker's signed manifest is accepted", camera.hands_in_manifest)
        story.attempt("it fetches the image", camera.fetches)
        story.attempt("which the gateway sees", camera.is_seen_fetching)
        story.attempt("it starts anew, and has to show what it runs", camera.starts_anew)
        story.attempt("a token over a fresh nonce, by its own key: probation",
                      camera.attests)
        story.attempt("it does its work again", camera.works)
        story.attempt("nothing happened on probation: protected", camera.serves_probation)
        story.quote("cardea quarantine history camera",
                    self.cardea.cli("quarantine", "history", camera.mac).stdout)

    def cheats(self):
        story, camera = self.story, self.camera
        story.chapter("A second time, and malware that lies")
        story.attempt("it attacks again: it is in quarantine again", camera.attacks)
        story.attempt("it asks the gateway to be released", camera.frees_itself)
        story.attempt("it forges a token", camera.forges_a_token)
        story.attempt("it replays the token that let it back", camera.replays_a_token)
        story.attempt("it hands in an old manifest", camera.hands_in_old_manifest)
        story.attempt("it vouches for the firmware with the hole",
                      camera.vouches_for_old_firmware)
        story.attempt("its cloud and its command server get nothing", camera.is_cut_off)
        told = [e for e in self.cardea.events() if e["kind"] in ("life", "quarantine")]
        story.note("%d sentences about all this; the last one:" % len(told))
        if told:
            story.note(max(told, key=lambda e: e["id"])["text"])
