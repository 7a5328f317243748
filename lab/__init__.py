# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual home in network namespaces, for the demo, the tests and the benchmarks."""

from .cardea import find_build
from .home import DEVICES, Home
from .netns import LabError

__all__ = ["DEVICES", "Home", "LabError", "find_build"]
