# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The one place that says yes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.policy.decide import CODES, decide, impossible
from rsyncgate.policy.model import Client, Located, Rule, Source
from rsyncgate.policy.roots import instance
from rsyncgate.rsync.options import (
    CLIENT_SIDE,
    DELETES,
    EXECUTES,
    FOLLOWS,
    HARMLESS,
    NEUTRAL,
    PATH,
    READS,
    ROLE,
    WRITES,
    Option,
)
from unit.conftest import PULL, policy, requested, rule, walk
from unit.options import OPTIONS

EVERYTHING = policy(rule("/"))


def verdict(client: Client, command: str, peer: str = "") -> str:
    """The rule or probe that allows `command`, or the reason code of its refusal."""
    _, found = walk(client, command, peer=peer)
    assert found.allowed == (found.refusal is None)
    return found.refusal.code if found.refusal else found.rule


def sent(option: Option, value: str) -> str:
    """`option` on a command line, with `value` if it takes one."""
    name = option.names[0]
    return name if not option.takes else name + ("=" if name[:2] == "--" else "") + value


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("", "no-command"),
        ("  ", "no-command"),
        ("/usr/lib/openssh/sftp-server", "sftp"),
        ("internal-sftp -f AUTH", "sftp"),
        ("scp -f /etc/passwd", "program"),
        ("id", "program"),
        ("rsync --version", "program"),
        ("rsync -e sh /a /b", "program"),
        ("rsync --server -logDtpr . /srv", "push"),
        ("rsync --server -logDtpr --delete --unknown /srv", "push"),
        ("rsync --server --daemon .", "daemon"),
        ("rsync --daemon --config=/tmp/x", "daemon"),
        (f"sudo {PULL} . /a", "program"),
        (f"/tmp/{PULL} . /a", "program"),
        (f"x {PULL} . /a", "program"),
    ],
)
def test_not_a_pull(command: str, code: str) -> None:
    """Whatever is no pull is refused under every policy, each kind for its own reason."""
    assert verdict(EVERYTHING, command) == code
    assert verdict(policy(), command) == code


@pytest.mark.parametrize(
    ("command", "token"),
    [
        ("rsync --server --daemon .", "--daemon"),
        (f"{PULL} -v --bogus --config=/x . /a", "--config=/x"),
        ("rsync --daemon", "--daemon"),
        ("rsync --server . /a", "--server"),
        (f"sudo {PULL} . /a", "sudo rsync"),
        ("/usr/lib/openssh/sftp-server -e", "sftp-server"),
        ("id -u", "id -u"),
        ("", ""),
    ],
)
def test_what_is_named(command: str, token: str) -> None:
    """The refusal names the word that made the request what it is."""
    refusal = walk(EVERYTHING, command)[1].refusal
    assert refusal
    assert refusal.token == token


def test_impossible() -> None:
    """Some requests no rule could ever allow; without a client any program will do."""
    assert impossible(requested(f"sudo {PULL} . /a")) is None
    assert impossible(requested(f"sudo {PULL} . /a"), EVERYTHING)
    assert impossible(requested(f"{PULL} --delete -L . /a")) is None
    for command in ("id", "rsync --server . /a", f"{PULL} --log-file=/x . /a", f"{PULL} /a"):
        assert impossible(requested(command))


def test_a_client_without_rules() -> None:
    """A key that may read nothing is told so, and not which path was wrong."""
    refusal = walk(policy(), f"{PULL} . /a")[1].refusal
    assert refusal
    assert refusal.sentence() == "this key may read nothing on this server"


BY_EFFECT = {
    NEUTRAL: "allow 1",
    CLIENT_SIDE: "allow 1",
    HARMLESS: "allow 1",
    FOLLOWS: "option",
    READS: "allow 1",
    WRITES: "writes",
    DELETES: "deletes",
    EXECUTES: "daemon",
    ROLE: "changes-role",
}
ELSEWHERE = ("--server", "--sender", "--secluded-args")  # what they do depends on their place


@pytest.mark.parametrize(
    "option", [o for o in OPTIONS if o.name not in ELSEWHERE], ids=lambda option: option.name
)
def test_every_option(option: Option) -> None:
    """A rule without a list allows all that is harmless; an empty list what changes nothing."""
    line = f"{PULL} {sent(option, '.iLs' if option.name == '--rsh' else '/1')} . /a"
    expected = "reads-path" if option.name == "--filter" else BY_EFFECT[option.effect]
    assert verdict(EVERYTHING, line) == expected
    if option.effect not in (NEUTRAL, CLIENT_SIDE) and expected == "allow 1":
        expected = "option"
    assert verdict(policy(rule("/", options=[])), line) == expected


