# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea mud make, mud view --svg and mud label: what a maker writes and a buyer reads."""

import json
import os
import pty
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from test_offline import ace, mud_file, write

LISTS = "ietf-access-control-list:acls"
SVG = "{http://www.w3.org/2000/svg}"
URL = "https://lamps.example/lamp.json"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def hostile(**more):
    data = mud_file(systeminfo='<script>"&\' </text>', **{
        "mfg-name": "]]>&amp;", "model-name": "\u202e\u0007x" + "\U0001f4a1" * 70, **more})
    data[LISTS]["acl"][0]["aces"]["ace"] += [
        ace("<a>", {"ietf-mud:mud": {"controller": "urn:x:a&b'c"}}),
        ace("long", {"ipv4": {"ietf-acldns:dst-dnsname": ".".join(["a" * 60] * 4)}})]
    return data


def words(root):
    return [t.text for t in root.iter(SVG + "text")]


# ---- view --svg ----

def test_svg(cli, folder):
    data = mud_file()
    data[LISTS]["acl"][0]["aces"]["ace"] += [
        ace("home", {"ietf-mud:mud": {"local-networks": [None]}}),
        ace("phone", {"ietf-mud:mud": {"my-controller": [None]}}),
        ace("name", {"ipv4": {"protocol": 17, "ietf-acldns:dst-dnsname": "t.example"},
                     "udp": {"destination-port": {"operator": "eq", "port": 123}}})]
    data[LISTS]["acl"][0]["aces"]["ace"].append(dict(ace("no", {
        "ipv4": {"ietf-acldns:dst-dnsname": "bad.example"}}),
        actions={"forwarding": "drop"}))
    root = ET.fromstring(cli("mud", "view", "--svg", write(folder, "x", data)).stdout)
    said = words(root)
    for text in ("A lamp", "Local network", "Controllers", "Gateway", "Internet",
                 "any device at home", "its own controller", "198.51.100.0/24", "TCP 443",
                 "t.example", "UDP 123", "bad.example", "\u00d7"):
        assert text in said, text
    assert said.count("198.51.100.0/24") == 1  # both halves are one line
    assert len(root.findall(SVG + "path")) == 3  # nothing leads to the gateway
    assert "currentColor" in read_style(root)


def read_style(root):
    style = root.find(SVG + "style").text
    assert "url(" not in style and "@import" not in style and "@font-face" not in style
    return style


def only_text(root):
    """No element but the ones that are drawn, no attribute that does something."""
    seen = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert seen <= {"svg", "title", "style", "defs", "marker", "path", "rect", "text"}
    for e in root.iter():
        assert not any(k.startswith("on") or "href" in k for k in e.keys())


def test_svg_of_hostile_text(cli, folder):
    path = write(folder, "x", hostile())
    done = cli("mud", "view", "--svg", path)
    root = ET.fromstring(done.stdout)
    only_text(root)
    assert "\u202e" not in done.stdout and "\x07" not in done.stdout
    assert root.find(SVG + "title").text.startswith("<script>\"&' </text>")
    assert all(len(t) <= 100 for t in words(root))
    assert "not both" in cli("mud", "view", path, "--svg", "--json", code=2).stderr


def test_svg_of_many_lines_is_bounded(cli, folder):
    data = mud_file()
    data[LISTS]["acl"][0]["aces"]["ace"] = [ace(f"n{i}", {
        "ipv4": {"ietf-acldns:dst-dnsname": f"n{i}.example"}}) for i in range(900)]
    done = cli("mud", "view", "--svg", write(folder, "x", data))
    assert "and 861 more" in words(ET.fromstring(done.stdout))
    assert len(done.stdout) < 30000


# ---- label ----

def label(cli, folder, data, *more, code=0):
    out = os.path.join(folder, "label.svg")
    return out, cli("mud", "label", write(folder, "lamp.json", data), "--out", out, *more,
                    code=code)


def decode(folder, path):
    """What a reader of codes sees in the printed sheet."""
    png = os.path.join(folder, "label.png")
    subprocess.run(["rsvg-convert", "-d", "200", "-p", "200", path, "-o", png], check=True,
                   timeout=60)
    done = subprocess.run(["zbarimg", "--raw", "-q", png], capture_output=True, check=True,
                          timeout=60)
    return done.stdout


