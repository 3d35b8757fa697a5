# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The command as sshd and people start it: exit statuses, stderr, and the journal."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from rsyncgate.cache import SETTLED
from rsyncgate.journal.read import Scan
from rsyncgate.journal.record import FIELDS
from unit.conftest import PULL, Configuration, Runs, block_of

POLICY = """
probes = ["true", "rsync --version"]
[[allow]]
paths = ["{root}"]
"""


@pytest.fixture
def root(config: Configuration, tmp_path: Path) -> Path:
    """The tree that nas01 may read; echo stands in for rsync and prints its arguments."""
    tree = tmp_path / "srv"
    (tree / "a b").mkdir(parents=True)
    (tree / "out").symlink_to("/etc")
    (tree / "in").symlink_to("a b")
    config.settings(rsync="/bin/echo")
    config.client("nas01", POLICY.format(root=tree))
    return tree


@pytest.fixture
def gate(config: Configuration, rsyncgate: Runs) -> Runs:
    """The gate as nas01's key starts it, with this configuration."""

    def run(*arguments: str, **options: Any) -> Any:
        arguments = arguments or ("--client", "nas01")
        return rsyncgate("--config", config.path, *arguments, **options)

    return run


def written(config: Configuration) -> list[dict[str, Any]]:
    """The records of the journal; none if there is no journal."""
    return list(Scan([str(config.journal)]).records()) if config.journal.exists() else []


def one_sentence(stderr: bytes, code: str, record: dict[str, Any]) -> str:
    """What the client was told, which names the reason code and the record."""
    text = stderr.decode()
    assert text.startswith("rsyncgate: ")
    assert text.endswith(f" ({code}, record {record['id']})\n")
    assert text.count("\n") == 1
    return text


def test_a_pull(gate: Runs, config: Configuration, root: Path) -> None:
    """An allowed pull runs rsync with the rebuilt arguments, and is written down twice."""
    ended = gate(command=f"{PULL} -logDtpre.iLs . '{root}/a b/' {root}/in/")
    argv = ["--server", "--sender", "-logDtpre.iLs", "--", ".", f"{root}/a b/", f"{root}/in/"]
    assert ended.stdout.decode() == " ".join(argv) + "\n"
    assert (ended.returncode, ended.stderr) == (0, b"")
    allowed, finished = written(config)
    assert allowed["event"] == "allowed"
    assert allowed["argv"] == ["rsync", *argv]
    assert allowed["rule"] == "allow 1"
    assert allowed["sources"] == [{"name": f"{root}/in/", "real": f"{root}/a b"}]
    assert finished["event"] == "finished"
    assert (finished["status"], finished["signal"], finished["connection"]) == (0, None, "open")
    assert finished["bytes"] == len(ended.stdout)
    assert finished["id"] == allowed["id"]


def test_what_is_sent_the_first_time(gate: Runs, config: Configuration, root: Path) -> None:
    """What the gate keeps when it meets a program for the first time is not counted as sent."""
    program = root.parent / "echo"
    shutil.copy("/bin/echo", program)
    os.utime(program, (0, 0))
    time.sleep(SETTLED)  # by its change time too it is no longer new
    config.settings(rsync=str(program))
    ended = gate(command=f"{PULL} -r . {root}")
    assert written(config)[-1]["bytes"] == len(ended.stdout)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (None, "no-command"),
        ("", "no-command"),
        ("rsync --server -r . /srv", "push"),
        ("rsync --server --daemon .", "daemon"),
        (f"{PULL} --remove-source-files . /srv", "deletes"),
        (f"{PULL} -r . /etc", "path"),
        (f"{PULL} . /srv; id", "shell-syntax"),
        ("/usr/lib/openssh/sftp-server", "sftp"),
        ("id", "program"),
        (f"{PULL} -e.\udcff . /srv", "bad-value"),
    ],
)
def test_a_refusal(
    gate: Runs, config: Configuration, root: Path, command: str | None, code: str
) -> None:
    """A refused request runs nothing: one sentence on stderr, nothing on stdout, one record."""
    ended = gate(command=command)
    assert (ended.returncode, ended.stdout) == (77, b"")
    (record,) = written(config)
    assert (record["event"], record["reason"]) == ("refused", code)
    assert record["command"] == command
    assert record["message"] in one_sentence(ended.stderr, code, record)


