# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What a client's own limits come to beside the server's: they can only be lower."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.policy.limits import added_options
from rsyncgate.policy.model import Client
from rsyncgate.rsync.request import server_argv
from unit.conftest import PULL, requested

UNITS = {"": 1024, "k": 1024, "KB": 1000, "kib": 1024, "m": 1024**2, "MB": 1000**2, "b": 1}


def added(options: str, bwlimit: int = 0, timeout: int = 0) -> list[str]:
    """What is added to a pull with `options` for a client with these limits."""
    client = Client("nas01", bwlimit=bwlimit, timeout=timeout)
    return added_options(requested(f"{PULL} -r {options} . /srv"), client)


@pytest.mark.parametrize(
    ("options", "is_added"),
    [
        ("", True),
        ("--bwlimit=100", False),
        ("--bwlimit=101", True),
        ("--bwlimit=1", False),
        ("--bwlimit=0", True),
        ("--bwlimit=0.00", True),
        ("--bwlimit 50", False),
        ("--bwlimit 500", True),
        ("--bwlimit=99.9k", False),
        ("--bwlimit=102400b", False),
        ("--bwlimit=102401B", True),
        ("--bwlimit=100KiB", False),
        ("--bwlimit=1m", True),
        ("--bwlimit=0.01m", False),
        ("--bwlimit=1G", True),
        ("--bwlimit=1T", True),
        ("--bwlimit=1p", True),
        ("--bwlimit=" + "9" * 400, True),
        ("--bwlimit=1e1", True),
        ("--bwlimit=-1", True),
        ("--bwlimit=+1", True),
        ("--bwlimit=0x1", True),
        ("--bwlimit=k", True),
        ("--bwlimit=", True),
        ("--bwlimit=٣", True),
        ("--bwlimit=50 --bwlimit=500", True),
        ("--bwlimit=500 --bwlimit=50", False),
        ("--bwlimit=50 --no-bwlimit", True),
        ("--no-bwlimit --bwlimit=50", False),
        ("--timeout=50", True),
    ],
)
def test_rates(options: str, is_added: bool) -> None:
    """The server's rate is added unless the client's last word is a rate that is no higher."""
    assert added(options, bwlimit=100) == (["--bwlimit=100"] if is_added else [])


@pytest.mark.parametrize(
    ("options", "is_added"),
    [
        ("", True),
        ("--timeout=60", False),
        ("--timeout=61", True),
        ("--timeout=0", True),
        ("--timeout=1m", True),
        ("--timeout=60 --no-timeout", True),
        ("--timeout=-5", True),
        ("--timeout=010", False),
        ("--timeout=0x10", True),
        ("--contimeout=5", True),
        ("--bwlimit=5", True),
    ],
)
def test_timeouts(options: str, is_added: bool) -> None:
    """The server's timeout is added unless the client's last word is one that is no longer."""
    assert added(options, timeout=60) == (["--timeout=60"] if is_added else [])


def test_no_limits() -> None:
    """Where the policy sets no limit nothing is added, whatever the client asks for."""
    assert added("--bwlimit=5 --timeout=0") == []


def test_both() -> None:
    """Both limits may be added to one request, behind the client's own and before the paths."""
    request = requested(f"{PULL} -r --bwlimit=900 . /srv")
    limits = added_options(request, Client("nas01", bwlimit=7, timeout=8))
    argv = server_argv(request, ["/srv"], limits)
    assert argv[-6:] == ["--bwlimit=900", "--bwlimit=7", "--timeout=8", "--", ".", "/srv"]


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(sorted(UNITS))), max_size=4),
    st.integers(1, 2000),
)
def test_the_last_word(asked: list[tuple[int, str]], limit: int) -> None:
    """Whatever a client asks for, the rate that counts is one, and none above the server's."""
    options = " ".join(f"--bwlimit={number}{unit}" for number, unit in asked)
    words = [*(number * UNITS[unit] for number, unit in asked)]
    words += [limit * 1024 for _ in added(options, bwlimit=limit)]
    assert 0 < words[-1] <= limit * 1024
