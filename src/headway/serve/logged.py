"""From one answered request to its place in the prediction log. Runs in the log's thread. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from headway.contract.verdict import CLEAN
from headway.predictions.record import Answers, JudgedAnswers

if TYPE_CHECKING:
    from headway.contract.verdict import Judged
    from headway.model.inputs import InputRows
    from headway.predictions.record import LookedUp
    from headway.serve.answers import Answered
    from headway.serve.asked import Asked

_values = msgspec.structs.astuple


def logged(
    origin: int,
    request: str,
    at: int,
    seconds: float,
    ids: list[str],
    asked: Asked,
    outcome: tuple[InputRows, Answered, tuple[LookedUp, ...]],
    judged: Judged,
) -> Answers:
    """The answers to one request, with the contract's verdict on its rows, as the log has them."""
    inputs, answered, lookups = outcome
    answers = (
        origin,
        request,
        at,
        seconds,
        ids,
        msgspec.to_builtins([*map(_values, asked.records)]),  # times as ISO text
        inputs.numbers.astype("<f8", copy=False).tobytes(),
        inputs.texts.tolist() if inputs.texts.size else [],
        [*answered.probability],
        [*answered.label],
        [*answered.value],
        lookups,
    )
    return Answers(*answers) if judged == CLEAN else JudgedAnswers(*answers, judged)
