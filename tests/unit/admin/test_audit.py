# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The audit commands over journals whose every number is known."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from unit.admin.books import DAY, HOUR, NOW, Book
from unit.conftest import LAUNCHER, Configuration, Runs


@pytest.fixture
def book(config: Configuration) -> Book:
    """The configured journal, empty."""
    return Book(config.journal)


def output(done: subprocess.CompletedProcess[bytes], status: int = 0) -> str:
    """What a command printed, which ended with `status` and had no traceback."""
    assert b"Traceback" not in done.stderr
    assert done.returncode == status, done
    return done.stdout.decode()


def nightly(book: Book, client: str, last: int) -> None:
    """A client that pulled every night up to `last` days ago."""
    for day in range(last + 10, last - 1, -1):
        book.pull(client, DAY * day + HOUR)


def test_summary(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """Each client has its row: requests, bytes, refusals, and its last success."""
    book.pull("nas01", HOUR * 3, sent=1500)
    book.pull("nas01", HOUR * 2, sent=2_000_000)
    book.refuse("nas01", HOUR, "push")
    text = output(rsyncgate("--config", config.path, "audit", environ={"TZ": "UTC"}))
    row = next(line for line in text.splitlines() if line.startswith("nas01 "))
    last = (NOW - HOUR * 2).strftime("%Y-%m-%d %H:%M:%S")
    assert re.match(rf"nas01 +{last} +3 +2\.0 MB +1 ", row)
    assert re.search(r"^ *1 +nas01 +push ", text, re.MULTILINE)
    assert "\x1b" not in text  # a pipe gets plain text


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda b: nightly(b, "nas01", 3), "nas01 has not succeeded for 3 days"),
        (lambda b: b.refuse("nas01", HOUR), "nas01 has never succeeded, in 1 requests"),
        (lambda b: b.refuse("nas01", HOUR), "nas01 is refused for something new: path"),
        (lambda b: b.pull("nas01", HOUR, held=False), "nas01 was served without Landlock"),
        (lambda b: b.note("captured", "nas01", DAY), "nas01 is still in learn mode"),
        (lambda b: b.note("error", "nas01", DAY, detail="x"), "nas01 met a fault of the gate"),
        (lambda b: b.pull("nas01", -DAY), "which is to come: the clock was wrong then or is now"),
    ],
)
def test_attention(
    config: Configuration, book: Book, rsyncgate: Runs, write: Any, says: str
) -> None:
    """What needs attention stands first."""
    write(book)
    text = output(rsyncgate("--config", config.path, "audit"))
    head, sentences = text.split("\n\n")[0].split("\n", 1)
    assert head == "Needs attention"
    assert says in sentences


