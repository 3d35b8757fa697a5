# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the paths of a request mean on this server, and what a client can learn by asking."""

from __future__ import annotations

import os
import pwd
import time
from pathlib import Path

import pytest

from rsyncgate.policy.model import Located
from rsyncgate.refusal import Refusal
from rsyncgate.session import expand
from rsyncgate.session.paths import locate
from unit.conftest import PULL, block_of, names, policy, requested, rule, walk


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A root "srv" with files in it, links out of it, and a neighbour whose name begins alike."""
    for file in (
        "srv/a/one.txt",
        "srv/a/two.txt",
        "srv/b/.hidden",
        "srv/b/three",
        "srv-2/secret",
        "etc/shadow",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    (tmp_path / "srv/out").symlink_to(tmp_path / "etc")
    (tmp_path / "srv/file-out").symlink_to(tmp_path / "etc/shadow")
    (tmp_path / "srv/in").symlink_to("a")
    (tmp_path / "srv/loop").symlink_to("loop")
    (tmp_path / "link-to-srv").symlink_to("srv")
    return tmp_path


def located(tree: Path, line: str, *roots: str, block: bytes | None = None) -> Located:
    """The request located for a client that may read `roots` of the tree, from its srv on."""
    full = tuple(str(tree / root) for root in roots or ("srv",))
    return locate(requested(f"{PULL} {line}", block), full, str(tree / "srv"))


def code(tree: Path, line: str, *roots: str, block: bytes | None = None) -> str:
    """Why the request is refused to a client that may read `roots`, or else "allowed"."""
    client = policy(
        rule(
            *(str(tree / root) for root in roots or ("srv",)),
            options=[
                "-a",
                "-R",
                "-L",
                "-k",
                "--copy-unsafe-links",
                "--files-from=*",
                "--exclude-from=*",
                "--suffix=*",
            ],
        )
    )
    try:
        _, verdict = walk(client, f"{PULL} {line}", block, home=str(tree / "srv"))
    except Refusal as refusal:
        return refusal.code
    return verdict.refusal.code if verdict.refusal else "allowed"


def expanded(tree: Path, line: str, *roots: str, block: bytes | None = None) -> list[str]:
    """The names that the wildcards of the line stand for."""
    return names(located(tree, line, *roots, block=block))


def test_a_neighbour_is_not_inside(tree: Path) -> None:
    """A path whose name only begins like a root's is outside of it."""
    assert code(tree, f". {tree}/srv") == "allowed"
    assert code(tree, f". {tree}/srv/") == "allowed"
    assert code(tree, f". {tree}/srv/a/one.txt") == "allowed"
    assert code(tree, f". {tree}/srv-2") == "path"
    assert code(tree, f". {tree}/srv-2/secret") == "path"
    assert code(tree, f". {tree}/") == "path"
    assert code(tree, f". {tree}/srv-2", "srv", "srv-2") == "allowed"


def test_relative_paths_start_at_home(tree: Path) -> None:
    """A path without a slash in front, an empty one and a missing one begin at the home."""
    for line in (". a", ". ./a/", ". .", ". ''", "."):
        assert code(tree, line) == "allowed", line
        assert code(tree, line, "srv-2") == "path", line
    assert [source.real for source in located(tree, ".").sources] == [str(tree / "srv")]
    assert expanded(tree, ".") == []


@pytest.mark.parametrize("path", ["..", "../etc", "a/../../etc", "a/..", "/srv/../etc", "a/../b"])
def test_dot_dot(tree: Path, path: str) -> None:
    """A ".." is refused wherever it leads, and where it is a value too."""
    assert code(tree, f". {path}", ".") == "dot-dot"
    assert code(tree, f"--files-from={path} . a", ".") == "dot-dot"
    assert code(tree, ". a..b ..c d..") == "allowed"


def test_a_link_out_of_the_tree(tree: Path) -> None:
    """A link is sent as a link, but what lies behind it is not, however it is asked for."""
    assert code(tree, "-l . out file-out loop") == "allowed"
    for path in ("out/", "out/.", "out/./", "out/shadow", "file-out/", "out/./shadow"):
        assert code(tree, f"-l . {path}") == "path", path
    for option in ("-L", "-k", "--copy-unsafe-links"):
        assert code(tree, f"{option} . out") == "path"
        assert code(tree, f"{option} . file-out") == "path"
        assert code(tree, f"{option} . in") == "allowed"


