"""From one answered request to its place in the prediction log. Runs in the log's thread. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from headway.predictions.record import Answers

if TYPE_CHECKING:
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
    inputs: InputRows,
    answered: Answered,
    lookups: tuple[LookedUp, ...] = (),
) -> Answers:
    """The answers to one request as the log has them; see `headway.predictions.record.Answers`."""
    return Answers(
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
