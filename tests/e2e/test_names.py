# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Every name a file can have can be asked for, with quotes, wildcards, `~` or on stdin."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from e2e.pulls import locally, remote, ungated
from e2e.sites import Site
from e2e.trees import AWKWARD, snapshot

NOT_QUOTED = ("newline", "controls", "backquote", "wildcards")
"""What some clients cannot say on the line: before 3.3.0 they quote no backquote, and those up to
3.4.4 send a stray byte after a quoted wildcard.
"""
PATTERNS = ["sizes/[67]9*", "s?zes/1*", "*/a b/c/*.txt", "nested/a*/", "nested/a*/.[h-i]*",
            "awkward/-*", "awkward/*?[[]*", "modes/[[:digit:]]7*", "filtered/*"]  # fmt: skip


@pytest.mark.parametrize("options", ["-a", "-as"])
def test_awkward_names(site: Site, tree: Path, options: str) -> None:
    """A client gets the files that it names, whatever the names hold; some names need its -s."""
    kinds = [kind for kind in AWKWARD if options == "-as" or kind not in NOT_QUOTED]
    paths = [f"{tree}/awkward/{_literal(AWKWARD[kind])}" for kind in kinds]
    site.pull(options, *remote(paths), site.here)
    arrived = {path.name: path.read_text() for path in site.here.iterdir()}
    assert arrived == {AWKWARD[kind]: kind for kind in kinds}


def _literal(name: str) -> str:
    """`name` with the wildcards quoted, which the client leaves to the remote side."""
    return "".join("\\" + c if c in "*?[" else c for c in name)


def test_names_a_client_quotes_itself(site: Site, tree: Path) -> None:
    """With --old-args the user quotes for the remote shell, and may name several files at once."""
    paths = f"'{tree}/awkward/two  spaces ' \"{tree}/nested/a b\" {tree}/sizes/70?.bin"
    site.pull("-a", "--old-args", f"server:{paths}", site.here)
    assert {path.name for path in site.here.iterdir()} == {"two  spaces ", "a b", "700.bin"}


@pytest.mark.parametrize("options", ["-aR", "-aRs"])
def test_wildcards(site: Site, tree: Path, options: str) -> None:
    """Wildcards stand for the same names as without the gate."""
    patterns = remote([f"{tree}/./{pattern}" for pattern in PATTERNS])
    site.pull(options, *patterns, site.here / "gated")
    ungated(site, options, *patterns, site.here / "ungated")
    found = snapshot(site.here / "gated")
    assert found == snapshot(site.here / "ungated")
    assert b"nested/a b/.hidden" in found
    assert b"sizes/65536.bin" not in found
    assert (b"filtered/.rsync-filter" in found) == ("s" in options)


def test_a_wildcard_that_fits_nothing(site: Site, tree: Path) -> None:
    """A pattern that no name fits is itself a name, and rsync says that there is no such file."""
    run = site.rsync("-a", f"server:{tree}/*/no such *", site.here)
    assert run.status == ungated(site, "-a", f"server:{tree}/*/no such *", site.here).status == 23
    assert "/*" in run.err


@pytest.mark.parametrize("secluded", ["-a", "-as"])
def test_a_path_from_the_home_directory(
    site: Site, tree: Path, in_home: Path, secluded: str
) -> None:
    """A relative path starts at the home directory, also where its name begins with a dash."""
    locally(site, "-a", f"{tree}/nested", in_home)
    site.allow(in_home)
    for n, path in enumerate((f"{in_home.name}/nested", f"./{in_home.name}/nest*", f"{in_home}/*")):
        site.pull(secluded, f"server:{path}", site.here / str(n))
        assert snapshot(site.here / str(n)) == snapshot(in_home)


@pytest.mark.parametrize("user", ["~", f"~{pwd.getpwuid(os.geteuid()).pw_name}"])
def test_a_tilde(site: Site, tree: Path, in_home: Path, user: str) -> None:
    """`~` and `~user` before a slash are that user's home."""
    locally(site, "-a", f"{tree}/nested", in_home)
    site.allow(in_home)
    site.pull("-a", f"server:{user}/{in_home.name}/nested", site.here)
    assert snapshot(site.here) == snapshot(in_home)


@pytest.mark.parametrize("path", ["", ".", "./"])
def test_no_path_is_the_home_directory(site: Site, in_home: Path, path: str) -> None:
    """A pull that names no path is one of the home directory."""
    site.allow(in_home.parent)
    listing = site.pull("--list-only", f"server:{path}").out
    assert in_home.name in {line.split(maxsplit=4)[4] for line in listing.splitlines()}
    site.allow("/nowhere")
    assert site.refusal(site.rsync("--list-only", f"server:{path}"))["reason"] == "path"


@pytest.mark.parametrize(
    ("iconv", "ours", "theirs"),
    [
        ("iso-8859-1,utf-8", "iso-8859-1", "utf-8"),
        ("utf-8,iso-8859-1", "utf-8", "iso-8859-1"),
        (".", "utf-8", "utf-8"),  # each side's locale
    ],
)
def test_a_name_in_another_character_set(
    site: Site, tmp_path: Path, iconv: str, ours: str, theirs: str
) -> None:
    """With --iconv and -s a name is asked for in the client's characters, and comes in them."""
    name = "größe à Paris"
    (tmp_path / os.fsdecode(name.encode(theirs))).write_text("content")
    site.allow(tmp_path)
    asked = os.fsdecode(name.encode(ours))
    site.pull("-as", f"--iconv={iconv}", f"server:{tmp_path}/{asked}", site.here)
    assert [os.fsencode(path.name) for path in site.here.iterdir()] == [name.encode(ours)]
