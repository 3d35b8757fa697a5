# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The audit commands: what stands on their command lines, and where their output goes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from rsyncgate.admin.terminal import terminal
from rsyncgate.admin.trouble import Trouble, needing
from rsyncgate.journal.read import journal_files, journals
from rsyncgate.policy.load import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from rsyncgate.admin.audit_list import Filter
    from rsyncgate.journal.read import Damage

FILES = click.argument("files", nargs=-1, metavar="[FILE]...")


@click.group(invoke_without_command=True)
@click.pass_context
def audit(context: click.Context) -> int | None:
    """Who pulled what, when, and what was refused and why.

    Alone: what needs attention, then a summary of every client. FILEs are journals to read instead
    of this server's own, also rotated, compressed (.gz, .zst, .xz, .bz2) and of several hosts; a
    directory stands for all below it, - for standard input.
    """
    if context.invoked_subcommand is None:
        return summary.main([], standalone_mode=False, obj=context.obj)  # type: ignore[no-any-return]
    return None


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="The same for a program; days are local.")
@FILES
@click.pass_obj
def summary(config: str, as_json: bool, files: tuple[str, ...]) -> int:
    """What needs attention, and each client's success, requests, bytes and refusals."""
    from rsyncgate.admin import audit_view
    from rsyncgate.admin.audit_tally import tally

    with needing():
        found = tally(_files(config, files))
    text = audit_view.as_json(found) + "\n" if as_json else audit_view.page(found, *terminal())
    click.echo(text, nl=False)
    return _tell_damage(found.damage, found.damaged)


def _filtered(command: Callable[..., int]) -> Callable[..., int]:
    """Gives `command` the options that choose records."""
    for option in reversed(
        (
            click.option("--host", metavar="NAME", default="", help="Of this server alone."),
            click.option("--client", metavar="NAME", default="", help="Of this client alone."),
            click.option("--event", default="", help="captured, allowed, refused, finished ..."),
            click.option("--reason", metavar="CODE", default="", help="Refused for this reason."),
            click.option("--peer", metavar="ADDRESS", default="", help="From this address."),
            click.option("--key", metavar="SHA256:...", default="", help="With this key."),
            click.option("--path", default="", help="Naming this path, or one below it."),
            click.option("--since", metavar="WHEN", default="", help="7d, 2026-11-01, yesterday"),
            click.option("--until", metavar="WHEN", default="", help="Likewise; a day is whole."),
            click.option("--json", "as_json", is_flag=True, help="As they stand, a line each."),
        )
    ):
        command = option(command)
    return command


@audit.command("list")
@_filtered
@FILES
@click.pass_obj
def list_(config: str, /, files: tuple[str, ...], as_json: bool, **wanted: str) -> int:
    """List records, the newest last."""
    from rsyncgate.admin.audit_list import Listing

    listing = Listing(_files(config, files))
    show = _shower(as_json, several=len(listing.scans) > 1)
    for record in listing.records(_filter(wanted)):
        click.echo(show(record))
    return _tell_damage(listing.damage, listing.damaged)


@audit.command()
@_filtered
@click.option("--lines", "-n", default=10, metavar="N", help="Begin with the last N (10).")
@click.pass_obj
def follow(config: str, /, as_json: bool, lines: int, **wanted: str) -> int:
    """List records as they are written, through every rotation, until Ctrl-C."""
    from rsyncgate.admin.audit_follow import follow as followed

    host, _ = settings(config)
    show = _shower(as_json)
    for entry in followed(host.journal, _filter(wanted), lines):
        if isinstance(entry, dict):
            click.echo(show(entry))
        else:
            click.echo(f"rsyncgate: {entry}", err=True)
        sys.stdout.flush()
    return 0


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Its records as they stand, a line each.")
@click.argument("record", metavar="ID")
@FILES
@click.pass_obj
def show(config: str, as_json: bool, record: str, files: tuple[str, ...]) -> int:
    """Show one session: its records, its request word by word, and the rule as it stood."""
    from rsyncgate.admin.audit_show import session
    from rsyncgate.journal.read import Scan

    scan = Scan(_files(config, files))
    found = sorted(scan.find(record), key=lambda entry: str(entry["ts"]))
    if not found:
        raise Trouble(f"no journal holds a record with the id {record}")
    click.echo("\n".join(map(json.dumps, found)) if as_json else session(found))
    return 0


