# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose MUD file counts: a signer is pinned with the first good file, another one, another
maker and a way back need the owner's word, and so does a file that nobody signed. Each
test has a place on the maker's server of its own, since a pin holds for all files there."""

import pytest

from lab import internet, mudfiles
from lab.pki import Signer

CLOUD = [mudfiles.cloud(internet.CLOUD_NAME)]


class Thing:
    """One device, and the files at its maker's place."""

    def __init__(self, home, octet):
        self.home, self.place = home, "trust-%02x" % octet
        self.device = home.add_device("tr-%02x" % octet, octet)
        self.asked = 0

    def publish(self, model, accesses=None, host=internet.MUD_HOST, **more):
        return self.home.internet.publish("%s/%s" % (self.place, model), "A thing",
                                          accesses or CLOUD, host=host, **more)

    def unsigned(self, model):
        url = internet.mud_url("%s/%s" % (self.place, model))
        self.home.internet.web.publish(url, mudfiles.build(
            url, "A thing", "Lab Maker", "thing", CLOUD, signature=False))
        return url

    def says(self, url):
        """Plugged in (again), with this URL."""
        self.device.leave()
        self.device.mud_url = url
        self.device.join().wait_ready()
        self.home.cardea.wait(lambda: self.home.cardea.device(self.device.mac),
                              what="the device")
        return self

    def shown(self):
        return self.home.cardea.device(self.device.mac)

    def is_protected_by(self, url):
        def there():
            shown = self.shown()
            return shown["state"] == "protected" and shown["mud_url"] == url

        self.home.cardea.wait(there, what="the file %s in force" % url)

    def question(self, kind):
        """The one open question about this device."""
        def asked():
            mine = [d for d in self.home.cardea.json("decide", "list")["decisions"]
                    if d["device"] == self.shown()["name"] and d["kind"] == kind]
            return mine[0] if len(mine) == 1 else None

        return self.home.cardea.wait(asked, what="the question " + kind)

    def answers(self, word, question):
        self.home.cardea.cli("decide", word, str(question["id"]))

    def is_free(self, patience=30):
        """Not hindered: nothing is enforced for it."""
        return self.device.echo_udp(internet.CLOUD4, internet.ANY_UDP, timeout=patience)


@pytest.fixture
def thing(home, request):
    octet = 0xb0 + NUMBERS.index(request.node.originalname)
    thing = Thing(home, octet)
    yield thing
    home.remove_device(thing.device.name)


def test_the_next_version_by_the_same_signer(thing):
    first, second = thing.publish("v1"), thing.publish("v2")
    thing.says(first).is_protected_by(first)
    thing.says(second).is_protected_by(second)
    assert not thing.is_free(1)


def test_the_way_back(thing):
    first, second = thing.publish("v1"), thing.publish("v2")
    thing.says(first).is_protected_by(first)
    thing.says(second).is_protected_by(second)
    thing.says(first)
    question = thing.question("rollback")
    assert question["subject"] == first
    assert thing.shown()["mud_url"] == second and not thing.is_free(1)
    thing.answers("accept", question)
    thing.is_protected_by(first)


def test_another_signer(thing):
    """The same authority vouches for both: a name alone makes the difference."""
    pki = thing.home.internet.pki
    heir = Signer(*pki._mud.issue("heir", "Lab Heir", "signer"))
    first, second = thing.publish("v1"), thing.publish("v2", signer=heir)
    thing.says(first).is_protected_by(first)
    thing.says(second)
    question = thing.question("signer")
    assert "CN=Lab Heir" in question["text"] and "CN=Lab Maker" in question["text"]
    assert question["detail"] == "CN=Lab Heir"
    assert thing.shown()["mud_url"] == first and not thing.is_free(1)
    thing.answers("accept", question)
    thing.is_protected_by(second)


def test_another_signer_refused(thing):
    pki = thing.home.internet.pki
    heir = Signer(*pki._mud.issue("heir-2", "Lab Heir", "signer"))
    first, second = thing.publish("v1"), thing.publish("v2", signer=heir)
    thing.says(first).is_protected_by(first)
    thing.says(second)
    thing.answers("reject", thing.question("signer"))
    assert thing.shown()["mud_url"] == first and not thing.is_free(1)


def test_another_maker(thing):
    first = thing.publish("v1")
    second = thing.publish("v1", host=internet.OTHER_HOST)
    thing.says(first).is_protected_by(first)
    thing.says(second)
    question = thing.question("authority")
    assert question["subject"] == second
    assert thing.shown()["mud_url"] == first and not thing.is_free(1)
    thing.answers("accept", question)
    thing.is_protected_by(second)


def test_not_signed(thing):
    url = thing.unsigned("v1")
    thing.says(url)
    question = thing.question("unsigned")
    assert "not signed" in question["text"]
    assert thing.shown()["state"] == "learning" and thing.is_free()
    thing.answers("accept", question)
    thing.is_protected_by(url)
    assert not thing.is_free(1)


def test_not_signed_refused(thing):
    thing.says(thing.unsigned("v1"))
    thing.answers("reject", thing.question("unsigned"))
    assert thing.shown()["state"] == "learning" and thing.is_free()


def test_not_signed_any_more(thing):
    first, second = thing.publish("v1"), thing.unsigned("v2")
    thing.says(first).is_protected_by(first)
    thing.says(second)
    question = thing.question("unsigned")
    assert "unlike others of its maker" in question["text"]
    assert thing.shown()["mud_url"] == first and not thing.is_free(1)


def test_a_stranger_signs(thing):
    url = thing.publish("v1", signer=thing.home.internet.pki.stranger)
    thing.says(url)
    question = thing.question("unsigned")
    assert "signed by a stranger" in question["text"]
    thing.answers("accept", question)
    thing.is_protected_by(url)


NUMBERS = [name for name in list(globals()) if name.startswith("test_")]
