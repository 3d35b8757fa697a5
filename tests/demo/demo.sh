#!/bin/sh
# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT

# Shows rsyncgate at work on real parts: an sshd, a key, rsync clients and a small tree to back up.
# All of it lives in one temporary directory and goes with it. `make demo` runs this.
set -eu

demonstrate() {
    say "The commands are typed in $here, which is gone when this ends." \
        "A server there lets the machine nas01 read one directory. The policy:"
    show "cat etc/clients/nas01.toml"

    say "It has no mistakes."
    show "rsyncgate --config etc check"

    say "The key of nas01 leads to rsyncgate and nowhere else."
    show "cat authorized_keys"

    say "A pull works as it always did. (\"server\" is an sshd on port $port of 127.0.0.1, which ssh" \
        "knows by that name: export RSYNC_RSH='$RSYNC_RSH'.)"
    show "rsync -av server:$here/srv/www/ backup/"
    claim "backup/ holds what srv/www/ holds" diff -r srv/www backup

    echo '<h1>News</h1>' >srv/www/news.html
    cp -R srv before
    say "So does its dry run, now that the server has one page more."
    show "rsync -avn server:$here/srv/www/ backup/"
    claim "the new page is named" printed '^news\.html$'
    claim "the new page did not come" [ ! -e backup/news.html ]

    say "A push is refused."
    show_refusal push "rsync -a authorized_keys server:$here/srv/www/"
    claim "nothing on the server has changed" diff -r before srv

    say "A pull that would delete what it has copied is refused."
    show_refusal deletes "rsync -a --remove-source-files server:$here/srv/www/ moved/"
    claim "nothing on the server has changed" diff -r before srv
    claim "nothing was sent" [ ! -e moved ]
    deletion=$id

    say "A path that the policy does not name is refused."
    show_refusal path "rsync -a server:$here/srv/private/ stolen/"
    claim "nothing was sent" [ ! -e stolen ]

    say "Another machine, nas02, is to pull the mail. Nobody knows what it will ask for, so the gate" \
        "learns: it writes down what that key is used for, and runs nothing."
    show "rsyncgate --config etc authorize nas02 --key nas02_key.pub --file authorized_keys --learn --install"
    show_captured "rsync -aH -e 'ssh -F nas02_config' server:$here/srv/mail/ mail/"
    claim "nothing was sent" [ ! -e mail ]

    say "The policy is made from that, and enforced."
    show "rsyncgate --config etc learn nas02 --write"
    show "cat etc/clients/nas02.toml"
    show "rsyncgate --config etc authorize nas02 --key nas02_key.pub --file authorized_keys --install"
    show "rsync -aH -e 'ssh -F nas02_config' server:$here/srv/mail/ mail/"
    claim "mail/ holds what srv/mail/ holds" diff -r srv/mail mail
    show "rsyncgate --config etc replay"

    say "The administrator asks about one of the refusals, by the id that its user was shown."
    run "rsyncgate --config etc explain --id $deletion"
    claim "the exit status is that of the gate, 77" [ "$status" -eq 77 ]
    claim "the reason is the one its user was shown" printed '^reason: deletes:'

    say "The journal holds every request, a line of JSON for each event. In short:"
    in_short log/journal.jsonl
    claim "three pulls ran to their end, three requests were refused and one was captured" \
        [ "$(events)" = "allowed finished allowed finished refused refused refused key-authorized \
captured policy-written learn-switched allowed finished" ]

    say "One of its lines:"
    show "grep $deletion log/journal.jsonl"
}

# What the reader sees, and what must be true of it.

say() {
    printf '\n'
    printf '%s\n' "$@"
}

run() { # a command as typed, and what it prints; leaves the file output, and $status
    printf '%s$ %s%s\n' "$bold" "$1" "$plain"
    status=0
    timeout -k 1 15 sh -c "exec $1" >output 2>&1 &
    job=$!
    wait "$job" || status=$? # unlike a command in the foreground, it lets the traps interrupt it
    job=''
    cat output
}

show() {
    run "$1"
    [ "$status" -eq 0 ] || fail "the last command ended with status $status, not 0"
}

show_captured() { # the command $1
    run "$1"
    grep -q '^rsyncgate: captured: ' output || fail "the last command was not told that it is captured"
}

show_refusal() { # for the reason $1 of the command $2; leaves the record's $id
    run "$2"
    case $status in
        12 | 77) ;; # 77 is the gate's; rsync has its own 12 where ssh has not quite ended
        *) fail "the last command ended with status $status, not 77" ;;
    esac
    id=$(sed -n "s/^rsyncgate: refused: .*($1, record \([0-9a-f]*\))$/\1/p" output)
    [ -n "$id" ] || fail "the last command was not told that it is refused, with the reason $1"
}

claim() { # a sentence, and the command that proves it
    sentence=$1
    shift
    "$@" || fail "it is not true that $sentence"
    printf '(checked: %s)\n' "$sentence"
}

printed() { grep -q -- "$1" output; }

