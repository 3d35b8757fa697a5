# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What rsync needs to run at all: its program, the ELF loader, the shared libraries, user names.

Single files, so that no directory full of other things has to be opened to it.
"""

from __future__ import annotations

from rsyncgate import cache
from rsyncgate.session.places import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    Way = tuple[str, list[tuple[str, str, int]]]

NAMES = ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf")
"""What turns numbers of users and groups into names; not needed with --numeric-ids."""

LOADER_CACHE = "/etc/ld.so.cache"

LOCALE = "/usr/lib/locale/C.utf8"
"""The locale that run.ENVIRONMENT names: without it rsync takes names for ASCII."""


class Needs:
    """`executable` and `readable` paths, as the loader will ask for them; some may be missing.

    `ways` says of some where they lead: the path without symlinks, and the symlinks on the way.
    """

    __slots__ = ("executable", "readable", "ways")

    def __init__(self, executable: list[str], readable: list[str], ways: dict[str, Way]) -> None:
        self.executable = executable
        self.readable = readable
        self.ways = ways


def needs(program: str, names: bool, charsets: bool) -> Needs:
    """What `program` needs; with `names` to name users, with `charsets` for --iconv.

    Raises OSError where the program cannot be read.
    """
    executable, libraries, home, ways = _wanted(program)
    readable = [*libraries]
    if home:
        readable = [LOADER_CACHE, LOCALE, *libraries]
        if names:
            readable.append(f"{home}/libnss_files.so.2")
        if charsets:
            readable.append(f"{home}/gconv")
    if names:
        readable += NAMES
    return Needs(executable, list(dict.fromkeys(readable)), ways)


def _wanted(program: str) -> tuple[list[str], list[str], str, dict[str, Way]]:
    """What elf.wanted() says, and where it leads; or what they said when nothing was different."""
    name, sources = f"{program} is made of", (program, LOADER_CACHE)
    state = cache.state_of(*sources)
    known = cache.recall(name, state)
    if known is not None and known[0] == cache.state_of(*known[1], *known[2]):
        return known[1], known[2], known[3], known[4]
    from rsyncgate.session import elf

    executable, libraries, home = elf.wanted(program, LOADER_CACHE)
    parts = cache.state_of(*executable, *libraries)
    ways = {path: _way(path) for path in (*executable, *libraries)}
    cache.keep(name, sources, state, (parts, executable, libraries, home, ways))
    return executable, libraries, home, ways


def _way(path: str) -> Way:
    place = find(path)
    place.close()
    return place.real, place.links
