"""What the paths of a request mean on this server: `~`, wildcards and symlinks resolved.

Does the remote shell's part (tilde and wildcard expansion), and rsync's for -s clients. Nothing
outside the client's roots is looked into, so that no answer depends on what is there.
"""

from __future__ import annotations

import os
import pwd
from itertools import islice

from rsyncgate.policy.model import Located, Source, inside
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import PATH, READS
from rsyncgate.rsync.request import SENDER, Request, Token
from rsyncgate.rsync.wildcard import fits, is_wild, steps
from rsyncgate.rsync.words import Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsyncgate.rsync.wildcard import Step

MAX_NAMES = 20_000
"""How many names the wildcards of one request may stand for, directories on the way included."""

NAME_MAX = 255
"""Longest component of a path; what is longer stands for itself, whatever is in it."""

_FOLLOWING = ("--copy-links", "--copy-dirlinks", "--copy-unsafe-links")


def locate(request: Request, roots: tuple[str, ...], home: str) -> Located:
    """`request` with its paths resolved, for a client that may read below `roots`.

    Relative paths start at `home`, as sshd has it. Raises Refusal: `dot-dot`, `too-many-files`,
    `not-a-file` or `bad-value`, naming what the client sent.
    """
    if request.role != SENDER or request.faults:
        return Located(request)
    real_roots = {root: os.path.realpath(root) for root in roots}
    view = View(home, tuple(real_roots.values()))
    follow = request.has(*_FOLLOWING)
    request = _with_values(request, view)
    paths = request.paths or (Word(""),)  # a listing client of 2.6 sends none: the home directory
    sources = [source for word in paths for source in view.sources(word, follow)]
    lists = tuple(view.file(token) for token in request.tokens if _names_file(token))
    return Located(request, tuple(sources), lists, real_roots)


def _names_file(token: Token) -> bool:
    option = token.option
    return (
        option is not None
        and option.effect == READS
        and option.takes == PATH
        and token.value not in (None, "-")
    )


def _with_values(request: Request, view: View) -> Request:
    """`request` with `~` and wildcards resolved in the values that were words of their own."""
    tokens = list(request.tokens)
    for n, token in enumerate(tokens):
        if token.source is None:
            continue
        names = view.expand(token.source)
        if len(names) > 1:
            raise Refusal("bad-value", token.text(), "has a wildcard for a value that fits several "
                          "files")  # fmt: skip
        tokens[n] = token.with_value(names[0])
    return Request(
        request.program, request.role, tuple(tokens), request.args, request.faults, request.secluded
    )


class View:
    """The file system as one client sees it: from `home`, and nothing but what is in `roots`."""

    __slots__ = ("home", "left", "roots")

    def __init__(self, home: str, roots: tuple[str, ...]) -> None:
        self.home = home
        self.roots = roots
        self.left = MAX_NAMES  # that wildcards may still find

    def sources(self, word: Word, follow: bool) -> list[Source]:
        """The paths that `word` stands for; `follow` where options make rsync follow symlinks."""
        if ".." in word.text.split("/"):
            raise Refusal("dot-dot", word.text, 'has a ".." in it, which no path may have')
        return [Source(word.text, name, self.real(name, follow)) for name in self.expand(word)]

    def file(self, token: Token) -> Source:
        """The file that an option names for rsync to read. Raises Refusal `not-a-file`."""
        name = token.value or ""
        if ".." in name.split("/"):
            raise Refusal("dot-dot", token.text(), 'has a ".." in it, which no path may have')
        real = self.real(name, follow=True)
        if self.visible(real) and os.path.exists(real) and not os.path.isfile(real):
            raise Refusal("not-a-file", token.text(), "names something that is no regular file")
        return Source(token.text(), name, real)

    def real(self, name: str, follow: bool) -> str:
        """Where `name` leads. Its last component is followed only if rsync would follow it."""
        path = os.path.join(self.home, name)
        parent, last = os.path.split(path)
        if follow or last in ("", "."):
            return os.path.realpath(path)
        return os.path.join(os.path.realpath(parent), last)

    def visible(self, real: str) -> bool:
        """Whether the client may learn what is at `real`."""
        return any(inside(real, root) for root in self.roots)

    def expand(self, word: Word) -> list[str]:
        """The names that `word` stands for; itself where it has no live `~` or fits nothing."""
        word = _without_tilde(word)
        if not word.live("*?["):
            return [word.text]
        return self._fitting(word) or [word.text]

    def _fitting(self, word: Word) -> list[str]:
        """The existing names that fit the wildcards of `word`, sorted."""
        found = [""]
        wild = False
        for component, quoted in _components(word):
            pattern = steps(component, quoted) if len(component) <= NAME_MAX else []
            fitting = pattern if is_wild(pattern) else None
            wild = wild or fitting is not None
            names = self._below(found, component, fitting, word.dots)
            if wild:
                names = islice(filter(self._exists, names), self.left + 1)
            found = [name + "/" for name in names]
            self.left -= len(found) if wild else 0
            if self.left < 0:
                because = f"brings the names that wildcards stand for to more than {MAX_NAMES}"
                raise Refusal("too-many-files", word.text, because)
        return sorted(name[:-1] for name in found)

    def _below(
        self, prefixes: list[str], component: str, pattern: list[Step] | None, dots: bool
    ) -> Iterator[str]:
        """Behind each of `prefixes` what fits `pattern` there; without one, `component` itself."""
        for prefix in prefixes:
            if pattern is None:
                yield prefix + component
                continue
            for name in self._listing(prefix):
                shown = name[:1] != "." or component[:1] == "." or dots
                if shown and fits(pattern, name):
                    yield prefix + name

    def _listing(self, directory: str) -> list[str]:
        real = self.real(directory, follow=True)
        if not self.visible(real):
            return []
        try:
            return os.listdir(real)
        except OSError:
            return []

    def _exists(self, name: str) -> bool:
        directory = os.path.basename(name) in ("", ".")
        real = self.real(name, follow=directory)
        if not self.visible(real):
            return False
        return os.path.isdir(real) if directory else os.path.lexists(real)


def _without_tilde(word: Word) -> Word:
    """`word` with its live tilde-prefix replaced by that user's home; as it is where there is none.

    The name comes from the account database, not from HOME.
    """
    prefix = word.tilde()
    if prefix is None:
        return word
    try:
        user = pwd.getpwnam(prefix[1:]) if prefix[1:] else pwd.getpwuid(os.geteuid())
    except KeyError:
        return word
    home, old = user.pw_dir, len(prefix)
    moved = {n - old + len(home) for n in word.quoted}
    return Word(home + word.text[old:], frozenset({*range(len(home)), *moved}), word.dots)


def _components(word: Word) -> list[tuple[str, frozenset[int]]]:
    """The path components of `word`, each with its own quoted positions."""
    found = []
    start = 0
    for component in word.text.split("/"):
        end = start + len(component)
        found.append(
            (component, frozenset(n - start for n in range(start, end) if n in word.quoted))
        )
        start = end + 1
    return found
