# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""One attack on one gate, judged by what has become of real files, and by nothing that is said."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from attack.model import CRASH, EXEC, FORGE, FORGED, HANG, LEAK, NOISE, WRITE, Attack
from attack.world import World
from e2e.confine.raw import ask, conversation
from e2e.confine.worlds import canary, emptied, leaks
from e2e.sites import Run

Gate = Callable[[Path, Path], str]
"""Lets a key pull `root` and do no more, by the strongest means of the gate's own manual; what it
needs for that goes below `home`. Returns the forced command."""

PATIENCE = 20.0
"""Seconds that a process may stay when its client is gone: rsync itself looks every ten."""

RULES: tuple[Callable[[Path], object], ...] = (
    lambda file: file.write_text("kept\n"),
    lambda file: file.write_text("- kept\n"),
    lambda file: file.unlink(),
)
MAYBE: tuple[Callable[[Path], object], ...] = (canary, Path.unlink, Path.mkdir)
"""What becomes of a file outside, one after the other."""


def harms(attack: Attack, gate: Gate, directory: Path, patience: float = PATIENCE) -> set[str]:
    """What `attack` achieves against `gate` in a new world at `directory`.

    A leak, a change or a program that runs counts always; another harm if it is what was meant.
    """
    world = World(directory).build()
    forced = gate(world.root, world.home)
    command = None if attack.command is None else world.fill(attack.command)
    ssh = world.ssh(forced, command, attack.locale)
    before = world.everything()
    if attack.varies:
        found = _varied(attack, world, ssh)
    elif attack.races:
        with world.flipping():
            found = _raced(attack, world, ssh)
    else:
        found = _judged(_run(attack, world, ssh, patience), world)
        if world.everything() != before:
            found.add(WRITE)
    if world.mark.exists():
        found.add(EXEC)
    if any(_forged(file) for file in world.home.rglob("*")):
        found.add(FORGE)
    return found & {LEAK, WRITE, EXEC, attack.harm}


def _run(attack: Attack, world: World, ssh: Path, patience: float) -> Run | None:
    """One connection of the attacker's; None if the server stays when it has been broken off."""
    if attack.client is not None:
        words = shlex.split(world.fill(attack.client))
        program = [words.pop(0), "-S"] if words[0] in ("scp", "sftp") else ["rsync", "-e"]
        command, stdin = [*program, str(ssh), *words], b""
    else:
        command, stdin = [str(ssh), "server"], os.fsencode(world.fill(os.fsdecode(attack.stdin)))
    if attack.endless:
        command = ["sh", "-c", 'tr "\\0" x </dev/zero | "$0" server', str(ssh)]
    if attack.rules is not None:
        stdin = conversation([*map(world.fill, attack.rules)])
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        if attack.harm == HANG:
            _leave(process, stdin, attack.rules is not None)
            process.wait(patience)
            return Run(process.returncode, b"", b"")
        out, err = process.communicate(stdin, patience)
        return Run(process.returncode, out, err)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _leave(process: subprocess.Popen[bytes], stdin: bytes, talking: bool) -> None:
    """Sends `stdin`, hears the server's greeting if they are `talking`, and breaks off."""
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with suppress(BrokenPipeError):
        process.stdin.write(stdin)
        process.stdin.flush()
    if talking:
        process.stdout.read(8)  # the version and the seed: rules are next
    for end in (process.stdin, process.stdout, process.stderr):
        with suppress(BrokenPipeError):
            end.close()


def _judged(run: Run | None, world: World) -> set[str]:
    """What the attacker can see of a connection that ended so."""
    if run is None:
        return {HANG}
    speech = os.fsencode(run.out)
    seen = {
        LEAK: bool(leaks(run, world.here / "copy")),
        CRASH: not 0 <= run.status <= 128 or "Traceback (most recent" in run.err,
        NOISE: bool(speech) and speech[1:4] != bytes(3),  # rsync begins with a number below 256
    }
    return {harm for harm, was_seen in seen.items() if was_seen}


def _varied(attack: Attack, world: World, ssh: Path) -> set[str]:
    """Whether answers differ by what lies outside; the number of a record tells nothing of it."""
    file = world.outside / attack.varies
    answers = set()
    for vary in RULES if attack.varies == "rules" else MAYBE:
        vary(file)
        answer = ask([str(ssh), "server"], [*map(world.fill, attack.rules or ())])
        answers.add(re.sub(r"\b[0-9a-f]{16}\b", "", repr(answer)))
    return {LEAK} if len(answers) > 1 else set()


def _raced(attack: Attack, world: World, ssh: Path) -> set[str]:
    """Whether one of so many connections brings something from outside."""
    for _ in range(attack.races):
        emptied(world.here / "copy")
        if LEAK in _judged(_run(attack, world, ssh, PATIENCE), world):
            return {LEAK}
    return set()


def _forged(file: Path) -> bool:
    """Whether `file` has a line that the attacker wrote."""
    return file.is_file() and FORGED in file.read_text("utf-8", "replace").splitlines()
