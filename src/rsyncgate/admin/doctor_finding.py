# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What one check of the doctor found."""

from __future__ import annotations

from typing import NamedTuple

OK, WARNING, FAILURE = range(3)
"""How bad it is; also the exit status where nothing is worse."""

LEVELS = ("ok", "warning", "failure")
"""Their names."""


class Finding(NamedTuple):
    """The outcome of `check` ("sshd.root-login"): its `level`, what it `says`, and the `mend`.

    The two are sentences without a full stop; `mend` is "" where there is nothing to do.
    """

    check: str
    level: int
    says: str
    mend: str = ""

    @property
    def area(self) -> str:
        """What the check looks at: sshd, keys, files, channel, rsync ..."""
        return self.check.partition(".")[0]


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, OK, says)


def warning(check: str, says: str, mend: str) -> Finding:
    """It works and is held, but not as well as it could be."""
    return Finding(check, WARNING, says, mend)


def failure(check: str, says: str, mend: str) -> Finding:
    """A client cannot do what it must, or somebody can do what nobody must."""
    return Finding(check, FAILURE, says, mend)
