# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The report, as a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

from unit.admin.books import DAY, HOUR, Book
from unit.conftest import Configuration, Runs


class Page(HTMLParser):
    """What a rendered page holds: its elements by name, its text, and every address in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Counts an element."""
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "data")]

    def handle_data(self, data: str) -> None:
        """Keeps a text."""
        if data.strip():
            self.texts.append(data.strip())


def browser(page: Path, *options: str) -> bytes:
    """What headless Chromium prints for `page`, without a network."""
    profile = page.with_name("profile")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
         "--host-resolver-rules=MAP * ~NOTFOUND", *options, page.as_uri()],
        capture_output=True, check=True, timeout=50,
    )  # fmt: skip
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout


def test_report(config: Configuration, rsyncgate: Runs, tmp_path: Path) -> None:
    """One page by itself: a picture and its table for each client, the bytes and the refusals."""
    book = Book(config.journal)
    for day in range(6, 2, -1):
        book.pull("nas01", DAY * day, sent=1000)
    book.note("finished", "nas01", DAY * 4, status=23, bytes=0)
    book.pull("<b>nas02", HOUR, sent=5_000_000)
    book.refuse("<b>nas02", HOUR, "push")
    target = tmp_path / "report.html"
    done = rsyncgate("--config", config.path, "audit", "report", "--html", str(target))
    assert (done.returncode, done.stderr) == (0, b"")
    rendered = browser(target, "--dump-dom").decode()
    page = Page(rendered)
    assert page.counts["svg"] == page.counts["table"] == 4
    assert page.counts["rect"] > 4 * 4
    assert "script" not in page.counts
    assert "b" not in page.counts  # a client's name is text
    assert page.addresses == []
    assert not re.search(r"url\(|@import", rendered)
    for text in ("nas01", "<b>nas02", "Bytes by day", "Refusals by reason", "5.0 MB", "push"):
        assert text in page.texts
    assert any(text.startswith("nas01 has not succeeded for 3 days") for text in page.texts)


def test_light_and_dark(config: Configuration, rsyncgate: Runs, tmp_path: Path) -> None:
    """The page follows the reader's preference, pictures and all."""
    Book(config.journal).pull("nas01", HOUR)
    target = tmp_path / "report.html"
    rsyncgate("--config", config.path, "audit", "report", "--html", str(target))
    text = target.read_text()
    assert "prefers-color-scheme: dark" in text
    drawn = re.findall(r"\.color-0\{(?:fill|stroke)[^}]*\}|fill:[^;}]+", text)
    assert any("var(--good)" in rule for rule in drawn)
    assert not any(re.search(r"#[0-9a-f]{3}", rule) for rule in drawn)


def test_an_empty_journal(config: Configuration, rsyncgate: Runs, tmp_path: Path) -> None:
    """A journal without a session makes a page too."""
    config.journal.parent.mkdir()
    config.journal.touch()
    target = tmp_path / "report.html"
    done = rsyncgate("--config", config.path, "audit", "report", "--html", str(target))
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Nothing needs attention" in target.read_text()