events() { sed 's/.*"event": "\([a-z-]*\)".*/\1/' log/journal.jsonl | paste -sd ' '; }

in_short() {
    python3 - "$1" <<'END'
import json, sys

for line in open(sys.argv[1]):
    record = json.loads(line)
    time, what = record["ts"][11:19], record.get("command")
    why = record.get("reason") or record.get("rule") or ""
    if record["event"] == "finished":
        what = "status {status}, {bytes} bytes, {seconds:.2f} seconds".format(**record)
    if "file" in record:
        what = record["file"]
    print(f"{time}  {record['event']:14}  {why:7}  {what}")
END
}

fail() {
    echo "demo: failed: $*" >&2
    told=yes
    exit 1
}

# The stage.

prepare() {
    if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
        bold=$(printf '\033[1m') plain=$(printf '\033[0m')
    fi
    umask 022 # a policy that others can write to is not read
    export LC_ALL=C.UTF-8
    cd -- "$(dirname -- "$0")/../.."
    .ci/machine || fail "the machine lacks something"
    bin=$PWD/.venv/bin
    [ -x "$bin/rsyncgate" ] || fail "there is no $bin/rsyncgate; make dev makes it"
    PATH=$bin:$PATH:/usr/sbin
    cd "$here"
    make_a_tree
    write_the_policy
    make_the_keys
    start_sshd
}

make_a_tree() {
    mkdir -p srv/www/img srv/private srv/mail
    echo 'Dear Bob' >srv/mail/inbox
    ln srv/mail/inbox srv/mail/starred
    echo '<h1>Home</h1>' >srv/www/index.html
    echo '<h1>About</h1>' >'srv/www/about us.html'
    head -c 20000 /dev/urandom >srv/www/img/logo.png
    echo 'not for nas01' >srv/private/letter.txt
}

write_the_policy() { # "prefer" is for kernels without Landlock; the check below says what holds
    mkdir -p etc/clients log
    cat >etc/gate.toml <<END
journal = "$here/log/journal.jsonl"
rsync = "$(command -v rsync)"
confine = "prefer"
END
    cat >etc/clients/nas01.toml <<END
# nas01 pulls the web site every night.
[[allow]]
paths = ["$here/srv/www"]
END
}

make_the_keys() {
    ssh-keygen -q -t ed25519 -N '' -C server -f host_key
    ssh-keygen -q -t ed25519 -N '' -C nas01 -f client_key
    ssh-keygen -q -t ed25519 -N '' -C nas02 -f nas02_key
    ln -s "$bin/rsyncgate" rsyncgate # a short name for it, with no blanks
    gate="$here/rsyncgate --config $here/etc --client nas01"
    echo "restrict,command=\"$gate\" $(cat client_key.pub)" >authorized_keys
    echo "server $(cat host_key.pub)" >known_hosts
}

start_sshd() {
    port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
    cat >ssh_config <<END
Host server
    HostName 127.0.0.1
    HostKeyAlias server
    Port $port
    User $(id -un)
    IdentityFile $here/client_key
    IdentitiesOnly yes
    UserKnownHostsFile $here/known_hosts
    BatchMode yes
END
    sed s/client_key/nas02_key/ ssh_config >nas02_config
    export RSYNC_RSH='ssh -F ssh_config'
    cat >sshd_config <<END
ListenAddress 127.0.0.1:$port
HostKey $here/host_key
AuthorizedKeysFile $here/authorized_keys
PermitRootLogin forced-commands-only
StrictModes no
UsePAM $(needs_pam && echo yes || echo no)
ExposeAuthInfo yes
PidFile none
END
    # As root, sshd insists on this directory; its service makes it, if it has ever run.
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    "$(command -v sshd)" -D -f "$here/sshd_config" -E "$here/sshd.log" &
    sshd=$!
    timeout --foreground 5 sh -c 'until grep -qs "Server listening" sshd.log; do sleep 0.05; done' ||
        fail "sshd did not start: $(cat sshd.log)"
}

needs_pam() { # without PAM, sshd turns away a root whose password is locked
    [ "$(id -u)" -eq 0 ] && getent shadow root | grep -q '^root:!'
}

clear_away() {
    status=$?
    trap '' HUP INT PIPE TERM
    for process in $job $sshd; do
        kill "$process" 2>/dev/null || :
        wait "$process" || :
    done
    tries=0
    while [ "$tries" -lt 40 ] && grep -qs "$here" /proc/[0-9]*/cmdline; do
        sleep 0.05 # the server's side of an interrupted command is about to end too
        tries=$((tries + 1))
    done
    cd /
    rm -rf -- "$here"
    [ "$status" -eq 0 ] || [ -n "$told" ] || echo "demo: broke off with status $status" >&2
    exit "$status"
}

bold='' plain='' sshd='' job='' told=''
here=$(mktemp -d /tmp/rsyncgate-demo.XXXXXX)
trap clear_away EXIT
trap 'exit 130' HUP INT PIPE TERM
prepare
demonstrate