def test_calm(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """A client in its rhythm, an old outage, old refusals, and a learn mode that was left."""
    for day in [*range(40, 20, -1), *range(15, -1, -1)]:
        book.pull("nas01", DAY * day + HOUR)
    book.note("captured", "nas01", DAY * 50)
    book.refuse("nas01", DAY * 20)
    book.refuse("nas01", HOUR)
    book.pull("nas02", DAY * 30, held=False)
    book.pull("nas02", HOUR)
    text = output(rsyncgate("--config", config.path, "audit"))
    assert text.startswith("Nothing needs attention\n")


def test_several_hosts_and_compressed_files(
    config: Configuration, rsyncgate: Runs, tmp_path: Path
) -> None:
    """Files of several hosts, plain, compressed and from stdin, are one summary and one list."""
    for host, ago in (("alpha", 3), ("beta", 2), ("gamma", 1)):
        Book(tmp_path / f"{host}.jsonl", host).pull("nas01", HOUR * ago)
    alpha, beta, gamma = (tmp_path / f"{host}.jsonl" for host in ("alpha", "beta", "gamma"))
    packed = tmp_path / "alpha.jsonl.1.gz"
    packed.write_bytes(gzip.compress(alpha.read_bytes()))
    files = [str(beta), str(packed), "-"]
    asked = ("--config", config.path, "audit")
    text = output(rsyncgate(*asked, "summary", *files, stdin=gamma.read_bytes()))
    assert [line.split()[1] for line in text.splitlines() if line.startswith("nas01")] == [
        "(alpha)",
        "(beta)",
        "(gamma)",
    ]
    text = output(rsyncgate(*asked, "list", "--json", *files, stdin=gamma.read_bytes()))
    hosts = [json.loads(line)["host"] for line in text.splitlines()]
    assert hosts == ["alpha"] * 2 + ["beta"] * 2 + ["gamma"] * 2


def test_a_directory_of_hosts(config: Configuration, rsyncgate: Runs, tmp_path: Path) -> None:
    """A log host's directory is one audit: each row names its host, each chain is its own."""
    for host in ("alpha", "beta"):
        (tmp_path / "hosts" / host).mkdir(parents=True)
        book = Book(tmp_path / "hosts" / host / "journal.jsonl", host)
        book.pull("nas01", DAY)
        book.journal.rename(book.journal.with_name("journal.jsonl-20261101"))
        book.refuse("nas01", HOUR)
    directory = str(tmp_path / "hosts")
    asked = ("--config", config.path, "audit")
    text = output(rsyncgate(*asked, "summary", directory))
    assert re.search(r"^ *1 +nas01 \(beta\) +path ", text, re.MULTILINE)
    assert output(rsyncgate(*asked, "verify", directory)).count("3 lines, the chain holds") == 2
    text = output(rsyncgate(*asked, "list", directory))
    assert [line.partition("host='")[2][:4] for line in text.splitlines()] == (
        ["alph"] * 2 + ["beta"] * 2 + ["alph", "beta"]
    )
    text = output(rsyncgate(*asked, "list", "--json", "--host", "beta", directory))
    assert [json.loads(line)["host"] for line in text.splitlines()] == ["beta"] * 3


def test_summary_for_a_program(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """The JSON has the attention, each client's numbers by day, and the refusals."""
    book.pull("nas01", HOUR, sent=1500)
    name = book.refuse("nas01", HOUR, "push")
    asked = ("--config", config.path, "audit")
    found = json.loads(output(rsyncgate(*asked, "summary", "--json", environ={"TZ": "UTC"})))
    ts = (NOW - HOUR).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    who = {"host": "server", "client": "nas01"}
    numbers = {"allowed": 1, "succeeded": 1, "failed": 0, "refused": 1, "bytes": 1500}
    (client,) = found["clients"]
    assert client == {
        **who,
        "last_success": ts,
        "requests": 2,
        "captured": 0,
        "errors": 0,
        **numbers,
        "days": [{"date": ts[:10], **numbers}],
    }
    assert found["refusals"] == [{**who, "reason": "push", "count": 1, "first": ts, "last": ts}]
    (concern,) = found["attention"]
    assert concern.pop("sentence").startswith("nas01 is refused for something new: push")
    expected = {"urgent": 2, **who, "what": "refusal", "reason": "push", "since": ts, "times": 1}
    assert concern == expected
    shown = output(rsyncgate(*asked, "show", "--json", name))
    assert shown == output(rsyncgate(*asked, "list", "--json", "--event", "refused"))


def test_damage(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """A foreign or torn line is named with file and line on stderr, and is never the end."""
    book.pull("nas01", HOUR)
    with config.journal.open("ab") as stream:
        stream.write(b'hello\n{"prev": "00\n')
    book.pull("nas01", HOUR)
    for command in ("summary", "list"):
        done = rsyncgate("--config", config.path, "audit", command)
        assert "nas01" in output(done)
        assert f"rsyncgate: {config.journal}:3: is no record of rsyncgate\n" in done.stderr.decode()
        assert f"rsyncgate: {config.journal}:4: is torn" in done.stderr.decode()


FILTERS = [
    (["--client", "nas02"], [3]),
    (["--event", "refused"], [2, 4]),
    (["--reason", "push"], [4]),
    (["--peer", "198.51.100.7"], [2]),
    (["--key", "SHA256:abc"], [3]),
    (["--path", "/srv/"], [3, 4]),
    (["--path", "/srv/a"], [3]),
    (["--path", "/real"], [4]),
    (["--since", "7d"], [2, 3, 4]),
    (["--since", "90m"], [4]),
    (["--until", "90m"], [1, 2, 3]),
    (["--since", "2w", "--until", "3 hours ago"], [2]),
    (["--since", "2001-01-01", "--until", "2001-01-01"], []),
    (["--event", "refused", "--reason", "push"], [4]),
]


@pytest.mark.parametrize(("options", "expected"), FILTERS)
def test_filters(
    config: Configuration, book: Book, rsyncgate: Runs, options: list[str], expected: list[int]
) -> None:
    """Each filter takes what it names and nothing else; --path takes all below it."""
    book.note("captured", "nas01", DAY * 30)
    book.refuse("nas01", DAY, peer="198.51.100.7", request={"paths": ["/srvx"]})
    book.note("allowed", "nas02", HOUR * 2, key="SHA256:abc", request={"paths": ["/srv/a/b"]})
    book.refuse("nas01", HOUR, "push", request={"paths": ["/srv"]},
                sources=[{"name": "/srv", "real": "/real/x"}])  # fmt: skip
    text = output(rsyncgate("--config", config.path, "audit", "list", "--json", *options))
    assert [int(json.loads(line)["id"], 16) for line in text.splitlines()] == expected


def test_wrong_time(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """What is no time is said to be none, with what to write."""
    book.pull("nas01", HOUR)
    done = rsyncgate("--config", config.path, "audit", "list", "--since", "rubbish")
    output(done, 2)
    assert b"--since rubbish: is no time; write one like 7d, 2026-11-01, yesterday" in done.stderr


def test_times_are_local(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """People see their own time, the journal has UTC."""
    book.pull("nas01", HOUR)
    utc = output(rsyncgate("--config", config.path, "audit", "list", environ={"TZ": "UTC"}))
    east = output(rsyncgate("--config", config.path, "audit", "list", environ={"TZ": "Asia/Tokyo"}))
    there = datetime.fromisoformat(east[:19]) - datetime.fromisoformat(utc[:19])
    assert there == timedelta(hours=9)


def test_nothing_reaches_the_terminal_raw(
    config: Configuration, book: Book, rsyncgate: Runs
) -> None:
    """Escape sequences that a client sent are shown, not sent on."""
    evil = "rsync \x1b]0;x\x07 \x9b1m\nfoo \udcff"
    name = book.refuse("nas01\x1b[1m", HOUR, "pa\x1bth", command=evil)
    for words in (["list"], ["show", name], ["summary"]):
        text = output(rsyncgate("--config", config.path, "audit", *words))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


def test_show(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """A session: both records, the request word by word, and the rule as it stood."""
    name = book.pull("nas01", HOUR)
    book.pull("nas02", HOUR)
    text = output(rsyncgate("--config", config.path, "audit", "show", name))
    assert re.search(r"^  --numeric-ids +harmless +", text, re.MULTILINE)
    assert '[[allow]]\n    paths = ["/srv"]\n    options = ["--numeric-ids"]\n' in text
    assert re.search(r"^\S+ \S+  allowed$", text, re.MULTILINE)
    assert re.search(r"^\S+ \S+  finished$", text, re.MULTILINE)
    assert "nas02" not in text
    done = rsyncgate("--config", config.path, "audit", "show", "ffffffffffffffff")
    output(done, 1)
    assert b"no journal holds a record with the id ffffffffffffffff" in done.stderr


def on_terminal(*command: str, **environ: str) -> str:
    """What a command prints on a terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(command[0], command, {"TERM": "xterm", **environ})
    text = b""
    try:
        while chunk := os.read(fd, 4096):
            text += chunk
    except OSError:
        pass
    os.waitpid(pid, 0)
    os.close(fd)
    return text.decode()


@pytest.mark.parametrize("command", ["summary", "list"])
def test_colors(config: Configuration, book: Book, command: str) -> None:
    """Colors are for terminals, and not where NO_COLOR is set."""
    book.refuse("nas01", HOUR)
    words = (str(LAUNCHER), "--config", config.path, "audit", command)
    assert "\x1b[" in on_terminal(*words)
    assert "\x1b[" not in on_terminal(*words, NO_COLOR="1")
    assert "\x1b[" not in on_terminal(*words, TERM="dumb")


def test_follow(config: Configuration, book: Book) -> None:
    """New records appear as they are written: through rotation, a gap and a copy that is cut."""
    book.pull("nas01", HOUR)
    journal = config.journal
    words = (
        "timeout",
        "20",
        LAUNCHER,
        "--config",
        config.path,
        "audit",
        "follow",
        "--json",
        "--event",
        "refused",
    )
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        time.sleep(0.6)
        seen = []
        for step in range(4):
            book.refuse(f"c{step}", HOUR)
            if step == 0:
                journal.rename(journal.with_name("journal.jsonl.1"))
            seen.append(json.loads(process.stdout.readline())["client"])
            if step == 1:
                journal.unlink()
            elif step == 2:
                os.truncate(journal, 0)
                time.sleep(2)  # a look at the file while it is short, on a busy machine too
        assert seen == ["c0", "c1", "c2", "c3"]
        with journal.open("ab") as stream:
            stream.write(b"foreign\n")
        assert b"is no record of rsyncgate" in process.stderr.readline()
        process.terminate()


def test_verify(config: Configuration, book: Book, rsyncgate: Runs) -> None:
    """The chain holds, its head can be noted and checked against; a change is named, status 1."""
    book.pull("nas01", HOUR)
    asked = ("--config", config.path, "audit", "verify")
    assert "2 lines, the chain holds" in output(rsyncgate(*asked))
    head = output(rsyncgate(*asked, "--head")).strip()
    assert re.fullmatch("[0-9a-f]{64}", head)
    book.pull("nas01", HOUR)
    output(rsyncgate(*asked, "--since", head))
    output(rsyncgate(*asked, "--since", "0" * 64), 1)
    output(rsyncgate(*asked, "--since", "nonsense"), 2)
    config.journal.write_bytes(config.journal.read_bytes().replace(b"nas01", b"nas02"))
    done = rsyncgate(*asked)
    output(done, 1)
    assert f"{config.journal}:1 (record 1) was changed" in done.stderr.decode()


def test_no_journal(config: Configuration, rsyncgate: Runs) -> None:
    """Before the first request there is a sentence, not a traceback."""
    config.journal.parent.mkdir()
    for words in (["audit"], ["audit", "list"], ["audit", "verify"], ["audit", "show", "x"]):
        done = rsyncgate("--config", config.path, *words)
        output(done, 1)
        assert b"there is no journal yet" in done.stderr


def test_a_named_file_that_is_not_there(config: Configuration, rsyncgate: Runs) -> None:
    """A file that cannot be read at all is named, and the exit status says so."""
    done = rsyncgate("--config", config.path, "audit", "list", "/nonexistent")
    output(done, 1)
    assert b"/nonexistent: cannot be read: No such file" in done.stderr