def test_label(cli, folder):
    out, done = label(cli, folder, mud_file(**{"mfg-name": "Lamps", "model-name": "7"}))
    assert done.stdout == ""
    said = words(ET.fromstring(read(out)))
    for text in ("A lamp", "Lamps", URL, "may open TCP 443 to 198.51.100.0/24",
                 "Destinations outside your home", "198.51.100.0/24"):
        assert text in said
    _, done = label(cli, folder, mud_file(), "--json")
    assert json.loads(done.stdout) == {
        "schema": "cardea.mud.label/1", "file": os.path.join(folder, "lamp.json"),
        "out": out, "url": URL}


def test_label_of_what_stands_beside_the_rules(cli, folder):
    data = mud_file(**{
        "ietf-mud-transparency:transparency": {"vuln-url": ["https://a.example/<v>&",
                                                            "https://a.example/v"]},
        "ietf-ol:ol": {"license": [{"owner-name": "<b>&\"Me"}]}, "extensions": ["ol"]})
    data[LISTS]["acl"][0]["type"] = "mixed-eth-ipv4-acl-type"
    data[LISTS]["acl"][0]["aces"]["ace"] += [
        ace("lldp", {"eth": {"ethertype": 35020}}),
        ace("nas", {"ipv4": {"destination-ipv4-network": "192.168.1.2/32"}}),
        ace("one", {"eth": {"destination-mac-address": "00:00:5e:00:53:01"}})]
    out, _ = label(cli, folder, data)
    root = ET.fromstring(read(out))
    only_text(root)
    said = words(root)
    for text in ("Its maker says besides", "Its known vulnerabilities are at "
                 "https://a.example/v.", 'The file belongs to <b>&"Me.',
                 "may send frames of type 0x88cc to any device at home",
                 "may send anything to the device 00:00:5e:00:53:01"):
        assert text in said, text
    outside = said[said.index("Destinations outside your home"):]
    assert not any("192.168" in t or "00:00:5e" in t or "at home" in t for t in outside)


@pytest.mark.skipif(not (shutil.which("rsvg-convert") and shutil.which("zbarimg")),
                    reason="no rsvg-convert and zbarimg to read codes with")
def test_the_code_says_the_url(cli, folder):
    out, _ = label(cli, folder, mud_file(**{"mfg-name": "Lamps", "model-name": "7"}))
    assert decode(folder, out).rstrip(b"\n") == (
        b"[)>\x1e06\x1d12NM180" + URL.encode() + b"\x1fB000Lamps\x1fB0027\x1f\x1e\x04")
    out, _ = label(cli, folder, mud_file(), "--url", "https://other.example/l?v=1#x")
    assert b"M180https://other.example/l\x1f" in decode(folder, out)
    long = "https://lamps.example/" + "a" * 480
    out, _ = label(cli, folder, mud_file(), "--url", long)
    assert long.encode() in decode(folder, out)


def test_label_of_hostile_text(cli, folder):
    out, _ = label(cli, folder, hostile())
    only_text(ET.fromstring(read(out)))
    out, done = label(cli, folder, hostile(), "--url", "ftp://x", code=2)
    assert "https://" in done.stderr
    assert "--out FILE" in cli("mud", "label", os.path.join(folder, "lamp.json"),
                               code=2).stderr
    bad = write(folder, "bad.json", b"{}")
    cli("mud", "label", bad, "--out", os.path.join(folder, "no.svg"), code=6)
    assert not os.path.exists(os.path.join(folder, "no.svg"))


# ---- make ----

def make(cli, *args, code=0):
    return cli("mud", "make", "--url", URL, *args, code=code)


