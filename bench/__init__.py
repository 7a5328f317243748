# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks: each figure beside its peer or its limit, in one run, pair by pair."""
