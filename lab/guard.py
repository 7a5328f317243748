# SPDX-License-Identifier: GPL-2.0-or-later
"""The program of reaper.Guard: wait for the end of the lab, then clean up after it.
Without an argument: clean up after all labs whose process is gone."""

import os
import signal
import sys

from . import reaper


def main():
    if len(sys.argv) < 2:
        reaper.sweep()
        return
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    reaper.clean(sys.argv[1])


if __name__ == "__main__":
    main()