@pytest.mark.parametrize("option", [o for o in OPTIONS if o.effect == READS and o.takes == PATH])
def test_every_option_that_reads_a_path(option: Option) -> None:
    """A file that rsync would open must lie below the rule's paths; stdin is for one list only."""
    client = policy(rule("/srv"))
    assert verdict(client, f"{PULL} {sent(option, '/srv/list')} . /srv") == "allow 1"
    assert verdict(client, f"{PULL} {sent(option, '/etc/list')} . /srv") == "path"
    from_stdin = "allow 1" if option.name == "--files-from" else "reads-path"
    assert verdict(client, f"{PULL} {sent(option, '-')} . /srv") == from_stdin


@pytest.mark.parametrize(
    ("options", "line", "found"),
    [
        (["-r"], "-r", "allow 1"),
        (["-r"], "-rvvqne.iLsfxCIvu", "allow 1"),
        (["-nr"], "-r", "allow 1"),
        (["-r"], "-rz", "option"),
        (["-a"], "-logDtpre.iLs", "allow 1"),
        (["-D"], "--devices --specials", "allow 1"),
        (["--devices"], "-D", "option"),
        (["--bwlimit=*"], "--bwlimit=1 --bwlimit 2", "allow 1"),
        (["--bwlimit=1?"], "--bwlimit=15", "allow 1"),
        (["--bwlimit=1?"], "--bwlimit=15 --bwlimit=5", "option"),
        (["--bwlimit=5"], "--bwlimit=50", "option"),
        (["--bwlimit=5", "--bwlimit=50"], "--bwlimit=50", "allow 1"),
        (["--compress-choice=zstd"], "--zc=zstd", "allow 1"),
        (["-L"], "-L", "allow 1"),
        (["-L"], "-Lk", "option"),
        (["--files-from=-", "--from0"], "--files-from=- --from0", "allow 1"),
        (["--files-from=-", "--from0"], "--files-from=/srv/x --from0", "option"),
    ],
)
def test_list_of_options(options: list[str], line: str, found: str) -> None:
    """With a list exactly its options are allowed, and what needs no rule: -v, -q, -n, -e."""
    assert verdict(policy(rule("/", options=options)), f"{PULL} {line} . /a") == found


def test_the_dry_run() -> None:
    """The same rule allows a pull and its dry run, whichever of the two it was made for."""
    client = policy(rule("/", options=["-logDtprxz", "--numeric-ids"]))
    for bundle in ("-vnlogDtprxz", "-vlogDtprxz", "-nlogDtprxze.iLsfxCIvu", "-logDtprxz"):
        assert verdict(client, f"{PULL} {bundle} --numeric-ids . /") == "allow 1"


@pytest.mark.parametrize(
    ("path", "root", "is_inside"),
    [
        ("/srv/data", "/srv/data", True),
        ("/srv/data/a", "/srv/data", True),
        ("/srv/data-2", "/srv/data", False),
        ("/srv/dat", "/srv/data", False),
        ("/srv", "/srv/data", False),
        ("/anything", "/", True),
        ("/", "/", True),
        ("/", "/srv", False),
    ],
)
def test_inside(path: str, root: str, is_inside: bool) -> None:
    """A path is inside a root by whole components."""
    assert (instance(path, root) is not None) is is_inside


def test_one_rule_covers_all() -> None:
    """Every path and every option of a request must be allowed by one and the same rule."""
    client = policy(
        rule("/etc", options=["-r"]), rule("/srv", number=2), rule("/etc", "/srv", number=3)
    )
    assert verdict(client, f"{PULL} -r . /etc") == "allow 1"
    assert verdict(client, f"{PULL} -rz . /srv") == "allow 2"
    assert verdict(client, f"{PULL} -rz . /etc") == "allow 3"
    assert verdict(client, f"{PULL} -rz . /etc /srv") == "allow 3"
    assert verdict(client, f"{PULL} -rz . /etc /home") == "path"
    assert verdict(policy(rule("/etc"), rule("/srv", number=2)), f"{PULL} . /etc /srv") == "path"


def test_the_nearest_miss_is_named() -> None:
    """A refusal names what no rule allows: the option, or the path; else the odd one out."""
    client = policy(rule("/etc", options=["-r"]), rule("/srv", options=["-r"], number=2))
    for line, code, token, end in (
        ("-rz . /srv/a", "option", "-z", "send"),
        ("-rz . /srv/a /home/b", "path", "/home/b", "read"),
        ("-r . /srv/a /etc/b", "path", "/srv/a", "read along with the others"),
    ):
        refusal = walk(client, f"{PULL} {line}")[1].refusal
        assert refusal
        assert (refusal.code, refusal.token) == (code, token)
        assert refusal.because.endswith(end)


def test_grammar_comes_before_rules() -> None:
    """A request that is damaged is refused as damaged, whatever else it asks for."""
    assert verdict(EVERYTHING, f"{PULL} --no-such --log-file=/x . /a") == "unknown-option"
    assert verdict(EVERYTHING, f"{PULL} -r /a") == "missing-dot"
    assert verdict(policy(), f"{PULL} --suffix='!#:+' . /a") == "bad-value"


