"""What an apply did, in one or two lines."""

from __future__ import annotations

from headway.core.wording import count
from headway.engine.apply import Applied
from headway.render.style import PLAIN, Style, seconds


def applied_text(applied: Applied, style: Style = PLAIN) -> str:
    """One line for the work, one for the pointers."""
    if not applied.run and applied.refusal is not None:
        return f"nothing ran; {style('no pointer moved', 'red')} in {applied.plan.env}"
    if not applied.run and applied.brought:
        brought = ", ".join(applied.brought)
        return (
            f"nothing ran; the servers of {style(applied.plan.env, 'bold')} got what they lacked: {brought}"
        )
    if not applied.run:
        return f"nothing to do in {style(applied.plan.env, 'bold')}"
    ran = f"{count(len(applied.executed), 'node')} ran in {seconds(applied.seconds)}"
    if applied.refusal is not None:
        return f"{ran}; {style('no pointer moved', 'red')} in {applied.plan.env}"
    if applied.moved is None:
        return f"{ran}; the pointers of {applied.plan.env} are where they were"
    moved = count(len(applied.moved.after), "pointer")
    return f"{ran}; {style(moved, 'green')} moved in {applied.plan.env}, revision {applied.moved.revision}"
