# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the keys of a policy may hold, and what the program makes of it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.policy import schema
from rsyncgate.policy.schema import CLIENT, GATE, RULE, Key, Mistake
from rsyncgate.rsync.options import (
    CLIENT_SIDE,
    FOLLOWS,
    HARMLESS,
    NEUTRAL,
    PATH,
    READS,
)
from unit.options import OPTIONS

KEYS = (*GATE, *CLIENT, *RULE)


def mistake(check: Any, value: Any) -> str:
    """What `check` says of a value that is not allowed."""
    with pytest.raises(Mistake) as caught:
        check(value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "path"),
    [("/", "/"), ("/srv", "/srv"), ("/srv/", "/srv"), ("//srv/./a//", "/srv/a"), ("/a b", "/a b")],
)
def test_absolute_path(value: str, path: str) -> None:
    """A root is made plain, so that paths can be compared by their components."""
    assert schema.absolute_path(value) == path


@pytest.mark.parametrize("value", ["", "srv", "./srv", "~/x", "/srv/../etc", "/..", "/a\0b", 5, []])
def test_no_absolute_path(value: Any) -> None:
    """A relative root, one with ".." in it and anything but text is a mistake."""
    assert mistake(schema.absolute_path, value)


@pytest.mark.parametrize("value", ["/", "//./", "/home/*/.ssh", "/home/?", "/srv/[ab]", "srv"])
def test_what_cannot_be_hidden(value: str) -> None:
    """What would hide nothing is a mistake: / itself, and a wildcard."""
    assert mistake(schema.hidden_place, value)
    assert schema.hidden_place("/srv//private/") == "/srv/private"


@pytest.mark.parametrize(
    ("value", "network"),
    [
        ("192.0.2.10", "192.0.2.10/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("192.0.2.77/24", "192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("2001:db8::/64", "2001:db8::/64"),
    ],
)
def test_network(value: str, network: str) -> None:
    """An address is a network of one, and bits beyond the mask do not matter."""
    assert schema.network(value) == network


@pytest.mark.parametrize("value", ["", "nas01", "192.0.2", "192.0.2.0/33", "::1::", 3232235776])
def test_no_network(value: Any) -> None:
    """Names and numbers are no addresses: nothing is looked up when a client connects."""
    assert "192.0.2.10" in mistake(schema.network, value)


def test_program() -> None:
    """A program is split as a shell would, and what no shell command is, is none."""
    assert schema.program("sudo -u 'backup user' rsync") == ("sudo", "-u", "backup user", "rsync")
    for value in ("", "  ", "cd /tmp && rsync", "it's", "rsync --server", 5):
        assert mistake(schema.program, value)


def test_probe() -> None:
    """A probe is a command that the gate can answer without running what the client named."""
    assert schema.probe("true") == ("true",)
    assert schema.probe("/usr/bin/rsync -V") == ("/usr/bin/rsync", "-V")
    for value in ("id", "true x", "--version", "rsync", "rsync --help", "true; id", 5):
        assert mistake(schema.probe, value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], {}),
        (["-vz"], {"--verbose": (), "--compress": ()}),
        (["--numeric-ids"], {"--numeric-ids": ()}),
        (["--bwlimit=*"], {"--bwlimit": ("*",)}),
        (["--bwlimit 5*", "--bwlimit=7"], {"--bwlimit": ("5*", "7")}),
        (["-B1*"], {"--block-size": ("1*",)}),
        (["--suffix="], {"--suffix": ("",)}),
        (["--files-from=-"], {"--files-from": ("-",)}),
        (["--zc=zstd"], {"--compress-choice": ("zstd",)}),
        (["-L"], {"--copy-links": ()}),
        (["-P"], {"--partial": (), "--progress": ()}),
        (["-re.iLs*"], None),
    ],
)
def test_options(value: list[str], found: dict[str, tuple[str, ...]] | None) -> None:
    """Options stand as rsync spells them, with a pattern for the value of one that takes it."""
    if found is None:
        assert mistake(schema.options, value)
    else:
        assert schema.options(value) == found


def test_archive() -> None:
    """A rule may say -a, which no client sends, for the options that it stands for."""
    assert set(schema.options(["-a"])) == set(schema.options(["-rlptgoD"]))


@pytest.mark.parametrize(
    "value",
    [
        "-a",
        5,
        ["a"],
        [""],
        [5],
        ["--bwlimit"],
        ["--no-such"],
        ["--verbose=1"],
        ["-v /a"],
        ["--remove-source-files"],
        ["--log-file=/x"],
        ["--daemon"],
        ["--config=/x"],
        ["--sender"],
        ["--filter=*"],
        ["--version"],
        ["-"],
        ["--"],
    ],
)
def test_no_options(value: Any) -> None:
    """What no sender may be asked for, and what is no option, is a mistake with a remedy."""
    assert any(word in mistake(schema.options, value) for word in ("write", "lists", "no rule"))


def test_all_that_is_wrong() -> None:
    """Every option that cannot stand in a list is named, not only the first."""
    said = mistake(schema.options, ["--no-such", "-r", "-\x1b", "--log-file=/x"])
    assert all(f'"{option}"' in said for option in ("--no-such", r"-\x1b", "--log-file"))
    assert '"-r"' not in said


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option(option: Any) -> None:
    """A rule can name exactly the options that a policy may allow a sender."""
    item = option.name + ("=*" if option.takes and option.name[:2] == "--" else "")
    item += "*" if option.takes and option.name[:2] != "--" else ""
    nameable = option.effect in (NEUTRAL, CLIENT_SIDE, HARMLESS, FOLLOWS) or (
        option.effect == READS and option.takes == PATH
    )
    if option.name == "--rsh":
        item = "--rsh=.iLs"
    if nameable:
        assert schema.options([item])
    else:
        assert "no rule can allow it" in mistake(schema.options, [item])


def test_defaults() -> None:
    """Every key stands once, with a default its own check takes and a sentence of explanation."""
    for table in (GATE, CLIENT, RULE):
        assert len({key.name for key in table}) == len(table)
    for key in KEYS:
        assert key.means.endswith(".")
        if isinstance(key.default, str) and key.default:
            assert key.check(key.default) == key.default


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.sampled_from(KEYS), VALUES)
def test_checks_raise_mistakes_only(key: Key, value: Any) -> None:
    """Whatever stands in the file is a value or a mistake."""
    with contextlib.suppress(Mistake):
        key.check(value)
