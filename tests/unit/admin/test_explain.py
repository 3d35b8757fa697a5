# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""`rsyncgate explain`: a request in rsync's own terms, and the gate's own answer to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rsyncgate.__main__ import main
from rsyncgate.journal.read import Scan
from unit.conftest import PULL, Configuration, Runs, block_of


@pytest.fixture
def tree(config: Configuration, tmp_path: Path) -> Path:
    """The tree that nas01 may read."""
    (tmp_path / "srv/a").mkdir(parents=True)
    (tmp_path / "srv/in").symlink_to("a")
    config.settings(rsync="/bin/echo")
    config.client(
        "nas01",
        f"""
        from = ["192.0.2.10", "2001:db8::/64"]
        probes = ["true"]
        [[allow]]
        paths = ["{tmp_path}/srv"]
        """,
    )
    return tmp_path / "srv"


@pytest.fixture
def explain(config: Configuration, tree: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The exit status and the lines of an explanation."""

    def run(*arguments: str) -> tuple[int, list[str]]:
        status = main(["--config", config.path, "explain", *arguments])
        printed = capsys.readouterr()
        return status, (printed.out + printed.err).splitlines()

    return run


def squeezed(lines: list[str]) -> list[str]:
    """The lines with single blanks, for the columns are of no matter."""
    return [" ".join(line.split()) for line in lines]


def test_allowed(explain: Any, config: Configuration, tree: Path) -> None:
    """Every word is explained, then the rule that allows it and what would run."""
    status, lines = explain("--client", "nas01", f"{PULL} -vre.iLs --bwlimit=5 . {tree}/in/ {tree}")
    assert status == 0
    assert squeezed(lines) == [
        "rsync program what the client calls rsync; the configured rsync runs instead",
        "--server role --server is the server side of a transfer",
        "--sender role --sender sends files, and never receives any",
        "-v neutral -v, --verbose prints more",
        "-r harmless -r, --recursive goes into directories",
        "-e.iLs neutral -e, --rsh=STRING tells what the client can do (on a server nothing is "
        "executed)",
        "--bwlimit=5 harmless --bwlimit=SIZE limits the rate, in KiB a second",
        ". start where rsync starts from",
        f"{tree}/in/ path is read: what is in the directory",
        f"{tree} path is read, with all below it",
        f"allowed: allow 1 of {config.path}/clients/nas01.toml",
        f'"{tree}/in/" is "{tree}/a"',
        f"runs: rsync --server --sender -vre.iLs --bwlimit=5 -- . {tree}/in/ {tree}",
    ]


def test_many_paths(explain: Any, tree: Path) -> None:
    """What would run is shown whole, however long it is."""
    paths = " ".join(f"{tree}/{n}" for n in range(100))
    _, lines = explain("--client", "nas01", f"{PULL} -r . {paths}")
    assert lines[-1] == f"runs: {PULL} -r -- . {paths}"


@pytest.mark.parametrize(
    ("command", "status", "code"),
    [
        ("rsync --server -r . /srv", 77, "push"),
        (f"{PULL} --remove-source-files . /srv", 77, "deletes"),
        (f"{PULL} --bogus . /srv", 77, "unknown-option"),
        (f"{PULL} -r . /etc", 77, "path"),
        (f"{PULL} -r . /srv; id", 77, "shell-syntax"),
        (f"{PULL} -r . /srv/../etc", 77, "dot-dot"),
        (f"{PULL} -se.iLs", 77, "secluded"),
        ("", 77, "no-command"),
        ("id", 77, "program"),
    ],
)
def test_refused(explain: Any, command: str, status: int, code: str) -> None:
    """A refusal ends with its sentence and its reason, and the gate's exit status."""
    ended, lines = explain("--client", "nas01", command)
    assert ended == status
    assert lines[-2].startswith("refused: ")
    assert lines[-1].startswith(f"reason: {code}: ")


def test_a_probe(explain: Any) -> None:
    """A probe is named as such, and starts nothing."""
    status, lines = explain("--client", "nas01", "true")
    assert status == 0
    assert lines[-1].startswith("allowed: probe 1 of ")


def test_peer(explain: Any, tree: Path) -> None:
    """The address is one of the client's own where none is given."""
    command = f"{PULL} -r . {tree}"
    assert explain("--client", "nas01", command)[0] == 0
    assert explain("--client", "nas01", "--peer", "2001:db8::5", command)[0] == 0
    status, lines = explain("--client", "nas01", "--peer", "192.0.2.11", command)
    assert status == 77
    assert lines[-1].startswith("reason: peer: ")


def test_secluded_arguments(explain: Any, tree: Path, tmp_path: Path) -> None:
    """What a -s client sends on stdin can be given in a file."""
    command = f"{PULL} -sre.iLs"
    (tmp_path / "block").write_bytes(block_of("--bwlimit=5", ".", f"{tree}/a b"))
    block = ["--stdin", str(tmp_path / "block")]
    status, lines = explain("--client", "nas01", *block, command)
    assert status == 0
    assert lines[-1] == f"runs: rsync --server --sender -re.iLs --bwlimit=5 -- . '{tree}/a b'"
    status, lines = explain("--client", "nas01", command)
    assert status == 77
    assert "give them with --stdin FILE" in lines[-3]


def test_a_broken_policy(explain: Any, config: Configuration) -> None:
    """A mistake in the policy is the answer, in full: this is for the administrator."""
    config.client("nas01", "allow = 5")
    status, lines = explain("--client", "nas01", f"{PULL} -r . /srv")
    assert status == 78
    assert lines[-2].startswith("reason: configuration: ")
    assert "allow: is no list of rules" in lines[-1]


@pytest.mark.parametrize(
    ("line", "block", "status"),
    [
        ("-re.iLs . {tree}", b"", 0),
        ("-re.iLs . {tree}/caf\udce9", b"", 0),
        ("-re.iLs . /etc", b"", 77),
        ("-sre.iLs", block_of(".", "/etc"), 77),
    ],
)
def test_from_the_journal(
    explain: Any, config: Configuration, tree: Path, rsyncgate: Runs, line: str, block: bytes,
    status: int,
) -> None:  # fmt: skip
    """A record of the journal is explained with the very answer that the gate gave."""
    rsyncgate(
        "--config", config.path, "--client", "nas01",
        command=f"{PULL} {line.format(tree=tree)}", stdin=block,
        environ={"SSH_CONNECTION": "192.0.2.10 5000 192.0.2.1 22"},
    )  # fmt: skip
    record = next(Scan([str(config.journal)]).records())
    ended, lines = explain("--id", record["id"])
    assert ended == status
    if status:
        assert lines[-2] == f"refused: {record['message']}"
    else:
        assert lines[-1].startswith("runs: rsync --server --sender -re.iLs -- . ")


def test_a_captured_block(explain: Any, config: Configuration, tree: Path, rsyncgate: Runs) -> None:
    """The arguments that a -s client sent are in the record too, and are explained from there."""
    rsyncgate(
        "--config", config.path, "--learn", "--client", "nas01",
        command=f"{PULL} -sre.iLs", stdin=block_of(".", str(tree)),
        environ={"SSH_CONNECTION": "192.0.2.10 5000 192.0.2.1 22"},
    )  # fmt: skip
    record = next(Scan([str(config.journal)]).records())
    status, lines = explain("--id", record["id"])
    assert (status, lines[-1]) == (0, f"runs: rsync --server --sender -re.iLs -- . {tree}")


def test_usage(explain: Any) -> None:
    """Without a client or a record there is nothing to explain."""
    assert explain("rsync --server")[0] == 2
    assert explain("--client", "nas01")[0] == 2
    config_error = explain("--id", "0123456789abcdef")
    assert config_error[0] == 1
    assert config_error[1][-1].startswith("rsyncgate: ")


def test_nothing_steers_the_terminal(explain: Any, tree: Path) -> None:
    """What a client sent is shown with its escapes."""
    _, lines = explain("--client", "nas01", f"{PULL} -r . /caf\udce9 '/\u202etxt' '/\u009b2J'")
    assert all(line.isprintable() for line in lines)
    assert any("\\xe9" in line for line in lines)
