# SPDX-License-Identifier: GPL-2.0-or-later
"""Cardea as the lab sees it: a daemon to start with a configuration, and its command line
tool. Nothing else of it is touched."""

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import time

from .netns import PATIENCE, LabError

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILDS = ("build/release", "build/gcc", "build/clang")  # of tools/build


def find_build(build_dir=None):
    """program -> path: in the given folder, in $CARDEA_BUILD, or the first build there
    is. A LabError says what to do when there is none."""
    given = build_dir or os.environ.get("CARDEA_BUILD")
    folders = [given] if given else [os.path.join(ROOT, b) for b in BUILDS]
    for folder in folders:
        found = {p: _find_program(folder, p) for p in ("cardead", "cardea")}
        if all(found.values()):
            return found
    raise LabError("no built cardead and cardea in %s: run make, or name the build folder"
                   % ", ".join(folders))


def _find_program(folder, program):
    for base, _, names in os.walk(folder):
        path = os.path.join(base, program)
        if program in names and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def _toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return json.dumps(value) if isinstance(value, str) else str(value)


def write_config(path, sections):
    with open(path, "w", encoding="utf-8") as out:
        for section, keys in sections.items():
            out.write("[%s]\n" % section)
            for key, value in keys.items():
                out.write("%s = %s\n" % (key, _toml(value)))
            out.write("\n")
    return path


class Cardea:
    """where: what runs programs, a Netns or anything with the same run() and spawn()."""

    def __init__(self, where, folder, build_dir=None):
        self._where = where
        self.programs = find_build(build_dir)
        self.folder = folder
        self.state, self.run_dir = (os.path.join(folder, n) for n in ("state", "run"))
        for path in (self.state, self.run_dir):
            os.makedirs(path, exist_ok=True)
        self.socket = os.path.join(self.run_dir, "control.sock")
        self.config = os.path.join(folder, "cardea.conf")
        self.process = None

    def start(self, sections=None, timeout=2 * PATIENCE):
        """Without sections: with the configuration of last time."""
        if sections is not None:
            sections = dict(sections, paths={"state": self.state, "run": self.run_dir,
                                             **sections.get("paths", {})})
            write_config(self.config, sections)
        self.process = self._where.spawn(
            [self.programs["cardead"], "--config", self.config, "--foreground"])
        deadline = time.monotonic() + timeout
        while self.process.alive() and time.monotonic() < deadline:
            if (self.status() or {}).get("ready") is True:
                return self
            time.sleep(0.1)
        what = ("is not ready after %g s" % timeout if self.process.alive()
                else "ended with %d" % self.process.popen.returncode)
        raise LabError("cardead %s\n%s" % (what, self.log()[-4000:]))

    def log(self):
        return self.process.log()

    def end_watching(self):
        """A gateway that is stopped believes, at its next start, that its week of watching
        is over: its store says since when and until when, in nanoseconds."""
        with sqlite3.connect(os.path.join(self.state, "cardea.db")) as db:
            (bytes_,) = db.execute("SELECT value FROM secret WHERE name = 'watching'").fetchone()
            since, until = struct.unpack("=qq", bytes_[:16])
            week = until - since
            db.execute("UPDATE secret SET value = ? WHERE name = 'watching'",
                       (struct.pack("=qq", since - week, until - week) + bytes_[16:],))

    def cli(self, *args, check=True, timeout=PATIENCE):
        """Run the command line tool; the finished process, with stdout as text."""
        done = self._where.run([self.programs["cardea"], "--socket", self.socket, *args],
                               check=False, timeout=timeout)
        if check and done.returncode != 0:
            raise LabError("cardea %s: exit %d: %s" % (" ".join(args), done.returncode,
                                                       done.stderr.strip()))
        return done

    def json(self, *args):
        return json.loads(self.cli(*args, "--json").stdout)

    def status(self):
        try:
            return self.json("status")
        except (LabError, ValueError, subprocess.TimeoutExpired):
            return None

    def devices(self):
        """MAC -> device, as "device list" tells it."""
        return {d["mac"].lower(): d for d in _rows(self.json("device", "list"), "devices")}

    def device(self, mac):
        """Everything about one device, or None when it is not known."""
        row = self.devices().get(mac.lower())
        return self.json("device", "show", mac.lower()) if row else None

    def events(self):
        return _rows(self.json("events", "--limit", "1000"), "events")

    def why(self, *args):
        """The explanation as people read it; "it is blocked" is an answer, not a failure."""
        done = self.cli("why", *args, check=False)
        if done.returncode not in (0, 6):
            raise LabError("cardea why: exit %d: %s" % (done.returncode, done.stderr))
        return done.stdout

    def wait(self, condition, timeout=2 * PATIENCE, what="the condition"):
        """Until condition() is true; its value. The daemon has to live on."""
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if not self.process.alive():
                raise LabError("cardead ended:\n" + self.log()[-4000:])
            if time.monotonic() > deadline:
                raise LabError("%s did not come in %g s" % (what, timeout))
            time.sleep(0.1)

    def wait_state(self, mac, *states, timeout=2 * PATIENCE):
        """Until the device is "learning" or "protected"; the device."""
        def there():
            row = self.devices().get(mac.lower())
            return row if row and row["state"] in states else None

        return self.wait(there, timeout, "state %s of %s" % (" or ".join(states), mac))

    def stop(self, *args, timeout=PATIENCE):
        """By the owner's command; waits for the end of the daemon."""
        self.cli("stop", *args, *(["--yes"] if "--open" in args else []))
        self.process.popen.wait(timeout)

    def kill(self):
        if self.process:
            self.process.stop()

    def forget(self):
        """As if it had never run: state and run folders emptied."""
        for path in (self.state, self.run_dir):
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)


def _rows(answer, key):
    return answer[key] if isinstance(answer, dict) else answer
