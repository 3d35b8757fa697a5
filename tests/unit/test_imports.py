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
GATE_FILES = [
    file
    for file in SOURCE.rglob("*.py")
    if file.relative_to(SOURCE).parts[0] != "admin" and not file.name.startswith(READERS)
]

# Each costs from a half to twice as much as the interpreter's own start.
SLOW = {"re", "json", "typing", "enum", "dataclasses", "pathlib", "logging", "argparse",
        "subprocess", "signal", "shlex", "glob", "fnmatch", "contextlib", "inspect"}  # fmt: skip

# One request through the gate: its modules afterwards, with tomllib's own counted apart.
ONE_REQUEST = """
import sys
import tomllib
before = set(sys.modules) if {apart} else set()
sys.path.append({path!r})
from rsyncgate.gate import serve
status = serve({config!r}, "nas01", False, {{"SSH_ORIGINAL_COMMAND": {command!r}}})
for name in set(sys.modules) - before:
    print(name, getattr(sys.modules[name], "__file__", None) or "built-in", file=sys.stderr)
sys.exit(status)
"""


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
    """Every module that one pull loads and the file it comes from."""
    config.settings(rsync="/bin/true")
    config.client("nas01", f'[[allow]]\npaths = ["{tmp_path}"]\n')
    script = ONE_REQUEST.format(
        apart=request.param,
        path=str(SOURCE.parent),
        config=config.path,
        command=f"{PULL} -logDtpre.iLsfxCIvu . {tmp_path}/*",
    )
    ended = subprocess.run(
        [sys.executable, "-ISXutf8", "-c", script], capture_output=True, text=True, check=True
    )
    return dict(line.split(" ", 1) for line in ended.stderr.splitlines())


@pytest.mark.parametrize("loaded", [False], indirect=True)
def test_only_the_standard_library(loaded: dict[str, str]) -> None:
    """A pull loads the gate's own files and the standard library's, and no others."""
    library = str(Path(subprocess.__file__).parent)
    for name, file in loaded.items():
        if name.partition(".")[0] != "rsyncgate" and file != "built-in":
            assert file.startswith(library), name
            assert "-packages" not in file, name
    assert "rsyncgate.gate" in loaded
    assert not any(name.startswith("rsyncgate.admin") for name in loaded)


@pytest.mark.parametrize("loaded", [True], indirect=True)
def test_nothing_slow(loaded: dict[str, str]) -> None:
    """Apart from what tomllib needs, a pull loads nothing that is slow or not for it."""
    assert not set(loaded) & {*SLOW, "click", "ipaddress", "hashlib", "base64", "encodings.latin_1"}
    assert "rsyncgate.gate" in loaded
