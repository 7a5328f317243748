# SPDX-License-Identifier: GPL-2.0-or-later
"""The classes of RFC 8520 section 4 that mean devices: controller, my-controller,
same-manufacturer, manufacturer, model. Each between two ports of one bridge and routed
between two LANs, IPv4 and IPv6, counted where the packets arrive."""

import pytest

from lab import mudfiles
from lab.frames import TCP
from lab.internet import MUD_HOST, OTHER_HOST, mud_url

HEAT = "http://standards.example/heat-control"
SAME, MAKER, MODEL, CONTROLLER, MINE = 8001, 8002, 8003, 8004, 8005
PORTS = (SAME, MAKER, MODEL, CONTROLLER, MINE)
# name -> (last octet of the MAC, bridge)
SENSORS = {"sensor": (0x80, None), "twin": (0x81, None), "far-twin": (0x82, "br-iot")}
ROBOTS = {"robot": (0x83, None), "far-robot": (0x84, "br-iot")}
OTHERS = {"panel": (0x85, None), "far-panel": (0x86, "br-iot")}
EVERYBODY = (*SENSORS, *ROBOTS, *OTHERS)
# class -> its members as seen from the sensor, bridged and routed
PEERS = {SAME: ("twin", "far-twin"), MAKER: ("robot", "far-robot"),
         MODEL: ("robot", "far-robot"), CONTROLLER: ("panel", "far-panel"),
         MINE: ("panel", "far-panel")}


def both_ways(container, port):
    """To the peers' port, and from them to the same port of the device."""
    return [mudfiles.members(container, TCP, port),
            mudfiles.members(container, TCP, device_port=port)]


@pytest.fixture(scope="module")
def house(opened):
    """All joined, protected and unproven: their URLs came by DHCP."""
    world, cardea = opened.internet, opened.cardea
    sensor = world.publish("sensor", "Room sensor", [
        *both_ways({"same-manufacturer": [None]}, SAME),
        *both_ways({"manufacturer": OTHER_HOST}, MAKER),
        *both_ways({"model": mud_url("robot", OTHER_HOST)}, MODEL),
        *both_ways({"controller": HEAT}, CONTROLLER),
        *both_ways({"my-controller": [None]}, MINE)])
    robot = world.publish("robot", "Robot", [
        *both_ways({"manufacturer": MUD_HOST}, MAKER),
        *both_ways({"model": mud_url("sensor")}, MODEL)], host=OTHER_HOST)
    for names, url in ((SENSORS, sensor), (ROBOTS, robot), (OTHERS, None)):
        for name, (octet, bridge) in names.items():
            device = opened.add_device(name, octet, url=url, bridge=bridge)
            for port in PORTS:
                device.serve(TCP, port)
            device.join()
    for name in EVERYBODY:
        opened[name].wait_ready()
        cardea.wait_state(opened[name].mac,
                          "learning" if name in OTHERS else "protected")
        wait_for_addresses(opened, opened[name])
    yield opened
    for name in EVERYBODY:
        opened.remove_device(name)


def wait_for_addresses(home, device):
    """Until the gateway knows all addresses that the tests use."""
    def known():
        seen = {a["address"] for a in home.cardea.device(device.mac)["addresses"]}
        return {device.ipv4, device.ipv6, device.ula} <= seen

    for address in ("2001:db8:1::1", "192.168.1.1"):
        device.tool("ping", "-c1", "-W1", address)
    device.send_udp("fd00:c0de:1::1", 9, source=(device.ula, 0))
    home.cardea.wait(known, what="the addresses of " + device.name)


def addresses(device):
    return (device.ipv4, device.ula, device.ipv6)


def arrives(source, target, port):
    """How many of the conversations with all its addresses reach target and are
    answered. What is refused must not even be seen there: -1 when it was."""
    target.sink.clear()
    passed = 0
    for address in addresses(target):
        passed += source.echo_tcp(address, port, timeout=0.4)
    if not passed and target.sink.count(proto=TCP, dport=port, src=addresses(source)):
        return -1
    return passed


def expect(home, source, target, port, number):
    """The members of a class are followed within a moment."""
    home.cardea.wait(lambda: arrives(home[source], home[target], port) == number,
                     what="%s to %s port %d: %d" % (source, target, port, number))


