# SPDX-License-Identifier: GPL-2.0-or-later
"""Telling a running story on a terminal: what happens, what was observed, what not."""

import os
import sys


class Story:
    def __init__(self, out=sys.stdout):
        self._out = out
        self._colours = out.isatty() and "NO_COLOR" not in os.environ
        self.missing = []
        self.told = False  # end() was called before the end
        self._chapter = ""

    def _paint(self, code, text):
        return "\033[%sm%s\033[0m" % (code, text) if self._colours else text

    def _say(self, text):
        print(text, file=self._out, flush=True)

    def chapter(self, text):
        self._chapter = text
        self._say("\n" + self._paint("1", text))

    def step(self, text, observed, detail=""):
        """One thing that has to be seen. detail: what was counted, and where."""
        tail = self._paint("2", "  " + detail) if detail else ""
        if observed:
            self._say("  %s %s%s" % (self._paint("32", "✓"), text, tail))
        else:
            self.missing.append(text)
            self._say("  %s %s%s" % (self._paint("1;31", "✗ NOT OBSERVED:"), text, tail))
        return bool(observed)

    def attempt(self, text, action):
        """A step whose action returns (observed, detail); an error is not observed."""
        try:
            observed, detail = action()
        except Exception as error:  # the story goes on and names what is missing
            observed, detail = False, "%s: %s" % (type(error).__name__, error)
        return self.step(text, observed, detail)

    def broken(self, error):
        """The story cannot go on: the rest of the chapter was not observed."""
        self.step("the rest of \"%s\"" % self._chapter, False, str(error))

    def quote(self, command, text):
        self._say("    " + self._paint("36", "$ " + command))
        for line in text.rstrip().splitlines():
            self._say("    " + self._paint("2", "│ ") + line)

    def note(self, text):
        self._say("    " + self._paint("2", text))

    def end(self):
        """The last word; the exit status."""
        if self.missing:
            self._say("")
            for text in self.missing:
                self._say(self._paint("1;31", "NOT OBSERVED: ") + text)
            return 1
        self._say("\n" + self._paint("1;32", "Every step was observed at the far end."))
        return 0
