# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner's verbs for the way back, on a gateway that runs: keys, a manifest, a nonce, a
token that he carries; what is forged, replayed or old leaves the device where it is."""

import hashlib
import os
import re
import shutil

import pytest

from lab import internet, mudfiles, signed
from lab.frames import TCP

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")
IMAGE = b"the firmware" * 100
RUNS = hashlib.sha256(IMAGE).digest()
SAYS_NO = 6


@pytest.fixture
def camera(opened, tmp_path):
    url = opened.internet.publish("attest/camera", "Camera", [
        mudfiles.cloud(internet.CLOUD_NAME, TCP)])
    device = opened.add_device("doorcam", 0x7b, url=url).join().wait_ready()
    opened.cardea.wait_state(device.mac, "protected")
    device.vendor = re.match("https://([^/:]*)", url).group(1)
    device.maker = signed.Key(tmp_path, "P-256", "maker")
    device.own = signed.Key(tmp_path, "ED25519", "own")
    yield device
    opened.remove_device("doorcam")


def undo_of(said):
    return re.search(r"undo with: cardea (.*)", said.stderr).group(1).split()


def state(cardea, device):
    return cardea.device(device.mac)["state"]


def put(folder, content):
    path = os.path.join(folder, "piece")
    with open(path, "wb") as f:
        f.write(content)
    return path


def envelope(device, sequence, key=None):
    content = signed.manifest(IMAGE, "https://updates.example/1.bin", sequence=sequence,
                              vendor=device.vendor)
    return signed.envelope(content, lambda d: signed.sign1(
        key or device.maker, -9, d, detached=True))


def token(device, nonce, measurement=RUNS, key=None, alg=-19):
    return signed.sign1(key or device.own, alg, signed.psa_claims(nonce, measurement))


def test_the_way_back_by_hand(home, camera, tmp_path):
    cardea = home.cardea

    def no(*words, why):
        said = cardea.cli(*words, check=False)
        assert said.returncode == SAYS_NO and why in said.stdout, (said.stdout, said.stderr)
        assert state(cardea, camera) == "quarantined"

    # keys: added, taken back by the undo line, added again
    dry = cardea.cli("attest", "key", "add", camera.vendor, camera.maker.path, "--dry-run")
    assert "would be trusted" in dry.stdout
    assert cardea.json("attest", "key", "list")["keys"] == []
    said = cardea.cli("attest", "key", "add", camera.vendor, camera.maker.path)
    cardea.cli(*undo_of(said))
    assert cardea.json("attest", "key", "list")["keys"] == []
    cardea.cli("attest", "key", "add", camera.vendor, camera.maker.path)
    cardea.cli("attest", "key", "add", camera.mac, camera.own.path)
    assert {k["use"] for k in cardea.json("attest", "key", "list")["keys"]} == {
        "maker", "device"}

    cardea.cli("quarantine", "add", camera.mac, "--reason", "a test")
    # a manifest
    accept = ("suit", "accept", put(tmp_path, envelope(camera, 3)), "--device", camera.mac)
    assert "would be taken" in cardea.cli(*accept, "--dry-run").stdout
    assert cardea.json("attest", "show", camera.mac)["manifest"] is None
    cardea.cli(*accept)
    assert cardea.json("attest", "show", camera.mac)["manifest"]["sequence"] == 3
    no("suit", "accept", put(tmp_path, envelope(camera, 2)), "--device", camera.mac,
       why="old firmware")
    no("suit", "accept", put(tmp_path, envelope(camera, 4, signed.Key(tmp_path, "P-256",
                                                                      "other"))),
       "--device", camera.mac, why="did not make its signature")
    # a token
    take = ("attest", "take", camera.mac)
    nonce = bytes.fromhex(cardea.json("attest", "challenge", camera.mac)["nonce"])
    no(*take, put(tmp_path, token(camera, bytes(32))), why="replayed")
    no(*take, put(tmp_path, token(camera, nonce, key=camera.maker, alg=-7)), why="forged")
    good = token(camera, nonce)
    cardea.stop()
    cardea.start()
    cardea.wait_state(camera.mac, "quarantined")
    assert "probation" in cardea.cli(*take, put(tmp_path, good)).stdout
    assert state(cardea, camera) == "probation"
    cardea.cli("quarantine", "add", camera.mac, "--reason", "once more")
    no(*take, put(tmp_path, good), why="used already")
    shown = cardea.cli("attest", "show", camera.mac).stdout
    assert "firmware 3" in shown and "used already" in shown
