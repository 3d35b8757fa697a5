#!/bin/sh
# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT

# Learns and replays a generated journal: learn.sh RECORDS [JOURNAL]. A journal that is there is taken.
set -eu

records=$1
venv=$(cd "$(dirname "$0")/../../.venv" && pwd)
here=$(mktemp -d "${TMPDIR:-/tmp}/rsyncgate-bench.XXXXXX")
trap 'rm -rf "$here"' EXIT
trap 'exit 130' HUP INT TERM
journal=${2:-$here/journal.jsonl}
[ -e "$journal" ] || "$venv/bin/python" "$(dirname "$0")/journals.py" "$journal" "$records"
mkdir -p "$here/etc/clients"
echo "journal = \"$here/none.jsonl\"" >"$here/etc/gate.toml"

"$venv/bin/python" - "$venv/bin/rsyncgate" "$here/etc" "$journal" "$records" <<'END'
import os, resource, subprocess, sys, time

gate, config, journal, records = sys.argv[1:]
with open(journal, "rb") as stream:  # from memory: the disk is not what is measured
    while stream.read(1 << 20):
        pass
for words in (["learn", "nas00"], ["replay"]):
    begin, before = time.monotonic(), os.times()
    subprocess.run([gate, "--config", config, *words, journal], stdout=-3, stderr=-3)
    seconds, after = time.monotonic() - begin, os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{words[0]}: {int(records) / seconds:,.0f} records a second, {seconds:.1f} s "
          f"({busy:.1f} s of processor time), {peak:.0f} MB at most")
END
