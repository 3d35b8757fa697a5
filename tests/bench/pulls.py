# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The whole of a pull through a real sshd, with the gate and without: a table of ratios.

Run by `make bench`, as root in a copy of the machine, where all files lie in memory. Each figure is
the median of the ratios of neighbouring runs. Beside the gate stands what no gate in Python can be
faster than: an interpreter that becomes rsync at once, whatever is asked for.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from e2e import servers
from e2e.servers import Server
from e2e.sites import Site

NOTHING = (
    "import posix; posix.execv('/usr/bin/rsync', posix.environ[b'SSH_ORIGINAL_COMMAND'].split())"
)


def seconds(server: Server, source: Path, target: Path) -> float:
    """One pull of `source` into an empty `target`."""
    shutil.rmtree(target, ignore_errors=True)
    begin = time.monotonic()
    subprocess.run(
        ["rsync", "-a", "-e", f"ssh -F {server.ssh_config}", f"server:{source}/", target],
        check=True,
    )
    return time.monotonic() - begin


def trees(directory: Path) -> dict[str, tuple[Path, int]]:
    """What is pulled, and how often."""
    empty, small, large = (directory / name for name in ("empty", "small", "large"))
    empty.mkdir()
    for number in range(20_000):
        folder = small / str(number // 500)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(number)).write_text(f"file {number}\n" * 20)
    large.mkdir()
    with open("/dev/urandom", "rb") as source, open(large / "file", "wb") as file:
        for _ in range(1024):
            file.write(source.read(1 << 20))
    return {"empty": (empty, 101), "20,000 small files": (small, 7), "1 GB": (large, 7)}


def main() -> None:
    """Pulls everything through both, in turn."""
    servers.SSHD = servers.SSHD.replace("forced-commands-only", "yes")
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        for part in ("gated", "bare", "plain", "site", "srv"):
            (here / part).mkdir()
        gated, bare, plain = (Server(here / name) for name in ("gated", "bare", "plain"))
        plain.authorized_keys.write_text(f"{plain.key}\n")
        command = f'{os.environ["INTERPRETER"]} -I -S -c \\"{NOTHING}\\"'
        bare.authorized_keys.write_text(f'command="{command}" {bare.key}\n')
        site = Site(gated, here / "site")
        jobs = trees(here / "srv")
        site.allow(here / "srv")
        time.sleep(2.1)  # a policy that has just changed is not kept
        print(f"\n{'a pull through sshd, to plain':30} {'rsyncgate':>9} {'bare':>9}")
        for what, (source, runs) in jobs.items():
            ratios: list[tuple[float, float]] = []
            for _ in range(runs + 1):
                with_gate, alone, without = (
                    seconds(server, source, here / "target") for server in (gated, bare, plain)
                )
                ratios.append((with_gate / without, alone / without))
            gates, interpreters = (
                statistics.median(column[1:]) for column in zip(*ratios, strict=True)
            )
            print(f"{what:30} {gates:9.2f} {interpreters:9.2f}   {runs} runs of each")
        for server in (gated, bare, plain):
            server.stop()


if __name__ == "__main__":
    main()
