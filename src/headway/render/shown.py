"""One artifact, or one prediction, in full."""

from __future__ import annotations

import json
from typing import Any

from headway.engine.found import Found
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
