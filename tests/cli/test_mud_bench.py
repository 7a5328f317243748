# SPDX-License-Identifier: GPL-2.0-or-later
"""The maker's bench: lint and repair, sign and verify, diff, view, label, make. None of
them needs a daemon."""

import json
import os

import pytest

from test_offline import ace, mud_file, write

LISTS = "ietf-access-control-list:acls"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


# ---- lint ----

def test_lint_says_all_that_the_contract_names(cli, folder):
    text = json.dumps(mud_file(**{"cache-validity": 999, "systeminfo": 3}), indent=1)
    path = write(folder, "bad.json", text.encode())
    told = json.loads(cli("mud", "lint", path, "--json", code=6).stdout)
    assert told["schema"] == "cardea.mud.lint/1" and told["mode"] == "strict"
    assert told["valid"] is False and told["aces"] == 2
    assert told["rules"] == [] and told["repairs"] == []
    error = [e for e in told["errors"] if e["path"] == "/ietf-mud:mud/cache-validity"][0]
    assert text.split("\n")[error["line"] - 1][error["column"] - 1:].startswith("999")
    assert error["clause"] == "RFC 8520 section 3.5"
    assert "1 to 168" in error["message"]
    assert [e["clause"] for e in told["errors"]] == ["RFC 8520 section 3.5",
                                                     "RFC 7951 section 6.1"]


def test_lint_by_import(cli, folder):
    path = write(folder, "bad.json", mud_file(**{"cache-validity": 999}))
    assert "can be imported: 2 rules after 1 repairs" in cli(
        "mud", "lint", "--import", path).stdout
    told = json.loads(cli("mud", "lint", "--import", path, "--json").stdout)
    assert told["valid"] is True and told["mode"] == "import" and told["errors"] == []
    assert told["repairs"][0]["path"] == "/ietf-mud:mud/cache-validity"
    assert told["repairs"][0]["what"].endswith("; read as 168")
    assert [(r["ace"], r["status"], r["why"]) for r in told["rules"]] == [
        ("cloud", "enforced", "")] * 2
    worse = write(folder, "worse.json", mud_file(**{"mud-url": "ftp://x"}))
    assert json.loads(cli("mud", "lint", "--import", worse, "--json",
                          code=6).stdout)["valid"] is False
    assert "cannot be used" in cli("mud", "lint", "--import", worse, code=6).stdout


def test_every_rule_says_what_becomes_of_it(cli, folder):
    data = mud_file()
    data[LISTS]["acl"][0]["aces"]["ace"].append(
        ace("phone", {"ietf-mud:mud": {"controller": "https://phone.example/app"}}))
    data[LISTS]["acl"][0]["aces"]["ace"] += [
        ace("voice", {"ipv4": {"dscp": 46}}),
        ace("nas", {"ipv4": {"destination-ipv4-network": "192.168.1.2/32"}}),
        ace("all", {"eth": {"destination-mac-address": "ff:ff:ff:ff:ff:ff",
                            "ethertype": 2048}, "ipv4": {"protocol": 17}}),
        ace("frame", {"eth": {"ethertype": 6}}), ace("arp", {"eth": {"ethertype": 2054}})]
    path = write(folder, "a.json", data)
    told = json.loads(cli("mud", "lint", "--import", path, "--json").stdout)
    rules = {r["ace"]: (r["status"], r["why"]) for r in told["rules"]}
    for name, status, why in (
            ("phone", "enforced", ""), ("voice", "not enforced yet", "dscp"),
            ("nas", "previewed", "private address"),
            ("all", "approximated", "255.255.255.255"),
            ("frame", "not enforceable here", "a length"), ("arp", "enforced", "ARP")):
        assert rules[name][0] == status and why in rules[name][1], name


