# SPDX-License-Identifier: GPL-2.0-or-later
"""Signatures are checked in the whole gateway, with the world's own anchor, which the lab's
unsigned root cannot satisfy; names of the owner's choice need none."""

import os

import pytest

from lab import dns, internet


@pytest.fixture
def checking(opened):
    opened.cardea.stop()
    opened.gateway.start_cardea(dns={"dnssec": True, "private_names": ["maker.example"]})
    yield opened
    opened.cardea.stop()
    opened.gateway.start_cardea()
    for name in ("bulb", "camera"):
        opened.cardea.wait_state(opened[name].mac, "protected")


def test_what_is_not_signed_is_refused_and_noted(checking):
    phone, cardea = checking["phone"], checking.cardea
    cardea.wait_state(phone.mac, "learning")
    answer = dns.ask(phone.ns, phone.resolvers[0], internet.CLOUD_NAME)
    assert answer.addresses == [internet.CLOUD4]
    answer = dns.ask(phone.ns, phone.resolvers[0], internet.C2_NAME)
    assert answer.rcode == dns.SERVFAIL and not answer.addresses
    cardea.wait(lambda: [e for e in cardea.events() if e.get("name") == internet.C2_NAME
                         and "DNSSEC" in e["text"]], what="the finding")
    assert sorted(os.listdir(cardea.state + "-resolver")) == ["root.key", "root.key.from"]