@audit.command()
@click.option("--head", is_flag=True, help="Print the last record's hash, to be noted elsewhere.")
@click.option("--since", metavar="HASH", default="", help="A hash that was noted elsewhere.")
@FILES
@click.pass_obj
def verify(config: str, head: bool, since: str, files: tuple[str, ...]) -> int:
    """Prove that no record was changed, removed or inserted, or name the first (exit status 1)."""
    from rsyncgate.admin.audit_proof import prove

    if since and not (len(since) == 64 and set(since) <= set("0123456789abcdef")):
        raise click.UsageError("--since takes a hash as --head prints it: 64 hexadecimal digits")
    host, _ = settings(config)
    report = prove(_files(config, files), own=None if files else host.journal, since=since)
    for line in report.wrong:
        click.echo(f"rsyncgate: {line}", err=True)
    if head:
        for one in report.heads:
            click.echo(one)
    else:
        for line in report.lines:
            click.echo(line)
    return 1 if report.wrong else 0


@audit.command()
@click.option("--html", "page", metavar="FILE", required=True, help="Where to write the page.")
@FILES
@click.pass_obj
def report(config: str, page: str, files: tuple[str, ...]) -> int:
    """Write a page of pictures and tables that needs nothing else: no network, no scripts."""
    from rsyncgate.admin.atomic import replace
    from rsyncgate.admin.audit_tally import tally

    with needing():
        from rsyncgate.admin.report import page as drawn

        found = tally(_files(config, files))
        replace(page, drawn(found))
    return _tell_damage(found.damage, found.damaged)


@audit.command()
def schema() -> None:
    """Print the JSON Schema of a record."""
    from rsyncgate.journal.schema import text

    click.echo(text(), nl=False)


@click.command()
@click.option("--output", metavar="FILE", help="Write FILE at once, for node_exporter to read.")
@FILES
@click.pass_obj
def metrics(config: str, output: str | None, files: tuple[str, ...]) -> int:
    """Print the state of every client for Prometheus (node_exporter's textfile collector)."""
    from rsyncgate.admin.atomic import replace
    from rsyncgate.admin.audit_tally import tally

    with needing():
        from rsyncgate.admin.metrics import exposition

        host, _ = settings(config)
        text = exposition(tally(journals(files) or journal_files(host.journal)), host.journal)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace(output, text, mode=0o644)
    return 0


def _files(config: str, files: Sequence[str]) -> list[str]:
    """The files that are named, or this server's own journal with what was rotated."""
    if files:
        return journals(files)
    host, _ = settings(config)
    return _own(host.journal)


def _own(journal: str) -> list[str]:
    found = journal_files(journal)
    if not found:
        raise Trouble(f"{journal}: there is no journal yet; the first request makes it")
    return found


def _filter(wanted: dict[str, str]) -> Filter:
    from rsyncgate.admin import audit_times
    from rsyncgate.admin.audit_list import Filter

    for name, moment in (("since", audit_times.since), ("until", audit_times.until)):
        if wanted[name]:
            try:
                with needing():
                    wanted[name] = moment(wanted[name])
            except ValueError:
                raise click.UsageError(
                    f"--{name} {wanted[name]}: is no time; write one like 7d, 2026-11-01, yesterday"
                ) from None
    return Filter(**wanted)


def _shower(as_json: bool, several: bool = False) -> Callable[[dict[str, Any]], str]:
    from rsyncgate.admin.audit_list import Renderer

    return json.dumps if as_json else Renderer(terminal()[0], several).line


def _tell_damage(damage: Sequence[Damage], count: int) -> int:
    """Says on stderr what was no record; returns 1 if a file could not be read at all."""
    for one in damage[:20]:
        click.echo(f"rsyncgate: {one}", err=True)
    if count > 20:
        click.echo(f"rsyncgate: {count - 20} more lines are no records", err=True)
    return int(any(one.line == 0 for one in damage))