@pytest.mark.parametrize("node, valid", [
    ({"acme-lamp:glow": {"x": [1]}, "extensions": ["acme-lamp"]}, True),
    ({"acme-lamp:glow": {"x": [1]}, "extensions": ["lamp"]}, True),
    ({"acme-lamp:glow": {"x": [1]}}, False),  # RFC 8520 14: must be named
    ({"glow": 1}, False), ({"ietf-mud:glow": 1}, False),
    ({"extensions": ["a", "a"]}, False),
    ({"ietf-mud-transparency:transparency": {"vuln-url": ["https://a.example/v"]},
      "extensions": ["transparency"]}, True),
    ({"ietf-mud-transparency:transparency": {"vuln-url": "https://a.example/v"},
      "extensions": ["transparency"]}, False),
    ({"ietf-mud-transparency:transparency": {"sbom-contact-uri": "ftp://a.example"},
      "extensions": ["transparency"]}, False),
    ({"mudtx:transparency": {"sbom-local-well-known": "https"},
      "extensions": ["transparency"]}, False),
    ({"ietf-ol:ol": {"license": [{"spdx-tags": ["0BSD"]}]}, "extensions": ["ol"]}, False),
    ({"ietf-mud-brski-masa:masa-server": "https://m.example", "extensions": ["masa"]}, True),
    ({"masa-server": "https://m.example", "extensions": ["masa"]}, False),
    ({"ietf-mud-tls:is-tls-dtls-profile-supported": "true", "extensions": ["ietf-mud-tls"]},
     False),
    ({"ietf-mud-quarantine:quaranteed-device-policy":
      {"enabled-ace-names": [{"ace-name": "cloud"}]}, "extensions": ["quarantine"]}, True),
    ({"quarantined-device-policy": {"enabled-ace-names": [{"ace-name": "cloud"}]},
      "extensions": ["quarantine"]}, False),
    ({"ietf-acl-tls:client-profiles": {}, "extensions": ["ietf-mud-tls"]}, False),
])
def test_extensions(cli, folder, node, valid):
    path = write(folder, "x.json", mud_file(**node))
    assert json.loads(cli("mud", "lint", path, "--json", code=0 if valid else 6)
                      .stdout)["valid"] == valid
    out = os.path.join(folder, "out.json")
    cli("mud", "repair", path, "--out", out)
    cli("mud", "lint", out)


def rich():
    """A file with everything that may stand beside the rules, in the spelling of drafts."""
    data = mud_file(**{
        "mudtx:transparency": {"vuln-url": "https://a.example/v"},
        "ietf-mud-tls:is-tls-dtls-profile-supported": "true",
        "quaranteed-device-policy": {"enabled-ace-names": [{"ace-name": "cloud"}]},
        "extensions": ["transparency", "ietf-mud-tls", "quarantine", "qos"]})
    data["ietf-mud:mud"]["from-device-policy"]["bw-params"] = {"service": [
        {"name": "video", "timeframe": 9, "bps": 8000}]}
    data[LISTS]["acl"][0]["aces"]["ace"].append(ace("tls", {
        "ipv4": {"protocol": 6, "ietf-acldns:dst-dnsname": "a.example"},
        "ietf-acl-tls:client-profile": {"tls-dtls-profiles": [
            {"supported-tls-versions": ["tls13"], "cipher-suites": [4865, "4866"]}]}}))
    return data


def test_what_stands_beside_the_rules(cli, folder):
    path, out = write(folder, "rich.json", rich()), os.path.join(folder, "out.json")
    cli("mud", "lint", path, code=6)
    cli("mud", "repair", path, "--out", out)
    data = json.loads(read(out))
    assert data[LISTS]["acl"][0]["aces"]["ace"][-1]["matches"][
        "ietf-acl-tls:client-profiles"] == {"tls-dtls-profile": [
            {"supported-tls-version": ["tls13"], "cipher-suite": [4865, 4866],
             "name": "profile-1"}]}
    assert data["ietf-mud:mud"]["ietf-mud-transparency:transparency"] == {
        "vuln-url": ["https://a.example/v"]}
    assert "ietf-mud-bw-profile:bw-params" in data["ietf-mud:mud"]["from-device-policy"]
    for name in (path, out):
        told = json.loads(cli("mud", "lint", "--import", name, "--json").stdout)
        seen = json.loads(cli("mud", "view", name, "--json").stdout)
        for key in ("links", "tls_supported", "tls_profiles", "limits", "quarantine"):
            assert told[key] == seen[key]
        assert seen["links"] == [{"kind": "vuln-url", "text": "https://a.example/v"}]
        assert seen["tls_profiles"][0]["versions"] == ["TLS 1.3"]
        assert seen["limits"][0]["bytes_per_s"] == 1000
        assert seen["quarantine"] == [r["id"] for r in seen["rules"] if r["quarantine"]]
        assert [r["tls_profile"] for r in seen["rules"]] == [None, "profile-1", None]
        text = cli("mud", "view", name).stdout
        for part in ("known vulnerabilities are at https://a.example/v", "has TLS 1.3",
                     "at most 1000 bytes a second, for 9 seconds", "stay on: 1, 3",
                     "its TLS is held against"):
            assert part in text


