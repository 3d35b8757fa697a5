# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Attacks that change, create or remove a file on the server."""

from __future__ import annotations

from attack.model import COPY, PULL, RECEIVER, SENDER, WRITE, clients, commands

PUSHED = "<here>/payload server:<root>/"
PUSH = f"-a {PUSHED}"
REMOVE = f"-r --remove-source-files server:<root>/ {COPY}"
PULLED = f"-r server:<root>/ {COPY}"
REMOVING = "rsync --server --sender -re.iLsfxCIvu"
OUT = "<outside>/log"
DIRECTION = "rrsync's direction trick of 2005"

# fmt: off
ATTACKS = [
    *clients(WRITE, {
        "push": ("no check of the direction", PUSH),
        "push-secluded": ("-s hides the rest", f"-as {PUSHED}"),
        "push-elsewhere": ("no check of the path", "-a <here>/payload server:<outside>/"),
        "push-delete": ("no check of the direction", "-r --delete <here>/ server:<root>/sub/"),
        "push-write-devices": ("--write-devices", f"-a --write-devices {PUSHED}"),
        "push-backup-dir": ("--backup-dir", "-abI --backup-dir=<outside>/b <here>/payload "
                            "server:<root>/kept"),
        "push-temp-dir": ("--temp-dir", f"-a --temp-dir=<outside> {PUSHED}"),
        "push-partial-dir": ("--partial-dir", f"-a --partial-dir=<outside> {PUSHED}"),
        "push-through-symlink": ("rrsync's symlink write",
                                 "-a <here>/payload server:<root>/to-directory/"),
        "push-sender-in-quotes": (DIRECTION, PUSH, f"{RECEIVER} --suffix ' --sender ' . <root>/"),
        "push-sender-as-value": (DIRECTION, PUSH, f"{RECEIVER} --suffix --sender . <root>/"),
        "push-sender-as-name": (DIRECTION, PUSH, f"{RECEIVER} -- . <root>/ --sender"),
        "push-sender-in-comment": ("text that a shell drops", PUSH,
                                   f"{RECEIVER} . <root>/ # {SENDER} . <root>/"),
        "push-sender-in-bundle": ("text that rsync drops", PUSH, f"{RECEIVER}--sender . <root>/"),
        "remove-source-files": ("a sender that removes", REMOVE),
        "remove-sent-files": ("an option's old name", REMOVE,
                              f"{REMOVING} --remove-sent-files . <root>/"),
        "remove-source-files-last": ("options after the paths", REMOVE,
                                     f"{REMOVING} . <root>/ --remove-source-files"),
        "remove-source-files-secluded": ("-s hides the rest", f"-s {REMOVE}"),
        "remove-source-files-outside": ("CVE-2026-53800", "-r --remove-source-files "
                                        f"server:<root>/to-directory/ {COPY}"),
        "log-file": ("a sender that writes", f"-M--log-file={OUT} {PULLED}"),
        "log-file-inside": ("a sender that writes", f"-M--log-file=<root>/log {PULLED}"),
        "log-file-symlink": ("CVE-2026-53803", f"-M--log-file=<root>/to-file {PULLED}"),
        "log-file-secluded": ("-s hides the rest", f"-s -M--log-file={OUT} {PULLED}"),
        "log-file-and-format": ("a sender that writes", PULLED, f"{REMOVING} --log-file={OUT} "
                                "'--log-file-format=; <run>' . <root>/"),
        "scp-to": ("any command", "scp -O <here>/payload server:<root>/"),
        "daemon-push": ("CVE-2019-3463", "-a <here>/payload server::m/new",
                        "rsync --server --daemon --config=<root>/rsyncd.conf ."),
    }),
    *commands(WRITE, {
        "redirect": ("shell syntax", f"{PULL} > <outside>/new"),
        "redirect-without-blanks": ("shell syntax", f"{PULL}>>'<outside>/new'"),
        "tee": ("shell syntax", f"{PULL} | tee <outside>/new"),
        "rm": ("any command", "rm -rf <root>"),
    }),
]
