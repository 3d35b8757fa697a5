# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A learned policy outlives the client's next upgrade, and allows no other job.

`jobs.jsonl.gz` holds pulls as rsync 2.6.8 to 3.5.0 and openrsync send them: the client's own
command line, and what each version made of it. A policy is learned from what one version sent and
asked about what every other version sent for the same job.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

from rsyncgate.admin.history import Seen
from rsyncgate.admin.learn import learn
from rsyncgate.admin.policy_text import option_words
from rsyncgate.policy.decide import decide, impossible
from rsyncgate.policy.model import Client, Located, Rule
from rsyncgate.policy.schema import options
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import FOLLOWS, HARMLESS, READS, meanings

# What else a version sends for the same job, and the policy learned from another does not allow:
# {the option at fault: (pairs, why)}.
NOT_COVERED = {
    "-r": (13, "2.6 lists a directory with -r and leaves out what is below; later ones send -d"),
    "-z": (8, "3.2.3 and later send a level without -z, which it implies; before, both"),
    "--timeout=60": (4, "openrsync keeps the timeout to itself"),
    "--timeout=30": (1, "openrsync keeps the timeout to itself"),
    "--bwlimit=1": (1, "openrsync rounds a limit below 1 KiB down, and sends none"),
    "--compress-level=0": (2, "before 3.2.3 a level of 0 was no option at all"),
    "--compress-level=-1": (2, "before 3.2.3 a level of -1 was -z alone"),
    "--debug=NONE": (1, "3.1 sends --debug, which may show paths; 3.2.3 and later do not"),
    "--debug=FLIST": (1, "3.1 sends --debug, which may show paths; 3.2.3 and later do not"),
    "--debug=FLIST2,SEND": (1, "3.1 sends --debug, which may show paths; 3.2.3 and later do not"),
}
"""All shape what is read or sent, so that a rule must name them: no version may widen a policy."""


def _seen(sent: dict[str, object]) -> Seen:
    words = sent.get("secluded", [])
    assert isinstance(words, list)
    return Seen(str(sent["command"]), tuple(words), "/root")


def _located(one: Seen) -> Located | None:
    """The request, None if no policy may allow it."""
    try:
        located = one.located()
    except Refusal:
        return None
    return None if impossible(located.request) else located


def _jobs() -> list[list[tuple[Seen, Located]]]:
    """Of each job the lines that some policy may allow."""
    with gzip.open(Path(__file__).with_name("jobs.jsonl.gz"), "rt", encoding="ascii") as stream:
        lines = [[_seen(sent) for sent in json.loads(line)["sent"]] for line in stream]
    return [
        [(one, located) for one in job if (located := _located(one)) is not None] for job in lines
    ]


JOBS = _jobs()


def _policy(one: Seen) -> Client:
    """The policy learned from one request; its options as they would stand in the file."""
    learned = learn([one], Client("nas01", programs=(("rsync",),)))
    rules = tuple(
        Rule(n, tuple(need.paths), options(option_words(need)))
        for n, need in enumerate(learned.needs, 1)
    )
    return Client("nas01", programs=(("rsync",), *learned.programs), rules=rules)


def _places(located: Located) -> set[str]:
    return {source.real for source in (*located.sources, *located.lists)}


def _matters(located: Located) -> set[str]:
    """What the options of a request mean, as far as a rule must name it."""
    effects = (HARMLESS, FOLLOWS, READS)
    return {
        name
        for token in located.request.tokens
        if token.option is not None and token.option.effect in effects
        for name in meanings(token.option.name)
    }


def test_the_next_version() -> None:
    """The same job as another version sends it is allowed in 99 of 100 pairs of lines."""
    allowed = 0
    refused: Counter[str] = Counter()
    for job in JOBS:
        for one, located in job:
            policy = _policy(one)
            assert decide(located, policy, "").allowed
            for other, sent in job:
                if other is one or _places(sent) != _places(located):
                    continue  # old clients do not quote blanks: that names other paths
                refusal = decide(sent, policy, "").refusal
                allowed += refusal is None
                if refusal is not None:
                    assert refusal.code == "option"
                    refused[refusal.token] += 1
    assert refused == {option: pairs for option, (pairs, _) in NOT_COVERED.items()}
    assert allowed / (allowed + refused.total()) >= 0.99


def test_other_paths() -> None:
    """A policy learned from a job refuses every line that names a path beside that job's."""
    asked = 0
    for job, after in zip(JOBS, [*JOBS[1:], JOBS[0]], strict=True):
        for (one, located), (_, other) in zip(job, after, strict=False):
            policy = _policy(one)
            requests = [Located(located.request, (place,)) for place in other.sources]
            if any(decide(request, policy, "").allowed for request in requests):
                continue
            verdict = decide(Located(located.request, other.sources), policy, "")
            assert verdict.refusal is not None
            assert verdict.refusal.code == "path"
            asked += 1
    assert asked > 100


def test_nothing_that_was_not_asked() -> None:
    """What a policy learned from one job allows of all others means nothing beyond that job."""
    lines = [entry for job in JOBS for entry in job]
    allowed = 0
    for job in filter(None, JOBS[::8]):  # an eighth of them meets every line of all
        one, asked = job[0]
        policy = _policy(one)
        for _, located in lines:
            if decide(located, policy, "").allowed:
                assert _matters(located) <= _matters(asked)
                allowed += 1
    assert allowed > len(JOBS) // 8