def test_repair_of_nodes_that_are_there_twice(cli, folder):
    """To spell both right would make two members of one name."""
    data = rich()
    mud = data["ietf-mud:mud"]
    mud["ietf-mud-transparency:transparency"] = {"vuln-url": ["https://a.example/right"]}
    mud["quarantined-device-policy"] = {"enabled-ace-names": [{"ace-name": "tls"}]}
    mud["from-device-policy"]["qos:bw-params"] = {"service": []}
    mud["from-device-policy"]["bw-params"]["service"] += [
        {"timeframe": 1, "pps": 1}, {"name": 7, "timeframe": 1, "pps": 1}]
    path, out = write(folder, "in.json", data), os.path.join(folder, "out.json")
    done = cli("mud", "repair", path, "--out", out)
    assert done.stderr.count("this node is there twice") == 3
    cli("mud", "lint", out)
    fixed = json.loads(read(out))["ietf-mud:mud"]
    assert fixed["ietf-mud-transparency:transparency"] == {
        "vuln-url": ["https://a.example/right"]}
    assert fixed["ietf-mud-quarantine:quaranteed-device-policy"] == {
        "enabled-ace-names": [{"ace-name": "cloud"}]}
    services = fixed["from-device-policy"]["ietf-mud-bw-profile:bw-params"]["service"]
    assert [s["name"] for s in services] == ["video", "service-2", "service-3"]


# ---- repair ----

def test_repair_changes_what_is_wrong_and_no_more(cli, folder):
    text = """{ "ietf-mud:mud" : { "mud-version":1,"mud-url":"https://a.example/l.json",
  "x-acme:odd" : [ 1.50, "\\u00e4" , {  } ],  "extensions": ["x-acme"],
   "last-update" : "2026-03-01T07:00:00", "is-supported":"true",
 "from-device-policy":{"access-lists":{"access-list":[ {"name":"f"} ,{"name":"gone"}]}}},
  "access-lists" : 1, "ietf-access-control-list:access-lists":{"acl":[{"name":"f",
  "type":"ipv4","aces":{"ace":[
     {"name":"a","matches":{"ipv4":{"destination-ipv4-network":"192.0.2.9"},"tcp":{
       "destination-port":{"operator":"eq","lower-port":1 ,"upper-port": 9}}},
      "actions":{"forwarding":"accept"}},
     {"name":"b","matches":{"ipv4":{"destination-ipv4-network":"nowhere"}},
      "actions":{"forwarding":"accept"}}  ]}}]}}
"""
    expected = text
    for old, new in (
            ('07:00:00"', '07:00:00Z"'), ('"is-supported":"true"', '"is-supported":true'),
            (' ,{"name":"gone"}', ""), (',\n  "access-lists" : 1', ""),
            ("ietf-access-control-list:access-lists", LISTS),
            ('"type":"ipv4"', '"type":"ipv4-acl-type"'), ("192.0.2.9", "192.0.2.9/32"),
            ('"operator":"eq",', "")):
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    start = expected.index(',\n     {"name":"b"')
    expected = expected[:start] + expected[expected.index("  ]}}]}}"):]
    path, out = write(folder, "in.json", text.encode()), os.path.join(folder, "out.json")
    done = cli("mud", "repair", path, "--out", out)
    assert read(out) == expected
    assert done.stdout == "" and "conforms to RFC 8520 after 10 repairs" in done.stderr
    assert '"nowhere" is no IPv4 prefix' in done.stderr
    assert "this entry is taken out" in done.stderr
    cli("mud", "lint", out)
    again = cli("mud", "repair", out, "--out", "-")
    assert again.stdout == expected and "after 0 repairs" in again.stderr


def test_repair_of_names_and_what_is_missing(cli, folder):
    data = mud_file()
    del data["ietf-mud:mud"]["last-update"], data["ietf-mud:mud"]["is-supported"]
    entries = data[LISTS]["acl"][0]["aces"]["ace"]
    entries += [dict(entries[0]), {k: v for k, v in entries[0].items() if k != "name"},
                dict(entries[0], name="x" * 90), dict(entries[0], name="")]
    path, out = write(folder, "in.json", data), os.path.join(folder, "out.json")
    told = json.loads(cli("mud", "repair", path, "--out", out, "--json").stdout)
    assert told["schema"] == "cardea.mud.repair/1" and told["valid"] is True
    assert told["out"] == out and told["aces"] == 6
    fixed = json.loads(read(out))
    assert fixed["ietf-mud:mud"]["last-update"] == "1970-01-01T00:00:00Z"
    assert fixed["ietf-mud:mud"]["is-supported"] is True
    names = [a["name"] for a in fixed[LISTS]["acl"][0]["aces"]["ace"]]
    assert names == ["cloud", "cloud-2", "entry-3", "x" * 64, "unnamed"]
    cli("mud", "lint", out)


