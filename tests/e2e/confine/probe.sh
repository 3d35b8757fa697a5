#!/bin/bash
# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT

# Stands in for rsync, and prints what it manages to do: shell builtins alone, so that it needs
# nothing that rsync would not. It knows the directories around its own.

if [[ $1 == --version ]]; then exit; fi  # which the gate asks for itself

probe_directory=${0%/*}
inside=$probe_directory/inside outside=$probe_directory/outside

try() {
    if eval "$2" 2>&-; then echo "$1"; fi
}

try read-inside '[[ $(< $inside/kept) == what* ]]'
try read-outside '[[ $(< $outside/file) == canary* ]]'
try see-outside '[[ -e $outside/file ]]'
try list-outside 'compgen -G "$outside/*" >&-'
try write-inside 'echo more >> $inside/kept'
try write-outside 'echo more >> $outside/file'
try write-journal 'echo more >> $probe_directory/journal.jsonl'
try create-inside ': > $inside/probed'
for directory in "$probe_directory" /tmp /var/tmp /dev/shm /run / /root; do
    try "create-in-$directory" ': > $directory/rsyncgate-probed'
done
try run-inside '( exec $inside/program )'
try run-other '( exec /usr/bin/true )'
read -r library < "$inside/library"
try run-library '( exec "$library" >&- )'
read -r pid < "$inside/process"
try signal 'kill -0 $pid'
try signal-parent 'kill -0 $PPID'
read -r port < "$inside/port"
try connect '( exec 3<>/dev/tcp/127.0.0.1/$port )'
try send "( exec 3<>/dev/udp/127.0.0.1/9 )"
