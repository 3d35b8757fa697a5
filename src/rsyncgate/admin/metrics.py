# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The journal's numbers in Prometheus's text format, for node_exporter's textfile collector."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from rsyncgate.admin.audit_times import local
from rsyncgate.journal.verify import noted_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from rsyncgate.admin.audit_tally import Tally


def exposition(found: Tally, journal: str) -> str:
    """The metrics of what was `found`, and of the journal file at `journal`.

    The counters count what the journals that were read hold: they fall when old ones are deleted,
    which Prometheus takes for a restart.
    """
    registry = CollectorRegistry()
    registry.register(_Numbers(found, journal))
    return generate_latest(registry).decode("utf-8", "backslashreplace")


class _Numbers:
    """What prometheus_client asks for metrics."""

    def __init__(self, found: Tally, journal: str) -> None:
        self.found = found
        self.journal = journal

    def collect(self) -> Iterator[Metric]:
        """Every metric with its samples."""
        yield from self._clients()
        yield from self._journal()

    def _clients(self) -> Iterator[Metric]:
        labels = ["host", "client"]
        success = GaugeMetricFamily(
            "rsyncgate_last_success_timestamp_seconds",
            "When a session of the client last succeeded.",
            labels=labels,
        )
        sessions = CounterMetricFamily(
            "rsyncgate_sessions",
            "Sessions in which rsync ran, by how it ended.",
            labels=[*labels, "outcome"],
        )
        sent = CounterMetricFamily(
            "rsyncgate_sent_bytes", "Bytes that rsync sent to the client.", labels=labels
        )
        refused = CounterMetricFamily(
            "rsyncgate_refusals", "Requests that were refused.", labels=[*labels, "reason"]
        )
        captured = CounterMetricFamily(
            "rsyncgate_captured", "Requests that were learned and not run.", labels=labels
        )
        errors = CounterMetricFamily(
            "rsyncgate_errors", "Sessions that met a fault of the gate itself.", labels=labels
        )
        confined = GaugeMetricFamily(
            "rsyncgate_confined",
            "Whether Landlock confined the client's rsync when it last ran.",
            labels=labels,
        )
        for who, client in sorted(self.found.clients.items()):
            whole, key = client.total(), [*map(_label, who)]
            if whole.success:
                success.add_metric(key, local(whole.success).timestamp())
            sessions.add_metric([*key, "succeeded"], whole.sessions)
            sessions.add_metric([*key, "failed"], whole.failed)
            sent.add_metric(key, whole.bytes)
            for reason, refusals in sorted(client.refusals.items()):
                refused.add_metric([*key, _label(reason)], refusals.count)
            captured.add_metric(key, client.captured)
            errors.add_metric(key, client.errors)
            if whole.held or whole.open:
                confined.add_metric(key, float(whole.held > whole.open))
        yield from (success, sessions, sent, refused, captured, errors, confined)

    def _journal(self) -> Iterator[Metric]:
        noted = noted_head(self.journal)
        yield CounterMetricFamily(
            "rsyncgate_journal_write_failures",
            "Records that could not be written, each a request that was not run.",
            value=noted.failures,
        )
        yield GaugeMetricFamily(
            "rsyncgate_journal_records",
            "Records written to the journal since it began.",
            value=noted.head.seq if noted.head else 0,
        )
        yield GaugeMetricFamily(
            "rsyncgate_journal_damaged_lines",
            "Lines of the journals that are no records.",
            value=self.found.damaged,
        )
        try:
            size = os.stat(self.journal).st_size
        except OSError:
            size = 0
        yield GaugeMetricFamily(
            "rsyncgate_journal_size_bytes", "The size of the live journal.", value=size
        )


def _label(text: str) -> str:
    """`text` without what UTF-8 cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
