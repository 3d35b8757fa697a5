# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""rsyncgate: a forced command that lets a key pull files with rsync, and do nothing else."""

__version__ = "0.1.0"
