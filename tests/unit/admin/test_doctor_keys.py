# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on authorized_keys: what opens the account, and how wide."""

from __future__ import annotations

import pytest

from rsyncgate.admin.doctor_finding import FAILURE, OK, WARNING, Finding
from rsyncgate.admin.doctor_keys import Gate, gate_of, judge, listed

KEYS = [f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{n:043d} key{n}" for n in range(9)]
GATE = 'restrict,command="/usr/bin/rsyncgate --client {}" '
BY_HAND = "no-pty,no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-user-rc"


def judged(*lines: str, commands_only: bool = False) -> list[Finding]:
    """What is said of these lines, where there is a policy for nas01 and nas02."""
    keys = listed("".join(line + "\n" for line in lines), "/k")

    def known(gate: Gate) -> bool:
        return gate.client in ("nas01", "nas02")

    return list(judge("root", keys, commands_only, known))


def gated(n: int = 1) -> str:
    """A sound line for the client number `n`."""
    return GATE.format(f"nas{n:02}") + KEYS[n]


def test_sound() -> None:
    """Any number of sound keys, and comments, make one line."""
    found = judged("# clients", "", gated(1), "  " + gated(2))
    assert [(one.check, one.level) for one in found] == [("keys.gates", OK)]
    assert "2 keys" in found[0].says


@pytest.mark.parametrize(
    ("line", "check", "level"),
    [
        (KEYS[3], "no-gate", WARNING),
        ("restrict " + KEYS[3], "no-gate", WARNING),
        ('restrict,command="/usr/bin/rrsync /srv" ' + KEYS[3], "no-gate", WARNING),
        ('command="/usr/bin/rsyncgate --client nas02" ' + KEYS[3], "restrict", FAILURE),
        ('no-pty,command="rsyncgate --client nas02" ' + KEYS[3], "restrict", FAILURE),
        ('restrict,pty,command="rsyncgate --client nas02" ' + KEYS[3], "restrict", WARNING),
        ('restrict,Port-Forwarding,command="rsyncgate --client nas02" ' + KEYS[3], "restrict",
         WARNING),
        (GATE.format("nas99") + KEYS[3], "policy", FAILURE),
        (GATE.format("../nas") + KEYS[3], "policy", FAILURE),
        ('restrict,command="rsyncgate --learn --client nas02" ' + KEYS[3], "learning", WARNING),
        ('restrict,command="rsyncgate --learn=run --client nas99" ' + KEYS[3], "learning", WARNING),
        (GATE.format("nas02; /bin/sh") + KEYS[3], "command", FAILURE),
        (GATE.format("nas02 --learn") + KEYS[3], "command", FAILURE),
        ("restrict,command=rsyncgate ssh-ed25519", "strange", WARNING),
        (GATE.format("nas02") + KEYS[1], "duplicate", WARNING),
    ],
)  # fmt: skip
def test_one_line(line: str, check: str, level: int) -> None:
    """One wrong line beside a sound one is found once, by file and line, with its mend."""
    wrong = [one for one in judged(gated(), line) if one.level != OK]
    assert [(one.check, one.level) for one in wrong] == [(f"keys.{check}", level)]
    assert wrong[0].says.startswith("/k:2")
    assert wrong[0].mend


@pytest.mark.parametrize("order", [1, -1])
def test_a_key_without_its_gate(order: int) -> None:
    """The same key with a gate and without is a failure, whichever comes first."""
    lines = [gated(1), KEYS[1].removesuffix("key1") + "elsewhere"]
    (wrong,) = judged(*lines[::order])
    assert (wrong.check, wrong.level) == ("keys.duplicate", FAILURE)


def test_restrict_by_hand() -> None:
    """All that restrict stands for, spelt out, is as good."""
    line = f'{BY_HAND},command="rsyncgate --client nas01" {KEYS[1]}'
    assert [one.level for one in judged(line)] == [OK]


def test_commands_only() -> None:
    """A key that sshd does not let in without a command is no open door."""
    assert [one.level for one in judged(gated(), KEYS[3], commands_only=True)] == [OK]
    other = 'command="/bin/sh" ' + KEYS[3]
    assert [one.check for one in judged(gated(), other, commands_only=True)] == ["keys.no-gate"]


def test_no_gate_at_all() -> None:
    """An account without a gate is told how to get one."""
    (found,) = judged("# nothing yet")
    assert (found.check, found.level) == ("keys.gates", WARNING)
    assert "rsyncgate authorize" in found.mend


@pytest.mark.parametrize(
    ("command", "gate"),
    [
        ("rsyncgate --client a", Gate("rsyncgate", "/etc/rsyncgate", "", "a")),
        ("/x/rsyncgate --client=a", Gate("/x/rsyncgate", "/etc/rsyncgate", "", "a")),
        ("rsyncgate --config '/c d' --learn --client a", Gate("rsyncgate", "/c d", "--learn", "a")),
        ("rsyncgate --config=/c --learn=run --client a",
         Gate("rsyncgate", "/c", "--learn=run", "a")),
        ("rsyncgate --learn --config /c --client a", None),
        ("rsyncgate --client a b", None),
        ("rsyncgate --client", None),
        ("rsyncgate", None),
        ("", None),
        ("rsyncgate --client $X", None),
        ("rsyncgate-not --client a", None),
        ("sh -c 'rsyncgate --client a'", None),
    ],
)  # fmt: skip
def test_what_is_a_gate(command: str, gate: Gate | None) -> None:
    """A command is a gate only if the gate itself would take it for a client's."""
    assert gate_of(command) == gate
