# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Entries of authorized_keys: what is there under other terms stays, and is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.admin.authorized_keys import Entry, parse, with_gate

BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIHuLwtBW8LE2Ryj0Zsnx9JXSGZ0y7KjmKaeM8pBKR3yc"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIOq9K5MCr/gkaYIpwVOX+ey/z0IMy88oRysflTFnO8Tk"
LEARN = f'restrict,command="/usr/bin/rsyncgate --learn --client nas01" ssh-ed25519 {BLOB} bob'
GATE = Entry('restrict,command="/usr/bin/rsyncgate --client nas01"', "ssh-ed25519", BLOB, "nas01")


@pytest.mark.parametrize(
    ("line", "client"),
    [
        (LEARN, "nas01"),
        (f"ssh-ed25519 {BLOB}", None),
        (f'command="/bin/sh -c \\"a, b\\"",from="*" ssh-rsa {BLOB} x y', None),
        (f"command=\"'/opt/my tools/rsyncgate' --config /x --client n\",pty ssh-rsa {BLOB}", "n"),
        (f'command="rsyncgate --client nas01; sh" ssh-rsa {BLOB}', None),
        (f'command="not-rsyncgate --client nas01" ssh-rsa {BLOB}', None),
        (f'COMMAND="/bin/rsyncgate --client nas01" sk-ssh-ed25519@openssh.com {BLOB}', "nas01"),
        (f'\tfrom="a b" ecdsa-sha2-nistp256 {BLOB} ', None),
    ],
)
def test_what_a_line_says(line: str, client: str | None) -> None:
    """The key and the client are found whatever options and quotes stand before them."""
    entry = parse(line)
    assert entry is not None
    assert (entry.blob, entry.client()) == (BLOB, client)


@pytest.mark.parametrize("line", ["", "  ", "# ssh-rsa AAAA", "ssh-rsa", "nonsense", 'a="b c"'])
def test_lines_without_a_key(line: str) -> None:
    """Comments, blank lines and nonsense are no entries."""
    assert parse(line) is None


lines = st.lists(
    st.text("ab# \t\r\x0b\x85\u2028\udcff\"'=,", max_size=12)
    | st.sampled_from([f"ssh-rsa {OTHER}", f'restrict,command="x" ssh-rsa {OTHER} nas02'])
)


@given(lines, st.booleans(), st.booleans())
def test_the_rest_of_the_file_stays(others: list[str], there: bool, end: bool) -> None:
    """All other lines stay byte for byte; the entry is replaced in its place, or comes last."""
    before = [*others, *([LEARN] if there else []), *others]
    text = "\n".join(before) + "\n" * end
    new, replaced = with_gate(text, GATE)
    assert (replaced is not None) == there
    if there:
        assert new == text.replace(LEARN, str(GATE))
    else:
        assert new == text + "\n" * (text != "" and not text.endswith("\n")) + f"{GATE}\n"
    assert with_gate(new, GATE)[0] == new


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"ssh-ed25519 {BLOB} admin", "line 2 lets this key in without a gate"),
        (f'command="/bin/sh" ssh-ed25519 {BLOB}', "line 2 lets this key in without a gate"),
        (LEARN.replace("nas01", "nas02"), "line 2 has this key for the client nas02"),
        (LEARN.replace("restrict", "restrict,pty"), "line 2 gives this key pty beside the gate"),
        (LEARN.replace("restrict", 'environment="A=b"'), "line 2 gives this key environment"),
        (f"{LEARN}\n{LEARN}", "line 3 has this key once more"),
    ],
)
def test_other_terms(line: str, says: str) -> None:
    """A key that is there under other terms is refused, with the line's number."""
    with pytest.raises(ValueError, match=says):
        with_gate(f"# keys\n{line}\n", GATE)


def test_what_narrows_a_line_stays() -> None:
    """A person's from= and expiry-time= stay as the line is switched, and restrict is there."""
    there = LEARN.replace("restrict", 'from="192.0.2.0/24,::1",expiry-time="20301231",no-pty')
    new, _ = with_gate(there + "\n", GATE)
    assert new == f'from="192.0.2.0/24,::1",expiry-time="20301231",no-pty,{GATE}\n'
