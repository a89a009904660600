"""A plan as text: each step with its status, and every cause in words."""

from __future__ import annotations

from typing import Any

from headway.core.wording import count, few
from headway.plan.foretold import gate_said, is_of_gate, refusal
from headway.plan.locked import UNLOCKED, is_of_lock
from headway.plan.plan import LABELS_KNOWN, READ_AGAIN, Cause, Plan, Step
from headway.plan.policies import is_of_policy, rule_of
from headway.render.style import PLAIN, Style, clip

MARKS = {"fresh": " ", "stale": "~", "waiting": "."}
COLOURS = {"fresh": "dim", "stale": "yellow", "waiting": "cyan"}
_DIGEST = 64
_CAUSES = 6


def plan_text(plan: Plan, style: Style = PLAIN) -> str:
    """The whole plan, upstream first, with at most six causes a step."""
    width = max((len(step.node) for step in plan.steps), default=0)
    lines = [
        f"{style('plan', 'bold')} {plan.id[:12]} for {style(plan.env, 'bold')} at revision {plan.revision}",
        "",
    ]
    refused = refusal(plan) is not None
    for step in plan.steps:
        lines += _step(step, width, style, refused=refused)
    lines += ["", _summary(plan, refused=refused)]
    barred = {cause_text(cause): None for step in plan.todo for cause in step.causes if is_of_lock(cause)}
    lines += [style(f"refused: {plan.env} is protected, and {text}", "red") for text in barred]
    ruled = {cause_text(cause): None for step in plan.todo for cause in step.causes if is_of_policy(cause)}
    lines += [style(f"refused: {text}", "red") for text in ruled]
    said = {cause_text(cause): None for step in plan.steps for cause in step.causes if is_of_gate(cause)}
    lines += [style(f"refused: {plan.env} is protected, and {text}", "red") for text in said]
    lines += [f"note: {notice}" for notice in plan.notices]
    return "\n".join(lines)


def _step(step: Step, width: int, style: Style, *, refused: bool) -> list[str]:
    colour = COLOURS[step.status]
    head = f"{MARKS[step.status]} {step.node:<{width}}  {step.status:<7}"
    moves = "  -> pointer stays" if refused else "  -> pointer moves"
    moves = moves if step.status == "fresh" and step.moves else ""
    lines = [style(head.rstrip() + moves, colour)]
    own = [cause for cause in step.causes if not (is_of_lock(cause) or is_of_policy(cause))]
    shown = [cause for cause in own if not (cause.kind == "upstream" and step.status == "waiting")]
    waits = [cause.about for cause in step.causes if cause.kind == "upstream" and step.status == "waiting"]
    if waits:
        lines[0] += style(f"  for {', '.join(waits)}", "dim")
    lines += [f"      {style(cause.kind, 'bold')}: {cause_text(cause)}" for cause in shown[:_CAUSES]]
    if len(shown) > _CAUSES:
        lines.append(f"      and {len(shown) - _CAUSES} more: headway why {step.node}")
    return lines


_RIPE = {READ_AGAIN: "it is time to read it again", LABELS_KNOWN: "labels have become known"}
"""What the passing of time has brought."""


def cause_text(cause: Cause) -> str:
    """One cause in words: what differs, before and after."""
    if cause.kind == "missing":
        return "never made here"
    if cause.kind == "tainted":
        return f"the stored result is {cause.about}; it is made again"
    if is_of_lock(cause):
        return _lock_text(cause)
    if is_of_gate(cause):
        gate, outcome, seen = gate_said(cause)
        return f"gate `{gate}`: {outcome}" + (f" ({seen})" if seen else "")
    if is_of_policy(cause):
        return f"rule `{rule_of(cause)}` ({cause.before}) is broken"
    if cause.kind == "policy":
        seen = f" (wanted {cause.before}, seen {cause.after})" if cause.before and cause.after else ""
        return f"{cause.about}{seen}"
    return _change_text(cause)


def _change_text(cause: Cause) -> str:
    if cause.kind == "data" and cause.about in _RIPE:
        return f"{_RIPE[cause.about]}, since {str(cause.before)[:19]}Z"
    before, after = value_text(cause.before), value_text(cause.after)
    if cause.before is None:
        return f"{cause.about} is new ({after})" if after else f"{cause.about} is new"
    if cause.after is None and cause.kind != "upstream":
        return f"{cause.about} is gone"
    if cause.after is None:
        return f"{cause.about} may change"
    return f"{cause.about} {before} -> {after}"


def _lock_text(cause: Cause) -> str:
    if cause.about == UNLOCKED:
        return f"{few(cause.after)} {'is' if len(cause.after) == 1 else 'are'} in no lock file"
    pairs = [f"{name} {here} (locked {cause.before[name]})" for name, here in cause.after.items()]
    return f"what is installed differs from the lock file: {few(pairs)}"


def value_text(value: Any) -> str:
    """A value for people, as YAML writes it in one line: digests short, never long."""
    if isinstance(value, str) and len(value) == _DIGEST and all(c in "0123456789abcdef" for c in value):
        return value[:8]
    return "" if value is None else clip(_plain(value), 60)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_plain(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_plain(item)}' for name, item in value.items())}}}"
    return '"*"' if value == "*" else "null" if value is None else str(value)


def _summary(plan: Plan, *, refused: bool) -> str:
    if not plan.todo:
        return f"nothing to do: {count(len(plan.steps), 'node')} fresh"
    names = {"stale": 0, "waiting": 0, "fresh": 0}
    for step in plan.steps:
        names[step.status] += 1
    moving = sum(step.status == "fresh" and step.moves for step in plan.steps)
    parts = [f"{names['stale']} stale", f"{names['waiting']} waiting", f"{names['fresh']} fresh"]
    return ", ".join(parts) + (
        f", {count(moving, 'pointer')} {'kept by a refusal' if refused else 'to move'}" if moving else ""
    )