def test_make(cli, folder):
    out = os.path.join(folder, "lamp.json")
    done = make(cli, "--name", "A lamp", "--cloud", "api.example.com", "--cloud",
                "time.example.com:123/udp", "--cloud", "m.example.com:8883", "--local", "80",
                "--local", "5683/udp", "--controller", "my", "--controller",
                "urn:example:hub", "--out", out)
    assert done.stdout == ""
    for text in ("may open TCP to api.example.com port 443 (IPv4)",
                 "may send UDP to time.example.com port 123 (IPv6)",
                 "may open TCP to m.example.com port 8883 (IPv6)",
                 "may receive TCP from the local network on its port 80 (IPv4)",
                 "its own controller", "urn:example:hub"):
        assert text in done.stderr, text
    told = json.loads(cli("mud", "lint", out, "--json").stdout)
    assert told["valid"] is True and told["aces"] == 28 and not told["repairs"]
    data = json.loads(read(out))
    assert data["ietf-mud:mud"]["systeminfo"] == "A lamp"
    for acl in data[LISTS]["acl"]:
        for entry in acl["aces"]["ace"]:
            tcp = entry["matches"].get("tcp")
            start = "to-device" if entry["name"].startswith("local") else "from-device"
            assert not tcp or tcp["ietf-mud:direction-initiated"] == start
    assert read(out).startswith('{\n  "ietf-mud:mud": {\n    "mud-version": 1,')
    cli("mud", "diff", out, out)


def test_make_to_stdout_and_json(cli, folder):
    done = make(cli, "--cloud", "api.example.com", "-q")
    assert done.stderr == "" and json.loads(done.stdout)["ietf-mud:mud"]["mud-url"] == URL
    out = os.path.join(folder, "x.json")
    told = json.loads(make(cli, "--json", "--out", out, "-q").stdout)
    assert told == {"schema": "cardea.mud.make/1", "out": out, "valid": True}
    cli("mud", "lint", out)


@pytest.mark.parametrize("args, why", [
    (["--cloud", "192.0.2.1"], "names stay"), (["--cloud", "a b"], "write a server"),
    (["--cloud", "a.example:0"], "1 to 65535"), (["--cloud", "a.example:99999"], "1 to"),
    (["--cloud", "a.example:1/sctp"], "/tcp or /udp"), (["--cloud", ":443"], "write a"),
    (["--cloud", "-x.example"], "write a server"), (["--cloud", "a" * 300], "write a"),
    (["--cloud", '","x":"'], "write a server"), (["--local", "http"], "write a port"),
    (["--local", "80/"], "write a port"), (["--controller", "bacnet"], "is a URI"),
    (["--controller", 'urn:"x'], "no such character"),
    (["--controller", "urn:" + "x" * 300], "too long"),
    (["--name", "x" * 61], "1 to 60"), (["--name", "a\nb"], "printable"),
    (["--name", ""], "1 to 60"),
])
def test_make_refuses(cli, folder, args, why):
    out = os.path.join(folder, "x.json")
    done = make(cli, *args, "--out", out, code=2)
    assert why in done.stderr and "next:" in done.stderr and done.stdout == ""
    assert not os.path.exists(out)


def test_make_refuses_urls(cli):
    for url in ("http://a.example/x", "https://u@a.example/", "https://192.0.2.1/x", "x",
                "https://a.example/\"x"):
        cli("mud", "make", "--url", url, code=2)
    assert "--url is missing" in cli("mud", "make", code=2).stderr


def test_make_asks_on_a_terminal(program, folder):
    out = os.path.join(folder, "x.json")
    main, other = pty.openpty()
    with subprocess.Popen([program, "mud", "make", "--out", out], stdin=other, stderr=other,
                          stdout=subprocess.PIPE, cwd=folder) as child:
        os.close(other)
        for answer in (URL, "A lamp", "api.example.com", "", "80", "", ""):
            os.write(main, answer.encode() + b"\n")
        heard = b""
        try:
            while more := os.read(main, 65536):
                heard += more
        except OSError:
            pass
        assert child.wait(timeout=60) == 0
    os.close(main)
    assert b"Where will the file be?" in heard and b"may open TCP" in heard
    names = [e["name"] for e in json.loads(read(out))[LISTS]["acl"][0]["aces"]["ace"]]
    assert names == ["cloud0", "local0"]
    assert re.search(r'"systeminfo": "A lamp"', read(out))
