# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What comes from others: pinned, and looked up where weaknesses are known."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from install.machines import REPOSITORY

CANARY = ("jinja2", "3.0.0")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; .+)? \\\n((?: +--hash=.+\n)*)((?: +#.*\n)+)", re.M)


def pins(name: str) -> list[tuple[str, str, str]]:
    """Every pin of one of the lists, with its version and who wants it."""
    text = (REPOSITORY / ".ci" / name).read_text()
    found = PIN.findall(text)
    assert len(found) == len(re.findall("^[^ #]", text, re.M))
    assert all(hashes for _, _, hashes, _ in found)
    return [(name, version, via) for name, version, _, via in found]


@pytest.mark.parametrize(
    ("name", "extras"),
    [("requirements.txt", ["audit"]), ("requirements-dev.txt", ["audit", "dev"])],
)
def test_pins(name: str, extras: list[str]) -> None:
    """What pyproject.toml asks for is pinned in a version that it takes, and nothing else is."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + [
        line for extra in extras for line in project["project"]["optional-dependencies"][extra]
    ]
    if "dev" in extras:
        wanted += project["build-system"]["requires"]
    wants = {canonicalize_name(want.name): want for want in map(Requirement, wanted)}
    wants.pop(canonicalize_name("rsyncgate"), None)
    pinned = [pin for pin in pins(name) if "rsyncgate (pyproject.toml)" in pin[2]]
    differ = wants.keys() ^ {pin for pin, _, _ in pinned}
    assert not differ, f".ci/{name} and pyproject.toml differ in {differ}: run make lock"
    for pin, version, _ in pinned:
        assert version in wants[canonicalize_name(pin)].specifier, f"{pin} {version}: run make lock"


class Database(ThreadingHTTPServer):
    """Answers as osv.dev does: a weakness for each of the `weak`, none for others."""

    weak: frozenset[tuple[str, str]] = frozenset()


class Answer(BaseHTTPRequestHandler):
    """One question: the name and the version of a package."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Database

    def do_POST(self) -> None:
        """Answers."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = (asked["package"]["name"], asked["version"]) in self.server.weak
        weakness = {"id": "PYSEC-1", "summary": "x", "affected": []}
        body = json.dumps({"vulns": [weakness]} if known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def database() -> Iterator[Database]:
    """A database that knows nothing yet."""
    with Database(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def audit(database: Database, cache: Path) -> tuple[int, str]:
    """How `.ci/audit` ends, and what it says."""
    url = f"http://127.0.0.1:{database.server_port}/v1/query"
    options = ["--vulnerability-service=osv", "--osv-url", url, "--cache-dir", str(cache)]
    done = subprocess.run(
        [REPOSITORY / ".ci" / "audit", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_weakness_is_known(database: Database, tmp_path: Path) -> None:
    """It ends the audit with the name of what is weak; without one, all is well."""
    database.weak = frozenset({CANARY})
    assert audit(database, tmp_path) == (0, "No known vulnerabilities found\n")
    click = next((name, version) for name, version, _ in pins("requirements.txt"))
    database.weak |= {click}
    status, said = audit(database, tmp_path)
    assert status == 1
    assert " ".join(click) in " ".join(said.split())


def test_no_database(database: Database, tmp_path: Path) -> None:
    """One that knows nothing is taken for none, and that is said: it is no reason to fail."""
    status, said = audit(database, tmp_path)
    assert (status, said.count("\n")) == (0, 1)
    assert "nothing is known" in said
