# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays scenes of a real browser in the namespace of a device of the virtual home, against
the real gateway's page."""

import json
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULES = os.path.join(ROOT, "web", "node_modules")
PASSWORD = "correct horse battery"


def browser():
    return shutil.which("chromium") or shutil.which("chromium-browser")


def missing():
    """What is not here, or None."""
    if not shutil.which("node"):
        return "needs node"
    if not browser():
        return "needs chromium"
    for name in ("playwright-core", "axe-core"):
        if not os.path.isdir(os.path.join(MODULES, name)):
            return "needs the modules of web/package-lock.json: tools/npm-modules"
    return None


class Stage:
    """A browser at a device; what one scene leaves (who is logged in) the next one has."""

    def __init__(self, home, device, folder):
        self.home, self.ns = home, home[device].ns
        self.state = os.path.join(str(folder), "session.json")
        self.shots = os.environ.get("CARDEA_SHOTS")
        self.url = "https://%s:%d" % (home.gateway_address, home.page_port)
        self.env = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
                    "XDG_CACHE_HOME": str(folder)}

    def play(self, scene, timeout=400, **context):
        """What the scene returns; fails with all that went wrong in it."""
        context = {"url": self.url, "browser": browser(), "state": self.state,
                   "shots": self.shots, "password": PASSWORD, **context}
        try:
            done = self.ns.run(
                ["node", os.path.join(ROOT, "tests/browser/stage.mjs"), scene],
                stdin=json.dumps(context), check=False, timeout=timeout, env=self.env)
        except subprocess.TimeoutExpired as late:
            raise AssertionError("%s did not end in %d s: %s" % (
                scene, timeout, (late.stderr or b"")[-2000:])) from None
        lines = done.stdout.strip().splitlines()
        assert lines and lines[-1].startswith("{"), done.stdout + done.stderr
        said = json.loads(lines[-1])
        assert not said["problems"], "\n".join([scene, *said["problems"]])
        assert said["checked"] > 0, "%s checked nothing" % scene
        return said.get("result")

    def set_up(self):
        """As the owner does it the first time."""
        with open(os.path.join(self.home.cardea.state, "setup-secret"),
                  encoding="ascii") as f:
            return self.play("first_run", secret=f.read().strip())
