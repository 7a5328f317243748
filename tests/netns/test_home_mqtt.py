# SPDX-License-Identifier: GPL-2.0-or-later
"""Home automation sees by MQTT how devices are: at a real broker in the house, announced as
Home Assistant wants it, and marked as gone when the gateway is."""

import json
import os
import shutil
import signal

import pytest

PORT, USER, PASSWORD = 1884, "cardea", "a secret"
BROKER = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
HEAR = shutil.which("mosquitto_sub")
pytestmark = pytest.mark.skipif(not (BROKER and HEAR),
                                reason="mosquitto and its clients are not installed")


class Broker:
    """On a device of the LAN, with a listener that keeps all that is said."""

    def __init__(self, device, folder):
        self.device, self.folder = device, folder
        self.conf, passwords = str(folder / "broker.conf"), str(folder / "passwords")
        device.ns.run(["mosquitto_passwd", "-c", "-b", passwords, USER, PASSWORD])
        os.chmod(passwords, 0o644)
        with open(self.conf, "w", encoding="ascii") as out:
            out.write("listener %d %s\nallow_anonymous false\npassword_file %s\nuser root\n"
                      % (PORT, device.ipv4, passwords))
        self.start()

    def start(self):
        self.process = self.device.ns.spawn([BROKER, "-c", self.conf])

    def stop(self):
        self.process.stop(timeout=3)

    def kept(self, topic="#"):
        """topic -> payload, of what the broker keeps."""
        done = self.device.ns.run([HEAR, "-h", self.device.ipv4, "-p", str(PORT), "-u", USER,
                                   "-P", PASSWORD, "-t", topic, "-v", "-W", "1"], check=False)
        return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


@pytest.fixture(scope="module")
def house(opened, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mqtt")
    os.chmod(folder, 0o755)
    opened.broker = Broker(opened["phone"], folder)
    opened.secret = str(folder / "secret")
    with open(opened.secret, "w", encoding="ascii") as out:
        out.write(PASSWORD + "\n")
    opened.mqtt = {"broker": "%s@%d" % (opened["phone"].ipv4, PORT), "user": USER,
                   "password": opened.secret}
    restart(opened, **opened.mqtt)
    yield opened
    opened.broker.stop()
    restart(opened)


def restart(home, **mqtt):
    home.cardea.stop()
    home.gateway.start_cardea(mqtt=mqtt)
    home.cardea.wait_state(home["bulb"].mac, "protected")


def node(home):
    text = home.gateway.ns.run(["cat", "/sys/class/net/%s/address" % home.gateway.bridge]).stdout
    return text.strip().replace(":", "")


def state_of(home, device):
    return "cardea/%s/%d/state" % (node(home), home.cardea.device(device.mac)["id"])


def waits(home, what, condition):
    return home.cardea.wait(condition, what=what)


def sink(home):
    rows = home.gateway.ns.run(["curl", "-s", "--unix-socket", home.cardea.socket,
                                "http://cardea/v1/sinks"]).stdout
    return {row["id"]: row for row in json.loads(rows)["sinks"]}["mqtt"]


def test_each_device_is_announced_and_its_state_kept(house):
    wanted = {state_of(house, house[name]): "protected" for name in ("bulb", "camera", "plug")}
    waits(house, "the states", lambda: wanted.items() <= house.broker.kept().items())
    kept = house.broker.kept()
    assert kept["cardea/%s/status" % node(house)] == "online"
    assert int(kept["cardea/%s/devices" % node(house)]) == len(house.cardea.devices())
    for topic, payload in kept.items():
        if not topic.endswith("/config"):
            continue
        entity = json.loads(payload)
        assert entity["state_topic"] in kept, topic
        assert entity["availability_topic"] == "cardea/%s/status" % node(house)
        assert kept[entity["state_topic"]] in entity.get("options",
                                                         [kept[entity["state_topic"]]])
    configs = [t for t in kept if t.startswith("homeassistant/")]
    ids = [json.loads(kept[t])["unique_id"] for t in configs]
    assert len(ids) == len(set(ids)) == 2 * len(house.cardea.devices()) + 3
    said = " ".join(kept.values())
    for device in house.cardea.devices().values():
        assert device["mac"] not in said
    row = sink(house)
    assert row["enabled"] and row["outcome"] == "connected"
    assert row["sample"].split(" = ")[0] in kept


def test_what_changes_is_said(house):
    plug = house["plug"]
    topic, name = state_of(house, plug), house.cardea.device(plug.mac)["name"]
    house.cardea.cli("quarantine", "add", plug.mac, "--reason", "it hums")
    waits(house, "the new state", lambda: house.broker.kept(topic)[topic] == "quarantined")
    house.cardea.cli("device", "rename", plug.mac, "Granny's plug")
    config = "homeassistant/+/cardea_%s_%s/#" % (node(house), topic.split("/")[2])
    waits(house, "the new name", lambda: {json.loads(v)["device"]["name"] for v in
                                          house.broker.kept(config).values()} ==
          {"Granny's plug"})
    house.cardea.cli("device", "rename", plug.mac, name)


def test_a_gateway_that_is_lost_is_marked_as_gone(house):
    status = "cardea/%s/status" % node(house)
    sandbox = {p["name"]: p["pid"] for p in house.cardea.status()["sandbox"]}
    os.kill(sandbox["courier"], signal.SIGSTOP)  # as if the power went
    try:
        house.broker.stop()
        house.broker.start()
    finally:
        os.kill(sandbox["courier"], signal.SIGCONT)
    waits(house, "it to come back", lambda: house.broker.kept(status).get(status) == "online")
    topic = state_of(house, house["bulb"])
    waits(house, "all to be said anew",
          lambda: house.broker.kept(topic).get(topic) == "protected")
    os.kill(sandbox["courier"], signal.SIGKILL)
    waits(house, "the courier to be back", lambda: house.cardea.status()["ready"] and
          house.broker.kept(status).get(status) == "online")
    house.cardea.stop()
    assert house.broker.kept(status)[status] == "offline"
    house.gateway.start_cardea(mqtt=house.mqtt)
    waits(house, "it to be there", lambda: house.broker.kept(status)[status] == "online")


def test_a_broker_that_refuses_is_told_of(house):
    with open(house.secret, "w", encoding="ascii") as out:
        out.write("wrong\n")
    restart(house, **house.mqtt)
    waits(house, "the refusal", lambda: "the broker refuses" in (sink(house)["outcome"] or ""))
    assert not sink(house)["outcome"].startswith("connected")
