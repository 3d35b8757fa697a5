# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The keys of gate.toml and of a client's file: what each may hold, its default, what it means.

The one source for reading, checking and documenting them. A check takes the value that stands in
the file and returns what the program uses, or raises Mistake with what is allowed there.
"""

from __future__ import annotations

from rsyncgate.policy.model import is_probe
from rsyncgate.refusal import Refusal, show
from rsyncgate.rsync.options import CLIENT_SIDE, FOLLOWS, HARMLESS, NEUTRAL, PATH, READS, meanings
from rsyncgate.rsync.request import Token, arguments
from rsyncgate.rsync.words import Word, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Mistake(Exception):
    """What is wrong with a value, as the end of a sentence that begins with file and key."""


class Key:
    """One key: its `name`, its `check`, its `default`, and `means`, a sentence for the manual.

    `each` says that the value is a list, and `check` is for its items.
    """

    __slots__ = ("check", "default", "each", "means", "name")

    def __init__(
        self, name: str, check: Callable[[Any], Any], default: Any, means: str, each: bool = False
    ) -> None:
        self.name = name
        self.check = check
        self.default = default
        self.means = means
        self.each = each


def absolute_path(value: Any) -> str:
    """A path from / on, made plain: no "..", no doubled or trailing slash."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise Mistake(f'{_shown(value)} is no absolute path; write one that starts with "/"')
    parts = [part for part in value.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Mistake(f'{_shown(value)} has ".." in it; write the path it leads to')
    if "\0" in value:
        raise Mistake(f"{_shown(value)} has a NUL in it; no path has")
    return "/" + "/".join(parts)


def hidden_place(value: Any) -> str:
    """An absolute path of what can be covered: not /, and each place by its own name."""
    path = absolute_path(value)
    if path == "/":
        raise Mistake('"/" cannot be hidden; name the places in it')
    if any(character in path for character in "*?["):
        raise Mistake(f"{_shown(value)} has a wildcard, which hides nothing; name each place")
    return path


def network(value: Any) -> str:
    """An IPv4 or IPv6 address, or a network as ADDRESS/BITS."""
    import ipaddress  # only where a policy names addresses

    try:
        if not isinstance(value, str):
            raise ValueError
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise Mistake(
            f'{_shown(value)} is no address; write one like "192.0.2.10" or "2001:db8::/64"'
        ) from None


LARGEST = 2**31 - 1
"""What rsync's own numbers end at."""


def number(value: Any) -> int:
    """A whole number that is not negative, and none that rsync could not hold."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise Mistake(f"{_shown(value)} stands where 0 to {LARGEST} belongs; write a number")
    return value


def niceness(value: Any) -> int:
    """How nice, as nice(1) counts: 0 to 19."""
    if number(value) > 19:
        raise Mistake(f"{value} is too nice; write 0 to 19")
    return int(value)


def account(value: Any) -> str:
    """The name of an account of this server."""
    import pwd

    try:
        return pwd.getpwnam(value).pw_name
    except (KeyError, TypeError, ValueError):
        raise Mistake(
            f"{_shown(value)} is no account of this server; make it, or name one"
        ) from None


def yes_or_no(value: Any) -> bool:
    """One of true and false."""
    if not isinstance(value, bool):
        raise Mistake(f"{_shown(value)} is neither true nor false; write one of them")
    return value


def one_of(*words: str) -> Callable[[Any], str]:
    """A check for one of `words`."""

    def check(value: Any) -> str:
        if value not in words:
            raise Mistake(f"{_shown(value)} is not known; write one of {', '.join(words)}")
        return str(value)

    return check


def program(value: Any) -> tuple[str, ...]:
    """The words a client may start its command with, such as "sudo rsync"."""
    words = _words(value, "sudo rsync")
    if "--server" in words:
        raise Mistake(f"{_shown(value)} holds rsync's arguments; write what stands before them")
    return words


def probe(value: Any) -> tuple[str, ...]:
    """A whole command that the gate can answer: "true", or rsync's name with --version."""
    words = _words(value, "rsync --version")
    if is_probe(words):
        return words
    raise Mistake(
        f"{_shown(value)} is no probe the gate can answer; "
        'it answers "true" and "rsync --version" (or another of the programs with --version)'
    )


def options(value: Any) -> dict[str, tuple[str, ...]]:
    """Options as rsync spells them, `--opt=PATTERN` for values: {table name: value patterns}."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Mistake('is no list of options; write one like ["-logDtpr", "--numeric-ids"]')
    found: dict[str, tuple[str, ...]] = {}
    wrong: list[str] = []
    for item in value:
        try:
            pairs = _option(item)
        except Mistake as mistake:
            wrong.append(str(mistake))
            continue
        for name, pattern in pairs:
            found[name] = found.get(name, ()) + ((pattern,) if pattern is not None else ())
    if wrong:
        raise Mistake("; ".join(wrong))
    return found


def _option(item: str) -> list[tuple[str, str | None]]:
    name, blank, value = item.partition(" ")  # "--suffix OLD" is as good as "--suffix=OLD"
    words = [name, value] if blank and "=" not in name else [item]
    tokens, others, faults = arguments([Word(word) for word in words])
    if others or not tokens:
        raise Mistake(f'{show(item)} is no option; write one like "-logDtpr" or "--bwlimit=*"')
    for fault in faults:
        raise Mistake(f"{fault.sentence()}; {_MENDS[fault.code]}")
    return [pair for token in tokens for pair in _pairs(token)]


_MENDS = {
    "unknown-option": '"rsyncgate options" lists those there are',
    "bad-value": 'write "--option=PATTERN" where an option takes a value, "*" for any value',
}


def _pairs(token: Token) -> list[tuple[str, str | None]]:
    option = token.option
    assert option is not None  # a token without one is a fault
    if option.effect not in (NEUTRAL, CLIENT_SIDE, HARMLESS, FOLLOWS) and not (
        option.effect == READS and option.takes == PATH
    ):
        raise Mistake(f"{show(token.spelling)} {option.does}; no rule can allow it")
    return [(one, token.value) for one in meanings(option.name)]


def _words(value: Any, example: str) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            words = tuple(word.text for word in split(value))
        except Refusal as refusal:
            raise Mistake(f"{show(value)}: {refusal.sentence()}") from None
        if words:
            return words
    raise Mistake(f'{_shown(value)} is no command; write one like "{example}"')


def _shown(value: Any) -> str:
    return show(value) if isinstance(value, str) else _KINDS.get(type(value), "a time")


_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


GATE = (
    Key("rsync", absolute_path, "/usr/bin/rsync", "The rsync that runs, and nothing else."),
    Key(
        "journal",
        absolute_path,
        "/var/log/rsyncgate/journal.jsonl",
        "The file that every request is written to before anything runs.",
    ),
    Key(
        "confine",
        one_of("require", "prefer", "off"),
        "require",
        "Whether rsync must be confined by the kernel: with prefer it runs without Landlock where "
        "there is none, and follows no links then.",
    ),
    Key(
        "user",
        account,
        "",
        "The account that rsync runs as, for every client; root's key needs "
        "no more than a reader behind it.",
    ),
    Key(
        "syslog",
        yes_or_no,
        False,
        "Sends every record to the system's log too (facility auth), as far as that takes it.",
    ),
)
"""The keys of gate.toml."""

RULE = (
    Key(
        "paths",
        absolute_path,
        (),
        "Roots: each may be read with all below it; a component may hold wildcards.",
        each=True,
    ),
    Key("options", options, None, "The options allowed; left out, all that harm no sender."),
)
"""The keys of one [[allow]] table."""

CLIENT = (
    Key("from", network, (), "Addresses and networks the client comes from.", each=True),
    Key("programs", program, (), "What may stand for rsync, as in --rsync-path.", each=True),
    Key("probes", probe, (), "Whole commands that succeed without a pull.", each=True),
    Key("hide", hidden_place, (), "Places that are never read, below a root or not.", each=True),
    Key("user", account, "", "The account that rsync runs as for this client."),
    Key("nice", niceness, 0, "How nice rsync is, as nice(1) counts."),
    Key("ionice", one_of("best-effort", "idle"), "", "How rsync waits for disks, as ionice(1)."),
    Key("bwlimit", number, 0, "The highest rate in KiB a second; the client may ask for less."),
    Key("timeout", number, 0, "The seconds a transfer may stall; the client may ask for less."),
    Key("sessions", number, 0, "How many sessions may run at once; the next is told to wait."),
    Key(
        "trusted_xattrs",
        yes_or_no,
        False,
        "Lets -X send trusted.* attributes too. rsync keeps CAP_SYS_ADMIN for that.",
    ),
)
"""The keys of a client's file, besides its [[allow]] tables."""
