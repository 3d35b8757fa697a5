# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Pulls through a real sshd bring what a local copy with the same options brings."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from e2e.pulls import both, locally
from e2e.servers import ROOT
from e2e.sites import Site
from e2e.trees import snapshot


def test_the_whole_tree(site: Site, tree: Path) -> None:
    """`-aHAX` brings names, modes, times, owners, links, ACLs and attributes as they are."""
    site.pull("-aHAX", f"server:{tree}/", site.here / "copy")
    assert snapshot(site.here / "copy") == snapshot(tree)


@pytest.mark.parametrize("options", ["-a", "-avz", "-as", "-a --old-args"])
def test_a_plain_backup(site: Site, tree: Path, options: str) -> None:
    """Without -HAX the same tree arrives, but for hard links, ACLs and attributes."""
    site.pull(*options.split(), f"server:{tree}/", site.here / "copy")
    copy = snapshot(site.here / "copy", hard_links=False, attributes=False)
    assert copy == snapshot(tree, hard_links=False, attributes=False)


@pytest.mark.parametrize(
    "options",
    [
        "-aHAXS --numeric-ids",
        "-asHAX --compress-choice=zstd",
        "-aW --inplace --no-i-r --bwlimit=50000 --timeout=30",
        "-axm --max-size=1k --checksum-choice=md5 --checksum-seed=7",
        "-az --compress-level=1 --skip-compress=gz/bin",
        "-aFC",
        "-d --times",
        "-a --exclude=*.bin --include=700.bin --filter='dir-merge,- .rsync-filter'",
        "-a --no-links --no-D",
        "-a --safe-links -b --backup-dir='old ones' --suffix=' ~'",
        "-a --partial-dir='.part ial' --delay-updates --numeric-ids",
    ],
)
def test_options(site: Site, tree: Path, options: str) -> None:
    """Whatever options a pull has, it brings what a local copy with these options brings."""
    pulled, copied = both(site, shlex.split(options), [tree])
    assert snapshot(pulled) == snapshot(copied) != {}


@pytest.mark.parametrize(
    "path",
    [
        "{}",
        "{}/.",
        "{}//nested/",
        "/.{}/links/./",
        "{}/links/inside",
        "{}/links/inside/",
        "{}/empty/",
    ],
)
def test_a_slash_at_the_end(site: Site, tree: Path, path: str) -> None:
    """A slash or `/.` at the end of a path, or a symlink there, means what it means to rsync."""
    pulled, copied = both(site, ["-a"], [path.format(tree)])
    assert snapshot(pulled) == snapshot(copied)
    assert pulled.stat().st_mode == copied.stat().st_mode


@pytest.mark.parametrize("path", ["{}/nested", "{}/./nested/a b/c", "{}/nested/./a b/"])
def test_relative_names(site: Site, tree: Path, path: str) -> None:
    """`-R` keeps the path as named, from a `/./` in it on."""
    pulled, copied = both(site, ["-aR"], [path.format(tree)])
    assert snapshot(pulled, times=False) == snapshot(copied, times=False) != {}


def test_relative_names_without_implied_directories(site: Site, tree: Path) -> None:
    """`-R --no-implied-dirs` sends the directory named, and nothing of those above it."""
    pulled, copied = both(site, ["-aR", "--no-implied-dirs"], [f"{tree}/./nested/a b"])
    assert snapshot(pulled, times=False) == snapshot(copied, times=False)
    assert (pulled / "nested").stat().st_mtime != (tree / "nested").stat().st_mtime


def test_several_sources(site: Site, tree: Path) -> None:
    """One pull brings several paths, each as named."""
    paths = [f"{tree}/{path}" for path in ("nested", "sizes/text.txt", "links/", "empty")]
    pulled, copied = both(site, ["-aH"], paths)
    assert snapshot(pulled) == snapshot(copied)
    assert {"nested", "text.txt", "first", "empty"} < {path.name for path in pulled.iterdir()}


def test_an_update(site: Site, tree: Path) -> None:
    """`-c` replaces the file that only its content tells apart, and sends no other."""

    def almost(destination: Path) -> None:
        locally(site, "-a", f"{tree}/sizes/", f"{destination}/")
        file = destination / "700.bin"
        before = file.stat()
        file.write_bytes(bytes(700))
        locally(site, "-a", "--existing", "--size-only", f"{tree}/sizes/", f"{destination}/")
        assert file.stat().st_mtime == before.st_mtime

    pulled, copied = both(site, ["-ac"], [f"{tree}/sizes/"], almost)
    assert snapshot(pulled) == snapshot(copied)
    assert (pulled / "700.bin").read_bytes() == (tree / "sizes/700.bin").read_bytes()
    finished = site.journal()[-1]
    assert not ROOT or 700 < finished["bytes"] < 60_000


def test_a_sparse_file(site: Site, tree: Path) -> None:
    """`-S` leaves the hole of a file a hole, with the file's content around it."""
    site.pull("-aS", f"server:{tree}/sparse", site.here)
    copy = site.here / "sparse"
    assert copy.read_bytes() == (tree / "sparse").read_bytes()
    assert copy.stat().st_blocks * 512 < copy.stat().st_size // 4


@pytest.mark.parametrize("when", ["--delete", "--delete-after"])
def test_delete_on_the_client(site: Site, tree: Path, when: str) -> None:
    """`--delete` removes what the client has beyond the server's files, and only that."""

    def crowded(destination: Path) -> None:
        locally(site, "-a", f"{tree}/", f"{destination}/")
        (destination / "nested/extra").write_text("extra")
        (destination / "gone").mkdir()
        (destination / "gone/too").write_text("too")

    pulled, copied = both(site, ["-a", when], [f"{tree}/"], crowded)
    assert snapshot(pulled) == snapshot(copied)
    assert not (pulled / "gone").exists()
    assert not (pulled / "nested/extra").exists()


def test_link_dest_on_the_client(site: Site, tree: Path) -> None:
    """`--link-dest` links what has not changed to the backup before, and pulls the rest."""

    def yesterday(destination: Path) -> None:
        locally(site, "-a", f"{tree}/", f"{destination}/yesterday/")
        changed = destination / "yesterday/sizes/700.bin"
        changed.write_bytes(b"was smaller")
        os.utime(changed, (0, 0))

    options = ["-a", "--link-dest=yesterday"]
    pulled, copied = both(site, options, [f"{tree}/"], yesterday)
    assert snapshot(pulled) == snapshot(copied)
    assert (pulled / "sizes/699.bin").samefile(pulled / "yesterday/sizes/699.bin")
    assert not (pulled / "sizes/700.bin").samefile(pulled / "yesterday/sizes/700.bin")


def test_fifty_megabytes(site: Site, place: Path) -> None:
    """A large file arrives whole, and the journal counts its bytes."""
    big = place / "big"
    big.mkdir()
    block = bytes(range(256)) * 4096
    with open(big / "file", "wb") as stream:
        for n in range(50):
            stream.write(block[n:] + block[:n])
    site.allow(big)
    site.pull("-a", f"server:{big}/", site.here / "copy")
    assert snapshot(site.here / "copy") == snapshot(big)
    finished = site.journal()[-1]
    assert not ROOT or 50 * len(block) < finished["bytes"] < 51 * len(block)
    assert 0 < finished["seconds"] < 60
