# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A program: swaps what two paths are, for each pair of its arguments, until it is ended."""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
import time

AT_FDCWD, RENAME_EXCHANGE = -100, 2

libc = ctypes.CDLL(None, use_errno=True)
pairs = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
for n in itertools.count():
    one, other = map(os.fsencode, pairs[n % len(pairs)])
    if libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE):
        sys.exit(os.strerror(ctypes.get_errno()))
    time.sleep(0.0005)
