# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway that only watches: what no profile allows arrives, at the far end and next door,
and each such conversation is told as one that would be blocked. What the owner refused, who
is held, and whose address is another's stays shut. Protecting shuts the rest."""

import pytest

from lab import frames, internet
from lab.frames import ICMP, TCP, UDP
from lab.gateway import MAC as GATEWAY

FAR = "203.0.113.78"
PORT = 7790
STRANGER = (internet.C2_4, 4444)  # answers


def mode(cardea, word):
    cardea.cli("config", "set", "policy.mode", word)
    cardea.wait(lambda: cardea.json("status")["watching"]["mode"] == word, what=word)


@pytest.fixture
def watching(home):
    mode(home.cardea, "watch")
    yield home
    if not home.cardea.process.alive():
        home.cardea.start()
    mode(home.cardea, "protect")


def of_kind(cardea, kind, device, **like):
    return [e for e in cardea.events() if e["kind"] == kind and e["mac"] == device.mac
            and all(e.get(k) == v for k, v in like.items())]


def release(cardea, device):
    code = cardea.json("quarantine", "release", device.mac)["code"]
    cardea.cli("quarantine", "release", device.mac, "--code", code)
    cardea.wait(lambda: cardea.device(device.mac)["state"] != "quarantined", what="out")


def arrives(home, device, address, port):
    """One datagram and one conversation, both ways, to a sink out there."""
    sink = home.internet.sink
    sink.clear()
    device.send_udp(address, port)
    sink.sync()
    return sink.count(dst=address, proto=UDP, match=lambda p: p.dport == port) > 0


def test_what_no_profile_lists_passes_and_is_told(watching):
    cardea, bulb = watching.cardea, watching["bulb"]
    cardea.wait(lambda: arrives(watching, bulb, FAR, PORT), what="the kernel")
    (event, *_) = cardea.wait(
        lambda: of_kind(cardea, "would-block", bulb, peer=FAR, port=PORT), what="the word")
    assert event["reason"] == "not-listed" and event["proto"] == "udp"
    assert event["text"].startswith("Would be blocked: "), event["text"]
    assert not of_kind(cardea, "violation", bulb, peer=FAR, port=PORT)
    assert "only watches" in cardea.why(str(event["id"]))
    assert "Would be blocked" in cardea.why(bulb.mac, FAR, "--port", str(PORT))
    # ... with replies, by TCP
    assert bulb.echo_tcp(*STRANGER)
    cardea.wait(lambda: of_kind(cardea, "would-block", bulb, peer=STRANGER[0]),
                what="the word of TCP")
    # what the profile lists is told by nobody
    (cloud, *_) = bulb.resolve(internet.CLOUD_NAME)
    assert bulb.echo_tcp(cloud, 443)
    assert not of_kind(cardea, "would-block", bulb, peer=cloud)


def test_to_a_device_from_outside(watching):
    cardea, plug = watching.cardea, watching["plug"]
    plug.sink.clear()
    watching.internet.probe(plug.ipv6, 9998, UDP, tries=3, timeout=0.2)
    plug.sink.sync()
    assert plug.sink.count(src=internet.SCANNER6, proto=UDP, dport=9998)
    cardea.wait(lambda: of_kind(cardea, "would-block", plug, peer=internet.SCANNER6),
                what="the word")


@pytest.mark.parametrize("bridge_nf", [0, 1])
def test_next_door_on_the_bridge(watching, bridge_nf):
    cardea, bulb, camera = watching.cardea, watching["bulb"], watching["camera"]
    watching.gateway.bridge_nf(bridge_nf)
    camera.sink.clear()
    port = 5540 + bridge_nf
    for i in range(3):
        bulb.send_frame(frames.udp(bulb.mac, camera.mac, bulb.ipv4, camera.ipv4, 4000 + i,
                                   port))
    camera.sink.sync()
    assert camera.sink.count(src_mac=bulb.mac, proto=UDP, dport=port) == 3
    cardea.wait(lambda: of_kind(cardea, "would-block", bulb, peer=camera.ipv4, port=port),
                what="the word of who sent it")


