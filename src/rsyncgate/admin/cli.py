# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The admin commands. The one module that turns errors into text and exit statuses."""

from __future__ import annotations

from typing import BinaryIO

import click

from rsyncgate import __version__
from rsyncgate.admin import check as checking
from rsyncgate.admin import explain as explaining
from rsyncgate.admin import options as listing
from rsyncgate.admin.audit_commands import audit, metrics
from rsyncgate.admin.doctor_command import doctor
from rsyncgate.admin.learn_commands import authorize, learn, replay
from rsyncgate.admin.terminal import plain
from rsyncgate.admin.trouble import Trouble
from rsyncgate.policy.load import CONFIG
from rsyncgate.refusal import MISCONFIGURED, Refusal


def admin(config: str, arguments: list[str]) -> int:
    """Runs one admin command with the configuration directory `config`; returns the exit status."""
    # click has no flag that may have a value; the gate's own --learn has one
    arguments = ["--learn-run" if word == "--learn=run" else word for word in arguments]
    try:
        status = _group.main(arguments, "rsyncgate", standalone_mode=False, obj=config)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Refusal as refusal:
        click.echo(f"rsyncgate: {plain(refusal.detail or refusal.sentence())}", err=True)
        return refusal.status
    except (OSError, ValueError, Trouble) as error:
        click.echo(f"rsyncgate: {plain(str(error))}", err=True)
        return 1
    except click.Abort:
        return 130
    return status if isinstance(status, int) else 0


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="The forced command itself is: rsyncgate [--config DIR] [--learn] --client NAME",
)
@click.option("--config", "_config", metavar="DIR", help=f"Read DIR instead of {CONFIG}; "
              "stands before the command.")  # fmt: skip
@click.version_option(__version__, prog_name="rsyncgate")
def _group(_config: str | None) -> None:
    """Lets a key pull files with rsync, and do nothing else."""
    # The door takes --config before click sees the line; it is here for --help.


@_group.command()
@click.argument("policies", nargs=-1)
@click.option("--settings", metavar="FILE", help="Look at FILE alone, a gate.toml to be.")
@click.pass_obj
def check(config: str, policies: tuple[str, ...], settings: str | None) -> int:
    """Read every policy and setting, and list all mistakes (exit status 78).

    With POLICIES, files that are not in place yet, look at them alone.
    """
    files = [*policies, *([settings] if settings else [])]
    if files:
        mistakes = checking.policy_mistakes(config, [*policies])
        mistakes += checking.settings_mistakes(settings) if settings else []
        summary = "\n".join(f"{file}: no mistakes" for file in files)
    else:
        report = checking.examine(config)
        mistakes, summary = report.mistakes, report.summary
    for line in mistakes:
        click.echo(f"rsyncgate: {plain(line)}", err=True)
    if mistakes:
        return MISCONFIGURED
    click.echo(summary)
    return 0


@_group.command()
@click.option("--client", "client", metavar="NAME", help="Whose policy decides.")
@click.option("--id", "record", metavar="ID", help="Explain this record of the journal.")
@click.option("--peer", metavar="ADDRESS", default="", help="Where the client would come from.")
@click.option(
    "--stdin",
    "block",
    type=click.File("rb"),
    help="The NUL-separated arguments that a -s client sends on stdin.",
)
@click.argument("command", required=False)
@click.pass_obj
def explain(
    config: str,
    client: str | None,
    record: str | None,
    peer: str,
    block: BinaryIO | None,
    command: str | None,
) -> int:
    """Take a request apart, word by word, and say what the gate would do with it and why."""
    if record:
        asked = explaining.from_journal(config, record, client)
        if asked is None:
            raise ValueError(f"the journal holds no request with the id {record}")
    elif client and command is not None:
        asked = explaining.Asked(client, command, peer, block.read() if block else None)
    else:
        raise click.UsageError("give --client NAME and the COMMAND, or --id ID from the journal")
    text, status = explaining.explain(config, asked)
    click.echo(text)
    return status


@_group.command()
def options() -> None:
    """Print every option that an rsync server takes, with what it can do to a sender."""
    click.echo(listing.table())


for command in (authorize, learn, replay, audit, metrics, doctor):
    _group.add_command(command)
