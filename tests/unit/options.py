# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The table of options, as tests go through it."""

from __future__ import annotations

from rsyncgate.rsync.options import all_options

OPTIONS = all_options()
BY_NAME = {name: option for option in OPTIONS for name in option.names}
