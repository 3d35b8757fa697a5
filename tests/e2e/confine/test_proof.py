# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""`rsyncgate check` proves the confinement, and would say where it did not hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.confine.worlds import World, program
from rsyncgate.session import calls, confine, proof
from rsyncgate.session.layout import Layout
from rsyncgate.session.needs import needs

RSYNC = "/usr/bin/rsync"


def test_it_holds(world: World) -> None:
    """On this kernel it holds, for root and for another account; nothing is left of the trial."""
    before = set(os.listdir("/tmp"))
    assert proof.prove(RSYNC, None) == []
    assert proof.prove(RSYNC, (34, 34, [34])) == []
    assert {name for name in os.listdir("/tmp") if name.startswith("rsyncgate-check")} <= before
    checked = world.site.admin("check")
    assert checked.status == 0
    assert "confinement holds" in checked.out


def nothing(layout: Layout) -> dict[str, object]:
    """Confines nothing."""
    return {}


def without_the_root(layout: Layout) -> dict[str, object]:
    """Confines to a root that is not the one to read."""
    layout.plan.roots = ("/usr/share",)
    return confine.confine(Layout(layout.plan))


def without_rsync(layout: Layout) -> dict[str, object]:
    """Confines so that another program may run."""
    layout.plan.needs = needs("/usr/bin/true", names=False, charsets=False)
    return confine.confine(Layout(layout.plan))


def of_everything(layout: Layout) -> dict[str, object]:
    """Confines to all there is."""
    layout.plan.roots = ("/",)
    return confine.confine(Layout(layout.plan))


@pytest.mark.parametrize(
    ("broken", "faults"),
    [
        (nothing, ["a file outside the roots could be read", "a file could be written"]),
        (without_the_root, ["a file inside the roots could not be read"]),
        (without_rsync, ["rsync does not run"]),
        (of_everything, ["a file outside the roots could be read"]),
    ],
)
def test_it_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[[Layout], object], faults: list[str]
) -> None:
    """What fails to hold is said, each in a sentence of its own."""
    monkeypatch.setattr(proof, "confine", broken)
    assert proof.prove(RSYNC, None) == faults
    Path("/new").unlink(missing_ok=True)


def test_a_machine_whose_calls_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is Landlock, but no filter of system calls, nothing may run."""
    monkeypatch.setattr(calls, "_NUMBERS", {})
    (fault,) = proof.prove(RSYNC, None)
    assert "system calls are not known" in fault


def test_rsync_that_fails(tmp_path: Path) -> None:
    """An rsync that does not print its version is named as what does not run."""
    broken = program(tmp_path / "rsync", "#!/bin/sh\nexit 3\n")
    assert proof.prove(str(broken), None) == ["rsync does not run"]