def test_what_stays_shut(watching):
    """The owner's no, a device that is held, another's address."""
    cardea, bulb, camera = watching.cardea, watching["bulb"], watching["camera"]
    cardea.cli("policy", "refuse", bulb.mac, FAR)
    try:
        assert not arrives(watching, bulb, FAR, PORT + 1)
        cardea.wait(lambda: of_kind(cardea, "refused", bulb, peer=FAR)
                    or of_kind(cardea, "violation", bulb, peer=FAR), what="the refusal")
        assert arrives(watching, bulb, "203.0.113.79", PORT + 1)
    finally:
        for o in cardea.json("policy", "overlays", bulb.mac)["overlays"]:
            cardea.cli("policy", "withdraw", str(o["id"]))
    cardea.cli("quarantine", "add", camera.mac, "--reason", "a test")
    try:
        cardea.wait_state(camera.mac, "quarantined")
        assert not arrives(watching, camera, FAR, PORT + 2)
        assert not of_kind(cardea, "would-block", camera, peer=FAR, port=PORT + 2)
    finally:
        release(cardea, camera)
    watching.internet.sink.clear()
    bulb.send_frame(frames.udp(bulb.mac, GATEWAY, camera.ipv4, FAR, 4000, PORT + 3))
    watching.internet.sink.sync()
    assert not watching.internet.sink.count(dst=FAR, match=lambda p: p.dport == PORT + 3)
    cardea.wait(lambda: of_kind(cardea, "violation", bulb, reason="spoofed"), what="the theft")


def test_it_outlives_a_restart_and_ends_with_protecting(watching):
    cardea, bulb = watching.cardea, watching["bulb"]
    until = cardea.wait(lambda: cardea.json("status")["watching"]["until"], what="its end")
    cardea.stop()
    cardea.start()
    cardea.wait(lambda: cardea.json("status")["watching"]["until"], what="the same end")
    assert cardea.json("status")["watching"]["mode"] == "watch"
    assert cardea.json("status")["watching"]["until"] == until
    cardea.wait(lambda: cardea.status()["ready"], what="all rules")
    assert arrives(watching, bulb, FAR, PORT + 4)
    shown = cardea.cli("status").stdout
    assert "Watching only until " + until[:10] in shown, shown
    assert bulb.echo_tcp(*STRANGER)
    mode(cardea, "protect")
    cardea.wait(lambda: not arrives(watching, bulb, FAR, PORT + 4), what="the kernel to follow")
    assert not bulb.echo_tcp(*STRANGER, timeout=0.5)
    cardea.wait(lambda: of_kind(cardea, "violation", bulb, peer=FAR, port=PORT + 4),
                what="the refusal")


def asked(cardea):
    return [d for d in cardea.json("decide", "list")["decisions"] if d["kind"] == "protect"]


def test_when_its_time_is_over_the_owner_is_asked(watching):
    cardea, bulb = watching.cardea, watching["bulb"]
    cardea.wait(lambda: cardea.json("status")["watching"]["until"], what="its end")
    for answer in ("reject", "accept"):
        cardea.stop()
        cardea.end_watching()
        cardea.start()
        (question, *_) = cardea.wait(lambda: asked(cardea), what="the question")
        assert question["text"].endswith("Protect now, or watch on?"), question["text"]
        over = cardea.json("status")["watching"]["until"]
        # who is asked has not answered: it passes as before
        assert arrives(watching, bulb, FAR, PORT + 5)
        cardea.cli("decide", answer, str(question["id"]))
        assert not asked(cardea)
        if answer == "reject":
            assert cardea.json("status")["watching"]["until"] > over
    cardea.wait(lambda: cardea.json("status")["watching"]["mode"] == "protect", what="the end")
    cardea.wait(lambda: not arrives(watching, bulb, FAR, PORT + 5), what="the kernel to follow")
    assert cardea.json("policy", "watching")["effect"] is None
