# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Every option that an rsync server takes, with its argument and what it can do to a sender.

Sources: `long_options[]` and `server_options()` in rsync's options.c, 2.6.8 to 3.5.0, its man page,
openrsync's main.c, and trials on real servers. tests/corpus/options.jsonl holds the list that a
test compares with this table. What is not here is refused.

To add an option, add a row: its spellings, its argument, its effect, what it does.
"""

from __future__ import annotations

# What an option can do when the server is a sender, from nothing to everything.
NEUTRAL = "neutral"  # changes messages, or asks for less: never needs to be allowed
CLIENT_SIDE = "client's side"  # a sender ignores it, and only some clients' versions send it
HARMLESS = "harmless"  # shapes what a sender reads below the named paths, or how it sends it
FOLLOWS = "follows links"  # reads what links or devices lead to: a rule must name it
READS = "reads a path"  # opens a file the client names
WRITES = "writes"
DELETES = "deletes"
EXECUTES = "executes"
ROLE = "changes the role"  # makes the server something other than a plain sender

EFFECTS = {
    NEUTRAL: "changes messages, or asks for less; allowed under every rule",
    CLIENT_SIDE: "a sender ignores it, and some versions of a client send it where others do not; "
    "allowed under every rule, so that a policy outlives an upgrade",
    HARMLESS: "only shapes what is read below the named paths, or how it is sent",
    FOLLOWS: "reads what links or devices lead to; a rule must name it",
    READS: "opens a file the client names; that file must lie below a directory of the rule",
    WRITES: "writes to a file on the server; refused under every policy",
    DELETES: "deletes files on the server; refused under every policy",
    EXECUTES: "runs a program on the server; refused under every policy",
    ROLE: "makes the server something other than a plain sender; refused under every policy",
}

# What stands for an option's argument: nothing, or one of these.
NUMBER = "NUM"
SIZE = "SIZE"
STRING = "STRING"
PATH = "PATH"

_TABLE: tuple[tuple[str, str, str, str], ...] = (
    # the role
    ("--server", "", ROLE, "is the server side of a transfer"),
    ("--sender", "", ROLE, "sends files, and never receives any"),
    ("--daemon", "", EXECUTES, "serves modules as its configuration file says, with its commands"),
    ("--config", PATH, EXECUTES, "is the daemon's configuration file, which may name commands"),
    ("--dparam", STRING, EXECUTES, "overrides the daemon's configuration, which may name commands"),
    ("--detach", "", EXECUTES, "switches to the daemon's options"),
    ("--no-detach", "", EXECUTES, "switches to the daemon's options"),
    ("--copy-as", STRING, ROLE, "changes to another user before reading"),
    ("--confine-root", PATH, ROLE, "limits the files rsync opens for itself; the server's to set"),
    ("--help", "", ROLE, "prints the options and exits"),
    ("-V --version", "", ROLE, "prints the version and exits"),
    ("--use-qsort", "", ROLE, "is sent for --qsort, and no server takes it"),
    # messages
    ("-v --verbose", "", NEUTRAL, "prints more"),
    ("--no-verbose --no-v", "", NEUTRAL, "prints no more than usual"),
    ("-q --quiet", "", NEUTRAL, "prints less"),
    ("-n --dry-run", "", NEUTRAL, "shows what would be sent and sends no data"),
    ("-e --rsh", STRING, NEUTRAL, "tells what the client can do (on a server nothing is executed)"),
    ("-h --human-readable", "", NEUTRAL, "prints numbers with units"),
    ("--no-human-readable --no-h", "", NEUTRAL, "prints numbers without units"),
    ("-i --itemize-changes", "", NEUTRAL, "prints a summary of each change"),
    ("--no-itemize-changes --no-i", "", NEUTRAL, "prints no summary of changes"),
    ("--info", STRING, NEUTRAL, "selects messages"),
    ("--stats", "", NEUTRAL, "prints statistics"),
    ("--progress", "", NEUTRAL, "prints progress"),
    ("--no-progress", "", NEUTRAL, "prints no progress"),
    ("-P", "", NEUTRAL, "is --partial --progress"),
    ("--stderr", STRING, NEUTRAL, "says where messages go"),
    ("--msgs2stderr", "", NEUTRAL, "sends messages to stderr"),
    ("--no-msgs2stderr", "", NEUTRAL, "sends messages over the connection"),
    ("--outbuf", STRING, NEUTRAL, "sets the buffering of messages"),
    ("--motd", "", NEUTRAL, "shows a daemon's message of the day"),
    ("--no-motd", "", NEUTRAL, "hides a daemon's message of the day"),
    ("-8 --8-bit-output", "", NEUTRAL, "prints bytes above 127 as they are"),
    ("--no-8-bit-output --no-8", "", NEUTRAL, "escapes bytes above 127"),
    ("--debug", STRING, HARMLESS, "selects debugging messages, which may show paths of the server"),
    (
        "--log-format --out-format",
        STRING,
        HARMLESS,
        "sets the format of a message for each file",
    ),
    ("--log-file", PATH, WRITES, "writes a log to a file of the client's choice"),
    ("--log-file-format", STRING, WRITES, "chooses the text that a log file gets"),
    # which files
    ("-a --archive", "", HARMLESS, "is -rlptgoD"),
    ("-r --recursive", "", HARMLESS, "goes into directories"),
    ("--no-recursive --no-r", "", HARMLESS, "stays out of directories"),
    ("--inc-recursive --i-r", "", HARMLESS, "builds the file list while sending"),
    ("--no-inc-recursive --no-i-r", "", HARMLESS, "builds the whole file list first"),
    ("-d --dirs", "", NEUTRAL, "sends directories without what is in them"),
    ("--no-dirs --no-d", "", HARMLESS, "skips directories without -r"),
    ("--old-dirs --old-d", "", HARMLESS, "is --dirs for old servers"),
    ("-R --relative", "", HARMLESS, "sends the path as named, from a /./ in it on"),
    ("--no-relative --no-R", "", NEUTRAL, "sends the last component of the path only"),
    ("--implied-dirs --i-d", "", HARMLESS, "sends the directories above a named path"),
    ("--no-implied-dirs --no-i-d", "", NEUTRAL, "leaves out the directories above a named path"),
    ("-x --one-file-system", "", HARMLESS, "stays on one file system"),
    ("--no-one-file-system --no-x", "", HARMLESS, "crosses file systems"),
    ("-m --prune-empty-dirs", "", HARMLESS, "leaves out empty directories"),
    ("--no-prune-empty-dirs --no-m", "", HARMLESS, "keeps empty directories"),
    ("--list-only", "", HARMLESS, "lists the files and sends no data"),
    ("--files-from", PATH, READS, 'reads the names to send from a file ("-": from the client)'),
    ("-0 --from0", "", HARMLESS, "takes names that end in a NUL"),
    ("--no-from0", "", HARMLESS, "takes names that end in a newline"),
    ("--exclude", STRING, HARMLESS, "leaves out names"),
    ("--include", STRING, HARMLESS, "keeps names"),
    ("-f --filter", STRING, READS, "adds a filter rule, which may name a file to read"),
    ("--exclude-from", PATH, READS, "reads names to leave out from a file"),
    ("--include-from", PATH, READS, "reads names to keep from a file"),
    ("-F", "", HARMLESS, "reads the .rsync-filter files below the named paths"),
    ("-C --cvs-exclude", "", NEUTRAL, "leaves out what version control would ignore"),
    ("--max-size", SIZE, CLIENT_SIDE, "skips larger files"),
    ("--min-size", SIZE, CLIENT_SIDE, "skips smaller files"),
    ("--ignore-missing-args", "", HARMLESS, "does not mind a named path that is missing"),
    ("--delete-missing-args", "", HARMLESS, "tells the client to delete what is missing here"),
    # links and devices
    ("-l --links", "", HARMLESS, "sends symlinks as symlinks"),
    ("--no-links --no-l", "", HARMLESS, "skips symlinks"),
    ("-L --copy-links", "", FOLLOWS, "sends what symlinks point to, wherever that is"),
    ("--copy-unsafe-links", "", FOLLOWS, "sends what symlinks out of the tree point to"),
    ("-k --copy-dirlinks", "", FOLLOWS, "goes into directories that symlinks point to"),
    ("--insecure-links", "", FOLLOWS, "follows symlinks that others own"),
    ("--no-insecure-links", "", HARMLESS, "follows no symlinks that others own"),
    ("--safe-links", "", HARMLESS, "skips symlinks that point out of the tree"),
    ("--munge-links", "", HARMLESS, "changes symlinks so that they cannot be followed"),
    ("--no-munge-links", "", HARMLESS, "sends symlinks unchanged"),
    ("-K --keep-dirlinks", "", HARMLESS, "has the client write into its own linked directories"),
    ("-H --hard-links", "", HARMLESS, "keeps hard links"),
    ("--no-hard-links --no-H", "", HARMLESS, "ignores hard links"),
    ("-D", "", HARMLESS, "is --devices --specials"),
    ("--no-D", "", NEUTRAL, "is --no-devices --no-specials"),
    ("--devices", "", HARMLESS, "describes devices, and does not read them"),
    ("--no-devices", "", NEUTRAL, "skips devices"),
    ("--specials", "", HARMLESS, "describes fifos and sockets, and does not read them"),
    ("--no-specials", "", NEUTRAL, "skips fifos and sockets"),
    ("--drop-D", "", HARMLESS, "has the client create no devices"),
    ("--no-drop-D", "", HARMLESS, "lets the client create devices"),
    ("--copy-devices", "", FOLLOWS, "sends what is on devices, whole disks even"),
    ("--write-devices", "", WRITES, "writes to devices"),
    ("--no-write-devices", "", HARMLESS, "writes to no devices"),
    # what is kept of a file
    ("-p --perms", "", HARMLESS, "keeps permissions"),
    ("--no-perms --no-p", "", HARMLESS, "ignores permissions"),
    ("-E --executability", "", HARMLESS, "keeps whether a file can be executed"),
    ("-A --acls", "", HARMLESS, "keeps ACLs"),
    ("--no-acls --no-A", "", HARMLESS, "ignores ACLs"),
    ("-X --xattrs", "", HARMLESS, "keeps extended attributes"),
    ("--no-xattrs --no-X", "", HARMLESS, "ignores extended attributes"),
    ("-t --times", "", HARMLESS, "keeps modification times"),
    ("--no-times --no-t", "", HARMLESS, "ignores modification times"),
    ("-U --atimes", "", HARMLESS, "keeps access times"),
    ("--no-atimes --no-U", "", HARMLESS, "ignores access times"),
    ("-N --crtimes", "", HARMLESS, "keeps creation times"),
    ("--no-crtimes --no-N", "", HARMLESS, "ignores creation times"),
    ("-O --omit-dir-times", "", CLIENT_SIDE, "ignores the times of directories"),
    ("--no-omit-dir-times --no-O", "", HARMLESS, "keeps the times of directories"),
    ("-J --omit-link-times", "", HARMLESS, "ignores the times of symlinks"),
    ("--no-omit-link-times --no-J", "", HARMLESS, "keeps the times of symlinks"),
    ("--open-noatime", "", HARMLESS, "reads without changing access times"),
    ("--no-open-noatime", "", HARMLESS, "lets reading change access times"),
    ("-o --owner", "", HARMLESS, "keeps owners"),
    ("--no-owner --no-o", "", HARMLESS, "ignores owners"),
    ("-g --group", "", HARMLESS, "keeps groups"),
    ("--no-group --no-g", "", HARMLESS, "ignores groups"),
    ("--numeric-ids", "", HARMLESS, "sends numbers of users and groups, not names"),
    ("--no-numeric-ids", "", HARMLESS, "sends names of users and groups"),
    ("--usermap", STRING, HARMLESS, "has the client map users"),
    ("--groupmap", STRING, HARMLESS, "has the client map groups"),
    ("--chown", STRING, HARMLESS, "has the client change owners"),
    ("--chmod", STRING, HARMLESS, "has the client change permissions"),
    ("--super", "", HARMLESS, "has the client act as root"),
    ("--no-super", "", HARMLESS, "has the client not act as root"),
    ("--fake-super", "", HARMLESS, "takes owners and modes from extended attributes"),
    # the receiver's side of the job
    ("-I --ignore-times", "", CLIENT_SIDE, "has the client ask for files that look unchanged"),
    ("--size-only", "", HARMLESS, "has the client compare sizes only"),
    ("-@ --modify-window", NUMBER, CLIENT_SIDE, "has the client compare times less strictly"),
    ("-u --update", "", HARMLESS, "has the client keep its newer files"),
    ("--existing --ignore-non-existing", "", CLIENT_SIDE, "has the client create no files"),
    ("--ignore-existing", "", CLIENT_SIDE, "has the client keep its own files"),
    ("-c --checksum", "", HARMLESS, "reads every file to compare checksums"),
    ("--no-checksum --no-c", "", HARMLESS, "compares sizes and times"),
    ("-y --fuzzy", "", HARMLESS, "has the client look for similar files"),
    ("--no-fuzzy --no-y", "", HARMLESS, "has the client look for no similar files"),
    ("--compare-dest", STRING, HARMLESS, "is a directory of the client, not used by a sender"),
    ("--copy-dest", STRING, HARMLESS, "is a directory of the client, not used by a sender"),
    ("--link-dest", STRING, HARMLESS, "is a directory of the client, not used by a sender"),
    ("-S --sparse", "", HARMLESS, "has the client write sparse files"),
    ("--no-sparse --no-S", "", HARMLESS, "has the client write no sparse files"),
    ("--preallocate", "", HARMLESS, "has the client reserve space"),
    ("--inplace", "", HARMLESS, "has the client update files in place"),
    ("--no-inplace", "", HARMLESS, "has the client write new files"),
    ("--append", "", HARMLESS, "has the client append to shorter files"),
    ("--append-verify", "", HARMLESS, "has the client append and verify"),
    ("--no-append", "", HARMLESS, "has the client not append"),
    ("--partial", "", HARMLESS, "has the client keep partial files"),
    ("--no-partial", "", HARMLESS, "has the client drop partial files"),
    ("--partial-dir", STRING, HARMLESS, "is a directory of the client, not used by a sender"),
    ("--delay-updates", "", HARMLESS, "has the client put files in place at the end"),
    ("--no-delay-updates", "", HARMLESS, "has the client put files in place at once"),
    ("-T --temp-dir", STRING, HARMLESS, "is a directory of the client, not used by a sender"),
    ("-b --backup", "", CLIENT_SIDE, "has the client keep what it replaces"),
    ("--no-backup", "", HARMLESS, "has the client replace files"),
    ("--backup-dir", STRING, HARMLESS, "is a directory of the client, not used by a sender"),
    ("--suffix", STRING, CLIENT_SIDE, "ends the names of what the client keeps"),
    ("--mkpath", "", HARMLESS, "has the client create the directories above its own"),
    ("--no-mkpath", "", HARMLESS, "has the client create no directories above its own"),
    ("--fsync", "", HARMLESS, "has the client write through to its disk"),
    ("--trust-sender", "", HARMLESS, "has the client trust the file list"),
    ("--del --delete-during", "", CLIENT_SIDE, "has the client delete its own extra files"),
    ("--delete", "", HARMLESS, "has the client delete its own extra files"),
    ("--delete-before", "", CLIENT_SIDE, "has the client delete its own extra files first"),
    ("--delete-delay", "", CLIENT_SIDE, "has the client delete its own extra files later"),
    ("--delete-after", "", CLIENT_SIDE, "has the client delete its own extra files at the end"),
    ("--delete-excluded", "", CLIENT_SIDE, "has the client delete its own excluded files"),
    ("--max-delete", NUMBER, CLIENT_SIDE, "limits how many files the client deletes"),
    ("--force", "", CLIENT_SIDE, "has the client replace full directories"),
    ("--no-force", "", HARMLESS, "has the client keep full directories"),
    ("--ignore-errors", "", HARMLESS, "has the client delete in spite of read errors"),
    ("--no-ignore-errors", "", HARMLESS, "has the client not delete after read errors"),
    ("--remove-source-files", "", DELETES, "deletes each file here once it has been sent"),
    ("--remove-sent-files", "", DELETES, "deletes each file here once it has been sent"),
    # how it is sent
    ("-W --whole-file", "", HARMLESS, "sends whole files"),
    ("--no-whole-file --no-W", "", HARMLESS, "sends differences"),
    ("-B --block-size", SIZE, HARMLESS, "sets the size of blocks"),
    ("--checksum-choice --cc", STRING, HARMLESS, "chooses the checksum"),
    ("--checksum-seed", NUMBER, HARMLESS, "seeds the checksums"),
    ("-z --compress", "", HARMLESS, "compresses what is sent"),
    ("--old-compress", "", HARMLESS, "compresses in the old way"),
    ("--new-compress", "", HARMLESS, "compresses in the new way"),
    ("--no-compress --no-z", "", HARMLESS, "compresses nothing"),
    ("--compress-choice --zc", STRING, HARMLESS, "chooses the compression"),
    ("--compress-level --zl", NUMBER, HARMLESS, "sets how hard to compress"),
    ("--compress-threads --zt", NUMBER, HARMLESS, "sets how many threads compress"),
    ("--skip-compress", STRING, HARMLESS, "names kinds of files not to compress"),
    ("--bwlimit", SIZE, HARMLESS, "limits the rate, in KiB a second"),
    ("--no-bwlimit", "", HARMLESS, "limits no rate"),
    ("--timeout", NUMBER, HARMLESS, "ends a transfer that stalls, in seconds"),
    ("--no-timeout", "", HARMLESS, "lets a transfer stall"),
    ("--contimeout", NUMBER, HARMLESS, "limits the wait for a daemon"),
    ("--no-contimeout", "", HARMLESS, "waits for a daemon"),
    ("--stop-after --time-limit", NUMBER, HARMLESS, "stops after some minutes"),
    ("--stop-at", STRING, HARMLESS, "stops at a time"),
    ("--max-alloc", SIZE, HARMLESS, "limits one allocation of memory"),
    ("--protocol", NUMBER, HARMLESS, "holds to an older protocol"),
    ("--iconv", STRING, HARMLESS, "converts the characters of names"),
    ("--no-iconv", "", HARMLESS, "converts no names"),
    ("--qsort", "", HARMLESS, "sorts in another way"),
    ("-s --secluded-args --protect-args", "", HARMLESS, "sends the other arguments on stdin"),
    ("--no-secluded-args --no-protect-args --no-s", "", HARMLESS, "sends all arguments here"),
    ("--old-args", "", HARMLESS, "is how the client quoted its arguments"),
    ("--no-old-args", "", HARMLESS, "is how the client quoted its arguments"),
    # meant for a client; a server takes them and does nothing with them
    ("--rsync-path", STRING, HARMLESS, "is ignored by a server"),
    ("-M --remote-option", STRING, HARMLESS, "is ignored by a server"),
    ("-4 --ipv4", "", HARMLESS, "is for connections to a daemon"),
    ("-6 --ipv6", "", HARMLESS, "is for connections to a daemon"),
    ("--address", STRING, HARMLESS, "is for connections to a daemon"),
    ("--port", NUMBER, HARMLESS, "is for connections to a daemon"),
    ("--sockopts", STRING, HARMLESS, "is for connections to a daemon"),
    ("--blocking-io", "", HARMLESS, "is for the client's remote shell"),
    ("--no-blocking-io", "", HARMLESS, "is for the client's remote shell"),
    ("--password-file", PATH, READS, "reads a password for a daemon from a file"),
    ("--early-input", PATH, READS, "reads a file to send to a daemon"),
    ("--read-batch", PATH, READS, "reads a file that --write-batch wrote"),
    ("--write-batch", PATH, WRITES, "writes what would be sent to a file"),
    ("--only-write-batch", PATH, WRITES, "writes what would be sent to a file, and sends nothing"),
)


class Option:
    """One row of the table.

    `names` are all its spellings, `name` the one it goes by (the longest way round: the first long
    one); `takes` is "" or the kind of its argument; `effect` one of EFFECTS; `does` a phrase that
    follows the option's name in a sentence.
    """

    __slots__ = ("does", "effect", "name", "names", "takes")

    def __init__(self, names: str, takes: str, effect: str, does: str) -> None:
        self.names = tuple(names.split())
        self.name = names[max(names.find("--"), 0) :].partition(" ")[0]
        self.takes = takes
        self.effect = effect
        self.does = does

    def __repr__(self) -> str:
        return f"Option({self.name!r})"


_ROWS = {name: row for row in _TABLE for name in row[0].split()}


def option_for(name: str) -> Option | None:
    """The option with the spelling `name` ("-v", "--verbose"), or None."""
    row = _ROWS.get(name)
    return Option(*row) if row else None  # made when asked for: all take 0.01 of a bare interpreter


def all_options() -> list[Option]:
    """The table, in the order it is printed."""
    return [Option(*row) for row in _TABLE]


FOLLOWING = ("--copy-links", "--copy-dirlinks", "--copy-unsafe-links")
"""Options that make rsync open what symlinks lead to."""

SHORT_FOR = {
    "--archive": ("--recursive", "--links", "--perms", "--times", "--group", "--owner", "-D"),
    "-D": ("--devices", "--specials"),
    "-P": ("--partial", "--progress"),
    "--old-compress": ("--compress",),
    "--new-compress": ("--compress",),
}
"""Options that stand for others (rsync's man page), or that versions send in place of others."""


def meanings(name: str) -> tuple[str, ...]:
    """What the option of this table name comes down to: rules compare meanings, not spellings."""
    if name not in SHORT_FOR:
        return (name,)
    return tuple(one for other in SHORT_FOR[name] for one in meanings(other))
