# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Who may ask for what: a client, its rules, and the verdict on one request."""

from __future__ import annotations

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import PATH, READS
from rsyncgate.rsync.request import Request, Token


class Settings:
    """The host's settings, as gate.toml names them (schema.py says what each means)."""

    __slots__ = ("confine", "journal", "rsync", "syslog", "user")

    def __init__(self, confine: str, journal: str, rsync: str, syslog: bool, user: str) -> None:
        self.confine = confine
        self.journal = journal
        self.rsync = rsync
        self.syslog = syslog
        self.user = user


class Rule:
    """One `[[allow]]` table.

    `number` counts from 1 in the file; `paths` are the roots as written (see roots.py); `options`
    maps the table name of each option allowed to the patterns its value may match (empty for one
    that takes none), and None allows all that is harmless to a sender.
    """

    __slots__ = ("number", "options", "paths")

    def __init__(
        self, number: int, paths: tuple[str, ...], options: dict[str, tuple[str, ...]] | None
    ) -> None:
        self.number = number
        self.paths = paths
        self.options = options


class Client:
    """One client's policy.

    `networks` are the addresses it comes from (empty: any); `programs` and `probes` the words it
    may start its command with, and the whole commands it may probe with. `hide` are the places it
    never sees; `user` the account rsync runs as ("": the gate's own); `nice`, `ionice`, `bwlimit`
    (KiB a second), `timeout` (seconds) and `sessions` (at once) its limits, 0 or "" for none;
    `trusted_xattrs` lets -X read trusted.* attributes.
    """

    __slots__ = (
        "bwlimit",
        "hide",
        "ionice",
        "name",
        "networks",
        "nice",
        "probes",
        "programs",
        "rules",
        "sessions",
        "timeout",
        "trusted_xattrs",
        "user",
    )

    def __init__(
        self,
        name: str,
        networks: tuple[str, ...] = (),
        programs: tuple[tuple[str, ...], ...] = (),
        probes: tuple[tuple[str, ...], ...] = (),
        rules: tuple[Rule, ...] = (),
        *,
        hide: tuple[str, ...] = (),
        user: str = "",
        nice: int = 0,
        ionice: str = "",
        bwlimit: int = 0,
        timeout: int = 0,
        sessions: int = 0,
        trusted_xattrs: bool = False,
    ) -> None:
        self.name = name
        self.networks = networks
        self.programs = programs
        self.probes = probes
        self.rules = rules
        self.hide = hide
        self.user = user
        self.nice = nice
        self.ionice = ionice
        self.bwlimit = bwlimit
        self.timeout = timeout
        self.sessions = sessions
        self.trusted_xattrs = trusted_xattrs

    def roots(self) -> tuple[str, ...]:
        """Every root of every rule, each once, in their order."""
        return tuple(dict.fromkeys(path for rule in self.rules for path in rule.paths))


class Source:
    """One path on the server that a request would read.

    `asked` is what the client sent, `name` the path it stands for (a wildcard stands for several),
    `real` where that leads once symlinks are resolved. Where the server is not at hand (lexical.py)
    wildcards stay: then `pattern` is set, and `real` is the root that covers all it may stand for.
    """

    __slots__ = ("asked", "name", "pattern", "real")

    def __init__(self, asked: str, name: str, real: str, pattern: bool = False) -> None:
        self.asked = asked
        self.name = name
        self.real = real
        self.pattern = pattern


class Located:
    """A request and what its paths mean on this server.

    `sources` are the paths to send, `lists` the files that options name for rsync to open, and
    `roots` maps each root of the client's rules to where it really leads.
    """

    __slots__ = ("lists", "request", "roots", "sources")

    def __init__(
        self,
        request: Request,
        sources: tuple[Source, ...] = (),
        lists: tuple[Source, ...] = (),
        roots: dict[str, str] | None = None,
    ) -> None:
        self.request = request
        self.sources = sources
        self.lists = lists
        self.roots = roots or {}


def names_file(token: Token) -> bool:
    """Whether the option names a file for rsync to open ("-" is none: it comes from the client)."""
    option = token.option
    return (
        option is not None
        and (option.effect, option.takes) == (READS, PATH)
        and token.value not in (None, "-")
    )


def is_probe(words: tuple[str, ...]) -> bool:
    """Whether the gate can answer this command without a pull."""
    return words == ("true",) or (len(words) > 1 and words[-1] in ("--version", "-V"))


class Verdict:
    """The answer to one request: allowed, by `rule` ("allow 1", "probe 1"), or the `refusal`.

    `paths` are the roots of that rule as it writes them, but for wildcards: what they stand for.
    """

    __slots__ = ("paths", "refusal", "rule")

    def __init__(
        self, rule: str = "", paths: tuple[str, ...] = (), refusal: Refusal | None = None
    ) -> None:
        self.rule = rule
        self.paths = paths
        self.refusal = refusal

    @property
    def allowed(self) -> bool:
        """Whether the request may run."""
        return self.refusal is None
