# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Attacks that run a program on the server."""

from __future__ import annotations

from attack.model import COPY, EXEC, PULL, SENDER, Attack, clients, commands

BASH = "shells of after 2014 run nothing from a variable"
SERVE = "--server --sender -r . <root>/"

# fmt: off
ATTACKS = [
    *commands(EXEC, {
        "semicolon": ("shell syntax", f"{PULL}; <run>"),
        "or-last": ("shell syntax", f"{PULL} </dev/null || <run>"),
        "or-first": ("shell syntax", f"<run> || {PULL}"),
        "pipe-last": ("CVE-2021-38173", f"{PULL} | <run>"),
        "pipe-last-of-many": ("CVE-2026-62943", f"{PULL} | gzip -c | <run>"),
        "background": ("shell syntax", f"{PULL} & <run>"),
        "newline": ("CVE-2016-6903", f"{PULL}\n<run>"),
        "backquotes": ("shell syntax", f"{PULL}`<run>`"),
        "substitution": ("shell syntax", f"{SENDER} . $(<run>)<root>/"),
        "substitution-in-quotes": ("CVE-2016-6902", f'{SENDER} . "<root>/$(<run>)"'),
        "substitution-in-arithmetic": ("shell syntax", f"{SENDER} . <root>/$((1+$(<run>)1))"),
        "substitution-as-default": ("shell syntax", SENDER + " . <root>/${none:-$(<run>)}"),
        "quotes-that-close": ("CVE-2016-6902", f'{SENDER} . "<root>/\\\\";<run>;: ""'),
        "continued-line": ("shell syntax", f"{PULL} ;\\\n <run>"),
        "assignment-of-the-path": ("CVE-2012-3478", f"PATH=<home>/../bin {PULL}"),
        "assignment-for-rsync": ("CVE-2012-3478", "RSYNC_RSH=<run> rsync host:/ <here>"),
        "remote-shell": ("CVE-2012-2251", "rsync -e <run> host:/ <here>"),
        "remote-shell-attached": ("CVE-2012-2251", "rsync -ve<run> host:/ <here>"),
        "remote-shell-after-dashes": ("CVE-2012-2251", "rsync -e <run> -- host:/ --server"),
        "remote-shell-long": ("CVE-2012-2252", "rsync --rsh=<run> host:/ <here>"),
        "remote-shell-and-server": ("CVE-2012-2252", "rsync --rsh <run> host:/--server <here>"),
        "popt-alias": ("CVE-2019-3464", "rsync --evil"),
        "scp-program": ("CVE-2019-1000018", "scp -S <run> host:x <here>/x"),
        "another-rsync": ("a path to the program", f"<home>/../bin/rsync {SERVE}"),
        "another-rsync-below": ("a path to the program", f"./../bin/rsync {SERVE}"),
        "env": ("a program before the program", f"env <run> {PULL}"),
        "nice": ("a program before the program", f"nice <run> {PULL}"),
        "another-shell": ("any command", "sh -c <run>"),
        "any-program": ("any command", "<run>"),
    }),
    *clients(EXEC, {
        "daemon": ("CVE-2019-3463", f"-r server::m/file {COPY}",
                   "rsync --server --daemon --config=<root>/rsyncd.conf ."),
        "daemon-after-config": ("CVE-2019-3463", f"-r server::m/file {COPY}",
                                "rsync --config=<root>/rsyncd.conf --server --daemon ."),
    }),
    Attack("login-shell", EXEC, "no command", "", stdin=b"<run>\n"),
    Attack("interactive-shell", EXEC, "any command", "bash -i", stdin=b"<run>\n"),
    Attack("shellshock-command", EXEC, "CVE-2014-6271", "() { :; }; <run>", dead=BASH),
    Attack("shellshock-locale", EXEC, "CVE-2014-6271", PULL, locale="() { :; }; <run>", dead=BASH),
    Attack("remote-shell-of-a-server", EXEC, "CVE-2012-2251", f"{SENDER} --rsh=<run> . <root>/",
           dead="an rsync that is a server starts no remote shell"),
]
