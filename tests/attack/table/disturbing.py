# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Attacks that hold a process, break the gate, talk over the protocol, or lie to the log."""

from __future__ import annotations

from attack.model import (
    CRASH,
    FORGE,
    FORGED,
    HANG,
    NOISE,
    PULL,
    SENDER,
    Attack,
    commands,
)  # fmt: skip

CHECKERS = "aims at programs that look at the command, not at shells"
STDERR = "a server prints that to stderr"
SECLUDED = "rsync --server --sender -slogDtpre.iLsfxCIvu"
WIDE = "/".join(["loop*"] * 12)

# fmt: off
ODD = {
    "not-utf-8": f"{SENDER} . <root>/\udcff\udcfe",
    "not-utf-8-option": "rsync --server --sender -\udcff . <root>/",
    "long": f"{SENDER} . <root>/{'x' * 120_000}",
    "many-words": f"{SENDER} .{' <root>' * 700}",
    "open-quote": f"{SENDER} . '<root>/",
    "last-backslash": f"{SENDER} . <root>/\\",
    "brackets": f"{SENDER} . <root>/[a-",
    "backwards-range": f"{SENDER} . <root>/[z-a]*",
    "braces": f"{SENDER} . <root>/{{a,{{b,{{c",
    "blank": " ",
    "program-alone": "rsync",
    "server-alone": "rsync --server",
    "option-without-value": "rsync --server --sender --suffix",
    "empty-words": "rsync --server --sender -- '' ''",
    "control-characters": f"{SENDER} . <root>/\x01\x1b[2J\x7f",
}

ATTACKS = [
    *(Attack(f"odd-{name}", CRASH, "malformed commands", command, dead=CHECKERS)
      for name, command in ODD.items()),
    Attack("odd-block", CRASH, "malformed blocks", SECLUDED, stdin=b"\xff\0\0\0\0\xff" * 99,
           dead=CHECKERS),
    Attack("kill", CRASH, "any command", "kill -SEGV $$"),
    Attack("fifo-as-list", HANG, "a FIFO below the root",
           "rsync --server --sender -r --files-from=<root>/fifo . <root>/"),
    Attack("fifo-as-rules", HANG, "a FIFO below the root", "rsync --server --sender -r . <root>/",
           rules=(". <root>/fifo",)),
    Attack("fifo-read", HANG, "any command", "cat <root>/fifo"),
    Attack("wildcards-without-end", HANG, "wildcards", f"{SENDER} . <root>/sub/{WIDE}/"),
    Attack("block-without-end", HANG, "-s", SECLUDED, endless=True),
    *commands(NOISE, {
        "version": ("CVE-2017-8386", "rsync --version"),
        "help": ("CVE-2017-8386", "rsync --help"),
        "echo": ("any command", "echo hello"),
    }),
    *commands(NOISE, {
        "version-of-a-server": ("CVE-2017-8386", f"{SENDER} --version . <root>/"),
        "help-of-a-server": ("CVE-2017-8386", f"{SENDER} --help . <root>/"),
    }, dead=STDERR),
    *commands(FORGE, {
        "forged-line": ("forged log lines", f"{PULL}\n{FORGED}\n"),
        "forged-line-quoted": ("forged log lines", f"{SENDER} . '<root>/\n{FORGED}\n'"),
        "forged-line-alone": ("forged log lines", f"x\r\n{FORGED}\r\n"),
    }),
]
