# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What rsync means: words, options, requests. Knows no policy and does no I/O."""