def test_a_link_inside_the_tree(tree: Path) -> None:
    """A link from one part of the tree to another may be followed, and rsync gets its own name."""
    request = located(tree, ". in/ in/one.txt")
    assert names(request) == ["in/", "in/one.txt"]
    assert [source.real for source in request.sources] == [
        str(tree / "srv/a"),
        str(tree / "srv/a/one.txt"),
    ]
    assert code(tree, ". in/ in/one.txt") == "allowed"


def test_a_root_that_is_a_link(tree: Path) -> None:
    """A rule may name a root by a link to it."""
    assert code(tree, f". {tree}/link-to-srv/a", "link-to-srv") == "allowed"
    assert code(tree, f". {tree}/srv/a", "link-to-srv") == "allowed"
    assert code(tree, f". {tree}/link-to-srv/a", "srv") == "allowed"
    assert code(tree, f". {tree}/link-to-srv", "srv") == "path"


def test_relative_option(tree: Path) -> None:
    """The /./ of -R and a trailing slash reach rsync as they were sent."""
    for path in (f"{tree}/srv/./a/one.txt", f"{tree}/./srv/a/", f"{tree}/srv/a/.", "./a/./one.txt"):
        assert expanded(tree, f"-R . {path}") == [path]
        assert code(tree, f"-R . {path}") == "allowed"


@pytest.mark.parametrize(
    "line",
    [
        ". {}",
        ". {}/",
        ". {}/.",
        "-L . {}",
        "-R . {}",
        ". a {}",
        "--files-from={} . a",
        "--files-from {} . a",
        "--exclude-from={} . a",
        ". {}/*",
        ". {}*",
        ". {}/sh*",
        "--suffix={}* . a",
    ],
)
@pytest.mark.parametrize(
    ("there", "not_there"),
    [("etc", "etd"), ("etc/shadow", "etc/shadov"), ("srv/out/shadow", "srv/out/shadov")],
)
def test_nothing_is_told_about_the_outside(
    tree: Path, line: str, there: str, not_there: str
) -> None:
    """What is outside gets the same answer, word for word, whether it exists or not."""
    client = policy(
        rule(str(tree / "srv"), options=["-LR", "--files-from=*", "--exclude-from=*", "--suffix=*"])
    )
    answers = []
    for path in (there, not_there):
        request = f"{PULL} {line.format(tree / path)}"
        _, verdict = walk(client, request, home=str(tree / "srv"))
        refusal = verdict.refusal
        answers.append(refusal and (refusal.code, refusal.sentence().replace(path, "")))
    assert answers[0] == answers[1]
    assert answers[0] is None if "suffix" in line else answers[0]


def test_lists_of_files(tree: Path) -> None:
    """A file that rsync is to read lies inside, is a regular one, and its link is followed."""
    os.mkfifo(tree / "srv/fifo")
    assert code(tree, "--files-from=a/one.txt . a") == "allowed"
    assert code(tree, "--files-from in/one.txt . a") == "allowed"
    assert code(tree, "--files-from=a/none . a") == "allowed"
    assert code(tree, "--files-from=- . a") == "allowed"
    assert code(tree, "--files-from=file-out . a") == "path"
    assert code(tree, f"--files-from={tree}/etc/shadow . a") == "path"
    for path in ("a", "fifo", "a/"):
        assert code(tree, f"--files-from={path} . a") == "not-a-file"


