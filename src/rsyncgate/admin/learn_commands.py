# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The commands that put a client behind the gate: authorize, learn, replay. Thin, for click."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from rsyncgate.admin import authorize as authorizing
from rsyncgate.admin import history as past
from rsyncgate.admin import policy_text, teach
from rsyncgate.admin.acts import note_act
from rsyncgate.admin.check import client_names
from rsyncgate.admin.replay import Policy, Replay
from rsyncgate.admin.terminal import plain
from rsyncgate.journal.distinct import PIECE, distinct
from rsyncgate.journal.read import journal_files
from rsyncgate.journal.read import journals as journal_paths
from rsyncgate.journal.record import CAPTURED, KEY_REMOVED
from rsyncgate.policy.load import client, settings, sound
from rsyncgate.refusal import Refusal
from rsyncgate.session.paths import real_roots

if TYPE_CHECKING:
    from typing import TextIO

    from rsyncgate.admin.authorize import Change
    from rsyncgate.admin.authorized_keys import Entry
    from rsyncgate.journal.distinct import Part


@click.command()
@click.argument("name")
@click.option("--key", "key", type=click.File("r"), help="The public key file; - is stdin.")
@click.option("--learn", is_flag=True, help="Write requests down, and run nothing.")
@click.option("--learn-run", is_flag=True, help="Write requests down, and run what any policy could"
              " allow; may be written --learn=run.")  # fmt: skip
@click.option("--install", is_flag=True, help="Put the line into the account's authorized_keys.")
@click.option("--only", is_flag=True, help="Take the client's other keys out as well.")
@click.option("--remove", is_flag=True, help="Take all keys of the client out, and put none in.")
@click.option("--user", default="root", show_default=True, help="The account.")
@click.option("--file", default="", metavar="FILE", help="Its authorized_keys, where sshd's"
              " AuthorizedKeysFile is not the usual one.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what --install or --remove would change.")
@click.pass_obj
def authorize(
    config: str,
    name: str,
    key: TextIO | None,
    learn: bool,
    learn_run: bool,
    install: bool,
    only: bool,
    remove: bool,
    user: str,
    file: str,
    dry_run: bool,
) -> int:
    """Print the authorized_keys line that puts a key behind the gate, or install it.

    A line that is there for the same key and client is replaced.
    """
    learning = "--learn=run" if learn_run else "--learn" if learn else ""
    if remove:
        if key or install or only or learning:
            raise click.UsageError("--remove takes all keys of the client out; give it alone")
        changes = authorizing.removal(user, file, name)
        if not _make(config, name, changes, "", dry_run):
            click.echo(f"{changes[0].path} has no key of {name}")
        return 0
    if key is None:
        raise click.UsageError("give --key FILE, or --remove")
    entry = authorizing.entry(config, os.path.abspath(sys.argv[0]), name, key.read(), learning)
    if not install and not dry_run:
        click.echo(str(entry))
        _point_out(user, file, entry)
        return 0
    changes = authorizing.installation(user, file, entry, only)
    if not _make(config, name, changes, f"{name} {_AFTER[learning]}", dry_run):
        click.echo(f"{changes[0].path} has this line already")
    return 0


def _make(config: str, name: str, changes: list[Change], after: str, dry_run: bool) -> bool:
    """Makes `changes`, writes each act down and says so, or shows them; whether there are any.

    `after` says what a key that is put there may do.
    """
    different = [change for change in changes if change.new != change.old]
    for change in different:
        if dry_run:
            click.echo(policy_text.diff(change.old, change.new, change.path), nl=False)
            continue
        change.make()
        host, _ = settings(config)
        for event, entry in change.acts:
            key = entry.fingerprint()
            note_act(
                host.journal, event, syslog=host.syslog, client=name, file=change.path, key=key
            )
            done = f"the key {key} of {name} is taken out" if event == KEY_REMOVED else after
            click.echo(f"{change.path}: {done}")
    return bool(different)


def _point_out(user: str, file: str, entry: Entry) -> None:
    """Says what stands in the way of the line, as far as the account's files can be read."""
    try:
        authorizing.installation(user, file, entry)
    except ValueError as error:
        click.echo(f"rsyncgate: {error}", err=True)
    except OSError:
        pass


_AFTER = {
    "": "may do what its policy allows",
    "--learn": "is being learned: its requests are written down, and nothing runs",
    "--learn=run": "is being learned: its pulls are written down, and run",
}


