# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""How long each gate takes from its start to rsync's, and what it needs: a table of ratios.

Run by `make bench`, as root in a copy of the machine. Every figure is the median of interleaved
runs, divided by that of the bare interpreter in the same run.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.gates import ALLOWED, HOME, REFUSED, policy, set_up
from rsyncgate.cache import SETTLED

SSHD = {
    "PATH": "/usr/bin:/bin",
    "HOME": str(HOME),
    "SSH_CONNECTION": "127.0.0.1 50000 127.0.0.1 22",
    "SSH_USER_AUTH": str(HOME / "auth"),
}
JOURNAL = Path("/var/log/rsyncgate/journal.jsonl")
RECORDS = 10_000_000


def milliseconds(command: list[str], asked: str) -> float:
    """From the start of `command` to that of the stub; to its own end where that does not come."""
    arguments = [*command, asked] if command[-1] == "-c" else command
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    done = subprocess.run(
        arguments,
        env={**SSHD, "SSH_ORIGINAL_COMMAND": asked},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    started = int(done.stdout) if done.stdout.strip().isdigit() else None
    if asked == ALLOWED and started is None and "pass" not in command and len(command) > 1:
        raise RuntimeError(f"{command} did not start rsync")
    return ((started or end) - begin) / 1e6


def kilobytes(command: list[str], asked: str) -> int:
    """The most memory that `command` had at once (time(1) starts it: this interpreter is big)."""
    arguments = [*command, asked] if command[-1] == "-c" else command
    done = subprocess.run(
        ["/usr/bin/time", "-q", "-f", "%M", *arguments],
        env={**SSHD, "SSH_ORIGINAL_COMMAND": asked},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    return int(done.stderr.split()[-1])


def medians(commands: dict[str, list[str]], asked: str, runs: int) -> dict[str, float]:
    """The median for each command, one run of each after the other."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 3):
        for name, command in commands.items():
            took = milliseconds(command, asked)
            if run >= 3:  # the first ones fill the caches
                times[name].append(took)
    return {name: statistics.median(taken) for name, taken in times.items()}


def table(commands: dict[str, list[str]], bare: str, runs: int) -> None:
    """Prints a line for each command: to rsync's start, to a refusal, and the memory."""
    allowed = medians(commands, ALLOWED, runs)
    refused = medians(commands, REFUSED, runs)
    memory = {
        name: statistics.median(kilobytes(command, ALLOWED) for _ in range(runs))
        for name, command in commands.items()
    }
    print(f"{'':30} {'to rsync':>9} {'refusal':>9} {'memory':>9}")
    for name in commands:
        figures = (allowed[name] / allowed[bare], refused[name] / refused[bare])
        print(f"{name:30} {figures[0]:9.2f} {figures[1]:9.2f} {memory[name] / memory[bare]:9.2f}")
    ratio = allowed["rsyncgate"] / allowed["rrsync"]
    print(f"rsyncgate is {ratio:.2f} of rrsync; 1.00 is {allowed[bare]:.1f} ms\n")


def growth(gate: list[str], bare: list[str], runs: int) -> None:
    """Prints what many clients, many rules and a long journal cost, against one of each."""

    def ratio() -> float:
        time.sleep(SETTLED + 0.1)
        found = medians({"gate": gate, "bare": bare}, ALLOWED, runs)
        return found["gate"] / found["bare"]

    one = ratio()
    policy(clients=10_000)
    print(f"{'10,000 clients, not 1':30} {ratio() / one:9.2f}")
    policy(rules=1_000)
    print(f"{'1,000 rules, not 1':30} {ratio() / one:9.2f}")
    policy()
    block = JOURNAL.read_bytes()
    with open(JOURNAL, "ab", buffering=0) as stream:
        for _ in range(RECORDS // block.count(b"\n")):
            stream.write(block)
    print(f"{f'{RECORDS:,} records, not few':30} {ratio() / one:9.2f}")
    JOURNAL.unlink()


def waiting(gate: list[str], count: int) -> None:
    """Prints what `count` gates take while their rsyncs run: memory together, and wake-ups."""
    environ = {**SSHD, "SSH_ORIGINAL_COMMAND": ALLOWED}
    sessions = []
    for _ in range(count):
        pipe = subprocess.Popen(gate, env=environ, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL)
        sessions.append(pipe)
    for session in sessions:
        assert session.stdout
        session.stdout.readline()
    switches = [_field(s.pid, "status", "voluntary_ctxt_switches") for s in sessions]
    memory = sum(_field(s.pid, "smaps_rollup", "Pss") for s in sessions)
    time.sleep(2)
    woken = sum(_field(s.pid, "status", "voluntary_ctxt_switches") for s in sessions)
    for session in sessions:
        session.communicate()
    woken -= sum(switches)
    print(f"\n{count} sessions at once: their gates take {memory / 1024:.0f} MB together,")
    print(f"{memory / count / 1024:.1f} MB each, and wake up {woken} times in 2 seconds")


def _field(pid: int, file: str, name: str) -> int:
    text = Path(f"/proc/{pid}/{file}").read_text()
    return int(text.split(f"\n{name}:")[1].split()[0])


def main() -> None:
    """Sets all gates up, and prints the tables."""
    python, runs = os.environ.get("INTERPRETER", "/usr/bin/python3"), int(sys.argv[1])
    commands = set_up(python)
    bare = f"{python} -I -S -c pass"
    time.sleep(SETTLED + 0.1)  # what has just changed is not kept
    version = subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout
    print(f"{version.strip()}; medians of {runs}, the bare interpreter being 1.00\n")
    table(commands, bare, runs)
    growth(commands["rsyncgate"], commands[bare], runs)
    waiting(commands["rsyncgate"], 100)


if __name__ == "__main__":
    main()
