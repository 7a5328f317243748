# SPDX-License-Identifier: GPL-2.0-or-later
"""The gateway itself as its API shows it: processes and what they take, figures for
Prometheus, and a bundle for helpers that says nothing about the house."""

import json
import re
import socket
import struct
import subprocess
import threading

RUNNING = {"parent", "enforcer", "sensor", "resolver", "courier", "engine"}
LINE = re.compile(r'^cardea_[a-z_]+(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? \d+$')


def get(home, path):
    done = subprocess.run(["curl", "-s", "-S", "-D", "-", "--unix-socket",
                           home.cardea.socket, "http://cardea" + path], check=True,
                          capture_output=True, timeout=60)
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 "), head
    return head.lower(), body


def test_each_process_and_its_memory_is_shown(home):
    home.cardea.wait(lambda: all(p["memory_kb"] for p in
                                 json.loads(get(home, "/v1/system")[1])["processes"]
                                 if p["running"]), what="the memory of all processes")
    system = json.loads(get(home, "/v1/system")[1])
    rows = {p["name"]: p for p in system["processes"]}
    assert RUNNING <= set(rows) and all(rows[name]["running"] for name in RUNNING)
    for name, row in rows.items():
        if row["running"]:
            with open("/proc/%d/status" % row["pid"], encoding="ascii") as status:
                kib = int(re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.M).group(1))
            assert kib / 2 <= row["memory_kb"] <= kib * 2, name
        else:
            assert row["memory_kb"] is None and row["waits"], name
    assert system["memory_at"] and system["store"]["bytes"] >= 4096
    assert system["store"]["writes_day"] is None  # it runs for less than an hour
    assert system["backend"] == home.cardea.status()["backend"]


def test_figures_for_prometheus(home):
    head, body = get(home, "/v1/metrics")
    assert "content-type: text/plain; version=0.0.4; charset=utf-8" in head
    lines = body.strip("\n").split("\n")
    seen = {}
    for line in lines:
        if line.startswith("# "):
            assert re.match(r"^# (HELP|TYPE) cardea_[a-z_]+ \S", line), line
            continue
        assert LINE.match(line), line
        name, value = line.rsplit(" ", 1)
        assert name not in seen, "told twice: " + line
        seen[name] = int(value)
    states = home.cardea.status()["states"]
    for state, count in states.items():
        assert seen['cardea_devices{state="%s"}' % state] == count
    assert seen["cardea_ready"] == 1 and seen['cardea_process_up{process="engine"}'] == 1
    typed = {line.split(" ")[2] for line in lines if line.startswith("# TYPE ")}
    assert {re.split("[{ ]", line)[0] for line in lines if line[0] != "#"} <= typed


def test_the_bundle_says_nothing_about_the_house(home):
    head, body = get(home, "/v1/bundle")
    assert 'content-disposition: attachment; filename="cardea-bundle.json"' in head
    bundle = json.loads(body)
    assert {f["name"] for f in bundle["fields"]} == \
        set(bundle) - {"schema", "made", "fields"}
    devices = home.cardea.devices().values()
    assert sum(bundle["states"].values()) == len(devices)
    text = body.lower()
    for device in devices:
        secrets = [device["mac"], device["mac"].replace(":", ""), device["mud_url"],
                   device["hostname"], device["vendor_class"]]
        secrets += [a["address"] for a in device["addresses"]]
        for secret in filter(None, secrets):
            assert '"%s' % secret.lower() not in text and \
                (len(secret) < 8 or secret.lower() not in text), secret
        assert '"%s"' % device["name"].lower() not in text or device["class"] == device["name"]
    assert ".example" not in text


def take_nflog_group(ns, group):
    """The socket that has it (linux/netfilter/nfnetlink_log.h)."""
    attribute = struct.pack("=HHBxxx", 5, 1, 1)  # NFULA_CFG_CMD: bind
    payload = struct.pack("!BBH", 0, 0, group) + attribute
    sock = ns.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
    sock.send(struct.pack("=IHHII", 16 + len(payload), 4 << 8 | 1, 5, 1, 0) + payload)
    assert struct.unpack("=i", sock.recv(4096)[16:20])[0] == 0
    return sock


def test_reports_of_the_kernel_are_waited_for(home):
    """As after a parent that was killed: its sensor has them a moment longer."""
    home.cardea.stop()
    sock = take_nflog_group(home.gateway.ns, 1867)
    threading.Timer(1.5, sock.close).start()
    home.cardea.start()
    assert home.cardea.status()["ready"] is True