def test_programs() -> None:
    """What a client may call rsync is compared word by word."""
    client = policy(rule("/"), programs=("rsync", "sudo -u backup rsync"))
    assert verdict(client, f"sudo -u backup {PULL} . /a") == "allow 1"
    assert verdict(client, f"sudo -u root {PULL} . /a") == "program"
    assert verdict(client, f"'sudo -u backup' {PULL} . /a") == "program"
    assert verdict(client, f"sudo -u backup backup {PULL} . /a") == "program"


def test_probes() -> None:
    """A probe is a whole command that the policy names, with nothing before or behind it."""
    client = policy(rule("/"), probes=("true", "rsync --version"))
    assert verdict(client, "true") == "probe 1"
    assert verdict(client, "rsync  --version") == "probe 2"
    for command in ("true x", "rsync --version --server", "rsync -V", "'rsync --version'"):
        assert not verdict(client, command).startswith("probe")


@pytest.mark.parametrize(
    ("peer", "found"),
    [
        ("192.0.2.10", "allow 1"),
        ("192.0.2.11", "peer"),
        ("2001:db8::5", "allow 1"),
        ("2001:db9::5", "peer"),
        ("::ffff:192.0.2.10", "allow 1"),
        ("::ffff:192.0.2.11", "peer"),
        ("", "peer"),
        ("UNKNOWN", "peer"),
        ("192.0.2.10 ", "peer"),
    ],
)
def test_peers(peer: str, found: str) -> None:
    """A client with addresses is served from these only, probes included."""
    networks = ("192.0.2.10/32", "2001:db8::/64")
    client = policy(rule("/"), probes=("true",), networks=networks)
    assert verdict(client, f"{PULL} . /a", peer) == found
    assert verdict(client, "true", peer) == ("probe 1" if found != "peer" else "peer")


ADDRESSES = st.ip_addresses(v=4, network="192.0.2.0/28") | st.ip_addresses(
    v=6, network="64:ff9b::/124"
)
NETWORKS = st.builds(lambda address, bits: ip_network(f"{address}/{bits}", strict=False),
                     ADDRESSES, st.integers(24, 32))  # fmt: skip


@given(st.text() | ADDRESSES.map(str) | st.ip_addresses().map(str), NETWORKS)
def test_networks(peer: str, network: IPv4Network | IPv6Network) -> None:
    """A network holds the addresses that Python's ipaddress says it does; other text is none."""
    try:
        held = ip_address(peer) in network
    except ValueError:
        held = False
    client = policy(rule("/"), networks=(str(network),))
    assert (verdict(client, f"{PULL} . /a", peer) != "peer") == held


@given(ADDRESSES.filter(lambda address: address.version == 4))
def test_mapped_addresses(address: IPv4Address) -> None:
    """An IPv4 address in the form that an IPv6 socket gives it is what it is."""
    client = policy(rule("/"), networks=(f"{address}/32",))
    assert verdict(client, f"{PULL} . /a", f"::ffff:{address}") == "allow 1"


ROOTS = st.sampled_from(["/", "/srv", "/srv/a", "/etc", "/srv-2"])
LISTS = st.none() | st.lists(st.sampled_from(["-r", "-z", "-L", "--bwlimit=*", "-v"]), max_size=3)
RULES = st.builds(lambda paths, options: rule(*paths, options=options), st.lists(ROOTS), LISTS)
REQUESTS = st.builds(
    lambda options, paths: Located(
        requested(" ".join([PULL, *options, "."])),
        tuple(Source(path, path, path) for path in paths),
    ),
    st.lists(st.sampled_from(["-r", "-rz", "-Lv", "--bwlimit=5", "--log-file=/x", "--bogus"])),
    st.lists(st.sampled_from(["/", "/srv", "/srv/a/b", "/srv-2/x", "/etc/passwd"]), min_size=1),
)


@given(REQUESTS, st.lists(RULES, max_size=3), RULES)
def test_a_rule_more_refuses_nothing(located: Located, rules: list[Rule], more: Rule) -> None:
    """Another rule, wherever it stands, never turns an allowed request into a refused one."""
    before = decide(located, policy(*rules), "")
    for where in range(len(rules) + 1):
        client = policy(*rules[:where], more, *rules[where:])
        assert decide(located, client, "").allowed or not before.allowed


@given(REQUESTS, st.lists(RULES, max_size=3))
def test_nothing_dangerous_is_allowed(located: Located, rules: list[Rule]) -> None:
    """No set of rules allows a path outside of them, or what harms a sender."""
    client = policy(*rules)
    if decide(located, client, "").allowed:
        assert not located.request.faults
        assert not any(t.option and t.option.effect == WRITES for t in located.request.tokens)
        for source in located.sources:
            assert any(instance(source.real, root) for root in client.roots())


def test_codes() -> None:
    """What writes, deletes, executes or changes the role has a code that no rule can outweigh."""
    assert set(CODES) == {WRITES, DELETES, EXECUTES, ROLE}
