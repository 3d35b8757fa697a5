# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Every attack of the table, as data."""

from __future__ import annotations

from attack.table import asking, disturbing, reading, running, writing

ATTACKS = [
    *writing.ATTACKS,
    *running.ATTACKS,
    *reading.ATTACKS,
    *asking.ATTACKS,
    *disturbing.ATTACKS,
]
