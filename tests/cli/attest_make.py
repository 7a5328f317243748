# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's manifests and tokens (lab/signed.py), for the tests of the command line."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
from lab.signed import *  # noqa: E402,F401,F403
