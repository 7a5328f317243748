# SPDX-License-Identifier: GPL-2.0-or-later
"""Leave nothing behind: end the processes of a lab, delete its namespaces and files.

A guard process holds the read end of a pipe whose write end only the lab has. When the
lab ends in whatever way, SIGKILL included, the guard reads end of file and cleans up.
`python3 -m lab.guard` alone removes what labs of dead processes left.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from .netns import RUN_NETNS, TAG

PREFIX = "cardea-lab-"


def namespaces(name):
    with contextlib.suppress(FileNotFoundError):
        return sorted(n for n in os.listdir(RUN_NETNS) if n.startswith(name + "-"))
    return []


def folders(name):
    return sorted(os.path.join(tempfile.gettempdir(), n)
                  for n in os.listdir(tempfile.gettempdir()) if n.startswith(name + "-"))


def _processes():
    """pid -> (parent, network namespace inode, lab tag)"""
    table = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError):
            with open("/proc/%s/stat" % entry, "rb") as stat:
                parent = int(stat.read().rpartition(b")")[2].split()[1])
            with open("/proc/%s/environ" % entry, "rb") as environ:
                variables = environ.read().split(b"\0")
            tag = next((v.partition(b"=")[2].decode() for v in variables
                        if v.startswith(TAG.encode() + b"=")), None)
            inode = os.stat("/proc/%s/ns/net" % entry).st_ino
            table[int(entry)] = (parent, inode, tag)
    return table


def processes(name):
    """Every process of the lab: in one of its namespaces, tagged by it, or descending
    from such a one (a sandboxed child may have left the namespace and its environment)."""
    inodes = set()
    for ns in namespaces(name):
        with contextlib.suppress(OSError):
            inodes.add(os.stat(os.path.join(RUN_NETNS, ns)).st_ino)
    table = _processes()
    ours = {pid for pid, (_, inode, tag) in table.items() if inode in inodes or tag == name}
    grew = True
    while grew:
        more = {pid for pid, (parent, _, _) in table.items() if parent in ours} - ours
        ours |= more
        grew = bool(more)
    return ours - {os.getpid(), os.getppid(), int(name[len(PREFIX):])}


def leftovers(name):
    """What is still there of a lab; empty after a clean end."""
    return {"namespaces": namespaces(name), "folders": folders(name),
            "processes": sorted(processes(name))}


def _signal_all(pids, signum):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)


def clean(name, grace=3.0):
    """End in order, then by force, then remove. Safe to call twice."""
    victims = processes(name)
    _signal_all(victims, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while victims & running() and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal_all((victims & running()) | processes(name), signal.SIGKILL)
    for ns in namespaces(name):
        subprocess.run(["ip", "netns", "del", ns], check=False, capture_output=True)
    for folder in folders(name):
        shutil.rmtree(folder, ignore_errors=True)


def running():
    """Live processes; a zombie has ended and only waits for its parent."""
    live = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                with open("/proc/%s/stat" % entry, "rb") as stat:
                    if stat.read().rpartition(b")")[2].split()[0] != b"Z":
                        live.add(int(entry))
    return live


class Guard:
    """Outlives the lab and cleans up after it."""

    def __init__(self, name):
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "lab.guard", name], stdin=subprocess.PIPE, cwd=folder,
            start_new_session=True, stdout=subprocess.DEVNULL)

    def release(self):
        self._popen.stdin.close()
        self._popen.wait()


def sweep():
    """Clean up after labs whose process is gone."""
    names = set(namespaces(PREFIX[:-1])) | {os.path.basename(f)
                                            for f in folders(PREFIX[:-1])}
    for pid in {int(m.group(1)) for n in names if (m := re.match(PREFIX + r"(\d+)-", n))}:
        if not os.path.exists("/proc/%d" % pid):
            clean(PREFIX + str(pid))
