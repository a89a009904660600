"""One artifact, or one prediction, in full."""

from __future__ import annotations

import json
from typing import Any

from headway.engine.found import Found
from headway.engine.runs import Ran
from headway.facts.executions import Execution
from headway.predictions.record import Prediction
from headway.render.style import clip, seconds, table

_LONGEST = 600


def shown_text(found: Found) -> str:
    """The artifact's files and facts; the prediction first where one was asked for."""
    artifact = found.artifact
    lines = [prediction_text(found.prediction), ""] if found.prediction is not None else []
    lines += [f"{artifact.kind} {artifact.digest}"]
    lines += table([(file.name, f"{file.size:,} B", file.digest[:12]) for file in artifact.files])
    for name, value in artifact.meta.items():
        lines.append(f"{name}: {_value(value)}")
    return "\n".join(lines)


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clip(text, _LONGEST)


def prediction_text(prediction: Prediction) -> str:
    """One prediction: what was asked, what was answered, by what, how fast."""
    answer = ", ".join(f"{name} {_value(value)}" for name, value in prediction.answer.items())
    lines = [
        f"prediction {prediction.id}: {answer}",
        f"  by release {prediction.release[:12]} of {prediction.endpoint} in {prediction.environment}, {seconds(prediction.seconds)}",
        f"  sent: {_value(prediction.sent)}",
        f"  features: {_value(prediction.features)}",
    ]
    return "\n".join(lines)


def run_text(run: Ran) -> str:
    """A run: how it ended, then each of its executions with what it was made of and what it printed."""
    took = f" in {seconds(run.ended.seconds)}" if run.ended is not None else ""
    lines = [
        f"run {run.asked.run}: {run.outcome}{took}",
        f"  {run.asked.command} to {run.asked.environment} by {run.asked.who or 'somebody'} at {run.at.isoformat()[:19]}Z",
        f"  plan {run.asked.plan[:12]}",
    ]
    if run.ended is not None and run.ended.reason:
        lines.append(f"  why: {clip(run.ended.reason, _LONGEST)}")
    for item in run.executions:
        lines += ["", *_execution_lines(item, run.printed.get(item.node, ""))]
    return "\n".join(lines)


def _execution_lines(item: Execution, printed: str) -> list[str]:
    seed = f", seed {item.seed}" if item.seed is not None else ""
    made = f"{item.node}: {item.outcome} in {seconds(item.seconds)}{seed}"
    rows = [("because", item.trigger), ("error", item.error or ""), ("output", item.output or "")]
    rows += [("input", f"{name} {digest[:12]}") for name, digest in item.fingerprint.inputs.items()]
    rows += [("file", f"{path} {digest[:12]}") for path, digest in sorted(item.fingerprint.data.items())]
    rows += [("code archive", item.code_archive or "")]
    rows += [("library", f"{name} {version}") for name, version in sorted(item.libraries.items())]
    lines = [made, *table([row for row in rows if row[1]])]
    return lines + [f"  printed: {line}" for line in printed.splitlines()]
