# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""One target under atheris: run.py TARGET SECONDS DIRECTORY. What it finds lies in DIRECTORY."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["rsyncgate", "tomllib"]):
    from fuzz.targets import TARGETS
    from rsyncgate.policy.schema import CLIENT, RULE

from fuzz.seeds import seeds

LONGEST = 4096


def main(name: str, seconds: str, directory: Path) -> None:
    """Fuzzes until the time is over or something is found."""
    corpus = directory / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for n, seed in enumerate(seeds(name)):
        (corpus / f"seed-{n}").write_bytes(seed)
    arguments = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={directory}/{name}-",
        f"-dict={_words(directory)}",
        "-timeout=10",
        "-print_final_stats=1",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


def _words(directory: Path) -> Path:
    """A dictionary for libFuzzer to take words from: rsync's options, the keys of a policy."""
    listed = Path(__file__).parent.parent / "corpus" / "options.jsonl"
    rows = [json.loads(line) for line in listed.read_text().splitlines()]
    words = {f"--{row['long']}" for row in rows if "long" in row}
    words |= {f"{key.name} = " for key in (*CLIENT, *RULE)} | {"[[allow]]"}
    file = directory / "words"
    file.write_text("".join(f'"{word}"\n' for word in sorted(words)))
    return file


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
