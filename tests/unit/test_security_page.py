# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""SECURITY.md names tests that exist, and every CVE that an attack stands for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from attack.attacks import ATTACKS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "SECURITY.md").read_text()
STANDS_FOR = {attack.name: attack.stands_for for attack in ATTACKS}
CVE = re.compile(r"CVE-\d{4}-\d{4,}")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.split("## What broke other gates")[1].split("\n## ")[0].splitlines()
    if line.startswith("| ")
][2:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_named_tests(row: list[str]) -> None:
    """Each test that a row names is there, and an attack among them is the one of each CVE."""
    what, _, _, tests = row
    names = re.findall("`([^`]+)`", tests)
    for name in names:
        file, _, function = name.rpartition("::")
        if file:
            body = ast.parse((REPOSITORY / file).read_text()).body
            assert function in {node.name for node in body if isinstance(node, ast.FunctionDef)}
        else:
            assert name in STANDS_FOR
    assert set(CVE.findall(what)) <= {STANDS_FOR.get(name) for name in names}


def test_every_cve_of_an_attack() -> None:
    """Each CVE that an attack stands for has a row."""
    rows = " ".join(row[0] for row in ROWS)
    assert set(CVE.findall(" ".join(STANDS_FOR.values()))) == set(CVE.findall(rows))
    assert len(ROWS) > 20
