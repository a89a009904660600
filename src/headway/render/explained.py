"""One node explained: its causes, what it waits for, how it was made, what is known of it."""

from __future__ import annotations

from typing import Any

import msgspec

from headway.engine.questions.explaining import Explained
from headway.errors.masking import visible
from headway.plan.plan import Cause
from headway.render.plan import cause_text
from headway.render.progress import verdict_line
from headway.render.style import PLAIN, Style, seconds, table

_LINES = 20
"""Lines of what the code printed, from its end."""


def explained_text(found: Explained, style: Style = PLAIN, *, closure: bool = False) -> str:
    """The whole explanation."""
    step = found.step
    lines = [f"{style(step.node, 'bold')} is {step.status}"]
    lines += [f"  {cause.kind}: {cause_text(cause)}" for cause in step.causes]
    for other in found.upstream:
        own = [cause for cause in other.causes if cause.kind != "upstream"]
        lines.append(f"  upstream, {other.node} is {other.status}{':' if own else ''}")
        lines += [f"    {cause.kind}: {cause_text(cause)}" for cause in own]
    if found.last is not None:
        last = found.last
        made = f"last made {last.started.isoformat()[:19]}Z in {seconds(last.seconds)}"
        lines.append(f"{made}, because of {last.trigger or 'nothing known'}, run {last.run}")
        lines.append(f"  output {str(last.output)[:12]}, key {last.key[:12]}")
    if found.printed:
        lines += ["printed:", *(f"  {visible(line)}" for line in found.printed.splitlines()[-_LINES:])]
    if found.evidence:
        lines.append("evidence:")
        lines += [verdict_line(item, style, is_whole=True) for item in found.current]
        older = len(found.evidence) - len(found.current)
        lines += [f"  and {older:,} older: headway why {step.node} --json"] if older else []
    if closure:
        lines += _closure(found)
    return "\n".join(lines)


def _closure(found: Explained) -> list[str]:
    if found.closure is None:
        return ["code: none of the product's own"]
    lines = ["code:"]
    lines += [f"  {digest[:8]}  {name}" for name, digest in found.closure.parts.items()]
    lines += [f"  module {module} counts as a whole: {why}" for module, why in found.closure.coarse.items()]
    if found.closure.imports:
        lines.append(f"  imports {', '.join(found.closure.imports)}")
    if found.libraries:
        lines.append("libraries, with what those need:")
    rows = [
        (name, version, "in no lock file" if name in found.unlocked else "")
        for name, version in found.libraries.items()
    ]
    return lines + table(rows)


def explained_json(found: Explained) -> dict[str, Any]:
    """The documented schema of `why --json`."""
    return {
        "node": found.step.node,
        "status": found.step.status,
        "causes": [_cause(cause) for cause in found.step.causes],
        "upstream": [
            {"node": step.node, "status": step.status, "causes": [_cause(cause) for cause in step.causes]}
            for step in found.upstream
        ],
        "last": msgspec.to_builtins(found.last) if found.last else None,
        "closure": msgspec.to_builtins(found.closure) if found.closure else None,
        "libraries": found.libraries,
        "unlocked": list(found.unlocked),
        "printed": found.printed,
        "evidence": [{"fact": fact, **msgspec.to_builtins(item)} for fact, item in found.evidence],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return cause._asdict()