def test_the_status_of_rsync(gate: Runs, config: Configuration, root: Path) -> None:
    """The gate ends with rsync's own status."""
    config.settings(rsync="/bin/false")
    ended = gate(command=f"{PULL} -r . {root}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")
    assert written(config)[-1]["status"] == 1


def test_secluded_arguments(gate: Runs, config: Configuration, root: Path, tmp_path: Path) -> None:
    """A -s client's arguments are read from stdin, and what follows them is left to rsync."""
    block = block_of(".", f"{root}/a b")
    (tmp_path / "stdin").write_bytes(block + b" \0\0\0")
    with (tmp_path / "stdin").open("rb") as stdin:
        ended = gate(command=f"{PULL} -sre.iLs", stdin=stdin)
        assert os.lseek(stdin.fileno(), 0, os.SEEK_CUR) == len(block)
    assert ended.stdout.decode() == f"--server --sender -re.iLs -- . {root}/a b\n"
    assert written(config)[0]["secluded"] == ["rsync", ".", f"{root}/a b"]
    assert gate(command=f"{PULL} -s", stdin=b"rsync\0.").returncode == 77
    assert gate(command=f"{PULL} -s", stdin=block_of(".", "/etc")).returncode == 77


def test_probes(gate: Runs, config: Configuration, root: Path) -> None:
    """A probe succeeds; only the one for rsync's version starts rsync."""
    ended = gate(command="true")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert gate(command="rsync --version").stdout.startswith(b"echo ")  # echo has a version too
    assert [record["event"] for record in written(config)] == ["allowed", "allowed", "finished"]


def test_learning(gate: Runs, config: Configuration, root: Path) -> None:
    """A gate that learns writes the request down, sends nothing and says so."""
    for command in (f"{PULL} -r . {root}", "rsync --server . /x", "cd /tmp && rsync", None):
        ended = gate("--learn", "--client", "nas99", command=command)
        assert (ended.returncode, ended.stdout) == (77, b"")
        record = written(config)[-1]
        assert (record["event"], record["command"]) == ("captured", command)
        assert "nothing was sent" in one_sentence(ended.stderr, "captured", record)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--client", "nas02"),
        ("--client", "../gate"),
        ("--client",),
        ("--client", "nas01", "more"),
        ("--client=",),
        ("--learn",),
        ("--learn", "nas01"),
        ("--learn=nas01",),
        ("--learn", "--client", "../x"),
        ("--learn=run", "--client", "../x"),
    ],
)
def test_a_wrong_line_in_authorized_keys(
    gate: Runs, config: Configuration, root: Path, arguments: tuple[str, ...]
) -> None:
    """Whatever stands wrong in the key's line, it is the configuration's fault and runs nothing."""
    ended = gate(*arguments, command=f"{PULL} -r . {root}")
    assert (ended.returncode, ended.stdout) == (78, b"")
    (record,) = written(config)
    assert record["reason"] == "configuration"
    assert record["detail"] not in one_sentence(ended.stderr, "configuration", record)


def test_a_broken_policy(gate: Runs, config: Configuration, root: Path) -> None:
    """A mistake in the policy refuses everything, and only the journal says what it is."""
    config.client("nas01", "allow = 5\nsecret = 1")
    ended = gate(command=f"{PULL} -r . {root}")
    assert ended.returncode == 78
    (record,) = written(config)
    assert "allow: is no list of rules" in record["detail"]
    assert "secret" in record["detail"]
    assert b"secret" not in ended.stderr


def test_another_address(gate: Runs, config: Configuration, root: Path) -> None:
    """From an address that is not the client's, every request gets the same answer."""
    config.client("nas01", 'from = ["192.0.2.0/24"]\n' + POLICY.format(root=root))
    for command in (None, "'", "rsync --server . /x", f"{PULL} -s -r .", f"{PULL} -r . {root}"):
        ended = gate(command=command, environ={"SSH_CONNECTION": "203.0.113.5 1 192.0.2.1 22"})
        record = written(config)[-1]
        assert (ended.returncode, record["reason"]) == (77, "peer")
        one_sentence(ended.stderr, "peer", record)


