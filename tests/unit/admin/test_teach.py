# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""learn and replay as a person runs them: files in, text and exit status out."""

from __future__ import annotations

import gzip
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from unit.admin.captures import MORNING, record
from unit.conftest import Configuration, Runs

PULL = "rsync --server --sender -logDtpre.iLsfxCIvu . "
OLD = "2025-11-22T06:00:00.000000Z"
NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


@pytest.fixture
def captured(config: Configuration) -> Configuration:
    """A host whose journal, rotated twice, holds captures of nas01."""
    config.journal.parent.mkdir()
    config.journal.write_bytes(
        record(PULL + "/srv/3/", ts=NOW) + record(PULL + "/x", client="nas02")
    )
    rotated = config.journal.with_name("journal.jsonl.1")
    rotated.write_bytes(record(PULL + "/srv/2/") + record("rsync --server -r . /srv"))
    old = config.journal.with_name("journal.jsonl.2.gz")
    old.write_bytes(gzip.compress(record(PULL + "/srv/1/", ts=OLD) + record("ls", client="nas02")))
    return config


def run(config: Configuration, rsyncgate: Runs, *words: str, stdin: bytes = b"") -> tuple[int, str]:
    """The status of an admin command and what it printed."""
    done = rsyncgate("--config", config.path, *words, stdin=stdin)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_all_files_of_the_journal(captured: Configuration, rsyncgate: Runs) -> None:
    """The host's journal is read with what was rotated and compressed; other files if named."""
    status, text = run(captured, rsyncgate, "learn", "nas01")
    assert status == 0
    assert 'paths = ["/srv/1", "/srv/2", "/srv/3"]' in text
    assert "# No policy may allow these:" in text
    status, text = run(captured, rsyncgate, "learn", "nas01", f"{captured.journal}.2.gz")
    assert 'paths = ["/srv/1"]' in text
    status, text = run(captured, rsyncgate, "learn", "nas01", "-", stdin=record(PULL + "/etc"))
    assert 'paths = ["/etc"]' in text


def test_generalise(captured: Configuration, rsyncgate: Runs) -> None:
    """Wildcards come on request alone."""
    _, text = run(captured, rsyncgate, "learn", "nas01", "--generalise")
    assert 'paths = ["/srv/*"]' in text
    assert "# /srv/* stands for the paths of 3 requests" in text


def test_write(captured: Configuration, rsyncgate: Runs) -> None:
    """--write installs what was shown, keeps the old file beside it, and is journaled."""
    file = Path(captured.path, "clients/nas01.toml")
    _, shown = run(captured, rsyncgate, "learn", "nas01", f"{captured.journal}.1")
    status, text = run(captured, rsyncgate, "learn", "nas01", f"{captured.journal}.1", "--write")
    assert (status, file.read_text()) == (0, shown.partition("\n# No policy")[0])
    assert text.startswith(f"{file} is written\n# No policy may allow these:")
    first = file.read_text()
    file.chmod(0o640)
    _, diff = run(captured, rsyncgate, "learn", "nas01")
    status, text = run(captured, rsyncgate, "learn", "nas01", "--write")
    assert (status, Path(f"{file}.old").read_text()) == (0, first)
    assert file.stat().st_mode & 0o777 == 0o640
    patched = subprocess.run(["patch", "-s", "-o", "-", f"{file}.old"], input=diff.encode(),
                             capture_output=True, check=True).stdout  # fmt: skip
    assert patched == file.read_bytes()
    assert "needs no change" in run(captured, rsyncgate, "learn", "nas01")[1]
    assert captured.journal.read_text().count('"event": "policy-written"') == 2
    assert run(captured, rsyncgate, "check")[0] == 0


def test_every_client(captured: Configuration, rsyncgate: Runs) -> None:
    """Without a name every client that was captured is learned."""
    assert run(captured, rsyncgate, "learn", "--write")[0] == 0
    assert sorted(f.name for f in Path(captured.path, "clients").iterdir()) == [
        "nas01.toml",
        "nas02.toml",
    ]


