# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""GNU rush, as Debian has it: a login shell.

GNU Rush manual, 6.2 "rsync", with the match made as narrow as 4.4.2 "Matching Conditions" lets one
make it, and 4.4.4 "Environment" for `clrenv`.
"""

from __future__ import annotations

from pathlib import Path

BUNDLE = "( -[vlogDtprxHAXScnczuIbqdRW]*(e[.a-zA-Z]*)?)?"
OPTIONS = (
    "( --(numeric-ids|bwlimit=[0-9]+|timeout=[0-9]+|checksum-choice=[a-z0-9]+|delete[a-z-]*|from0|"
    "inplace|partial|files-from=-|list-only|suffix=[^ ]+|log-format=[^ ]+|stats|super))*"
)
"""The options that clients send and that open nothing."""

RULES = r"""rush 2.0
global
  sleep-time 0
rule rsync-pull
  match $command ~ "^rsync --server --sender{BUNDLE}{OPTIONS} \\.( {ROOT}(/[^ \\\\]*)?)+$" && \
        $command !~ "\\.\\."
  set [0] = "/usr/bin/rsync"
  clrenv
  keepenv USER LOGNAME HOME PATH LANG
rule rsync-trap
  match $command ~ "^rsync"
  exit "Error: this directory may be read, and nothing more"
"""


def authorize(root: Path, home: Path) -> str:
    """The account's shell. Its one file of rules is, for this account, the one below `home`."""
    rules = RULES.replace("{BUNDLE}", BUNDLE).replace("{OPTIONS}", OPTIONS)
    (home / "rush.rc").write_text(rules.replace("{ROOT}", str(root)))
    command = 'exec /usr/sbin/rush ${SSH_ORIGINAL_COMMAND+-c "$SSH_ORIGINAL_COMMAND"}'
    return f"exec unshare -m sh -c 'mount --bind {home}/rush.rc /etc/rush.rc; {command}'"
