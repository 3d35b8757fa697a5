# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What backup machines ask for every night: a gate that refuses it is of no use.

Judged like the attacks: the tree that arrives is the one that a copy without a gate brings.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from glob import glob
from pathlib import Path

from attack.trial import Gate
from attack.world import World
from e2e.trees import LONG_AGO, build, snapshot

PULLS = {
    "archive": "-a <root>/",
    "everything": "-aHAXS --numeric-ids <root>/",
    "directory": "-a <root>/tree/nested",
    "file": "-a <root>/tree/sizes/text.txt",
    "two-paths": "-a <root>/tree/nested <root>/tree/links",
    "blank-in-a-name": "-a '<root>/tree/nested/a b'",
    "wildcard": "-a <root>/tree/s*",
    "relative": "-aR <root>/tree/./nested",
    "secluded": "-as '<root>/tree/nested/a b'",
    "list": "-a --files-from=<here>/names <root>/",
    "filters": "-aF <root>/",
    "excludes": "-a --exclude=*.bin --include=*/ <root>/",
    "deleting": "-a --delete --delete-excluded --exclude=*.log <root>/",
    "compressed": "-az --bwlimit=100000 --timeout=60 <root>/",
    "checksums": "-ac --checksum-choice=md5 <root>/",
    "backups": "-a --partial --backup --suffix=.old <root>/kept",
    "one-file-system": "-ax --numeric-ids --delete <root>/tree/nested/",
    "verbose": "-avvi --stats --human-readable <root>/",
    "dry-run": "-an <root>/",
    "listing": "-r --list-only <root>/tree/",
    "BackupPC": "--super --recursive -s --numeric-ids --perms --owner --group -D --times --links "
    "--hard-links --delete --timeout=72000 <root>/",
    "old-client": "-a --protocol=29 <root>/",
}
"""By name: options and paths of a client that pulls them."""


def prepared(directory: Path) -> World:
    """A world with a tree that has everything that makes a pull hard. No pull changes it."""
    world = World(directory).build()
    (world.root / "tree").mkdir()
    build(world.root / "tree")
    for folder, folders, files in os.walk(world.root, topdown=False):
        for name in (
            *folders,
            *files,
            ".",
        ):  # rsync leaves times alone that differ by less than 1 s
            os.utime(os.path.join(folder, name), (LONG_AGO, LONG_AGO), follow_symlinks=False)
    (world.here / "names").write_text("kept\ntree/nested/a b/.hidden\ntree/sizes/text.txt\n")
    return world


def arrives(pull: str, gate: Gate, world: World) -> bool:
    """Whether a client that asks for `pull` gets what it would get without `gate`."""
    ssh = world.ssh(gate(world.root, world.home), None)
    words = shlex.split(world.fill(PULLS[pull]))
    paths = [word for word in words if word.startswith(str(world.root))]
    options = [word for word in words if word not in paths]
    remote = [f"server:{paths[0]}", *(f":{path}" for path in paths[1:])]
    copies, said = [], []
    subprocess.run(f"rm -rf {world.here}/*-pulled {world.here}/*-copied", shell=True, check=True)
    local = [name for path in paths for name in sorted(glob(path))]
    for name, sources in ((f"{pull}-pulled", remote), (f"{pull}-copied", local)):
        copy = world.here / name
        copy.mkdir()
        to = [] if "--list-only" in options else [f"{copy}/"]
        command = ["rsync", "-e", str(ssh), *options, *sources, *to]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        if done.returncode:
            return False
        copies.append(snapshot(copy))
        said.append(done.stdout if "--list-only" in options else b"")
    return copies[0] == copies[1] and said[0] == said[1]
