# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Why a request is refused, in words that are safe to show and codes that stay."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rsyncgate
from rsyncgate.policy.decide import CODES
from rsyncgate.refusal import MISCONFIGURED, REASONS, REFUSED, TRY_AGAIN, Refusal, show

TEXTS = st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))


def codes_in_the_source() -> set[str]:
    """The first argument of every Refusal in the program, where it is written out."""
    assert rsyncgate.__file__
    files = Path(rsyncgate.__file__).parent.rglob("*.py")
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal"
    ]
    return {str(c.args[0].value) for c in calls if isinstance(c.args[0], ast.Constant)}


def test_codes() -> None:
    """Every reason code is in the table, and every one in the table has its use."""
    assert codes_in_the_source() | set(CODES.values()) | {"captured", "confinement"} == set(REASONS)
    for code, meaning in REASONS.items():
        assert code.replace("-", "").isalpha()
        assert code == code.lower()
        assert meaning


@pytest.mark.parametrize("code", REASONS)
def test_status(code: str) -> None:
    """A refusal tells from its status whose turn it is: the client's, the server's, or time's."""
    ours = ("configuration", "confinement")
    later = ("journal", "busy")
    expected = MISCONFIGURED if code in ours else TRY_AGAIN if code in later else REFUSED
    assert Refusal(code, "", "").status == expected
    assert (REFUSED, MISCONFIGURED, TRY_AGAIN) == (77, 78, 75)


def test_sentence() -> None:
    """The sentence is for the client: the token and the reason, never the detail."""
    refusal = Refusal("path", "/a b", "is not a path", detail="secret")
    assert refusal.sentence() == '"/a b" is not a path'
    assert Refusal("peer", "", "this key is not used here", "secret").sentence() == (
        "this key is not used here"
    )


@given(TEXTS)
def test_show(text: str) -> None:
    """Whatever a client sends is shown on one line, in quotes, and cannot steer a terminal."""
    shown = show(text)
    assert shown[0] == shown[-1] == '"'
    assert shown.isprintable()
    assert '"' not in shown[1:-1].replace("\\\\", "").replace('\\"', "")
    shown.encode("utf-8")  # no stray bytes either


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/é", '"/srv/é"'),
        ('say "hi"\\', '"say \\"hi\\"\\\\"'),
        ("a\nb\x1b[2J\x7f", '"a\\x0ab\\x1b[2J\\x7f"'),
        ("caf\udce9", '"caf\\xe9"'),
        ("\u202etxt", '"\\xe2\\x80\\xaetxt"'),
        ("x" * 201, '"' + "x" * 200 + '..."'),
    ],
)
def test_show_as(text: str, shown: str) -> None:
    """Control characters and stray bytes are escapes, the rest is itself, and the end is cut."""
    assert show(text) == shown
