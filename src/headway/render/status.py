"""The status of a workspace as text."""

from __future__ import annotations

from datetime import UTC, datetime

from headway.bundle import route
from headway.core.clock import SystemClock
from headway.core.wording import count
from headway.engine.questions.status import EnvironmentStatus, Status
from headway.facts.moves import ANY_DIGEST
from headway.plan.make import hold_on
from headway.render.style import PLAIN, Style, table


def status_text(status: Status, style: Style = PLAIN) -> str:
    """Every environment: revision, pointers, what is served, what is held."""
    lines = [style(status.product, "bold")]
    if status.ledger_trouble:
        lines.append(style(f"the ledger cannot be read: {status.ledger_trouble}", "red"))
    for item in status.environments:
        lines += ["", *_environment(item, style)]
    return "\n".join(lines)


def _environment(item: EnvironmentStatus, style: Style) -> list[str]:
    state = item.state
    protected = ", protected" if item.protected else ""
    revision = state.revision if item.is_known else "unknown"
    lines = [f"{style(state.name, 'bold')} at revision {revision}{protected}"]
    if not item.is_known:
        lines.append("  what it points at is unknown")
    elif not state.pointers:
        lines.append("  points at nothing")
    lines += table([(node, digest[:12]) for node, digest in sorted(state.pointers.items())])
    for node, read in item.stand_ins.items():
        lines.append(style(f"  {node} could not be read: its last good version of {read} is used", "yellow"))
    lines += [style(f"  {held}", "yellow") for held in (*item.restored, *item.past)]
    lines += _served(item, style)
    lines += _online(item, style)
    now = SystemClock().now()
    for hold in state.holds:
        if hold_on(state, hold.node, hold.digest, now) is not None:
            what = "every release" if hold.digest == ANY_DIGEST else hold.digest[:12]
            until = f" until {hold.until.isoformat()[:19]}Z" if hold.until else ""
            why = f": {hold.why}" if hold.why else ""
            lines.append(style(f"  held: {what} of {hold.node} by {hold.who}{until}{why}", "yellow"))
    return lines


def _moment(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds / 1e6, UTC):%Y-%m-%d %H:%M}Z"


def _online(item: EnvironmentStatus, style: Style) -> list[str]:
    if item.online_trouble:
        return [style(f"  features for look-up cannot be told: {item.online_trouble}", "red")]
    lines = []
    for kept in item.online:
        if kept.stamp is None:
            what = "not in the online store; releases use the rows that they brought along"
            lines.append(style(f"  looks up {kept.table}: {what}", "yellow"))
            continue
        newest = "" if kept.stamp.event_us is None else f", newest event {_moment(kept.stamp.event_us)}"
        lines.append(f"  looks up {kept.table}: {count(kept.stamp.rows, 'row')}{newest}")
        if not kept.follows:
            text = f"    at commit {kept.stamp.commit[:12]}, the environment at {(kept.wanted or '')[:12]}: headway apply"
            lines.append(style(text, "yellow"))
    return lines


def _served(item: EnvironmentStatus, style: Style) -> list[str]:
    if item.trouble:
        return [style(f"  the override cannot be read: {item.trouble}", "red")]
    if item.route is None:
        return []
    lines = []
    for endpoint in route.effective(item.route, item.override).endpoints:
        releases = ", ".join(f"{served.release[:12]} ({served.weight:g}%)" for served in endpoint.releases)
        runtime = item.runtimes.get(f"endpoint.{endpoint.name}", "")
        form = f", {runtime}" if runtime and endpoint.releases else ""
        lines.append(f"  serves {endpoint.name}: {releases or _why_none(item, endpoint.name, style)}{form}")
    if item.override is not None:
        by = f"{item.override.action} by {item.override.who}, not in the journal yet"
        lines.append(style(f"  overridden without the ledger: {by}", "red"))
    if item.is_known and item.route.revision != item.state.revision:
        text = f"  the route carries revision {item.route.revision}, the ledger is at {item.state.revision}"
        lines.append(style(text, "red"))
    return lines


def _why_none(item: EnvironmentStatus, endpoint: str, style: Style) -> str:
    """Why an endpoint serves no release."""
    if endpoint in item.unreleased:
        return "nothing released yet"
    overridden = item.override is not None and endpoint in {one.name for one in item.override.endpoints}
    if item.is_known or overridden:
        return style("stopped", "red")
    return style("no release; the ledger knows whether it was stopped", "red")
