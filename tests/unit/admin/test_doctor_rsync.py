# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on rsync: which of its known faults are left, and which of them matter."""

from __future__ import annotations

import pytest
from pytest_subprocess import FakeProcess

from rsyncgate.admin import doctor_rsync
from rsyncgate.admin.doctor_finding import FAILURE, OK, WARNING, Finding
from rsyncgate.admin.doctor_rsync import FAULTS
from rsyncgate.admin.trouble import Trouble

NEWEST = max(fault.mended for fault in FAULTS)


def printed(version: str) -> str:
    """The first line of rsync --version."""
    return f"rsync  version {version}  protocol version 31\nCopyright (C) 1996-2026\n"


def judged(version: str, changelog: str = "", confined: bool = True) -> list[Finding]:
    """What is said of that version."""
    text = printed(version)
    return list(doctor_rsync.judge("/usr/bin/rsync", text, changelog, confined))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.cve)
def test_each_fault(fault: doctor_rsync.Fault) -> None:
    """Each CVE is named up to the version before the one that mends it, and not from there on."""
    mended = ".".join(map(str, fault.mended))
    before = ".".join(map(str, fault.since)) or "3.1.3"
    assert any(fault.cve in one.says for one in judged(before, confined=False))
    assert not any(fault.cve in one.says for one in judged(mended, confined=False))
    if fault.since:
        older = ".".join(map(str, (*fault.since[:-1], fault.since[-1] - 1)))
        assert not any(fault.cve in one.says for one in judged(older, confined=False))


def test_newest() -> None:
    """A version with everything mended is ok, confined or not."""
    version = ".".join(map(str, NEWEST))
    for confined in (True, False):
        assert [one.level for one in judged(version, confined=confined)] == [OK]


def test_confinement_holds_some() -> None:
    """What confinement makes useless is no reason to complain, unless nothing confines."""
    for fault in FAULTS:
        confined = [one for one in judged("3.2.6") if fault.cve in one.says]
        bare = [one for one in judged("3.2.6", confined=False) if fault.cve in one.says]
        if fault.since <= (3, 2, 6):
            assert [one.level for one in confined] == ([] if fault.held else [WARNING])
            assert [one.level for one in bare] == ([FAILURE] if fault.held else [WARNING])


def test_a_package_that_mends() -> None:
    """A CVE that the package's changelog names is mended, whatever the version says."""
    changelog = "\n".join(f"  * Fix {fault.cve}" for fault in FAULTS)
    assert [one.level for one in judged("3.2.7", changelog, confined=False)] == [OK]
    one_left = changelog.replace("CVE-2024-12084", "")
    (found,) = judged("3.2.7", one_left)
    assert (found.level, "CVE-2024-12084" in found.says) == (WARNING, True)
    assert "3.4.0" in found.mend


def test_unconfined() -> None:
    """What confinement alone would hold is a failure by itself where there is none."""
    changelog = " ".join(fault.cve for fault in FAULTS if not fault.held)
    assert [one.level for one in judged("3.2.7", changelog)] == [OK]
    assert [one.level for one in judged("3.2.7", changelog, confined=False)] == [FAILURE]


def test_only_packaged_programs() -> None:
    """A package's changelog says nothing of a program that lies elsewhere."""
    assert doctor_rsync.packaged("/usr/local/bin/rsync") == ""


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (printed("3.2.7"), (3, 2, 7)),
        (printed("v3.2.7-12-gabc"), (3, 2, 7)),
        (printed("3.5.0pre1"), (3, 5, 0)),
        ("openrsync: protocol version 29", ()),
        ("", ()),
    ],
)
def test_version(text: str, version: tuple[int, ...]) -> None:
    """The version is read as releases, builds from git and distributions print it."""
    assert doctor_rsync.version(text) == version


def test_another_rsync() -> None:
    """A program that is some other rsync is a warning: nothing is known of it."""
    text = "openrsync: protocol version 29\n"
    (found,) = doctor_rsync.judge("/usr/bin/rsync", text, "", True)
    assert (found.level, "openrsync" in found.says) == (WARNING, True)


def test_ask(fp: FakeProcess) -> None:
    """The configured program is asked; one that fails is trouble."""
    fp.register(["/x/rsync", "--version"], stdout=printed("3.4.1"))
    fp.register(["/x/rsync", "--version"], returncode=1)
    assert doctor_rsync.ask("/x/rsync") == printed("3.4.1")
    with pytest.raises(Trouble, match="/x/rsync --version ends with 1"):
        doctor_rsync.ask("/x/rsync")
