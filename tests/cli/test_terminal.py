# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line as people sit before it: a terminal of tmux, with its colours, widths,
questions, bars and ^C; and completion as bash, zsh and fish show it there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import time
import uuid

import pytest

import homecap
from conftest import ROOT
from test_cli import device

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux")
NAMES = ["kitchen-cam", "Küchenlampe 灯", "a-device-with-quite-a-long-name-that-somebody-chose"]
PROMPT = "ready> "


class Terminal:
    """A shell in a terminal that is so wide."""

    def __init__(self, cli, width=80, shell=("sh",), env=None):
        self.name = "cardea-" + uuid.uuid4().hex
        self.count = 0
        keep = {"PATH": os.path.dirname(cli.program) + ":" + os.environ["PATH"],
                "CARDEA_SOCKET": cli.socket, "HOME": cli.folder, "PS1": PROMPT,
                "LANG": "C.UTF-8", "TERM": "tmux-256color", **(env or {}),
                **{k: v for k, v in os.environ.items() if "SAN_OPTIONS" in k}}
        words = ["env", "-i", *("%s=%s" % x for x in keep.items()), *shell]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", "60",
                  "-c", cli.folder, shlex.join(words))

    def tmux(self, *words):
        done = subprocess.run(["tmux", "-u", "-L", self.name, *words], capture_output=True,
                              timeout=60, check=True, env={**os.environ, "LANG": "C.UTF-8"})
        return done.stdout.decode()

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def key(self, name):
        self.tmux("send-keys", name)

    def screen(self, colours=False):
        text = self.tmux("capture-pane", "-p", *(["-e"] if colours else []))
        return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")

    def until(self, pattern, seconds=60):
        """What is on the screen once this is."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.screen(), re.MULTILINE):
            assert time.monotonic() < end, (pattern, self.screen())
            time.sleep(0.02)
        return self.screen()

    def run(self, command, colours=False):
        """What a command shows, and its exit code."""
        self.until("^" + PROMPT + "?$" if not self.count else PROMPT.strip())
        self.tmux("send-keys", "-R")
        self.tmux("clear-history")
        self.count += 1
        self.type("clear; %s; printf 'exit=%%d.%d\\n' $?" % (command, self.count))
        self.key("Enter")
        self.until(r"^exit=\d+\.%d$" % self.count)
        text = self.screen(colours)
        found = re.search(r"exit=(\d+)\.%d" % self.count, text)
        return text[:found.start()], int(found[1])

    def child(self, is_it, seconds=60):
        """The process that the shell has begun."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with open("/proc/%s/task/%s/children" % (shell, shell), encoding="ascii") as f:
                for pid in map(int, f.read().split()):
                    if is_it(pid):
                        return pid
        raise AssertionError(self.screen())

    def close(self):
        subprocess.run(["tmux", "-L", self.name, "kill-server"], check=False,
                       capture_output=True)


@pytest.fixture
def home(daemon):
    daemon.routes["GET", "/v1/devices"] = (200, {"schema": "cardea.device.list/1", "devices": [
        device(i, name, problem="it names no MUD URL and says nothing of what it is")
        for i, name in enumerate(NAMES)]})
    for i, name in enumerate(NAMES):
        daemon.routes["GET", "/v1/devices/" + name] = (200, device(i, name))
    return daemon


@pytest.fixture
def terminal(cli):
    opened = []

    def make(*args, **kwargs):
        opened.append(Terminal(cli, *args, **kwargs))
        return opened[-1]

    yield make
    for t in opened:
        t.close()


# ---- colour ----

def test_colour_is_for_the_terminal_alone(terminal, home):
    t = terminal()
    assert "\x1b[32m" in t.run("cardea device list", colours=True)[0]
    for plain in ("cardea device list --no-color", "NO_COLOR=1 cardea device list",
                  "cardea device list | cat", "cardea device list --json"):
        assert "\x1b[3" not in t.run(plain, colours=True)[0], plain


def test_an_error_says_what_where_and_next(terminal, home):
    shown, code = terminal().run("cardea device shwo kitchen-cam")
    assert code == 2
    assert shown.startswith('cardea: there is no command "device shwo"; did you mean show?\n'
                            "  next: `cardea help device` shows what there is\n")


# ---- width ----

@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_table_fits(terminal, home, width):
    shown, code = terminal(width).run("cardea device list")
    assert code == 0
    # what is wider than the terminal would be broken anywhere, and its columns with it
    text = re.sub(r"\s+", "", shown)
    for name in NAMES:
        assert re.sub(r"\s+", "", name) in text
    assert "itnamesnoMUDURL" in text.replace("WHY", "")
    rows = [x for x in shown.split("\n") if "02:00:00:00:00:00" in x]
    assert len(rows) == 1
    if width == 200:
        assert "kitchen-cam" in rows[0] and "says nothing of what it is" in rows[0]
    if width == 80:  # the last column is broken between words, below itself
        assert not [x for x in shown.split("\n") if re.match(r"(MUD|URL|says|what)\b", x)]
    if width == 40:  # a line for each member
        assert re.search(r"^NAME +kitchen-cam$", shown, re.MULTILINE)