def test_nobody_is_proven_at_first(house):
    """What DHCP says makes nobody a member, and no class opens anything."""
    for port, peers in PEERS.items():
        for peer in peers:
            assert arrives(house["sensor"], house[peer], port) == 0
            assert arrives(house[peer], house["sensor"], port) == 0


def test_the_owner_is_asked(house):
    """Each thing once: proof of those that would be members, and the controllers."""
    asked = house.cardea.json("decide", "list")["decisions"]
    kinds = [(d["kind"], d["device"]) for d in asked]
    for name in (*SENSORS, *ROBOTS):
        assert kinds.count(("identity", name)) == 1
    for name in SENSORS:
        assert kinds.count(("my-controller", name)) == 1
    assert [d["subject"] for d in asked if d["kind"] == "controller"] == [HEAT]


def test_same_manufacturer(house):
    house.cardea.cli("device", "confirm", "twin")
    assert arrives(house["sensor"], house["twin"], SAME) == 0  # it is not proven itself
    for name in ("sensor", "far-twin"):
        house.cardea.cli("device", "confirm", name)
    for peer in PEERS[SAME]:
        expect(house, "sensor", peer, SAME, 3)
        expect(house, peer, "sensor", SAME, 3)
        assert arrives(house["sensor"], house[peer], MAKER) == 0
    for stranger in (*ROBOTS, *OTHERS):
        assert arrives(house[stranger], house["sensor"], SAME) == 0


@pytest.mark.parametrize("port", [MAKER, MODEL], ids=["manufacturer", "model"])
def test_maker_and_model(house, port):
    for peer in PEERS[port]:
        house.cardea.cli("device", "confirm", peer)
        expect(house, "sensor", peer, port, 3)
        expect(house, peer, "sensor", port, 3)
        assert arrives(house["sensor"], house[peer], SAME) == 0
    for stranger in OTHERS:
        assert arrives(house["sensor"], house[stranger], port) == 0
        assert arrives(house[stranger], house["sensor"], port) == 0


def test_proof_taken_back(house):
    """Conversations end with the membership."""
    open_one = house["sensor"].connect(house["robot"].ipv4, MAKER)
    assert open_one is not None
    house.cardea.cli("device", "confirm", "robot", "--no")
    expect(house, "sensor", "robot", MAKER, 0)
    house["robot"].sink.clear()
    with open_one:
        open_one.send(b"still there?")
        assert house["robot"].sink.count(proto=TCP, dport=MAKER) == 0
    house.cardea.cli("device", "confirm", "robot")
    expect(house, "sensor", "robot", MAKER, 3)


@pytest.mark.parametrize("port,name", [(CONTROLLER, HEAT), (MINE, "my-controller")],
                         ids=["controller", "my-controller"])
def test_controllers(house, port, name):
    for peer in PEERS[port]:
        holder = ["--device", "sensor"] if port == MINE else []
        house.cardea.cli("controller", "set", name, peer, *holder)
        expect(house, "sensor", peer, port, 3)
        expect(house, peer, "sensor", port, 3)
        assert arrives(house["sensor"], house[peer], SAME) == 0
        if port == MINE:
            assert arrives(house["twin"], house[peer], port) == 0
        house.cardea.cli("controller", "remove", name, *holder)
        expect(house, "sensor", peer, port, 0)


def test_controller_by_the_answer(house):
    asked = house.cardea.json("decide", "list")["decisions"]
    one = [d for d in asked if d["kind"] == "my-controller" and d["device"] == "sensor"]
    house.cardea.cli("decide", "accept", str(one[0]["id"]), "--choose", "panel")
    expect(house, "sensor", "panel", MINE, 3)
    left = house.cardea.json("decide", "list")["decisions"]
    assert one[0]["id"] not in [d["id"] for d in left]


def test_classes_hold_over_a_restart(house):
    house.cardea.stop()
    house.cardea.start()
    expect(house, "sensor", "panel", MINE, 3)
    for name in SENSORS:
        assert house.cardea.device(house[name].mac)["proven"]
    expect(house, "sensor", "far-twin", SAME, 3)
    assert arrives(house["phone"], house["sensor"], SAME) == 0
