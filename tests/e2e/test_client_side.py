# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What a client does beyond the paths it names: dry runs, lists of files, filters, listings."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.pulls import both, locally
from e2e.sites import Site
from e2e.trees import AWKWARD, snapshot

LISTED = ["nested/a b", "sizes/700.bin", "awkward/" + AWKWARD["unicode"], "links/inside", "empty"]


@pytest.mark.parametrize("options", ["-avn", "-avnsz"])
def test_a_dry_run(site: Site, tree: Path, options: str) -> None:
    """With -n nothing arrives, and the client reads the same names as of the real run."""
    dry = site.pull(options, f"server:{tree}/", site.here / "copy")
    assert not (site.here / "copy").exists()
    real = site.pull(options.replace("n", ""), f"server:{tree}/", site.here / "copy")
    assert _listed(dry.out) == _listed(real.out)
    assert "nested/a b/c/deep.txt" in _listed(real.out)
    assert snapshot(site.here / "copy", hard_links=False, attributes=False) == snapshot(
        tree, hard_links=False, attributes=False
    )


def _listed(out: str) -> set[str]:
    names = set(out.partition("\n\n")[0].splitlines())
    return {name for name in names if not name.startswith("created directory")}


@pytest.mark.parametrize("options", ["-a", "-a --from0", "-ars --from0", "-a --no-R --no-i-d"])
@pytest.mark.parametrize("source", ["list", "-"])
def test_a_list_of_files(site: Site, tree: Path, options: str, source: str) -> None:
    """`--files-from` on the client brings the files that its list or its stdin names."""
    nul = "--from0" in options
    names = [*LISTED, "awkward/" + AWKWARD["newline"]] if nul else LISTED
    content = "".join(name + ("\0" if nul else "\n") for name in names).encode()
    (site.here / "list").write_bytes(content)
    stdin = content if source == "-" else b""
    words = [*options.split(), f"--files-from={source}"]
    pulled, copied = both(site, words, [f"{tree}/"], stdin=stdin)
    assert snapshot(pulled) == snapshot(copied)
    arrived = {path.name for path in pulled.rglob("*")}
    assert arrived >= {Path(name).name for name in names}


def test_a_list_of_files_on_the_server(site: Site, tree: Path, tmp_path: Path) -> None:
    """`--files-from=:FILE` opens that file where the client may read it, and nowhere else."""
    (tmp_path / "list").write_text("nested\nsizes/1.bin\n")
    site.allow(tree, tmp_path)
    site.pull("-a", f"--files-from=:{tmp_path}/list", f"server:{tree}/", site.here)
    assert {p.name for p in site.here.iterdir()} == {"nested", "sizes"}
    site.allow(tree)
    run = site.rsync("-a", f"--files-from=:{tmp_path}/list", f"server:{tree}/", site.here / "none")
    assert site.refusal(run)["reason"] == "path"
    assert not (site.here / "none").exists()


def test_a_list_cannot_climb(site: Site, tree: Path) -> None:
    """A name with `..` in the client's list stays below the directory that was checked."""
    listed = b"../../etc/hostname\n/../../../etc/passwd\nkept.txt\n"
    site.rsync("-a", "--files-from=-", f"server:{tree}/filtered/", site.here, stdin=listed)
    assert [path.name for path in site.here.rglob("*")] == ["kept.txt"]


@pytest.mark.parametrize("options", [["-r"], [], ["-as"], ["--list-only", "-aHAX"]])
def test_a_listing(site: Site, tree: Path, options: list[str]) -> None:
    """Without a destination, or with --list-only, the client prints the names and pulls nothing."""
    destination = [site.here] if "--list-only" in options else []
    listing = site.pull(*options, f"server:{tree}/nested/", *destination).out
    assert listing == locally(site, *options, f"{tree}/nested/", *destination)
    assert "a b" in listing
    assert list(site.here.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "left_out"),
    [
        (["-FF"], {"left-out.log", "cache", ".rsync-filter"}),
        (["--include=kept*", "--exclude=*"], {"left-out.log", "cache", ".rsync-filter"}),
        (["--exclude-from=patterns"], {"cache", ".rsync-filter"}),
        (["-f", "merge patterns"], {"cache", ".rsync-filter"}),
        (["-s", "-FF"], {"left-out.log", "cache", ".rsync-filter"}),
    ],
)
def test_filters(site: Site, tree: Path, options: list[str], left_out: set[str]) -> None:
    """Filters of the client, and those that lie in the tree, leave out what they name."""
    (site.here / "patterns").write_text("- cache/\n- .*\n")
    pulled, copied = both(site, ["-a", *options], [f"{tree}/filtered/"])
    assert snapshot(pulled) == snapshot(copied)
    everything = {path.name for path in (tree / "filtered").iterdir()}
    assert {path.name for path in pulled.iterdir()} == everything - left_out


def test_options_reach_rsync(site: Site, tree: Path) -> None:
    """What the client sends is what rsync is started with, `--` and the path as named after it."""
    site.pull("-az", "--numeric-ids", "--bwlimit=4m", "--timeout=20", f"server:{tree}/./empty/",
              site.here)  # fmt: skip
    argv = site.journal()[0]["argv"]
    assert argv[:3] == ["rsync", "--server", "--sender"]
    assert argv[3].startswith("-logDtprze.")
    assert set(argv[4:-3]) == {"--bwlimit=4096", "--timeout=20", "--numeric-ids"}
    assert argv[-3:] == ["--", ".", f"{tree}/./empty/"]


def test_secluded_arguments_reach_rsync(site: Site, tree: Path) -> None:
    """A -s client's arguments stand on rsync's command line, without the -s."""
    site.pull("-avs", "--timeout=7200", "--numeric-ids", f"server:{tree}/nested/a b/", site.here)
    allowed = site.journal()[0]
    assert allowed["secluded"][0] == "rsync"
    assert allowed["secluded"][-2:] == [".", f"{tree}/nested/a b/"]
    assert allowed["argv"][3].startswith("-vlogDtpre.")
    assert allowed["argv"][-3:] == ["--", ".", f"{tree}/nested/a b/"]
    assert {"--timeout=7200", "--numeric-ids"} <= set(allowed["argv"])
