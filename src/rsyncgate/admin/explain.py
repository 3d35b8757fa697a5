# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A request taken apart word by word, and the gate's answer to it, in rsync's own terms."""

from __future__ import annotations

import os
from typing import Any

from rsyncgate.admin.options import spelt
from rsyncgate.admin.terminal import plain
from rsyncgate.gate import answer
from rsyncgate.journal.read import Scan, journal_files
from rsyncgate.policy.limits import added_options
from rsyncgate.policy.load import client, client_file, settings, sound
from rsyncgate.policy.model import Client, Located
from rsyncgate.refusal import REASONS, Refusal, show
from rsyncgate.rsync.request import OTHER, Request, Token, parse, server_argv
from rsyncgate.rsync.secluded import block_of, with_stdin
from rsyncgate.rsync.words import quote, split
from rsyncgate.session.arrival import arrive


class Asked:
    """What to explain: the `client`, its `command`, its address and what it sent on stdin."""

    def __init__(self, client: str, command: str, peer: str, block: bytes | None) -> None:
        self.client = client
        self.command = command
        self.peer = peer
        self.block = block


def from_journal(config: str, record_id: str, name: str | None) -> Asked | None:
    """The request that the journal holds under `record_id`, for the client `name` if given."""
    host, _ = settings(config)
    for record in Scan(journal_files(host.journal)).find(record_id):
        if "command" in record:
            return asked_in(record, name)
    return None


def asked_in(record: dict[str, Any], name: str | None = None) -> Asked:
    """The request that `record` holds, for the client `name` if given."""
    words = record.get("secluded")
    block = block_of(words) if words else None
    command, peer = record.get("command") or "", str(record.get("peer", ""))
    return Asked(name or str(record.get("client", "")), command, peer, block)


def explain(config: str, asked: Asked) -> tuple[str, int]:
    """The explanation, and the exit status that the gate would refuse with (0 if allowed)."""
    lines: list[str] = []
    try:
        _explain(config, asked, lines)
    except Refusal as refusal:
        lines += _refused(refusal)
        return "\n".join(lines), refusal.status
    return "\n".join(lines), 0


def _explain(config: str, asked: Asked, lines: list[str]) -> None:
    """Adds to `lines` as far as the request is understood. Raises the Refusal it meets."""
    request = understood(asked)
    lines += token_rows(request)
    host, mistakes = settings(config)
    sound(mistakes)
    policy, mistakes = client(config, asked.client, host.rsync)
    sound(mistakes)
    if request.secluded and not request.faults:
        lines.append("The other arguments come on stdin; give them with --stdin FILE.")
        raise Refusal("secluded", "-s", "announces arguments on stdin, and none are given here")
    peer = asked.peer or (policy.networks[0].partition("/")[0] if policy.networks else "")
    located, verdict = answer(request, policy, arrive({}).home, peer)
    if verdict.refusal:
        raise verdict.refusal
    lines += _allowed(located, policy, verdict.rule, client_file(config, asked.client))


def understood(asked: Asked) -> Request:
    """The request in rsync's grammar. Raises Refusal where it cannot be taken apart."""
    request = parse(split(asked.command))
    if not request.secluded or asked.block is None:
        return request
    return with_stdin(request, asked.block)


def token_rows(request: Request) -> list[str]:
    """A line for each word of the request: what was sent, what it can do, what it says."""
    return _table(_tokens(request))


def _tokens(request: Request) -> list[tuple[str, str, str]]:
    """Rows of what was sent, what it can do, and what it says."""
    program = " ".join(request.program)
    if request.role == OTHER:
        return [(program, "command", "starts no rsync server")]
    rows = [(program, "program", "what the client calls rsync; the configured rsync runs instead")]
    rows += [_option_row(token) for token in request.tokens]
    rows += [(word.text, "start", "where rsync starts from") for word in request.args[:1]]
    rows += [(word.text or "''", "path", _path_note(request, word.text)) for word in request.paths]
    return rows


def _option_row(token: Token) -> tuple[str, str, str]:
    option = token.option
    if option is None:
        return token.text(), "unknown", "no rsync server takes it"
    effect = "role" if option.name in ("--server", "--sender") else option.effect
    return token.text(), effect, f"{spelt(option)} {option.does}"


def _path_note(request: Request, path: str) -> str:
    if request.role != "sender":
        return "is written to"
    if path.endswith(("/", "/.")):
        return "is read: what is in the directory"
    return "is read, with all below it"


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    cells = [(_cell(sent), effect, says) for sent, effect, says in rows]
    wide = max((len(sent) for sent, _, _ in cells), default=0)
    broad = max((len(effect) for _, effect, _ in cells), default=0)
    return [f"  {sent:{wide}}  {effect:{broad}}  {says}" for sent, effect, says in cells]


def _cell(text: str) -> str:
    return show(text)[1:-1]


def _allowed(located: Located, policy: Client, rule: str, file: str) -> list[str]:
    lines = [f"allowed: {rule} of {file}"]
    request = located.request
    if request.role == OTHER:
        return lines
    names = [source.name for source in located.sources] if request.paths else []
    for source in located.sources:
        if os.path.normpath(source.name or ".") != source.real:
            lines.append(f"  {show(source.name)} is {show(source.real)}")
    argv = server_argv(request, names, added_options(request, policy))
    lines.append("runs: " + " ".join(show(quote(word), limit=4096)[1:-1] for word in argv))
    return lines


def _refused(refusal: Refusal) -> list[str]:
    lines = [f"refused: {refusal.sentence()}", f"reason: {refusal.code}: {REASONS[refusal.code]}"]
    if refusal.detail:
        lines.append(f"detail: {plain(refusal.detail)}")
    return lines
