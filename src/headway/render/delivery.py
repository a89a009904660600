"""Rollbacks, stops and promotions in one or two lines."""

from __future__ import annotations

from typing import Any

from headway.core.wording import count
from headway.engine.delivery.materialise import Materialised
from headway.engine.delivery.serving import Ended, FeaturesBack
from headway.facts.moves import Move
from headway.render.style import seconds as in_words


def ended_text(ended: Ended, verb: str, environment: str, seconds: float) -> str:
    """What was done, where, in what time; and when it was done beside the ledger, why."""
    if ended.move is None:
        reason = f"the journal takes it up when the ledger is back ({ended.why_override})"
        return f"{verb} {environment} in {in_words(seconds)} by an override beside the route; {reason}"
    lines = [
        f"{verb} {environment} in {in_words(seconds)}: revision {ended.move.revision}",
        *move_lines(ended.move),
    ]
    if ended.override is not None:
        lines.append(f"  published by an override beside the route: {ended.why_override}")
    lines += [
        f"  held: {hold.node} {hold.digest[:12]}" + (f" until {hold.until.isoformat()}" if hold.until else "")
        for hold in ended.move.holds
    ]
    return "\n".join(lines)


def features_lines(back: FeaturesBack) -> list[str]:
    """What was written for look-up, or why it was not."""
    if back.trouble:
        trouble = f"features for look-up are still the newer ones: {back.trouble}"
        return [f"{trouble}; the next apply brings them back"]
    return [look_up_line(table) for table in back.written]


def look_up_line(table: Materialised) -> str:
    """What came to a table of the online store, and what went from it."""
    gone = f"{count(table.gone, 'row')} gone from look-up" if table.gone else ""
    came = f"{count(table.written, 'row')} for look-up" if table.written or not gone else ""
    return f"{', '.join(filter(None, (came, gone)))}: {table.table}"


def move_lines(move: Move) -> list[str]:
    """One line per pointer that moved: before and after."""
    nodes = sorted(move.before.keys() | move.after.keys())
    width = max((len(node) for node in nodes), default=0)
    return [
        f"  {node:<{width}}  {move.before.get(node, '')[:12] or '-':<12} -> {move.after.get(node, '')[:12] or '-'}"
        for node in nodes
    ]


def ended_json(ended: Ended, seconds: float) -> dict[str, Any]:
    """The documented schema of `rollback --json` and `stop --json`."""
    return {
        "revision": ended.move.revision if ended.move else None,
        "before": dict(ended.move.before) if ended.move else {},
        "after": dict(ended.move.after) if ended.move else {},
        "held": [hold.digest for hold in ended.move.holds] if ended.move else [],
        "override": ended.override is not None,
        "seconds": round(seconds, 4),
    }
