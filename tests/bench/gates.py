# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The gates that are timed side by side, each set up as its manual has it, and what they are asked.

All of it lies in a copy of the machine (tests/install/throwaway), where rsync is a stub.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from attack.gates import authprogs, case, lshell, rrsync, rush

HOME = Path("/root")
SERVED = Path("/srv/www")
ALLOWED = f"rsync --server --sender -logDtpre.iLsfxCIvu . {SERVED}"
REFUSED = f"rsync --server -logDtpre.iLsfxCIvu . {SERVED}"

STUB = r"""
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void) {
    struct timespec now;
    char text[32], one;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int length = snprintf(text, sizeof text, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    if (write(1, text, length) != length) return 1;
    while (read(0, &one, 1) > 0) ;
    return 0;
}
"""
"""In the place of rsync: says when it was started, and waits for its stdin to end."""


def set_up(python: str) -> dict[str, list[str]]:
    """Each gate's command as sshd would start it; `python` is the interpreter of rsyncgate's."""
    SERVED.mkdir(parents=True, exist_ok=True)
    stub = HOME / "stub.c"
    stub.write_text(STUB)
    subprocess.run(["cc", "-static", "-O2", "-o", "/usr/bin/rsync", stub], check=True)
    policy()
    (HOME / "auth").write_text("publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n")
    rush.authorize(SERVED, HOME)
    shutil.copy(HOME / "rush.rc", "/etc/rush.rc")
    lshell.authorize(SERVED, HOME)
    peers = {"rrsync": rrsync, "authprogs": authprogs, "/bin/sh with a case": case}
    return {
        "rsyncgate": ["/usr/local/bin/rsyncgate", "--client", "nas01"],
        **{name: shlex.split(peer.authorize(SERVED, HOME)) for name, peer in peers.items()},
        "GNU rush": ["/usr/sbin/rush", "-c"],
        "lshell": [os.environ["LSHELL"], "--config", f"{HOME}/lshell.conf", "-c"],
        f"{python} -I -S -c pass": [python, "-I", "-S", "-c", "pass"],
        "/bin/true": ["/bin/true"],
    }


def policy(rules: int = 1, clients: int = 1) -> None:
    """Gives nas01 so many rules, the last of which allows the pull, among so many clients."""
    directory = Path("/etc/rsyncgate/clients")
    shutil.rmtree(directory)
    directory.mkdir()
    rule = '[[allow]]\npaths = ["{}"]\noptions = ["-logDtprx", "--numeric-ids"]\n'
    for number in range(rules - 1):
        os.makedirs(f"/srv/other/{number}", exist_ok=True)
    others = "".join(rule.format(f"/srv/other/{number}") for number in range(rules - 1))
    for number in range(1, clients + 1):
        (directory / f"nas{number:02}.toml").write_text(others + rule.format(SERVED))
