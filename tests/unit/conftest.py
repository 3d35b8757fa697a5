# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the unit tests share: a policy, the walk up to the verdict, a real shell, the command."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

import hypothesis
import pytest

from rsyncgate.gate import answer
from rsyncgate.policy.model import Client, Located, Rule, Verdict
from rsyncgate.policy.schema import options as option_patterns
from rsyncgate.rsync.request import Request, parse
from rsyncgate.rsync.secluded import with_stdin
from rsyncgate.rsync.words import Word, split

# The same examples on every run: what fails here fails because of the change it stands beside.
hypothesis.settings.register_profile("rsyncgate", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("rsyncgate")

LAUNCHER = Path(os.environ.get("RSYNCGATE") or Path(sys.executable).with_name("rsyncgate"))
PULL = "rsync --server --sender"
NOWHERE = "/nonexistent"
HOME = pwd.getpwuid(os.geteuid()).pw_dir


def rule(*paths: str, options: list[str] | None = None, number: int = 1) -> Rule:
    """A rule for `paths`, with options as a policy spells them."""
    return Rule(number, paths, None if options is None else option_patterns(options))


def policy(
    *rules: Rule,
    programs: tuple[str, ...] = ("rsync",),
    probes: tuple[str, ...] = (),
    networks: tuple[str, ...] = (),
) -> Client:
    """The client nas01 with these rules, programs and probes."""
    return Client("nas01", networks, _split(programs), _split(probes), rules)


def _split(commands: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word.text for word in split(command)) for command in commands)


def requested(command: str, block: bytes | None = None) -> Request:
    """The request that `command` makes, with the block of a -s client. Raises Refusal."""
    request = parse(split(command))
    return request if block is None else with_stdin(request, block)


def walk(
    client: Client, command: str, block: bytes | None = None, home: str = NOWHERE, peer: str = ""
) -> tuple[Located, Verdict]:
    """The gate's own way from a command to the verdict. Raises Refusal."""
    return answer(requested(command, block), client, home, peer)


def names(located: Located) -> list[str]:
    """The paths that rsync is started with."""
    return [source.name for source in located.sources] if located.request.paths else []


def encoded(text: str) -> bytes:
    """`text` as the bytes it came from."""
    return text.encode("utf-8", "surrogateescape")


def block_of(*words: str) -> bytes:
    """The block that a -s client sends for `words`."""
    return b"".join(encoded(word) + b"\0" for word in ("rsync", *words)) + b"\0"


def shell_words(
    commands: list[str], directory: str, noglob: bool = False, sh: str = "/bin/sh"
) -> list[list[str]]:
    """The words that a shell makes of each command; for those only that split() takes."""
    script = b"set -f\n" if noglob else b""
    for command in commands:
        script += b"printf '%s\\0' x " + encoded(command) + b"\necho\n"
    lines = shell(script, directory, sh).split(b"\n")[:-1]
    return [
        [w.decode("utf-8", "surrogateescape") for w in line.split(b"\0")[1:-1]] for line in lines
    ]


def expanded(word: Word) -> str:
    """`word` as a shell leaves it where nothing fits its wildcards."""
    return HOME + word.text[1:] if word.tilde() == "~" else word.text


def shell(script: bytes, directory: str, sh: str = "/bin/sh") -> bytes:
    """What a shell prints for `script` in `directory`, with the HOME that sshd would set."""
    done = subprocess.run(
        [sh], input=script, cwd=directory, env={"HOME": HOME}, capture_output=True, check=False
    )
    assert done.stderr == b""
    return done.stdout


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with nothing in it, for a shell to be in."""
    return str(tmp_path_factory.mktemp("empty"))


class Configuration:
    """A configuration directory with a journal of its own."""

    def __init__(self, directory: Path) -> None:
        self.path = str(directory)
        self.journal = directory / "log" / "journal.jsonl"
        (directory / "clients").mkdir(parents=True)
        self.settings()

    def settings(self, **values: str) -> None:
        """Writes gate.toml."""
        lines = [
            f"{key} = '{value}'\n" for key, value in {"journal": self.journal, **values}.items()
        ]
        self.write("gate.toml", "".join(lines))

    def client(self, name: str, text: str) -> None:
        """Writes the policy of a client."""
        self.write(f"clients/{name}.toml", text)

    def write(self, file: str, text: str) -> None:
        """Writes any file below the directory."""
        Path(self.path, file).write_text(text)


@pytest.fixture
def config(tmp_path: Path) -> Configuration:
    """A configuration directory in which no client is known yet."""
    return Configuration(tmp_path / "etc")


class Runs(Protocol):
    """Runs the installed command."""

    def __call__(
        self,
        *arguments: str,
        command: str | None = ...,
        stdin: bytes | BinaryIO = ...,
        environ: dict[str, str] | None = ...,
    ) -> subprocess.CompletedProcess[bytes]:
        """How the command ended with these arguments."""


@pytest.fixture(scope="session")
def rsyncgate() -> Runs:
    """The installed command, started as sshd starts it for a `command` that a client sent."""

    def run(
        *arguments: str,
        command: str | None = None,
        stdin: bytes | BinaryIO = b"",
        environ: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        env = dict(environ or {})
        if command is not None:
            env["SSH_ORIGINAL_COMMAND"] = command
        with subprocess.Popen(
            [LAUNCHER, *arguments],
            env={encoded(key): encoded(value) for key, value in env.items()},
            stdin=subprocess.PIPE if isinstance(stdin, bytes) else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            stdout, stderr = process.communicate(stdin if isinstance(stdin, bytes) else None)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    return run