def test_home_is_the_account_databases(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde stands for the home that the account database has, whatever HOME says."""
    monkeypatch.setenv("HOME", str(tree))
    me = pwd.getpwuid(os.geteuid())
    assert expanded(tree, f". ~ ~/ ~/x ~{me.pw_name} ~{me.pw_name}/x") == [
        me.pw_dir,
        f"{me.pw_dir}/",
        f"{me.pw_dir}/x",
        me.pw_dir,
        f"{me.pw_dir}/x",
    ]
    assert expanded(tree, ". ~no-such-user/x '~' \\~/x a~") == ["~no-such-user/x", "~", "~/x", "a~"]
    assert expanded(tree, "-s", block=block_of(".", "~", "~/x")) == ["~", "~/x"]


def test_what_is_quoted_behind_a_tilde(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quoted wildcard stays quoted when the home takes the place of the tilde before it."""
    me = list(pwd.getpwuid(os.geteuid()))
    me[5] = str(tree / "srv")
    monkeypatch.setattr(pwd, "getpwuid", lambda _: pwd.struct_passwd(me))
    for name in ("a*", "a*b", "ab"):
        (tree / "srv/b" / name).touch()
    assert expanded(tree, ". ~/b/'a*'*") == [f"{tree}/srv/b/a*", f"{tree}/srv/b/a*b"]


def test_what_is_refused_anyway_is_not_looked_up(tree: Path) -> None:
    """The paths of a push, or of a request with a fault, are not looked at."""
    for command in ("rsync --server . a/* ../etc", f"{PULL} --bogus . a/* ../etc"):
        request = locate(requested(command), (str(tree),), str(tree / "srv"))
        assert request.sources == ()


def test_tilde_in_values(tree: Path) -> None:
    """In a value a tilde is live where a shell has it live: at the start of a word."""
    request = located(tree, "--backup-dir ~/x --suffix=~/x --backup-dir '~/x' . a").request
    assert request.values("--backup-dir") == [f"{pwd.getpwuid(os.geteuid()).pw_dir}/x", "~/x"]
    assert request.values("--suffix") == ["~/x"]


def test_wildcards_in_values(tree: Path) -> None:
    """A wildcard in a value may stand for one name, as the option takes one value."""
    assert located(tree, "--backup-dir a/o* . a").request.values("--backup-dir") == ["a/one.txt"]
    assert located(tree, "--backup-dir 'a/o*' . a").request.values("--backup-dir") == ["a/o*"]
    assert located(tree, "--backup-dir x* . a").request.values("--backup-dir") == ["x*"]
    assert code(tree, "--files-from a/t* . a") == "allowed"
    with pytest.raises(Refusal) as caught:
        located(tree, "--backup-dir a/* . a")
    assert caught.value.code == "bad-value"


def test_wildcards_stay_inside(tree: Path) -> None:
    """A wildcard finds nothing outside the roots, neither above them nor behind a link."""
    assert expanded(tree, ". out/*") == ["out/*"]
    assert expanded(tree, ". */shadow") == ["*/shadow"]
    assert expanded(tree, ". o*/") == ["o*/"]
    assert expanded(tree, ". o*") == ["out"]
    assert expanded(tree, f". {tree}/*") == [f"{tree}/*"]
    assert expanded(tree, f". {tree}/s*/a") == [f"{tree}/s*/a"]
    assert expanded(tree, f". {tree}/etc/*") == [f"{tree}/etc/*"]
    assert expanded(tree, ". out/*", "srv", "etc") == ["out/shadow"]
    assert code(tree, ". out/*") == "path"
    assert code(tree, ". */one.txt") == "allowed"


def test_wildcards_and_dots(tree: Path) -> None:
    """A shell's wildcards pass over dot files; rsync's own, for a -s client, do not."""
    assert expanded(tree, ". b/*") == ["b/three"]
    assert expanded(tree, ". b/.*") == ["b/.hidden"]
    assert expanded(tree, "-s", block=block_of(".", "b/*")) == ["b/.hidden", "b/three"]
    assert expanded(tree, "-s", block=block_of(".", "b/\\*")) == ["b/*"]


def test_too_many_names(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wildcards stand for a limited number of names: in all words together, and on the way."""
    monkeypatch.setattr(expand, "MAX_NAMES", 6)
    assert len(expanded(tree, ". a/* a/* a/*")) == 6
    assert code(tree, ". a/* a/* a/* a/o*") == "too-many-files"
    assert code(tree, ". * ") == "allowed"
    assert code(tree, ". */x") == "allowed"
    assert code(tree, ". */* ") == "too-many-files"


def test_many_names_take_a_moment(tmp_path: Path) -> None:
    """A tree in which the names never end costs the gate a moment, not minutes."""
    for n in range(100):
        (tmp_path / f"loop{n}").symlink_to(".")
    begun = time.monotonic()
    assert code(tmp_path, f". {tmp_path}/*/*/*/*", ".") == "too-many-files"
    assert time.monotonic() - begun < 10
