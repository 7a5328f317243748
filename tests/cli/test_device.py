# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs by which the owner says who a device is, against a daemon that says what a
test wants."""

import json
import re
import subprocess

import pytest

MAC = "02:00:00:00:00:10"
URL = "https://maker.example/lamp.json"
LAMP = {"schema": "cardea.device/1", "id": 1, "name": "lamp", "mac": MAC, "state": "new",
        "mud_url": URL, "url_source": "qr", "problem": "", "addresses": []}
RS, GS, US, FS, EOT = "\x1e", "\x1d", "\x1f", "\x1c", "\x04"
HEAD, TAIL = "[)>%s06%s12N" % (RS, GS), RS + EOT


def code(*records):
    return HEAD + "".join(r + US for r in records) + TAIL


WITH_MAC = code("B000maker", "M180" + URL, "M06C02-00-00-00-00-10")
NO_MAC = code("M180" + URL)


@pytest.fixture
def house(daemon):
    daemon.routes["GET", "/v1/devices/lamp"] = (200, LAMP)
    daemon.routes["GET", "/v1/devices"] = (200, {"devices": [LAMP]})
    for path in ("/v1/identities", "/v1/devices/lamp"):
        daemon.routes["POST", path] = (200, LAMP)
    return daemon


def posted(house):
    return [json.loads(body) for method, *_, body in house.requests if method == "POST"]


def escaped(text):
    return re.sub(r"[\x00-\x1f]", lambda m: "\\x%02x" % ord(m[0]), text)


def named(text):
    for octet, name in ((RS, "<RS>"), (GS, "<gs>"), (US, "<US>"), (EOT, "<EOT>")):
        text = text.replace(octet, name)
    return text


def pictured(text):
    return re.sub(r"[\x00-\x1f]", lambda m: chr(0x2400 + ord(m[0])), text)


@pytest.mark.parametrize("form", [str, escaped, named, pictured])
def test_add_by_code(cli, house, form):
    done = cli("device", "add", "--qr", form(WITH_MAC), "--name", "Küche")
    assert posted(house) == [{"mac": MAC, "source": "qr", "mud_url": URL, "name": "Küche"}]
    assert done.stdout == "lamp (%s) is %s\n" % (MAC, URL)
    assert "cardea device show lamp" in done.stderr


def test_add_by_scanner(cli, house):
    with subprocess.Popen(["printf", "%b", WITH_MAC + "\r\nnoise"],
                          stdout=subprocess.PIPE) as scanner:
        cli("device", "add", "--qr", "-", stdin=scanner.stdout)
    assert posted(house) == [{"mac": MAC, "source": "qr", "mud_url": URL}]


def test_add_where_the_code_has_no_mac(cli, house):
    done = cli("device", "add", "--qr", NO_MAC, code=2)
    assert "--mac MAC" in done.stderr and not house.requests
    done = cli("device", "add", "--qr", code("M180" + URL, "M06C0011223344556677"), code=2)
    assert "64-bit" in done.stderr and not house.requests
    cli("device", "add", "--qr", NO_MAC, "--mac", "02-00-00-00-00-10")
    assert posted(house) == [{"mac": MAC, "source": "qr", "mud_url": URL}]


def test_add_code_against_flags(cli, house):
    cli("device", "add", "--qr", WITH_MAC, "--mac", MAC)
    assert len(posted(house)) == 1
    assert "another MAC" in cli("device", "add", "--qr", WITH_MAC, "--mac",
                                "02:00:00:00:00:11", code=2).stderr
    cli("device", "add", "--qr", WITH_MAC, "--url", URL, code=2)
    assert len(posted(house)) == 1


@pytest.mark.parametrize("text", [
    "", "https://maker.example/lamp.json", HEAD, HEAD + TAIL, NO_MAC[:-1], NO_MAC + "x",
    code("B000maker"), code("M180http://maker.example/x"), code("M180https://u@a.example/"),
    code("M180https://192.0.2.1/x"), code("M180" + URL, "M180" + URL),
    code("M180" + URL, "M06C02-00-00"), "\\", "\\x1", "\\q", NO_MAC.replace(URL, "x" * 600),
    NO_MAC + "y" * 5000])
def test_add_what_is_no_code(cli, house, text):
    done = cli("device", "add", "--mac", MAC, "--qr", text, code=2)
    assert done.stderr.startswith("cardea: ") and "next: " in done.stderr
    assert not house.requests


def test_add_endless_stdin(cli, house):
    with open("/dev/zero", "rb") as zeros:
        cli("device", "add", "--qr", "-", stdin=zeros, code=2)
    assert not house.requests


def test_add_by_hand(cli, house):
    cli("device", "add", "--mac", MAC, "--url", URL)
    assert posted(house) == [{"mac": MAC, "source": "owner", "mud_url": URL}]


@pytest.mark.parametrize("args", [
    (), ("--mac", MAC), ("--url", URL), ("--mac", "02:00", "--url", URL),
    ("--mac", "ff:ff:ff:ff:ff:ff", "--url", URL),
    ("--mac", "00:00:00:00:00:00", "--url", URL),
    ("--mac", MAC, "--url", "http://maker.example/"),
    ("--mac", MAC, "--url", "https://a/" + "x" * 600),
    ("--mac", MAC, "--url", URL, "--name", ""),
    ("--mac", MAC, "--url", URL, "--name", "x" * 64)])
def test_add_wrong_usage(cli, house, args):
    assert cli("device", "add", *args, code=2).stderr.startswith("cardea: ")
    assert not house.requests


def test_dry_runs_change_nothing(cli, house):
    assert URL in cli("device", "add", "--mac", MAC, "--url", URL, "--dry-run").stdout
    assert URL in cli("device", "url", "lamp", URL, "--dry-run").stdout
    assert "would be taken" in cli("device", "confirm", "lamp", "--dry-run").stdout
    assert not posted(house)


def test_url_tells_how_to_undo(cli, house):
    new = "https://maker.example/lamp2.json"
    done = cli("device", "url", "lamp", new)
    assert posted(house) == [{"mud_url": new}]
    assert done.stdout == "the MUD file of lamp is %s now\n" % new
    assert "undo with: cardea device url lamp " + URL in done.stderr.replace("'", "")
    cli("device", "url", "lamp", "ftp://x", code=2)
    cli("device", "url", "lump", new, code=4)
    assert len(posted(house)) == 1


def test_confirm(cli, house):
    done = cli("device", "confirm", "lamp")
    assert "lamp is taken for what its MUD URL says" in done.stdout
    assert "undo with: cardea device confirm lamp --no" in done.stderr
    done = cli("device", "confirm", "lamp", "--no")
    assert "no longer" in done.stdout and "confirm lamp\n" in done.stderr
    assert posted(house) == [{"confirmed": True}, {"confirmed": False}]
    house.routes["GET", "/v1/devices/lamp"] = (200, dict(LAMP, mud_url=""))
    assert "cardea device url" in cli("device", "confirm", "lamp", code=5).stderr
    cli("device", "confirm", "lump", code=4)
    assert len(posted(house)) == 2


def test_refusals_of_the_daemon(cli, house):
    for path in ("/v1/identities", "/v1/devices/lamp"):
        house.routes["POST", path] = (409, {"error": "who knows better says another",
                                            "next": "decide"})
    for args in (("add", "--mac", MAC, "--url", URL), ("url", "lamp", URL),
                 ("confirm", "lamp")):
        assert "next: decide" in cli("device", *args, code=5).stderr


def test_show_tells_who_says_so(cli, house):
    house.routes["GET", "/v1/devices/lamp"] = (200, dict(
        LAMP, url_source="certificate", confirmed=True, mud_signer="CN=Lab Maker"))
    text = cli("device", "show", "lamp").stdout
    assert re.search(r"said by +certificate, confirmed by you", text)
    assert re.search(r"its signer +CN=Lab Maker", text)


def test_json(cli, house):
    assert json.loads(cli("device", "add", "--mac", MAC, "--url", URL,
                          "--json").stdout) == LAMP
    assert json.loads(cli("device", "url", "lamp", URL, "--json").stdout) == LAMP
    assert json.loads(cli("device", "confirm", "lamp", "--json").stdout) == LAMP
