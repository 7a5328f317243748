# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports to makers: nothing leaves a house that did not opt in, and where it did, the
maker gets what the owner can read beforehand."""

import ipaddress
import json
import re

import pytest

from lab import internet, mudfiles
from lab.frames import TCP
from lab.web import Page

URI = "https://%s/reports" % internet.MUD_HOST
CLASS = "urn:example:class:report-reader"
EXTRA = {"extensions": ["reporter"],
         "ietf-mud-reporter-extension:reporter": {"report-uri": URI}}
ROUND = 30  # seconds between two looks at the kernel's counters


@pytest.fixture(scope="module")
def house(opened):
    """With one device whose maker wants reports; its owner does not, at first."""
    net = opened.internet
    net.web.pages[URI] = Page(b"", status=204)
    url = net.publish("scale", "Kitchen scale", [
        mudfiles.cloud(internet.CLOUD_NAME),
        mudfiles.cloud("never.maker.example"),
        mudfiles.members({"controller": CLASS}, TCP, 7070, direction="from"),
        mudfiles.members({"same-manufacturer": [None]}, TCP, 7071, direction="from")],
        extra=EXTRA)
    scale = opened.add_device("scale", 0x81, url=url).join().wait_ready()
    opened.cardea.wait_state(scale.mac, "protected")
    opened.cardea.cli("device", "rename", scale.mac, "Granny's scale")
    yield opened
    restart(opened, False)
    opened.cardea.cli("device", "confirm", opened["bulb"].mac, "--no")
    opened.cardea.cli("controller", "remove", CLASS)
    opened.remove_device("scale")


def restart(home, report):
    home.cardea.stop()
    home.gateway.start_cardea(mud={"report": report})
    for name in ("scale", "bulb"):
        home.cardea.wait_state(home[name].mac, "protected")


def preview(home, mac):
    done = home.cardea.cli("report", "preview", mac)
    return done.stdout, done.stderr


def record(text):
    return json.loads(text)["ietf-mud-reporter:mud-reporter"]["mud-report"][0]


def test_nothing_leaves_a_house_that_did_not_opt_in(house):
    scale, cardea = house["scale"], house.cardea
    text, said = preview(house, scale.mac)
    assert "not sent" in said and "[mud]" in said
    assert record(text)["time"] > 0
    seen = cardea.json("report", "preview", scale.mac)
    assert seen["sent"] is False and seen["enabled"] is False and seen["uri"] == URI
    done = cardea.cli("report", "send", scale.mac, check=False)
    assert done.returncode == 5 and "[mud]" in done.stderr
    done = cardea.cli("report", "send", scale.mac, "--dry-run", check=False)
    assert done.returncode == 5 and "would not be sent" in done.stdout
    assert house.internet.web.posts == []
    assert all(url != URI for url, _ in house.internet.web.requests)


def test_the_maker_gets_what_was_shown(house):
    scale, cardea, web = house["scale"], house.cardea, house.internet.web
    restart(house, True)
    cardea.cli("controller", "set", CLASS, house["bulb"].mac)
    cardea.cli("device", "confirm", scale.mac)
    cardea.cli("device", "confirm", house["bulb"].mac)
    cloud = scale.resolve(internet.CLOUD_NAME)[0]
    assert not scale.echo_tcp(internet.C2_4, 4444, timeout=0.5)

    def counted():
        assert scale.echo_tcp(cloud, 443)  # what came before the first look is not new
        counts = record(preview(house, scale.mac)[0])["match-counts"]
        return [c for c in counts if "a0-frdev" in c["ace-name"]
                and int(c["packet-count"]) > 0]

    cardea.wait(counted, timeout=ROUND * 2 + 60, what="the count of conversations")
    shown, said = preview(house, scale.mac)
    assert "once a day to " + URI in said
    assert cardea.cli("report", "send", scale.mac).stdout.endswith(URI + "\n")
    ((url, headers, body),) = web.posts
    assert url == URI and headers["Content-Type"] == "application/yang-data+json"
    without_time = re.compile(r'"time":\d+')
    assert without_time.sub("", body.decode()) == without_time.sub("", shown.strip())
    got = record(body)
    assert got["controllers"] == [{"uri": CLASS, "count": 1}]
    assert got["samemanufacturers"] >= 1
    names = {d["hostname"]: d.get("ip-addresses", []) for d in got["domains"]}
    assert set(names) == {internet.CLOUD_NAME, "never.maker.example"}
    assert cloud in names[internet.CLOUD_NAME] and names["never.maker.example"] == []
    drops = {(d["reason"], d["direction"]): int(d["drop-count"])
             for d in got["drop-counts"]}
    assert drops[("nomatch", "from-device")] >= 1
    assert [e["text"] for e in cardea.events() if e["kind"] == "report"]


def test_nothing_tells_of_the_house(house):
    text = house.internet.web.posts[-1][2].decode()
    known = [house["scale"], house["bulb"]]
    for secret in [d.mac for d in known] + [d.ipv4 for d in known] + [
            d.ula for d in known] + ["Granny", "scale\"", "192.168.", "fd00:", "fe80:",
                                     internet.C2_4, internet.GATEWAY4]:
        assert secret.lower() not in text.lower(), secret
    home_nets = [ipaddress.ip_network(n) for n in (
        house.gateway.lan4, house.gateway.ula6, house.gateway.global6)]
    told = [a for d in record(text)["domains"] for a in d.get("ip-addresses", [])]
    assert told
    assert not [a for a in told for n in home_nets if ipaddress.ip_address(a) in n]


def test_a_refusal_is_said(house):
    scale, cardea, web = house["scale"], house.cardea, house.internet.web
    web.pages[URI] = Page(b"", status=308, headers={
        "Location": "https://%s/else" % internet.OTHER_HOST})
    before = len(web.posts)
    done = cardea.cli("report", "send", scale.mac, check=False)
    assert done.returncode == 1 and "elsewhere" in done.stderr
    assert [p[0] for p in web.posts[before:]] == [URI]
    assert any("No report about" in e["text"] for e in cardea.events())
    assert cardea.json("report", "preview", scale.mac)["outcome"] == "failed"


def test_others_are_not_reported(house):
    done = house.cardea.cli("report", "send", house["bulb"].mac, check=False)
    assert done.returncode == 5 and "report-uri" in done.stderr
