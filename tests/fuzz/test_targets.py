# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The targets of `make fuzz`, in short: what clients sent, what was found once, and any bytes."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.seeds import seeds
from fuzz.targets import TARGETS

WORDS = [
    b" --log-file=x",
    b" --daemon",
    b" -- ",
    b" data/out/",
    b"/../",
    b"*",
    b" -s",
    b"\0",
    b"\\",
]
SEEDS = {target: list(seeds(target)) for target in TARGETS}
FINDINGS = sorted(Path(__file__).with_name("findings").iterdir())


@pytest.mark.parametrize("target", TARGETS)
def test_what_clients_sent(target: str) -> None:
    """Nothing that fuzzing begins with breaks what it looks for."""
    for seed in SEEDS[target][::16]:
        TARGETS[target](seed)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.name)
def test_findings(finding: Path) -> None:
    """What broke it once, in a file called TARGET-WHAT, breaks it no more."""
    TARGETS[finding.name.partition("-")[0]](finding.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
@given(st.randoms(), st.binary(max_size=8) | st.sampled_from(WORDS))
@settings(max_examples=100)
def test_any_bytes(target: str, random: Random, more: bytes) -> None:
    """Nor do any bytes in the place of some of it."""
    seed = random.choice(SEEDS[target])
    at = random.randint(0, len(seed))
    TARGETS[target](seed[:at] + more + seed[at + random.randint(0, 8) :])