def test_repair_widens_the_type_of_a_list(cli, folder):
    data = mud_file()
    data[LISTS]["acl"][0]["aces"]["ace"].append(ace("frame", {"eth": {"ethertype": 34958}}))
    del data[LISTS]["acl"][1]["type"]
    path, out = write(folder, "in.json", data), os.path.join(folder, "out.json")
    cli("mud", "lint", path, code=6)
    cli("mud", "repair", path, "--out", out)
    assert json.loads(read(out))[LISTS]["acl"][0]["type"] == "mixed-eth-ipv4-acl-type"


def test_repair_says_why_not(cli, folder):
    bad, out = write(folder, "bad.json", b"{"), os.path.join(folder, "out.json")
    assert "cannot be repaired" in cli("mud", "repair", bad, "--out", out, code=6).stderr
    told = json.loads(cli("mud", "repair", bad, "--out", out, "--json", code=6).stdout)
    assert told["valid"] is False and told["out"] is None and told["errors"]
    assert os.listdir(folder) == ["bad.json"]
    good = write(folder, "good.json", mud_file())
    assert "--out FILE" in cli("mud", "repair", good, code=2).stderr
    assert "standard output" in cli("mud", "repair", good, "--out", "-", "--json",
                                    code=2).stderr
    assert "cannot be written" in cli("mud", "repair", good, "--out",
                                      os.path.join(folder, "no/where"), code=1).stderr
    cli("mud", "repair", good, "--out", "/dev/full", code=1)
    cli("mud", "repair", good, "--out", good)  # in place
    assert json.loads(read(good)) == mud_file()


def test_hostile_files_end_soon(cli, folder):
    many = json.dumps(mud_file(extensions=[str(i) for i in range(30000)])).encode()
    for name, data in (("deep", b"[" * 100000), ("nul", b"{\0}"), ("many", many),
                       ("huge", b" " * (300 << 10)), ("empty", b"")):
        path = write(folder, name, data)
        cli("mud", "lint", path, code=6, timeout=60)
        out = os.path.join(folder, "out")
        cli("mud", "repair", path, "--out", out, code=0 if name == "many" else 6, timeout=60)
        assert os.path.exists(out) == (name == "many")
        if name == "many":
            os.unlink(out)


# ---- diff ----

def two_files(folder, *more):
    old, new = mud_file(), mud_file()
    new[LISTS]["acl"][0]["aces"]["ace"] += more
    return write(folder, "old.json", old), write(folder, "new.json", new)


def test_diff_of_nothing(cli, folder):
    old, new = two_files(folder)
    assert cli("mud", "diff", old, new).stdout == \
        "No new access, and nothing is taken away.\n"
    told = json.loads(cli("mud", "diff", old, new, "--json").stdout)
    assert told == {"schema": "cardea.mud.diff/1", "old": old, "new": new,
                    "new_access": False, "added": [], "removed": []}


def ping(name, *, what):
    return ace(name, {"ipv4": {"protocol": 1, "ietf-acldns:dst-dnsname": "a.example"},
                      "icmp": what})


def test_diff_tells_all_types_and_codes_that_are_new(cli, folder):
    one, code, every = (write(folder, name, mud_file()) for name in "abc")
    for path, what in ((one, {"type": 8}), (code, {"type": 8, "code": 0}), (every, {})):
        file = mud_file()
        file[LISTS]["acl"][0]["aces"]["ace"].append(ping("ping", what=what))
        write(folder, os.path.basename(path), file)
    told = cli("mud", "diff", one, every, code=6).stdout
    assert "+ may send ICMP to a.example (IPv4), types 0 to 7\n" in told
    assert "+ may send ICMP to a.example (IPv4), types 9 to 255\n" in told
    told = cli("mud", "diff", code, one, code=6).stdout
    assert "+ may send ICMP type 8 to a.example (IPv4), codes 1 to 255\n" in told
    told = cli("mud", "diff", code, every, code=6).stdout
    assert "from type 8 code 1 to type 255 code 255\n" in told


