# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Attacks that bring a file, a name or a time from outside the directory."""

from __future__ import annotations

from attack.model import COPY, LEAK, Attack, clients, commands


def sent(options: str) -> str:
    """The command of a sender with `options`."""
    return f"rsync --server --sender {options}"


LISTED = f"--files-from=<here>/list server:<root>/ {COPY}"
OUTSIDE = f"-r server:<outside>/ {COPY}"
LINKED = f"-rL server:<root>/to-file {COPY}"
OF_2005 = "rrsync's backslashes of 2005"
RACES = 60

# fmt: off
ATTACKS = [
    *clients(LEAK, {
        "outside": ("no check of the path", OUTSIDE),
        "outside-secluded": ("-s hides the rest", f"-s {OUTSIDE}"),
        "neighbour": ("borg 1.0.7", f"-r server:<root>-secret/ {COPY}"),
        "second-path": ("one path is checked", f"-r server:<root>/kept :<outside>/ {COPY}"),
        "dot-dot": ("no check of the path", f"-r server:<root>/../../outside/ {COPY}"),
        "dot-dot-below": ("no check of the path", f"-r server:<root>/sub/../../../outside/ {COPY}"),
        "dot-dot-escaped": (OF_2005, OUTSIDE, sent("-re.iLsfxCIvu . <root>/.\\./.\\./outside/")),
        "dot-dot-quoted": (OF_2005, OUTSIDE,
                           sent("-re.iLsfxCIvu . '<root>/'.\".\"/'..'/outside/")),
        "home": ("~", f"-r server:~/private/ {COPY}"),
        "proc": ("/proc", f"-r server:/proc/self/root<outside>/ {COPY}"),
        "double-slash": ("a path in disguise", f"-r server:/<outside>/ {COPY}"),
        "symlink-with-slash": ("a symlink as argument", f"-r server:<root>/to-directory/ {COPY}"),
        "symlink-with-dot": ("a symlink as argument", f"-r server:<root>/to-directory/. {COPY}"),
        "symlink-above": ("a symlink as argument", f"-r server:<root>/to-directory/leaf/ {COPY}"),
        "symlink-to-proc": ("/proc", f"-r server:<root>/to-everything<outside>/ {COPY}"),
        "wildcard": ("wildcards", f"-r server:<root>/to-dir*/ {COPY}"),
        "wildcard-beside": ("wildcards", f"-r server:<root>*/ {COPY}"),
        "wildcard-secluded": ("wildcards", f"-rs server:<root>/to-*/leaf/ {COPY}"),
        "copy-links": ("symlinks followed", LINKED),
        "copy-links-secluded": ("-s hides the rest", f"-s {LINKED}"),
        "copy-links-last": ("options after the paths", LINKED,
                            sent("-re.iLsfxCIvu . <root>/to-file -L")),
        "copy-links-long": ("two names of an option", LINKED,
                            sent("-re.iLsfxCIvu --copy-links . <root>/to-file")),
        "copy-links-in-bundle": ("options in a bundle", LINKED,
                                 sent("-rtvLe.iLsfxCIvu . <root>/to-file")),
        "copy-dirlinks": ("symlinks followed", f"-rk server:<root>/to-directory {COPY}"),
        "copy-unsafe-links": ("CVE-2026-53783",
                              f"-r --copy-unsafe-links server:<root>/to-file {COPY}"),
        "list-through-symlink": ("symlinks followed", f"-rkR {LISTED}"),
        "list-of-links": ("symlinks followed", f"-rL {LISTED}"),
        "list-elsewhere": ("CVE-2026-53802",
                           f"-r --files-from=:<outside>/file server:<root>/ {COPY}"),
        "list-by-symlink": ("CVE-2026-53802",
                            f"-r --files-from=:<root>/to-file server:<root>/ {COPY}"),
        "listing": ("no check of the path", "--list-only server:<outside>/"),
        "program-with-cd": ("a command before the program",
                            f"-r --rsync-path='cd <outside>&&rsync' server:. {COPY}"),
        "no-dot": ("the first argument is entered", OUTSIDE, sent("-re.iLsfxCIvu <outside>/ .")),
        "dot-as-value": ("an option takes the dot", OUTSIDE,
                         sent("-re.iLsfxCIvu --suffix . <outside>/ .")),
        "after-dashes": ("-- ends the options", OUTSIDE, sent("-re.iLsfxCIvu -- . <outside>/")),
        "confine-root": ("CVE-2017-15914", LINKED,
                         sent("-rLe.iLsfxCIvu --confine-root=/ . <root>/to-file")),
        "line-and-block": ("-s beside arguments", f"-s {OUTSIDE}",
                           sent("-rse.iLsfxCIvu . <root>/")),
        "daemon-over-ssh": ("CVE-2019-3463", f"-r server::m/ {COPY}",
                            "rsync --server --daemon --config=<root>/rsyncd.conf ."),
        "scp-from": ("any command", "scp -O server:<outside>/file <here>/copy"),
        "sftp": ("any command", "sftp server:<outside>/file <here>/copy",
                 "/usr/lib/openssh/sftp-server"),
    }),
    *commands(LEAK, {
        "cat": ("any command", "cat <outside>/file"),
        "tar": ("any command", "tar cf - <outside>"),
    }),
    Attack("option-of-the-gate", LEAK, "CVE-2013-6889", "--lint <outside>/file",
           dead="to a shell, a command is no option"),
    *clients(LEAK, {
        "race-of-the-argument": ("CVE-2026-53783", f"-rt server:<root>/middle/leaf/ {COPY}"),
        "race-of-two-arguments": ("CVE-2026-53783",
                                  f"-rtR server:<root>/./middle/leaf/ :<root>/./last/ {COPY}"),
        "race-of-the-open": ("CVE-2026-53797", f"-rt {LISTED}"),
    }, races=RACES),
    Attack("race-of-the-walk", LEAK, "CVE-2026-53801", races=RACES, dead="closed in rsync 3.5.0",
           client=f"-rt server:<root>/ {COPY}"),
]
