# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Between sshd and rsync runs the standard library alone, and of that as little as can be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsyncgate
from unit.conftest import PULL, Configuration

assert rsyncgate.__file__
SOURCE = Path(rsyncgate.__file__).parent
READERS = ("read", "verify", "schema", "distinct")
"""Modules of the journal that the admin half alone uses, by how their names begin."""
ADMIN_FILES = {
    *SOURCE.glob("admin/*.py"),
    *(file for file in SOURCE.glob("journal/*.py") if file.name.startswith(READERS)),
    SOURCE / "bundle.py",  # which installing runs
}
GATE_FILES = sorted({*SOURCE.rglob("*.py")} - ADMIN_FILES)

# Each costs from a half to twice as much as the interpreter's own start.
SLOW = {"re", "json", "typing", "enum", "dataclasses", "pathlib", "logging", "argparse",
        "subprocess", "signal", "shlex", "glob", "fnmatch", "contextlib", "inspect"}  # fmt: skip

# One request through the gate, whose policy another one has read: its modules afterwards.
ONE_REQUEST = """
import sys
before = set(sys.modules)
sys.path.append({path!r})
import rsyncgate.__main__
from rsyncgate import cache
from rsyncgate.gate import serve
cache.DIRECTORY, cache.SETTLED = {cache!r}, 0
environ = {{"SSH_ORIGINAL_COMMAND": {command!r}, "SSH_USER_AUTH": {key!r}}}
status = serve({config!r}, "nas01", "", environ)
for name in set(sys.modules) - before:
    print(name, getattr(sys.modules[name], "__file__", None) or "built-in", file=sys.stderr)
sys.exit(status)
"""

OWN = {
    "__main__",
    "cache",
    "digest",
    "gate",
    "pathname",
    "refusal",
    "journal.chain",
    "journal.record",
    "journal.visit",
    "journal.write",
    "policy.decide",
    "policy.load",
    "policy.model",
    "policy.roots",
    "rsync.options",
    "rsync.request",
    "rsync.words",
    "session.arrival",
    "session.paths",
    "session.places",
    "session.view",
}
FOR_A_RUN = {
    "policy.limits",
    "session.calls",
    "session.confine",
    "session.kernel",
    "session.landlock",
    "session.launch",
    "session.layout",
    "session.mounts",
    "session.needs",
    "session.plan",
    "session.privileges",
    "session.run",
}
PYTHONS = {
    "__future__", "_ctypes", "_sha2", "_sha256", "_struct", "binascii", "fcntl", "gc", "pwd",
    "select", "time",
}  # fmt: skip


def imported(tree: ast.AST) -> Iterator[str]:
    """What the code of `tree` imports when it runs, wherever in it; types for mypy aside."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
        yield from imported(node)


@pytest.mark.parametrize("file", GATE_FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_what_the_gate_imports(file: Path) -> None:
    """The gate imports nothing slow and nothing from outside; its door alone knows the admin."""
    names = set(imported(ast.parse(file.read_text())))
    packages = {name.partition(".")[0] for name in names}
    assert packages <= {*sys.stdlib_module_names, "rsyncgate", "_sha2"}  # _sha2: since 3.12
    assert not packages & SLOW
    admin = {name for name in names if name.startswith("rsyncgate.admin")}
    assert admin == ({"rsyncgate.admin.cli"} if file.name == "__main__.py" else set())
    assert not any(name.startswith(f"rsyncgate.journal.{r}") for name in names for r in READERS)


@pytest.fixture
def loaded(config: Configuration, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Every module that one request loads, a pull of the path given, and the file it comes from."""
    config.settings(rsync="/bin/true")
    config.client("nas01", f'[[allow]]\npaths = ["{tmp_path}"]\n')
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "key").write_text("publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n")
    script = ONE_REQUEST.format(
        path=str(SOURCE.parent),
        config=config.path,
        cache=str(tmp_path / "cache"),
        key=str(tmp_path / "key"),
        command=f"{PULL} -logDtpre.iLsfxCIvu . {request.param or tmp_path}",
    )
    command = [sys.executable, "-ISXutf8", "-c", script]
    subprocess.run(command, capture_output=True, check=False)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == (77 if request.param else 0), ended.stderr
    lines = [line.split(" ", 1) for line in ended.stderr.splitlines()]
    return dict(words for words in lines if words[0] != "rsyncgate:")


def own(loaded: dict[str, str]) -> set[str]:
    """The modules of the gate's own among these, its packages aside."""
    files = {name: file for name, file in loaded.items() if name.partition(".")[0] == "rsyncgate"}
    return {name[10:] for name, file in files.items() if not file.endswith("__init__.py")}


@pytest.mark.parametrize("loaded", [""], indirect=True)
def test_what_a_pull_loads(loaded: dict[str, str]) -> None:
    """A pull under a policy that was read before loads these modules and no others."""
    assert own(loaded) == OWN | FOR_A_RUN
    assert {name for name in loaded if name.partition(".")[0] != "rsyncgate"} <= PYTHONS


@pytest.mark.parametrize("loaded", ["/etc"], indirect=True)
def test_what_a_refusal_loads(loaded: dict[str, str]) -> None:
    """A refusal loads nothing that only a run needs."""
    assert own(loaded) == OWN
    assert {name for name in loaded if name.partition(".")[0] != "rsyncgate"} <= PYTHONS
