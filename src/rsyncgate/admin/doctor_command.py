# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""rsyncgate doctor: what stands on its command line. Thin, for click."""

from __future__ import annotations

import ipaddress
import pwd

import click

from rsyncgate.admin import doctor as examining
from rsyncgate.admin import doctor_view
from rsyncgate.admin.doctor_journal import LOGROTATE
from rsyncgate.admin.terminal import terminal


@click.command()
@click.option("--user", default="root", show_default=True, help="Look at this account's keys too.")
@click.option("--peer", metavar="ADDRESS", default="127.0.0.1", show_default=True,
              help="Where clients come from, for Match blocks.")  # fmt: skip
@click.option("--sshd-config", metavar="FILE", help="What sshd is started with (sshd -f).")
@click.option("--logrotate-config", metavar="FILE", default=LOGROTATE, show_default=True,
              help="What logrotate is started with.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def doctor(
    config: str,
    user: str,
    peer: str,
    sshd_config: str | None,
    logrotate_config: str,
    as_json: bool,
) -> int:
    """Look at sshd, keys, files, shell, rsync, kernel, journal and clock; say what to mend.

    Exit status 0 if all is well, 1 with a warning, 2 with a failure.
    """
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise click.UsageError(f"--user {user}: is no account of this server") from None
    try:
        ipaddress.ip_address(peer)
    except ValueError:
        raise click.UsageError(f"--peer {peer}: is no address; write one like 192.0.2.10") from None
    asked = examining.Asked(config, user, peer, sshd_config, logrotate_config)
    found = examining.examine(asked)
    click.echo(examining.as_json(found) if as_json else doctor_view.page(found, *terminal()),
               nl=as_json)  # fmt: skip
    return examining.worst(found)
