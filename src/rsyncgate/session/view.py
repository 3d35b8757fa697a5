# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The file system as one client sees it."""

from __future__ import annotations

from rsyncgate.pathname import join, split
from rsyncgate.policy.roots import instance, leads_to
from rsyncgate.session.places import find, mode_of


class View:
    """What there is from `home` on: nothing but what is in `roots`.

    What is `hidden` is empty: nothing below it is listed, found or followed.
    """

    __slots__ = ("expanded", "hidden", "home", "roots")

    def __init__(self, home: str, roots: tuple[str, ...], hidden: tuple[str, ...] = ()) -> None:
        self.home = home
        self.roots = roots
        self.hidden = hidden
        self.expanded = 0  # how many names its wildcards have stood for

    def real(self, name: str, follow: bool) -> str:
        """Where `name` leads. Its last component is followed only if rsync would follow it."""
        path = join(self.home, name)
        parent, last = split(path)
        if follow or last in ("", "."):
            return self._followed(path)
        return join(self._followed(parent), last)

    def _followed(self, path: str) -> str:
        """Where `path` leads, without a look at what a symlink in a hidden place says."""
        place = find(path, strict=False)
        place.close()
        return next((link for link, _, _ in place.links if self._covered(link)), place.real)

    def _covered(self, real: str) -> bool:
        """Whether `real` is below a hidden place."""
        return any(real.startswith(place.rstrip("/") + "/") for place in self.hidden)

    def visible(self, real: str) -> bool:
        """Whether `real` is below a root, or on the way to one with wildcards, and not hidden."""
        if self._covered(real):
            return False
        return any(instance(real, root) or leads_to(real, root) for root in self.roots)

    def kind(self, real: str) -> int:
        """The mode of what is at `real`; 0 where the client may not see it, or nothing is."""
        return mode_of(real) if self.visible(real) else 0
