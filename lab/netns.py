# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces: make them, open sockets in them, run programs in them."""

import contextlib
import ctypes
import os
import shlex
import signal
import socket
import subprocess
import weakref

CLONE_NEWNET = 0x40000000
RUN_NETNS = "/run/netns"
TAG = "CARDEA_LAB"  # in the environment of every program a lab starts
# What has to come is waited for so long, in seconds: a loaded machine stands still for
# some. Whoever expects that nothing comes says how long that is watched.
PATIENCE = 30.0

_libc = ctypes.CDLL(None, use_errno=True)


class LabError(RuntimeError):
    """The lab itself, not the product under test, could not do something."""


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "setns")


class Process:
    """A program in a namespace, its output in a file."""

    def __init__(self, argv, popen, log_path):
        self.argv = argv
        self.popen = popen
        self.log_path = log_path

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self, timeout=PATIENCE, signum=signal.SIGTERM):
        """Ask, wait, then insist. Returns the exit status."""
        if self.alive():
            self.popen.send_signal(signum)
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait()


class Netns:
    """One named network namespace. Sockets made by socket() live in it and are closed
    with it: an open socket would keep the namespace alive after its name is gone."""

    def __init__(self, lab, short):
        self.lab = lab
        self.short = short
        self.name = lab.name + "-" + short
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.path = os.path.join(RUN_NETNS, self.name)
        self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self._sockets = weakref.WeakSet()
        self.ip("link", "set", "lo", "up")

    @contextlib.contextmanager
    def entered(self):
        """This thread is inside; the others stay where they are."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(self._fd)
            try:
                yield self
            finally:
                _setns(home)
        finally:
            os.close(home)

    def socket(self, family, kind, proto=0):
        with self.entered():
            sock = socket.socket(family, kind, proto)
        self._sockets.add(sock)
        return sock

    def adopt(self, sock):
        """An accepted connection belongs to the namespace of its listener."""
        self._sockets.add(sock)
        return sock

    def ip(self, *args):
        return self._checked(["ip", "-n", self.name, *args]).stdout

    def ip_batch(self, lines):
        self._checked(["ip", "-n", self.name, "-batch", "-"], "\n".join(lines) + "\n")

    def ip_json(self, *args):
        import json

        return json.loads(self.ip("-j", *args) or "[]")

    def nft(self, text):
        self.run(["nft", "-f", "-"], stdin=text)

    def sysctl(self, key, value=None):
        """Read or write net.* of this namespace. Slashes separate, as names hold dots."""
        path = "/proc/sys/net/" + key
        with self.entered():
            if value is not None:
                with open(path, "w", encoding="ascii") as knob:
                    knob.write(str(value))
            with open(path, encoding="ascii") as knob:
                return knob.read().strip()

    def run(self, argv, stdin=None, check=True, timeout=60, env=None):
        argv = ["ip", "netns", "exec", self.name, *argv]
        if check:
            return self._checked(argv, stdin, timeout, env)
        return subprocess.run(argv, input=stdin, text=True, capture_output=True,
                              timeout=timeout, env=self._env(env), check=False)

    def _checked(self, argv, stdin=None, timeout=60, env=None):
        done = subprocess.run(argv, input=stdin, text=True, capture_output=True,
                              timeout=timeout, env=self._env(env), check=False)
        if done.returncode != 0:
            raise LabError("%s: exit %d: %s" % (shlex.join(argv), done.returncode,
                                                done.stderr.strip() or stdin))
        return done

    def _env(self, extra=None):
        env = dict(os.environ, **{TAG: self.lab.name, "LC_ALL": "C.UTF-8"})
        env.update(extra or {})
        return env

    def spawn(self, argv, name=None, binds=None, env=None):
        """Start a program. binds maps a path that the program sees to the file or
        folder of the lab that is behind it, in a mount namespace of its own."""
        name = name or os.path.basename(argv[0])
        mounts = "".join("mount --bind %s %s && " % (shlex.quote(real), shlex.quote(seen))
                         for seen, real in (binds or {}).items())
        full = ["ip", "netns", "exec", self.name,
                "sh", "-c", mounts + 'exec "$@"', "sh", *argv]
        log_path = self.lab.path("log", "%s-%s.log" % (self.short, name))
        with open(log_path, "ab") as log:
            popen = subprocess.Popen(full, stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=log, env=self._env(env),
                                     start_new_session=True)
        return self.lab.remember(Process(argv, popen, log_path))

    def close_sockets(self):
        for sock in list(self._sockets):
            # shutdown wakes a thread that waits in accept or recv; close alone does not
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                sock.close()

    def remove(self):
        """Name, interfaces and all, before the lab ends."""
        self.close()
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def close(self):
        self.close_sockets()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
