# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""SHA-256 without OpenSSL, whose loading takes a quarter of a bare interpreter."""

from __future__ import annotations

import sys

try:
    if sys.version_info >= (3, 12):
        from _sha2 import sha256
    else:
        from _sha256 import sha256
except ImportError:  # left out where OpenSSL's is to be used
    from hashlib import sha256


def digest(text: bytes) -> str:
    """The hash of `text`, 64 hexadecimal digits."""
    return str(sha256(text).hexdigest())
