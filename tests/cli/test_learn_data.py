# SPDX-License-Identifier: GPL-2.0-or-later
"""What is learned from the captures of others: strictly valid for us and for yanglint,
replayed without a block, and no cloak for another device. The captures are not ours to
publish: CARDEA_DATA names the folder that has them."""

import glob
import json
import os
import shutil

import pytest

import test_mud_data

DATA = os.path.dirname(test_mud_data.DATA)
UCL = sorted(glob.glob(os.path.join(DATA, "mud/pcaps/ucl-smart-home/*.pcap")) +
             glob.glob(os.path.join(DATA, "pcap/smart-home-firewall/eval/latency/*/*/*.pcap")))
# As the profiles that were published with the captures name them; the tunnel's captures
# have addresses alone.
DEVICES = {"00:17:88:74:c2:dc", "50:c7:bf:ed:0a:54", "68:3a:48:13:27:04",
           "d4:a6:51:30:64:b7", "b0:c5:54:43:54:83", "78:8b:2a:b2:20:ea",
           "192.168.1.141", "192.168.1.135", "192.168.1.223", "192.168.1.102"}
# No profile may allow it: the SmartThings hub announces itself as a router.
NEVER = {"rogue-router"}


def is_stray_error(path, device, violation):
    """Errors about packets that crossed another port than the one of this capture."""
    return (path.endswith("philips-hue/no-firewall/lan.pcap") and violation["proto"] == "icmp"
            and device["mac"] == "68:3a:48:13:27:04")


needs_data = pytest.mark.skipif(
    not UCL, reason="the captures of UCL are not here: set CARDEA_DATA")
needs_yanglint = pytest.mark.skipif(not shutil.which("yanglint"),
                                    reason="no yanglint: install libyang-tools")


def who(device):
    return device["mac"] or device["address"]


def learn(cli, path, out):
    done = cli("learn", path, "--out", out, "--json", "--force", code=None)
    told = json.loads(done.stdout) if done.stdout else {"devices": []}
    return [d for d in told["devices"] if who(d) in DEVICES]


def replay(cli, path, profile, device):
    done = cli("replay", path, "--profile", profile, "--device", device, "--json",
               code=None)
    return json.loads(done.stdout)


@needs_data
def test_replay_of_what_was_learned_blocks_nothing(cli, folder):
    profiles = 0
    for path in UCL:
        for device in learn(cli, path, os.path.join(folder, "p")):
            cli("mud", "lint", device["profile"])
            told = replay(cli, path, device["profile"], who(device))
            left = [v for v in told["violations"]
                    if v["reason"] not in NEVER and not is_stray_error(path, device, v)]
            assert not left, (path, who(device), left[:3])
            profiles += 1
    assert profiles >= 10


def short(path):
    return os.path.basename(path).rsplit(".", 1)[0]


def own_refused(told):
    """Refused packets of those that no other device would send by itself."""
    shared = sum(r["packets"] for r in told["rules"] if "this gateway's" in r["text"])
    own = told["packets"] - told["infrastructure"] - shared
    return told["blocked"]["packets"] / max(own, 1)


@needs_data
@needs_yanglint
def test_yanglint_finds_nothing(cli, folder):
    for path in UCL[::3]:
        for device in learn(cli, path, os.path.join(folder, "p")):
            assert test_mud_data.yanglint(device["profile"]) == ("valid", ""), path


@needs_data
def test_another_device_is_refused(cli, folder, record_property):
    """Under the identity of one device, the traffic of another: what is its own is
    refused; what all devices may, the gateway's names and time, passes of course and is
    left out of the share. docs/learning.md has the table."""
    learned = {}
    for path in UCL:
        if "ucl-smart-home" in path:
            for device in learn(cli, path, os.path.join(folder, os.path.basename(path))):
                learned.setdefault(path, device)
    shares = {}
    for path, mine in learned.items():
        for other in learned.values():
            if who(other) == who(mine):
                continue
            told = replay(cli, path, other["profile"], who(mine))
            shares[short(path), who(other)] = own_refused(told)
            assert told["blocked"]["flows"] > 0, (path, who(other))
    names = {who(device): short(path) for path, device in learned.items()}
    for (mine, other), share in sorted(shares.items()):
        print("| %s | %s | %.0f %% |" % (mine, names[other], 100 * share))
    mean = sum(shares.values()) / len(shares)
    record_property("refused_share", mean)
    assert len(shares) >= 12
    assert mean > 0.9 and min(shares.values()) > 0.6, shares


def test_the_share_leaves_out_what_all_may():
    told = {"packets": 100, "infrastructure": 10, "blocked": {"packets": 30},
            "rules": [{"packets": 40, "text": "may send UDP to this gateway's DNS port 53"},
                      {"packets": 20, "text": "may open TCP to a.example port 443"}]}
    assert own_refused(told) == 30 / 50


PLUG = ("mud/pcaps/misc/tplink-hs110-lan.pcapng", "50:c7:bf:ed:0a:54"), (
    "mud/pcaps/ucl-smart-home/tplink-plug.pcap", "192.168.1.135")
PUBLISHED = "TPLink-Plug-Mudgee.json", "TPLink-Plug-UNSW-MUD.json"


@needs_data
@pytest.mark.parametrize("capture, device", PLUG)
@pytest.mark.parametrize("published", PUBLISHED)
def test_every_difference_to_a_published_profile_has_its_evidence(
        cli, capture, device, published):
    """The devices with both a capture and a published MUD file. What was done and is not
    allowed there is told with what was seen; what is allowed and was not seen, with its
    line; and a replay against the published file refuses nothing but what is told."""
    path = os.path.join(DATA, capture)
    published = os.path.join(DATA, "mud/generated", published)
    done = cli("learn", path, "--device", device, "--against", published, "--json",
               code=None)
    assert done.returncode in (0, 6), done.stderr
    against = json.loads(done.stdout)["devices"][0]["against"]
    assert (done.returncode == 6) == bool(against["done_not_allowed"])
    assert against["allowed_not_seen"]
    for access in against["allowed_not_seen"]:
        assert access["sentence"]
    told = set()
    for access in against["done_not_allowed"]:
        assert access["evidence"] and access["witness"], access["sentence"]
        for kind in access["evidence"]:
            assert kind["episodes"] > 0 and kind["flows"] > 0
            assert kind["first"] <= kind["last"]
            told.add((kind["protocol"], kind["port"]))
    for v in replay(cli, path, published, device)["violations"]:
        # answers go to whatever port had asked
        assert (v["proto"], v["port"]) in told or (v["proto"], None) in told, (v, told)
