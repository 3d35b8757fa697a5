# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Around the run of rsync: system calls live here and nowhere else."""
