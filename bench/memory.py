# SPDX-License-Identifier: GPL-2.0-or-later
"""M: memory of the whole gateway with devices that have joined and are idle.

PSS counts what processes share once over all who share it, so the sum is what the machine
would have back if they ended; other programs using the same libraries make it smaller,
and so the private part stands beside it."""

import collections
import time

from lab import Home, internet, mudfiles

from .figures import Row

DEVICES = 20
IDLE_S = 3  # after the last profile
BAR_MB = 25
ROWS = {"M": "the whole gateway, %d protected devices, idle" % DEVICES}


def _tree(pid):
    found = [pid]
    for parent in found:
        with open("/proc/%d/task/%d/children" % (parent, parent), encoding="ascii") as f:
            found += map(int, f.read().split())
    return found


def _memory(pid):
    """(name, PSS, private) in KiB"""
    sizes = collections.Counter()
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as rollup:
        for line in rollup:
            words = line.split()
            if words[-1] == "kB":
                sizes[words[0].rstrip(":")] += int(words[1])
    with open("/proc/%d/comm" % pid, encoding="ascii") as comm:
        name = comm.read().strip()
    return name, sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"]


def measure(shop, _options, say):
    with Home(devices=()) as home:
        say("memory: a home with %d devices" % DEVICES)
        home.gateway.start_cardea(shop.build)
        cardea = home.gateway.cardea
        for n in range(DEVICES):
            model = "lamp%d" % n
            url = home.internet.publish(model, "Lamp %d" % n, [
                mudfiles.cloud(internet.CLOUD_NAME),
                mudfiles.network(internet.MEDIA_PREFIX4, mudfiles.UDP, (5000, 5999)),
                mudfiles.serves(mudfiles.TCP, 9999)])
            home.add_device(model, 0x50 + n, url=url)
        home.join_all(60)
        for device in home.devices.values():
            cardea.wait_state(device.mac, "protected", timeout=60)
        say("memory: all %d are protected" % DEVICES)
        time.sleep(IDLE_S)
        sizes = [_memory(pid) for pid in _tree(cardea.process.pid)]
    total = sum(pss for _, pss, _ in sizes) / 1000 * 1.024
    yield Row("M", ROWS["M"], [total], unit="MB PSS", at_most=BAR_MB,
              note="%.2f MB private, %d processes: %s" % (
                  sum(p for _, _, p in sizes) / 1000 * 1.024, len(sizes), ", ".join(
                      "%s %.2f" % (name, pss / 1000 * 1.024) for name, pss, _ in sizes)))
