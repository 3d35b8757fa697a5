# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What rsync is to be confined to. Plain data: the gate makes it, the child carries it out."""

from __future__ import annotations

import posix
import pwd

from rsyncgate.pathname import join
from rsyncgate.policy.model import Client, Located, Settings, Verdict
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import FOLLOWING
from rsyncgate.rsync.request import Request
from rsyncgate.session.needs import Needs, needs

NOT_STARTED = "the server could not start rsync; its administrator finds why in the journal"

REQUIRE, PREFER, OFF = "require", "prefer", "off"
"""The values of `confine` in gate.toml."""


class Plan:
    """What to confine rsync to.

    `needs` is what rsync is made of; `roots` the directories it may read, as the policy writes
    them; `names` the absolute paths it will be given; `home` where it starts; `hidden` what it
    must not see. `landlock` and `narrow` say whether to use Landlock and a root of its own. `user`
    is (uid, gid, groups) or None; `devices` whether it may open devices, `trusted` whether it may
    read trusted.* attributes; `nice` and `ionice` its priority.
    """

    def __init__(
        self,
        needs: Needs,
        roots: tuple[str, ...],
        home: str,
        *,
        names: tuple[str, ...] = (),
        hidden: tuple[str, ...] = (),
        landlock: bool = True,
        narrow: bool = True,
        user: tuple[int, int, list[int]] | None = None,
        devices: bool = False,
        trusted: bool = False,
        nice: int = 0,
        ionice: str = "",
    ) -> None:
        self.needs = needs
        self.roots = roots
        self.home = home
        self.names = names
        self.hidden = hidden
        self.landlock = landlock
        self.narrow = narrow
        self.user = user
        self.devices = devices
        self.trusted = trusted
        self.nice = nice
        self.ionice = ionice


def plan_for(
    located: Located, verdict: Verdict, client: Client, host: Settings, home: str, landlock: bool
) -> Plan:
    """The Plan for an allowed request of `client`, which rsync begins in `home`.

    Raises Refusal `configuration` where rsync, or the account it is to run as, is not there.
    """
    request = located.request
    return Plan(
        _needs(host.rsync, request),
        verdict.paths,
        home,
        names=tuple(join(home, s.name) for s in (*located.sources, *located.lists)),
        hidden=client.hide,
        landlock=landlock,
        narrow=host.confine != OFF,
        user=account(client.user or host.user),
        devices=request.has("--copy-devices"),
        trusted=client.trusted_xattrs,
        nice=client.nice,
        ionice=client.ionice,
    )


def _needs(program: str, request: Request) -> Needs:
    names, charsets = not request.has("--numeric-ids"), request.has("--iconv")
    try:
        return needs(program, names, charsets)
    except OSError as error:
        detail = f"{program}: is no program that can be run: {error.strerror}"
        raise Refusal("configuration", "", NOT_STARTED, detail) from None


def must_not_follow(request: Request) -> Refusal | None:
    """The refusal of a request that follows links where no Landlock holds them, or None."""
    for token in request.tokens:
        if token.option is not None and token.option.name in FOLLOWING:
            because = f"{token.option.does}, and on this server nothing would hold it back"
            return Refusal("unconfined", token.text(), because)
    return None


def account(name: str) -> tuple[int, int, list[int]] | None:
    """The (uid, gid, groups) of another account than the running one, or None."""
    if not name:
        return None
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        detail = f"user: {name} is no account of this server any more; make it, or name one"
        raise Refusal("configuration", "", NOT_STARTED, detail) from None
    if found.pw_uid == posix.geteuid():
        return None
    return found.pw_uid, found.pw_gid, posix.getgrouplist(name, found.pw_gid)
