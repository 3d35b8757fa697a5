# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""One server's installation of the gate, and the clients that call it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from e2e.servers import PATIENCE, Server
from rsyncgate.journal.schema import schema

REPOSITORY = Path(__file__).resolve().parents[2]
VALIDATOR = Draft202012Validator(schema())
GATE = Path(os.environ.get("RSYNCGATE") or REPOSITORY / ".venv" / "bin" / "rsyncgate")
"""The gate that these tests are about: the checkout's, or one that was installed."""
SENTENCE = re.compile(r"rsyncgate: (?P<text>.+) \((?P<code>[a-z-]+), record (?P<id>[0-9a-f]{16})\)")


class Run:
    """How a command of the client ended, and what it printed; any byte survives in the text."""

    def __init__(self, status: int, out: bytes, err: bytes) -> None:
        self.status = status
        self.out = os.fsdecode(out)
        self.err = os.fsdecode(err)

    def __repr__(self) -> str:
        return f"Run({self.status}, {self.out!r}, {self.err!r})"

    @property
    def sentence(self) -> re.Match[str]:
        """The one line of the gate's on stderr, taken apart: text, code and id."""
        lines = [line for line in self.err.splitlines() if line.startswith("rsyncgate: ")]
        assert len(lines) == 1, self
        match = SENTENCE.fullmatch(lines[0])
        assert match, self
        return match


class Site:
    """A configuration directory, a journal and a key for the client nas01.

    The client calls the machine `server:`; what it pulls goes below `here`.
    """

    def __init__(self, server: Server, directory: Path) -> None:
        self.server = server
        self.config = directory / "config"
        self.here = directory / "here"
        self.journal_file = directory / "journal.jsonl"
        self.checked = 0
        for folder in (self.config, self.config / "clients", self.here):
            folder.mkdir(0o755)
        self.directory = directory
        self.connection: list[str] = []
        self.environ = {"PATH": "/usr/bin:/bin", "HOME": str(self.here), "LANG": "C.UTF-8"}
        self.settings()
        self.authorize()

    def settings(self, text: str = "") -> None:
        """Writes gate.toml: this site's journal, and `text`."""
        self.write("gate.toml", f"journal = {quoted(self.journal_file)}\n{text}")

    def allow(self, *paths: Path | str, options: list[str] | None = None, more: str = "") -> None:
        """Writes the client's file: `more`, and one rule."""
        rule = f"paths = [{', '.join(map(quoted, paths))}]\n"
        if options is not None:
            rule += f"options = [{', '.join(map(quoted, options))}]\n"
        self.write("clients/nas01.toml", f"{more}\n[[allow]]\n{rule}")

    def write(self, name: str, text: str) -> Path:
        """Writes the file `name` of the configuration, as an administrator would leave it."""
        file = self.config / name
        file.write_text(text)
        file.chmod(0o644)
        return file

    def authorize(
        self, arguments: str = "--client nas01", gate: Path = GATE, options: str = "restrict"
    ) -> None:
        """Lets the client's key start the gate with `arguments`, and nothing else."""
        command = f"{shlex.quote(str(gate))} --config {shlex.quote(str(self.config))} {arguments}"
        self.authorize_command(command, options)

    def authorize_command(self, command: str, options: str = "restrict") -> None:
        """Lets the client's key start `command`, and nothing else."""
        line = f'{options},command="{command}" {self.server.key} nas01\n'
        self.server.authorized_keys.write_text(line)

    def run(self, *command: str | Path, stdin: bytes = b"") -> Run:
        """Runs `command` as the client's user, in `here`."""
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            check=False,
            cwd=self.here,
            env=self.environ,
            timeout=PATIENCE,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def ssh(self, command: str = "", *options: str, stdin: bytes = b"") -> Run:
        """Runs `ssh server COMMAND`, or asks for a login shell where there is none."""
        words = [command] if command else []
        ssh = ["ssh", "-F", str(self.server.ssh_config), *self.connection, *options]
        return self.run(*ssh, "server", *words, stdin=stdin)

    @property
    def shell(self) -> str:
        """What the client gives rsync's -e."""
        return f"ssh -F {self.server.ssh_config}"

    def rsync(self, *arguments: str | Path, stdin: bytes = b"") -> Run:
        """Runs the client's rsync over ssh."""
        return self.run("rsync", "-e", self.shell, *arguments, stdin=stdin)

    def pull(self, *arguments: str | Path, stdin: bytes = b"") -> Run:
        """Runs a pull that must work: rsync says so, and so does the journal."""
        before = len(self.journal())
        run = self.rsync(*arguments, stdin=stdin)
        assert run.status == 0, run
        assert "rsync" not in run.err, run  # neither rsync nor the gate complains
        allowed, finished = self.journal()[before:]
        assert (allowed["event"], finished["event"]) == ("allowed", "finished")
        assert (finished["status"], finished["connection"]) == (0, "open")
        return run

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Starts the client's rsync over ssh and leaves it running."""
        return subprocess.Popen(
            ["rsync", "-e", self.shell, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.here,
            env=self.environ,
        )

    def admin(self, *arguments: str) -> Run:
        """Runs an admin command with this site's configuration."""
        return self.run(GATE, "--config", self.config, *arguments)

    def journal(self) -> list[dict[str, Any]]:
        """Every record, oldest first; there are whole records and nothing else, as published."""
        if not self.journal_file.exists():
            return []
        text = self.journal_file.read_text("ascii")
        assert text.endswith("\n")
        records = [json.loads(line) for line in text.split("\n")[:-1]]
        for record in records[self.checked :]:
            VALIDATOR.validate(record)
        self.checked = len(records)
        return records

    def refusal(self, run: Run) -> dict[str, Any]:
        """The record of the refusal that `run` met, the only one of its session."""
        sentence = run.sentence
        records = [r for r in self.journal() if r["id"] == sentence["id"]]
        assert [r["event"] for r in records] == ["refused"]
        assert records[0]["reason"] == sentence["code"]
        assert f"refused: {records[0]['message']}" == sentence["text"]
        return records[0]


def quoted(value: Path | str) -> str:
    """`value` as a string of TOML."""
    return json.dumps(str(value), ensure_ascii=False)