def test_diff_tells_new_access_with_a_witness(cli, folder):
    old, new = two_files(folder, ace("stats", {
        "ipv4": {"protocol": 6, "ietf-acldns:dst-dnsname": "Stats.Example."},
        "tcp": {"destination-port": {"operator": "eq", "port": 443}}}))
    done = cli("mud", "diff", old, new, code=6)
    assert "+ may open TCP to stats.example port 443 (IPv4)\n" in done.stdout
    assert "as in: tcp device:49152 -> stats.example port 443 (from/stats" in done.stdout
    told = json.loads(cli("mud", "diff", old, new, "--json", code=6).stdout)
    assert told["new_access"] is True and told["removed"] == []
    [added] = told["added"]
    assert added["ace"] == "stats" and added["perhaps"] is False
    assert added["witness"]["peer"] == "stats.example"
    assert (added["witness"]["protocol"], added["witness"]["peer_port"]) == ("tcp", 443)
    back = json.loads(cli("mud", "diff", new, old, "--json").stdout)
    assert back["added"] == [] and back["removed"] == told["added"]
    assert "- may open TCP to stats.example" in cli("mud", "diff", new, old).stdout


def test_diff_is_semantic(cli, folder):
    """Another order, other names, another split of the same ports: no news."""
    def tcp(name, ports):
        return ace(name, {"ipv4": {"protocol": 6, "ietf-acldns:dst-dnsname": "a.example"},
                          "tcp": {"destination-port": ports}})
    a, b = mud_file(), mud_file(systeminfo="Another text")
    a[LISTS]["acl"][0]["aces"]["ace"] += [tcp("x", {"lower-port": 10, "upper-port": 30})]
    b[LISTS]["acl"][0]["aces"]["ace"] = [
        tcp("y", {"lower-port": 20, "upper-port": 30}),
        *b[LISTS]["acl"][0]["aces"]["ace"], tcp("z", {"lower-port": 10, "upper-port": 22})]
    a, b = write(folder, "a.json", a), write(folder, "b.json", b)
    cli("mud", "diff", a, b)
    cli("mud", "diff", b, a)


def test_diff_of_frames(cli, folder):
    """What is not IP has no flows to compare, and is compared all the same."""
    mac = "00:00:5e:00:53:01"
    lldp = ace("lldp", {"eth": {"ethertype": 35020}})
    near = ace("near", {"eth": {"ethertype": 35020, "destination-mac-address": mac}})

    def listed(*more):
        data = mud_file()
        data[LISTS]["acl"][0]["type"] = "mixed-eth-ipv4-acl-type"
        data[LISTS]["acl"][0]["aces"]["ace"] += more
        return write(folder, f"f{len(os.listdir(folder))}.json", data)
    none, one, all_ = listed(), listed(near), listed(lldp)
    told = json.loads(cli("mud", "diff", none, one, "--json", code=6).stdout)
    [added] = told["added"]
    assert added["witness"]["ethertype"] == 35020 and added["witness"]["peer"] == mac
    assert "frame 0x88cc device -> anybody" in cli("mud", "diff", one, all_, code=6).stdout
    assert "- may send frames of Ethernet type 0x88cc" in cli("mud", "diff", one, none).stdout
    cli("mud", "diff", all_, one)
    cli("mud", "diff", one, one)


def test_diff_admits_what_it_cannot_compare(cli, folder):
    old, new = two_files(folder, ace("dscp", {"ipv4": {"dscp": 3}}))
    assert "+ perhaps may send anything" in cli("mud", "diff", old, new, code=6).stdout
    cli("mud", "diff", new, new)
    frame = two_files(folder, ace("frame", {"ipv4": {}}))[1]
    assert "any address" in cli("mud", "diff", old, frame, code=6).stdout


def test_diff_of_files_that_cannot_be_read(cli, folder):
    old, _ = two_files(folder)
    bad = write(folder, "bad.json", b"[]")
    assert "cannot be used" in cli("mud", "diff", old, bad, code=1).stderr
    assert "standard input" in cli("mud", "diff", "-", "-", code=2).stderr
    cli("mud", "diff", old, code=2)


def test_diff_of_big_files_ends_soon(cli, folder):
    data = mud_file()
    data[LISTS]["acl"][0]["aces"]["ace"] = [ace(f"n{i}", {
        "ipv4": {"protocol": 6, "ietf-acldns:dst-dnsname": f"n{i}.example"}})
        for i in range(500)] + [ace(f"p{i}", {
            "ipv4": {"protocol": 17, "destination-ipv4-network": f"10.0.{i % 250}.0/28"},
            "udp": {"destination-port": {"operator": "eq", "port": i + 1}}})
            for i in range(300)]
    big, (old, _) = write(folder, "big.json", data), two_files(folder)
    told = json.loads(cli("mud", "diff", old, big, "--json", code=6, timeout=60).stdout)
    assert len(told["added"]) == 800