@pytest.mark.parametrize(
    "text", [b'paths = ["/x"]', b"[[allow", b'allow = [{paths = ["/x"]}]', b"# caf\xe9"]
)
def test_a_policy_with_mistakes_is_not_touched(
    captured: Configuration, rsyncgate: Runs, text: bytes
) -> None:
    """A file that cannot be read, or added to, stays as it is, and a sentence says why."""
    file = Path(captured.path, "clients/nas01.toml")
    file.write_bytes(text)
    status, said = run(captured, rsyncgate, "learn", "nas01", "--write")
    assert status in (1, 78)
    assert "nas01" in said or "rules" in said
    assert file.read_bytes() == text


def test_nobody_asked(captured: Configuration, rsyncgate: Runs) -> None:
    """A client without a captured request gets no policy, and the exit status says so."""
    status, text = run(captured, rsyncgate, "learn", "nas03", "--write")
    assert (status, text) == (1, "rsyncgate: the journal holds no captured request of nas03\n")


def test_unused(captured: Configuration, rsyncgate: Runs) -> None:
    """What no request needed for so long goes; a journal that is too short is no proof."""
    captured.client(
        "nas01", '# mine\n[[allow]]\npaths = ["/srv", "/etc"]\n\n[[allow]]\npaths = ["/x"]\n'
    )
    captured.journal.write_bytes(
        record(PULL + "/etc/", "allowed") + record(PULL + "/srv/a", "allowed", ts=NOW)
    )
    for journal in (captured.journal.with_name(f"journal.jsonl.{n}") for n in ("1", "2.gz")):
        journal.unlink()
    assert run(captured, rsyncgate, "learn", "--unused", "9999d")[0] == 1
    assert run(captured, rsyncgate, "learn", "--unused", "90")[0] == 2
    status, diff = run(captured, rsyncgate, "learn", "--unused", "1h")
    assert status == 0
    removed = [line[1:] for line in diff.splitlines() if line[:1] == "-"][1:]
    assert removed == ['paths = ["/srv", "/etc"]', "[[allow]]", 'paths = ["/x"]']
    assert run(captured, rsyncgate, "learn", "nas01", "--unused", "1h", "--write")[0] == 0
    left = Path(captured.path, "clients/nas01.toml").read_text()
    assert left == '# mine\n[[allow]]\npaths = ["/srv"]\n\n'


def test_replay(captured: Configuration, rsyncgate: Runs, tmp_path: Path) -> None:
    """The exit status says whether anything changes, under the policies here or in DIR."""
    captured.client("nas01", '[[allow]]\npaths = ["/srv"]\n')
    captured.client("nas02", '[[allow]]\npaths = ["/x"]\n')
    status, text = run(captured, rsyncgate, "replay")
    assert (status, text) == (0, "0 requests would change, 6 would not\n")
    stricter = Configuration(tmp_path / "new")
    Path(stricter.path, "gate.toml").unlink()
    stricter.client("nas01", '[[allow]]\npaths = ["/srv/1"]\n')
    status, text = run(captured, rsyncgate, "replay", "--policy", stricter.path)
    assert status == 1
    assert 'would be refused: path: "/srv/2/" is not a path this key may read' in text
    assert "nas02: captured until now, would be refused: configuration" in text
    assert "\n3 requests would change, 3 would not\n" in text


def test_damage_is_told(captured: Configuration, rsyncgate: Runs) -> None:
    """Lines that are no records are named, and the others are learned from."""
    with captured.journal.open("ab") as stream:
        stream.write(b"garbage\n" + record(PULL + "/new", ts=MORNING))
    status, text = run(captured, rsyncgate, "learn", "nas01")
    assert status == 0
    assert f"rsyncgate: {captured.journal}:3: is no record of rsyncgate\n" in text
    assert '"/new"' in text
