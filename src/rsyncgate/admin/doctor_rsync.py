# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The version of rsync, and which known faults of it a client of the gate could use."""

from __future__ import annotations

import gzip
import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning
from rsyncgate.admin.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

Version = tuple[int, ...]

CHANGELOG = "/usr/share/doc/rsync/changelog.Debian.gz"
"""Where Debian's package says which CVEs it mends; its version number does not."""

PACKAGED = "/usr/bin/rsync"
"""The program that the package holds."""


class Fault(NamedTuple):
    """A CVE of rsync's that a client can use against a sender: there `since`, until `mended`.

    `held` says that the gate's confinement makes it useless.
    """

    cve: str
    since: Version
    mended: Version
    held: bool
    what: str


FAULTS = (
    Fault("CVE-2024-12084", (3, 2, 7), (3, 4, 0), False, "a client's checksums overflow a buffer"),
    Fault("CVE-2024-12085", (), (3, 4, 0), False, "a client reads uninitialised memory"),
    Fault("CVE-2024-12747", (), (3, 4, 0), True, "a file that becomes a symlink is followed"),
    Fault("CVE-2025-10158", (), (3, 4, 2), False, "a client makes it read before an array"),
    Fault("CVE-2026-53792", (), (3, 5, 0), False, "blocks without length upset its arithmetic"),
    Fault("CVE-2026-53794", (), (3, 5, 0), False, "--max-alloc=0 lifts the limit on memory"),
    Fault("CVE-2026-70453", (), (3, 5, 0), False, "a client's checksums keep it busy for hours"),
    Fault("CVE-2026-53797", (), (3, 5, 0), True, "a directory that becomes a symlink is followed"),
    Fault("CVE-2026-53800", (), (3, 5, 0), True, "--remove-source-files deletes elsewhere"),
    Fault("CVE-2026-53801", (), (3, 5, 0), True, "directories elsewhere are listed"),
    Fault("CVE-2026-53802", (), (3, 5, 0), True, "filters and lists are read through symlinks"),
    Fault("CVE-2026-53803", (), (3, 5, 0), True, "--log-file writes through symlinks"),
)
"""By rsync's NEWS and Debian's changelog. Those that only daemons, receivers or rrsync have are
not here."""


def ask(program: str) -> str:
    """What `program` --version prints. Raises Trouble where it says nothing."""
    done = subprocess.run(  # noqa: S603  (the configured rsync)
        [program, "--version"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    if done.returncode:
        raise Trouble(f"{program} --version ends with {done.returncode}")
    return done.stdout


def packaged(program: str) -> str:
    """The changelog of the package that `program` is from, "" where there is none to be read."""
    if program != PACKAGED:
        return ""
    try:
        with gzip.open(CHANGELOG, "rt", encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def version(text: str) -> Version:
    """The version in what rsync --version prints; () where there is none."""
    found = re.match(r"rsync +version v?(\d+(?:\.\d+)+)", text)
    return tuple(map(int, found[1].split("."))) if found else ()


def judge(program: str, printed: str, changelog: str, confined: bool) -> Iterator[Finding]:
    """What that version means, `confined` or not, with the package's `changelog`."""
    check, number = "rsync.version", version(printed)
    if not number:
        first = printed.partition("\n")[0]
        yield warning(
            check,
            f"{program} does not say which rsync it is: {first[:60]!r}",
            "name rsync's own program in gate.toml",
        )
        return
    left = [
        fault
        for fault in FAULTS
        if fault.since <= number < fault.mended and fault.cve not in changelog
    ]
    held = [fault for fault in left if fault.held and confined]
    shown = f"{program} {'.'.join(map(str, number))}"
    if left == held:
        also = f"; confinement holds {_listed(held)}" if held else ""
        yield ok(check, f"{shown}: no known fault that a client could use{also}")
        return
    newest = max(fault.mended for fault in left)
    mend = f"install rsync {'.'.join(map(str, newest))}, or a package that mends them"
    bare = [fault for fault in left if fault.held and not confined]
    loose = [fault for fault in left if not fault.held]
    if bare:
        yield failure(check, f"{shown}, unconfined: {_listed(bare)}", mend)
    if loose:
        yield warning(check, f"{shown}: {_listed(loose)}", mend)


def _listed(faults: list[Fault]) -> str:
    return ", ".join(f"{fault.cve} ({fault.what})" for fault in faults)
