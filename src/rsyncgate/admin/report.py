# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The report: one page with pictures, and the table behind each. It needs no network, no script."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

import pygal
from pygal.style import Style

from rsyncgate.admin.audit_attention import attention
from rsyncgate.admin.audit_times import shown
from rsyncgate.admin.audit_view import refusals, size
from rsyncgate.admin.report_page import PAGE
from rsyncgate.refusal import REASONS, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from xml.etree.ElementTree import Element

    from rsyncgate.admin.audit_tally import Client, Day, Tally

DAYS = 60
"""How many days the pictures show, up to the last one with a record."""

GOOD, BAD, WORSE, PLAIN = "var(--good)", "var(--bad)", "var(--worse)", "var(--plain)"


def page(found: Tally) -> str:
    """The whole page as HTML."""
    dates = _dates(found)
    now = datetime.now(UTC)
    parts = [
        _attention([concern.sentence for concern in attention(found, now)]),
        *(_client(who, client, dates, found) for who, client in sorted(found.clients.items())),
        _bytes(found, dates),
        _refusals(found),
    ]
    span = f"{dates[0]} to {dates[-1]}" if dates else "no records"
    return PAGE.format(
        made=escape(f"{now.astimezone():%Y-%m-%d %H:%M}"),
        span=escape(span),
        records=f"{found.lines:,}",
        body="\n".join(part for part in parts if part),
    )


def _attention(sentences: Sequence[str]) -> str:
    if not sentences:
        return '<p class="calm">Nothing needs attention.</p>'
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<section class="attention"><h2>Needs attention</h2><ul>{items}</ul></section>'


def _client(who: tuple[str, str], client: Client, dates: Sequence[str], found: Tally) -> str:
    """The timeline of one client: its sessions on each day, by how they ended."""
    several = len({host for host, _ in found.clients}) > 1
    title = _plain(f"{who[1]} of {who[0]}" if several else who[1])
    days = [client.days.get(date) for date in dates]
    chart = _bars(dates, GOOD, BAD, WORSE)
    for name, field in (("succeeded", "sessions"), ("failed", "failed"), ("refused", "refused")):
        chart.add(name, [getattr(day, field) if day else 0 for day in days])
    rows = [
        (date, day.sessions, day.failed, day.refused, size(day.bytes))
        for date, day in zip(dates, days, strict=True)
        if day
    ]
    whole = client.total()
    last = f"last success {shown(whole.success)}" if whole.success else "never succeeded"
    return _section(
        title,
        f"{client.requests:,} requests, {size(whole.bytes)} sent, {last}",
        chart,
        ("day", "succeeded", "failed", "refused", "sent"),
        rows,
    )


def _bytes(found: Tally, dates: Sequence[str]) -> str:
    """Bytes by day, of all clients together."""
    sums = [_sent(found, date) for date in dates]
    chart = _bars(dates, PLAIN)
    chart.value_formatter = chart.config.value_formatter = lambda value: size(int(value))
    chart.show_legend = False
    chart.add("sent", sums)
    rows = [(date, size(count)) for date, count in zip(dates, sums, strict=True) if count]
    return _section("Bytes by day", "sent to all clients", chart, ("day", "sent"), rows)


def _sent(found: Tally, date: str) -> int:
    days: Iterable[Day | None] = (client.days.get(date) for client in found.clients.values())
    return sum(day.bytes for day in days if day)


def _refusals(found: Tally) -> str:
    """Refusals by reason, of all clients together; the table says whose."""
    rows = refusals(found)
    counts: dict[str, int] = {}
    for _, reason, refused in rows:
        counts[reason] = counts.get(reason, 0) + refused.count
    if not counts:
        return ""
    chart = pygal.HorizontalBar(**_common(WORSE), height=80 + 34 * len(counts), show_legend=False)
    ordered = sorted(counts.items(), key=lambda one: one[1])
    chart.x_labels = [_plain(reason) for reason, _ in ordered]
    chart.add("refused", [count for _, count in ordered])
    table = [
        (_plain(who), _plain(reason), refused.count, shown(refused.last), REASONS.get(reason, ""))
        for who, reason, refused in rows
    ]
    columns = ("client", "reason", "refused", "last", "which means")
    return _section("Refusals by reason", "of all clients", chart, columns, table)


def _section(
    title: str,
    says: str,
    chart: pygal.graph.graph.Graph,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> str:
    chart.add_xml_filter(_static)
    picture = chart.render(is_unicode=True)
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<section><h2>{escape(title)}</h2><p>{escape(says)}</p>\n<figure>{picture}</figure>\n"
        f"<details><summary>The numbers</summary><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></details></section>"
    )


def _static(tree: Element) -> Element:
    """A picture without pygal's script, which would fetch more of it."""
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag == "script" or not isinstance(child.tag, str):
                parent.remove(child)
    return tree


def _bars(dates: Sequence[str], *colors: str) -> pygal.StackedBar:
    chart = pygal.StackedBar(
        **_common(*colors),
        height=220,
        x_label_rotation=0,
        show_minor_x_labels=False,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        legend_box_size=10,
    )
    chart.x_labels = dates
    chart.x_labels_major = dates[:: max(1, len(dates) // 6)]
    return chart


def _common(*colors: str) -> dict[str, object]:
    """What all pictures share; their colors are the page's, in light and dark."""
    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="var(--text)",
        foreground_strong="var(--text)",
        foreground_subtle="var(--line)",
        guide_stroke_color="var(--line)",
        major_guide_stroke_color="var(--line)",
        opacity="1",
        opacity_hover=".8",
        transition="none",
        colors=colors,
        font_family="inherit",
        label_font_size=11,
        major_label_font_size=11,
        legend_font_size=12,
    )
    return {
        "style": style,
        "js": (),
        "width": 900,
        "margin": 4,
        "disable_xml_declaration": True,
        "include_x_axis": True,
        "truncate_label": -1,
        "classes": ("chart",),
    }


def _dates(found: Tally) -> list[str]:
    """The days that the pictures show, oldest first, without gaps."""
    known = sorted({day for client in found.clients.values() for day in client.days})
    if not known:
        return []
    try:
        last, first = date.fromisoformat(known[-1]), date.fromisoformat(known[0])
    except ValueError:
        return known[-DAYS:]
    count = min(DAYS, (last - first).days + 1)
    return [(last - timedelta(days=ago)).isoformat() for ago in range(count - 1, -1, -1)]


def _plain(text: str) -> str:
    return show(text)[1:-1]