@click.command()
@click.argument("name", required=False)
@click.argument("journals", nargs=-1)
@click.option("--write", is_flag=True, help="Install the policy; the old one is kept beside it.")
@click.option("--generalise", is_flag=True, help="Put * where paths differ in numbers or dates.")
@click.option("--unused", metavar="DAYS", help="Take out what no request needed for so long, such"
              " as 90d (or 12w, 36h).")  # fmt: skip
@click.pass_obj
def learn(
    config: str,
    name: str | None,
    journals: tuple[str, ...],
    write: bool,
    generalise: bool,
    unused: str | None,
) -> int:
    """Print the policy that allows what a client asked for while it was being learned.

    Reads the host's journal with its rotated files, or JOURNALS (a directory stands for all
    below it, "-" for stdin). Where the client has a policy, shows what would change in it. Without
    NAME every client's turn comes.
    """
    since = _ago(unused) if unused else ""
    part = _read(config, journals, since)
    if unused and not part.older:
        raise ValueError(f"the journal does not go back {unused}; older files, or a shorter time?")
    history = past.history(part.requests.values())
    names = [name] if name else _configured(config) if unused else sorted(history)
    for each in names:
        if unused:
            _show(config, each, teach.pruning(config, each, history), write)
        elif history.get(each, {}).get(CAPTURED):
            _show(config, each, teach.lesson(config, each, history, generalise), write)
        elif name:
            raise ValueError(f"the journal holds no captured request of {name}")
    return 0


def _configured(config: str) -> list[str]:
    return client_names(os.path.join(config, "clients"), [])


def _show(config: str, name: str, taught: teach.Lesson, write: bool) -> None:
    """Prints what changes in a policy, or does it."""
    if write:
        click.echo(teach.write(config, name, taught))
    elif taught.new == taught.old:
        click.echo(f"{taught.file} needs no change", err=True)
    shown = "" if write else taught.text()
    never = taught.impossible()
    click.echo(shown + ("\n" if shown and never else "") + never, nl=False)


@click.command()
@click.argument("journals", nargs=-1)
@click.option("--policy", metavar="DIR", help="Decide by the policies in DIR, laid out like the "
              "configuration directory.")  # fmt: skip
@click.pass_obj
def replay(config: str, journals: tuple[str, ...], policy: str | None) -> int:
    """Decide every past request again, and show what would change (exit status 1 if anything)."""
    directory = policy or config
    own = os.path.exists(os.path.join(directory, "gate.toml"))
    host, mistakes = settings(directory if own else config)
    sound(mistakes)
    part = _read(config, journals)
    history = past.history(part.requests.values())
    replay = Replay()
    for name, outcomes in sorted(history.items()):
        decided, mistakes = client(directory, name, host.rsync)
        for line in mistakes:
            click.echo(f"rsyncgate: {plain(line)}", err=True)
        fault = Refusal("configuration", "", "its policy has mistakes") if mistakes else None
        policy_now = Policy(decided, real_roots(decided.roots()), fault)
        for outcome, seen in outcomes.items():
            for one in seen:
                replay.add(name, outcome, one, policy_now)
    click.echo(replay.text())
    unread = any(damage.line == 0 for damage in part.damage)
    return 1 if replay.groups or unread else 0


def _read(config: str, journals: tuple[str, ...], since: str = "") -> Part:
    """The distinct requests of `journals`, or of the host's own; with a bar on a terminal."""
    files = journal_paths(journals) or journal_files(settings(config)[0].journal)
    size = sum(os.path.getsize(file) for file in files if os.path.isfile(file))
    if sys.stderr.isatty() and size > PIECE:  # less is read in a moment
        with click.progressbar(length=size, label="reading", file=sys.stderr) as bar:
            part = distinct(files, since, bar.update)
    else:
        part = distinct(files, since)
    for damage in part.damage:
        click.echo(f"rsyncgate: {damage}", err=True)
    return part


def _ago(text: str) -> str:
    """The time so many days ("90d"), weeks ("12w") or hours ("36h") ago, as a record's `ts`."""
    units = {"d": "days", "w": "weeks", "h": "hours"}
    if not text[:-1].isdecimal() or text[-1:] not in units:
        raise click.BadParameter(f"{text} is no length of time; write one like 90d")
    ago = timedelta(**{units[text[-1]]: int(text[:-1])})
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%S")
