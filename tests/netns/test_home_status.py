# SPDX-License-Identifier: GPL-2.0-or-later
"""What the status says of the datapath: what enforces and why nothing better, how names are
opened and for how many devices, and where rules are in force."""

import pytest

from lab import internet


@pytest.fixture
def status(home):
    return home.cardea.status()


def test_names_are_opened_by_who_can(home, status):
    """All maker's names of the shared home are of the plain kind that a kernel learns."""
    names, enforced = status["names"], status["states"]["protected"]
    assert names["devices_kernel"] + names["devices_held"] == enforced
    if status["backend"] == "bpf":
        assert names["learned_by"] == "kernel" and names["devices_kernel"] > 0
    else:
        assert names["learned_by"] == "resolver" and names["devices_kernel"] == 0
    shown = home.cardea.cli("status").stdout
    assert "Enforced by %s." % status["backend"] in shown
    wanted = "learned in the kernel" if status["backend"] == "bpf" else "held until"
    assert wanted in shown


def test_every_port_is_told(home, status):
    uncovered = [p["name"] for p in status["ports"] if not p["covered"]]
    assert uncovered == []
    if status["backend"] == "bpf":  # each port of each bridge has the program
        ports = home.gateway.ns.run(["ls", "/sys/class/net/%s/brif" % home.gateway.bridge])
        for name in ports.stdout.split():
            assert name in [p["name"] for p in status["ports"]], name


def test_bytes_are_counted_where_the_kernel_counts(home, status):
    bulb = home["bulb"]
    cloud = bulb.resolve(internet.CLOUD_NAME)[0]
    assert bulb.echo_tcp(cloud, 443)

    def counted():
        rules = home.cardea.json("policy", "show", bulb.mac)["devices"][0]["rules"]
        return [r for r in rules if r.get("hits") and r["source"] == "manufacturer"]

    used = home.cardea.wait(counted, timeout=150, what="a conversation to be counted")
    if status["backend"] == "bpf":
        assert any(r["bytes"] > 0 for r in used)
    else:
        assert all(r["bytes"] == 0 for r in used)
