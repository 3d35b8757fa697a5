# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Learning: a request is written down, nothing is sent, and a rule made from it allows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from e2e.sites import Run, Site
from e2e.trees import snapshot

ORIGIN = "rsync --server --sender -vnlogDtprxz --numeric-ids . /"

CAPTURED = "captured: the request was written down for the administrator; nothing was sent"


def captured(site: Site, run: Run) -> dict[str, Any]:
    """The record of the capture that `run` met, the only one of its session."""
    assert run.out == ""
    assert (run.sentence["text"], run.sentence["code"]) == (CAPTURED, "captured")
    (record,) = [r for r in site.journal() if r["id"] == run.sentence["id"]]
    assert record["event"] == "captured"
    return dict(record)


@pytest.mark.parametrize("options", ["-aHAX", "-as"])
def test_a_pull_is_captured(site: Site, tree: Path, options: str) -> None:
    """A pull is understood and written down, on the line or on stdin, and brings nothing."""
    site.authorize("--learn --client nas01")
    run = site.rsync(options, "--numeric-ids", f"server:{tree}/nested/a b/", site.here / "copy")
    record = captured(site, run)
    assert not (site.here / "copy").exists()
    assert (record["request"]["role"], record["client"]) == ("sender", "nas01")
    assert record["request"]["paths"] == [f"{tree}/nested/a b/"]
    assert "--numeric-ids" in record["request"]["options"]
    assert ("secluded" in record) == (options == "-as")


def test_a_push_is_captured(site: Site, tree: Path, tmp_path: Path) -> None:
    """A push is written down too, and nothing arrives on the server."""
    site.allow(tmp_path)
    site.authorize("--learn --client nas01")
    for options in ("-a", "-as"):
        record = captured(site, site.rsync(options, f"{tree}/nested", f"server:{tmp_path}/"))
        assert record["request"]["role"] == "receiver"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [("rsync --server; id", "shell-syntax"), ("", "no-command"), ("true", None)],
)
def test_anything_is_captured(site: Site, command: str, reason: str | None) -> None:
    """Without a policy, and whatever the request is, it is written down and does not run."""
    (site.config / "clients/nas01.toml").unlink()
    site.authorize("--learn --client nas01")
    run = site.ssh(command)
    record = captured(site, run)
    assert run.status == 77
    assert (record["command"] or "", record.get("reason")) == (command, reason)


def test_the_origin_story(site: Site, tree: Path) -> None:
    """One rule, made from a dry run that was captured, allows that dry run and the real run."""
    site.authorize("--learn --client nas01")
    options = captured(site, site.ssh(ORIGIN))["request"]["options"]
    assert options[2:] == [*(f"-{letter}" for letter in "vnlogDtprxz"), "--numeric-ids"]
    site.authorize()
    learned = ["-vnlogDtprxz", "--numeric-ids"]
    site.allow("/", options=learned)
    for command in (ORIGIN, ORIGIN.replace("-vn", "-v"), ORIGIN.replace("-vn", "-")):
        explained = site.admin("explain", "--client", "nas01", command)
        assert explained.status == 0
        assert "allowed: allow 1" in explained.out
    for command in (ORIGIN.replace("xz", "xzL"), ORIGIN.replace("--n", "--delete --n")):
        assert site.admin("explain", "--client", "nas01", command).status == 77
    site.allow(tree, options=learned)
    words = ["-vaxz", "--numeric-ids", f"server:{tree}/", str(site.here / "copy")]
    site.pull("-n", *words)
    assert not (site.here / "copy").exists()
    site.pull(*words)
    copy = snapshot(site.here / "copy", hard_links=False, attributes=False)
    assert copy == snapshot(tree, hard_links=False, attributes=False)
    assert site.refusal(site.rsync("-H", *words))["reason"] == "option"


def test_the_captured_command_itself_runs(site: Site, tree: Path) -> None:
    """An old client's bare command starts rsync with the dry run's `n`, and the protocol begins."""
    site.allow(tree, options=["-vnlogDtprxz", "--numeric-ids"])
    run = site.ssh(ORIGIN.replace(" . /", f" . {tree}/"))
    assert run.out[:4].encode("utf-8", "surrogateescape")[1:] == b"\0\0\0"  # a protocol number
    allowed = site.journal()[0]
    assert allowed["argv"] == ["rsync", "--server", "--sender", "-vnlogDtprxz", "--numeric-ids",
                               "--", ".", f"{tree}/"]  # fmt: skip
