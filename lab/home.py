# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual home: a gateway, devices, and the internet, each in its namespace."""

import os
import signal
import tempfile
import threading

from . import reaper
from .device import Device
from .gateway import Gateway
from .internet import Internet, mud_url
from .netns import PATIENCE, LabError

# name -> (last octet of the MAC, DHCP client, shows a MUD URL, services)
# MACs are those for documentation (RFC 9542 2.1.2).
DEVICES = {
    "bulb": (0x11, "dhcpcd", True, []),
    "camera": (0x12, "udhcpc", True, [(6, 554)]),
    "plug": (0x13, "dhclient6", True, [(6, 9999), (6, 80)]),
    "hub": (0x14, "dhcpcd6", True, [(6, 8443), (17, 5683)]),
    "printer": (0x15, "udhcpc", True, [(6, 9100), (6, 631), (6, 80)]),
    "phone": (0x16, "dhclient", False, [(6, 8080)]),
}


class Home:
    """A context manager. Inside: gateway, internet, devices by name (home["bulb"]).

    SIGTERM, SIGHUP and SIGINT end it in order when it was entered in the main thread."""

    def __init__(self, devices=tuple(DEVICES), second_lan=False):
        self.name = "%s%d" % (reaper.PREFIX, os.getpid())
        self._wanted, self._second_lan = list(devices), second_lan
        self._processes, self._handlers, self._closed = [], {}, True
        self.devices, self.gateway, self.internet = {}, None, None

    def __enter__(self):
        if reaper.namespaces(self.name):
            raise LabError("this process has a lab already")
        if os.geteuid() != 0:
            raise LabError("the lab needs root: it makes network namespaces")
        self._closed = False
        self._guard = reaper.Guard(self.name)
        self._catch_signals()
        try:
            self.folder = tempfile.mkdtemp(prefix=self.name + "-")
            os.chmod(self.folder, 0o755)  # sandboxed processes read the anchors in it
            for folder in ("log", "dev"):
                os.makedirs(self.path(folder))
            self.gateway = Gateway(self)
            if self._second_lan:
                self.gateway.add_second_lan()
            self.internet = Internet(self, self.gateway)
            self.gateway.start_dnsmasq()
            for name in self._wanted:
                self._add_known(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def __getitem__(self, name):
        return self.devices[name]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def remember(self, process):
        self._processes.append(process)
        return process

    def _add_known(self, name):
        octet, client, shows, services = DEVICES[name]
        device = self.add_device(name, octet, client, mud_url(name) if shows else None)
        for proto, port in services:
            device.serve(proto, port)

    def add_device(self, name, octet, client="udhcpc", url=None, bridge=None):
        """Any further device, e.g. a stranger. Not joined yet. octet: the last of its MAC,
        0x10 to 0xff, or up to 0xffff for further ranges; bridge: of the LAN that it is on."""
        mac = "00:00:5e:%02x:%02x:%02x" % (octet >> 8, 0x53, octet & 255)
        self.devices[name] = Device(self, self.gateway, name, mac, client, url, bridge)
        return self.devices[name]

    def remove_device(self, name):
        device = self.devices.pop(name)
        device.leave()
        device.close()
        self.gateway.ns.ip("link", "del", device.port)
        device.ns.remove()

    def join_all(self, timeout=2 * PATIENCE):
        for device in self.devices.values():
            device.join()
        for device in self.devices.values():
            device.wait_ready(timeout)

    def sync(self):
        """Every sink has counted everything sent so far."""
        for device in self.devices.values():
            device.sink.sync()
        self.internet.sink.sync()

    def _catch_signals(self):
        if threading.current_thread() is not threading.main_thread():
            return
        for signum in (signal.SIGTERM, signal.SIGHUP):
            self._handlers[signum] = signal.signal(signum, _leave)

    def close(self):
        """Safe to call twice. The guard does the same if this process cannot."""
        if self._closed:
            return
        self._closed = True
        for part in (*self.devices.values(), self.internet, self.gateway):
            if part is not None:
                part.close()
        reaper.clean(self.name)
        for process in self._processes:
            process.popen.wait()
        self._guard.release()
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)


def _leave(signum, _frame):
    raise SystemExit(128 + signum)