def test_where_there_is_no_terminal_a_row_is_a_line(cli, home):
    assert cli("device", "list").stdout.count("\n") == 1 + len(NAMES)


# ---- questions ----

def test_danger_asks(terminal, home):
    home.routes["POST", "/v1/retired/kitchen-cam"] = (200, device(1, "kitchen-cam", "retired"))
    t = terminal()
    t.until(PROMPT.strip())
    for answer, code in (("n", 6), ("", 6), ("yes", 0)):
        t.tmux("send-keys", "-R")
        t.type("clear; cardea device retire kitchen-cam; echo exit=$?")
        t.key("Enter")
        t.until(r"Do it\? \[y/N\]")
        assert not [x for x in home.requests if x[0] == "POST"]
        t.type(answer)
        t.key("Enter")
        shown = t.until(r"^exit=%d$" % code)
        assert ("Nothing has changed." in shown) == (code == 6)
    assert [x[1] for x in home.requests if x[0] == "POST"] == ["/v1/retired/kitchen-cam"]
    assert "undo with: cardea device readmit kitchen-cam" in t.screen()


def test_interrupted_while_it_asks(terminal, home):
    t = terminal()
    t.until(PROMPT.strip())
    t.type("cardea device retire kitchen-cam; echo exit=$?")
    t.key("Enter")
    t.until(r"Do it\? \[y/N\]")
    t.key("C-c")
    # the shell may drop the rest of its line, as it does for any command
    t.until(PROMPT.strip() + r"\s*$|exit=130")
    shown, code = t.run("sh -c 'cardea watch events & P=$!; sleep 0; wait $P' < /dev/null")
    assert code != 0 or shown
    assert not [x for x in home.requests if x[0] == "POST"]


# ---- bars ----

def begun(pid):
    """It reads the capture: some of it is behind."""
    try:
        for fd in os.listdir("/proc/%d/fd" % pid):
            if os.readlink("/proc/%d/fd/%s" % (pid, fd)).endswith("big.pcap"):
                with open("/proc/%d/fdinfo/%s" % (pid, fd), encoding="ascii") as f:
                    return int(f.readline().split()[1]) > 0
    except OSError:
        pass
    return False


def test_a_bar_with_the_time_that_is_left(terminal, folder):
    small = homecap.pcap(homecap.Device("02:00:00:00:00:07", "192.168.7.7").boot("lamp"))
    with open(os.path.join(folder, "big.pcap"), "wb") as f:
        f.write(small)
        for _ in range(40):
            f.write(small[24:] * (5_000_000 // len(small[24:])))
    t = terminal()
    t.until(PROMPT.strip())
    # without job control: the shell is not told that it stands still for a while
    t.type("set +m; cardea learn big.pcap")
    t.key("Enter")
    pid = t.child(begun)
    os.kill(pid, 19)  # a second goes by
    time.sleep(1.1)
    os.kill(pid, 18)
    shown = t.until(r"learn \u2595\u2588* *\u258f \d+ %  \d+ packets  ETA \d+ s")
    assert "ETA" in shown
    t.key("C-c")
    t.until("^" + PROMPT.strip() + r"\s*$")
    t.type("echo exit=$?")
    t.key("Enter")
    shown = t.until(r"^exit=\d+$")
    assert "exit=130" in shown and "\u2595" not in shown  # the line is as it was


# ---- completion ----

def shell(terminal, cli, name):
    rc = os.path.join(cli.folder, "rc")
    source = os.path.join(ROOT, "completions")
    text = {"bash": "PS1='%s'\nsource %s/cardea.bash\n" % (PROMPT, source),
            "zsh": "PS1='%s'\nPROMPT_EOL_MARK=\nfpath=(%s $fpath)\nautoload -Uz compinit\n"
                   "compinit -u -d %s/dump\n" % (PROMPT, source, cli.folder),
            "fish": "function fish_prompt; echo -n '%s'; end\nfunction fish_greeting; end\n"
                    "set fish_autosuggestion_enabled 0\n"
                    "source %s/cardea.fish\n" % (PROMPT, source)}[name]
    with open(rc, "w", encoding="utf-8") as f:
        f.write(text)
    if name == "zsh":
        os.rename(rc, os.path.join(cli.folder, ".zshrc"))
        return terminal(120, ("zsh", "-i"), {"ZDOTDIR": cli.folder})
    words = {"bash": ("bash", "--noprofile", "--rcfile", rc, "-i"),
             "fish": ("fish", "--no-config", "-i", "-C", "source " + rc)}[name]
    return terminal(120, words)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_in_a_shell(terminal, cli, home, name):
    if not shutil.which(name):
        pytest.skip("no " + name)
    # one that is left is written out, with a live name of the house; of more a list is shown
    for line, pattern in (("cardea device show kit", "device show kitchen-cam"),
                          ("cardea qua", "quarantine"), ("cardea quarantine ", "history"),
                          ("cardea decide accept 3 --choose kit", "--choose kitchen-cam"),
                          ("cardea policy replay --lear", "--learned")):
        t = shell(terminal, cli, name)
        t.until("^" + PROMPT.strip())
        t.type(line)
        t.key("Tab")
        t.key("Tab")
        t.until(pattern)
        t.close()
    assert not [x for x in home.requests if x[0] == "POST"]
