# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Why a request is refused: one exception, one table of stable reason codes."""

from __future__ import annotations

REFUSED = 77
"""Exit status of a refused request (EX_NOPERM)."""
MISCONFIGURED = 78
"""Exit status where the server's own configuration is at fault (EX_CONFIG)."""
TRY_AGAIN = 75
"""Exit status of a passing fault of the server (EX_TEMPFAIL)."""

REASONS = {
    "no-command": "the key was used to ask for a login shell",
    "sftp": "the key was used to ask for the sftp subsystem",
    "program": "the command is not one of the programs or probes this client may name",
    "push": "the client wants to send files to this server",
    "daemon": "the client asked for an rsync daemon",
    "shell-syntax": "the command holds syntax that a shell would act on",
    "control-character": "the command holds a control character",
    "unbalanced-quote": "a quote or a backslash in the command has no end",
    "unknown-option": "the command holds an option that no rsync server takes",
    "bad-value": "an option has a value it cannot take, or lacks one",
    "missing-dot": 'the first argument that is no option is not "."',
    "secluded": "the arguments that a -s client sends on stdin are damaged, late or too long",
    "writes": "an option writes to a file on the server",
    "deletes": "an option deletes files on the server",
    "reads-path": "an option reads a file that no policy can vouch for",
    "changes-role": "an option makes the server something other than a sender",
    "option": "an option is not among those this client may send",
    "dot-dot": 'a path has a ".." in it',
    "path": "a path is not below a directory this client may read",
    "not-a-file": "a list of files is to be read from something that is no regular file",
    "too-many-files": "a wildcard stands for more names than a command line holds",
    "unconfined": "an option follows links, and no Landlock holds rsync to its directories",
    "peer": "the connection comes from an address this client does not use",
    "configuration": "the server's policy or settings are at fault",
    "confinement": "the kernel or the account does not allow the confinement that is asked for",
    "journal": "the server's journal cannot be written",
    "busy": "as many sessions of this client run as may",
    "captured": "the gate is learning: the request was written down and nothing was run",
}
"""Every reason code with its meaning. Codes are stable: filters and dashboards hold them."""


_STATUS = {
    "configuration": MISCONFIGURED,
    "confinement": MISCONFIGURED,
    "journal": TRY_AGAIN,
    "busy": TRY_AGAIN,
}


class Refusal(Exception):
    """A request that does not run.

    `code` is a key of REASONS; `token` what the client sent that is at fault ("" where nothing it
    sent is); `because` the rest of the sentence, in words fit for the client; `detail` what only
    the administrator may read (it goes to the journal and nowhere else).
    """

    def __init__(self, code: str, token: str, because: str, detail: str = "") -> None:
        super().__init__(code, token, because, detail)
        self.code = code
        self.token = token
        self.because = because
        self.detail = detail

    @property
    def status(self) -> int:
        """The gate's exit status for this refusal."""
        return _STATUS.get(self.code, REFUSED)

    def sentence(self) -> str:
        """One line for a person: the token, quoted and printable, and what is wrong with it."""
        return f"{show(self.token)} {self.because}" if self.token else self.because


def show(text: str, limit: int = 200) -> str:
    """`text` in quotes, safe on any terminal: control characters and stray bytes as escapes."""
    if len(text) > limit:
        text = text[:limit] + "..."
    printable = "".join(c if c.isprintable() and c not in '"\\' else _escape(c) for c in text)
    return f'"{printable}"'


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    raw = char.encode("utf-8", "surrogateescape")
    return "".join(f"\\x{byte:02x}" for byte in raw)
