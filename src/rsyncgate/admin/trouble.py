# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What keeps an admin command from its work."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Trouble(Exception):
    """What keeps a command from its work, as a sentence."""


@contextmanager
def needing() -> Iterator[None]:
    """Names the package to install where an import in here fails. Raises Trouble."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Trouble(
            f"this needs {error.name}: pip install 'rsyncgate[audit]', or your distribution's "
            "package of it"
        ) from None
