# SPDX-License-Identifier: GPL-2.0-or-later
"""What RFC 8520 says of files, by section: what docs/mud-conformance.md could not show by
a smaller test."""
import json

import pytest

from test_offline import ace, mud_file, write

LISTS = "ietf-access-control-list:acls"
LOCAL = {"ietf-mud:mud": {"local-networks": [None]}}


def imported(cli, folder, entry):
    """What becomes of one more entry: status, and why."""
    data = mud_file()
    data[LISTS]["acl"][0]["aces"]["ace"].append(ace("one", entry))
    told = json.loads(cli("mud", "lint", "--import",
                          write(folder, "a.json", data), "--json").stdout)
    rules = [(r["status"], r["why"]) for r in told["rules"] if r["ace"] == "one"]
    assert rules
    return rules


@pytest.mark.parametrize("direction", ["from-device", "to-device"])
def test_direction_initiated_is_for_tcp(cli, folder, direction):
    """4.8: elsewhere it is a match that nobody knows, and the entry opens nothing."""
    said = {"ietf-mud:direction-initiated": direction}
    assert imported(cli, folder, dict(LOCAL, tcp=said))[0][0] != "not enforced yet"
    for proto in "udp", "icmp", "ipv4", "ipv6":
        for status, why in imported(cli, folder, dict(LOCAL, **{proto: said})):
            assert status == "not enforced yet", (proto, why)


def test_the_device_is_not_named(cli, folder):
    """8.2: src-dnsname in a list from the device would be the device itself."""
    for status, why in imported(
            cli, folder, {"ipv4": {"ietf-acldns:src-dnsname": "me.example"}}):
        assert status == "not enforced yet"
        assert "device itself" in why


def test_unknown_words_of_a_policy_are_ignored(cli, folder):
    """3.9, 14: the file is read as if they were not there; the reader says so."""
    plain = json.loads(cli("mud", "lint", "--import", write(
        folder, "a.json", mud_file()), "--json").stdout)
    data = mud_file(**{"acme:light": {"colour": "red"}, "extensions": ["acme"]})
    told = json.loads(cli("mud", "lint", "--import",
                          write(folder, "b.json", data), "--json").stdout)
    assert told["rules"] == plain["rules"] and told["valid"] is True
    text = cli("mud", "lint", "--import", write(folder, "b.json", data)).stdout
    assert "acme:light" in text and "unknown node, ignored" in text
