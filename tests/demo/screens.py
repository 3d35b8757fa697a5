# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Draws what the README shows: commands run for real in a copy of this machine, as SVG pictures.

`make screens` runs it, as root, with the directory for the pictures. What differs from run to run,
moments and the ids of records, is put to fixed values, so that a new run changes little.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import re
import socket
import struct
import subprocess
import sys
import tempfile
import termios
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from install.machines import REPOSITORY, Machine
from unit.admin import books

COLUMNS = 100
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
SHOWN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""The moment at which all pictures seem to be made."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ENVIRON = {"TERM": "xterm", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/root",
           "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}  # fmt: skip

SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font: {char_height}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
    line-height: {line_height}px;
    white-space: pre;
}}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own asks a server on the Internet for its font."""


class Stage:
    """A server with a gate, and a client of it, both in one copy of this machine."""

    def __init__(self) -> None:
        """Installs the gate, and makes some weeks of history."""
        self.machine = Machine()
        run = self.machine.run
        run("rm -rf /etc/rsyncgate /var/log/rsyncgate /root/.ssh /srv/*; mkdir -m 700 /root/.ssh")
        run(f"make -C {REPOSITORY} install")
        run("mkdir -p /run/sshd /srv/www /srv/mail /client/backup; echo '<h1>Home</h1>' "
            ">/srv/www/index.html; echo 'Dear Bob' >/srv/mail/inbox")  # fmt: skip
        self._sshd()
        self._history()

    def _sshd(self) -> None:
        """Starts the server's sshd, which its client calls "server"."""
        run, write = self.machine.run, self.machine.write
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        run("cp $1/deploy/sshd_config.d/* /etc/ssh/sshd_config.d", REPOSITORY)
        run("echo PasswordAuthentication no >/etc/ssh/sshd_config.d/passwords.conf")
        run("[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -A")
        run("ssh-keygen -q -t ed25519 -N '' -f /client/key; cp /client/key.pub /root/nas01.pub")
        write("/root/.ssh/config", f"Host server\nHostName 127.0.0.1\nPort {port}\n"
              "IdentityFile /client/key\nStrictHostKeyChecking no\nLogLevel ERROR\n")  # fmt: skip
        settings = [f"Port={port}", "ListenAddress=127.0.0.1", "PidFile=none", "SetEnv=SHLVL=1"]
        options = [word for setting in settings for word in ("-o", setting)]
        self.sshd = subprocess.Popen(
            self.machine.inside("/usr/sbin/sshd", "-D", "-e", *options),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.sshd.stderr
        assert "listening" in self.sshd.stderr.readline()

    def _history(self) -> None:
        """Gives the server other clients, and a journal of what they did."""
        for name, paths in (("nas02", '"/etc", "/srv"'), ("nas03", '"/srv/mail"')):
            policy = f"[[allow]]\npaths = [{paths}]\n"
            self.machine.write(f"/etc/rsyncgate/clients/{name}.toml", policy)
            self.machine.run(
                f"ssh-keygen -q -t ed25519 -N '' -f /tmp/{name}; "
                f"/usr/local/bin/rsyncgate authorize {name} --key /tmp/{name}.pub --install"
            )
        books.NOW = NOW
        with tempfile.TemporaryDirectory() as directory:
            book = books.Book(Path(directory) / "journal.jsonl", os.uname().nodename)
            for ago in range(16, -1, -1):
                for turn in range(4 - ago % 3, 0, -1):
                    size = (40 + ago * 37 % 60) * 10**8 // turn
                    book.pull("nas02", ago * DAY + turn * HOUR / 6, sent=size)
                if ago > 2:
                    book.pull("nas03", ago * DAY + HOUR / 10, sent=(20 + ago * 23 % 15) * 10**7)
                else:
                    book.refuse("nas03", ago * DAY + HOUR / 10, "option")
            for file in ("journal.jsonl", "journal.jsonl.head"):
                text = (Path(directory) / file).read_text()
                self.machine.write(f"/var/log/rsyncgate/{file}", text)
        self.machine.run("chmod 700 /var/log/rsyncgate; chmod 600 /var/log/rsyncgate/*")

    def server(self, command: str) -> str:
        """What root's terminal on the server shows of `command`."""
        return self._typed("server#", "/root", command)

    def client(self, command: str) -> str:
        """What the terminal of the client's user shows of `command`."""
        return self._typed("nas01$", "/client", command)

    def _typed(self, prompt: str, directory: str, command: str) -> str:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
        there = self.machine.inside("sh", "-c", f"cd {directory} && {command}")
        process = subprocess.Popen(there, env=ENVIRON, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        shown = b""
        try:
            while chunk := os.read(master, 65536):
                shown += chunk
        except OSError:  # how Linux says that nobody is left at the other end
            pass
        process.wait()
        os.close(master)
        printed = shown.decode().replace("\r\n", "\n")
        return f"\x1b[1m{prompt} {command}\x1b[0m\n{printed}"

    def stop(self) -> None:
        """Ends it."""
        self.sshd.terminate()
        self.sshd.wait()
        self.machine.stop()


def settled(text: str) -> str:
    """`text` with moments as if it were SHOWN, and ids that are the same in every run."""

    def moment(match: re.Match[str]) -> str:
        day = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
        if not match[2]:
            return f"{day + (SHOWN - NOW + timedelta(seconds=1)) // DAY * DAY:%Y-%m-%d}"
        then = datetime.fromisoformat(match[0]).replace(tzinfo=UTC) + (SHOWN - NOW)
        return str(min(then, SHOWN).replace(tzinfo=None))[: len(match[0])]

    return re.sub(r"(?<!\d)(\d{4}-\d\d-\d\d)( \d\d:\d\d(:\d\d)?)?", moment, text)


class Pictures:
    """The pictures in `directory`, in which the same id is the same."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ids: dict[str, str] = {}

    def _id(self, match: re.Match[str]) -> str:
        number = str(len(self.ids)).encode()
        return self.ids.setdefault(match[0], hashlib.sha256(number).hexdigest()[:16])

    def draw(self, name: str, title: str, *shown: str) -> None:
        """Writes the picture `name` of a terminal on which this is `shown`."""
        text = re.sub(r"\b[0-9a-f]{16}\b", self._id, settled("".join(shown)))
        content = Text.from_ansi(text.rstrip("\n"))
        width = max(line.cell_len for line in content.split("\n"))
        console = Console(record=True, width=width, file=StringIO(), force_terminal=True)
        console.print(content, soft_wrap=True)
        svg = console.export_svg(title=title, code_format=SVG, unique_id=name)
        (self.directory / f"{name}.svg").write_text(svg)


def story(stage: Stage, pictures: Pictures) -> None:
    """A client that is learned, what it sees then, and what the administrator sees of it."""
    authorize = "rsyncgate authorize nas01 --key nas01.pub"
    pull = "rsync -aHz --numeric-ids server:/srv/www server:/srv/mail backup"
    authorized = stage.server(f"{authorize} --learn --install")
    stage.client(pull)
    stage.client(pull + " --dry-run")
    pictures.draw("learn", "From what a client asks for to its policy", authorized,
                  stage.server("rsyncgate learn nas01"),
                  stage.server("rsyncgate learn nas01 --write"),
                  stage.server(f"{authorize} --install"))  # fmt: skip
    pictures.draw("refused", "What a client sees", stage.client(f"{pull} && ls backup"),
                  stage.client("rsync -a server:/etc/shadow ."))  # fmt: skip
    refused = stage.client("rsync -a --remove-source-files server:/srv/mail backup")
    asked = refused.partition(", record ")[2][:16]
    pictures.draw("explain", "Why it was refused", stage.server(f"rsyncgate explain --id {asked}"))
    pictures.draw("audit", "Who pulled what", stage.server("rsyncgate audit"))
    pictures.draw("doctor", "What the gate stands on", stage.server("rsyncgate doctor"))


if __name__ == "__main__":
    stage = Stage()
    try:
        story(stage, Pictures(Path(sys.argv[1])))
    finally:
        stage.stop()