@pytest.mark.parametrize("file", ["clients/nas01.toml", "gate.toml"])
def test_a_mistake_while_learning(gate: Runs, config: Configuration, root: Path, file: str) -> None:
    """A gate that learns by running runs nothing either where a mistake is in a file."""
    text = Path(config.path, file).read_text()
    config.write(file, f"secret = 1\n{text}")
    ended = gate("--learn=run", "--client", "nas01", command=f"{PULL} -r . {root}")
    assert (ended.returncode, ended.stdout) == (78, b"")
    (record,) = written(config)
    assert (record["event"], record["reason"]) == ("refused", "configuration")


def test_no_journal_no_pull(gate: Runs, config: Configuration, root: Path) -> None:
    """If the journal cannot be written, nothing runs, and that is the reason of every refusal."""
    config.journal.parent.mkdir()
    config.journal.mkdir()
    for command in (f"{PULL} -r . {root}", "id"):
        ended = gate(command=command)
        assert (ended.returncode, ended.stdout) == (75, b"")
        assert b"(journal, record " in ended.stderr
        assert str(config.journal).encode() not in ended.stderr


def test_no_rsync(gate: Runs, config: Configuration, root: Path) -> None:
    """A pull that cannot be started is in the journal, with the reason."""
    config.settings(rsync="/nonexistent/rsync")
    assert gate(command=f"{PULL} -r . {root}").returncode == 78
    (refused,) = written(config)
    assert (refused["event"], refused["reason"]) == ("refused", "configuration")
    assert "/nonexistent/rsync" in refused["detail"]


def test_spellings(gate: Runs, config: Configuration, root: Path, rsyncgate: Runs) -> None:
    """Values may stand behind a = as well."""
    for ended in (
        gate("--client=nas01", command="true"),
        rsyncgate(f"--config={config.path}", "--client=nas01", command="true"),
    ):
        assert ended.returncode == 0
    assert gate("--learn", "--client=nas01", command="true").returncode == 77


def test_records(gate: Runs, config: Configuration, root: Path) -> None:
    """Every field of a record is documented."""
    peer = {"SSH_CONNECTION": "192.0.2.10 5000 192.0.2.1 22"}
    gate(command=f"{PULL} -r . {root}", environ=peer)
    gate(command=f"{PULL} -s", stdin=block_of(".", "/etc"), environ=peer)
    gate("--learn", "--client", "nas01", environ=peer)
    found = written(config)
    assert {record["event"] for record in found} == {"allowed", "finished", "refused", "captured"}
    for record in found:
        assert record["peer"] == "192.0.2.10"
        assert record["client"] == "nas01"
        assert re.fullmatch("[0-9a-f]{16}", record["id"])
        assert list(record)[:4] == ["prev", "seq", "v", "ts"]
        assert set(record) <= set(FIELDS)


def test_nothing_in_the_environment_counts(
    gate: Runs, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable and no file in the home or working directory changes what the gate does."""
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("json", "os", "tomllib", "rsyncgate", "sitecustomize", "pwd"):
        (trap / f"{name}.py").write_text("import sys; sys.exit(99)\n")
    (trap / "rsync").write_text("#!/bin/sh\necho trapped\n")
    (trap / "rsync").chmod(0o755)
    monkeypatch.chdir(trap)
    variables = {name: str(trap) for name in ("HOME", "PATH", "PYTHONPATH", "PYTHONHOME")}
    variables |= {
        "PYTHONSTARTUP": str(trap / "os.py"),
        "PYTHONINSPECT": "1",
        "PYTHONUTF8": "0",
        "LC_ALL": "POSIX",
        "RSYNCGATE_CONFIG": str(trap),
    }
    ended = gate(command=f"{PULL} -r . {root}", environ=variables)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"--server --sender -r")


@pytest.mark.parametrize("arguments", [("check",), ("options",), ("--help",), ("--version",)])
def test_admin_words(gate: Runs, root: Path, arguments: tuple[str, ...]) -> None:
    """Every other first word is for the administrator, whatever a client asked for."""
    ended = gate(*arguments, command="id")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout


def test_no_such_word(gate: Runs, config: Configuration) -> None:
    """An unknown word is an error with a usage, and no record."""
    ended = gate("pull")
    assert ended.returncode == 2
    assert b"Usage" in ended.stderr
    assert written(config) == []
