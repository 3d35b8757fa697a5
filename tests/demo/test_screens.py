# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The README's pictures: whole, and nothing but pictures."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

SCREENS = Path(__file__).with_name("screens")
README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("picture", sorted(SCREENS.iterdir()), ids=lambda picture: picture.stem)
def test_alone(picture: Path) -> None:
    """A picture asks no server for anything, and names no place it was made at."""
    text = picture.read_text()
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    text = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"url\((?!#)|https?:|href|/tmp/", text)


def test_readme() -> None:
    """Every picture that the README shows is there."""
    named = re.findall(r"tests/demo/screens/([\w.]+)", README.read_text())
    assert set(named) <= {picture.name for picture in SCREENS.iterdir()}
