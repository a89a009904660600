"""From one answered request to its rows in the prediction log. Runs in the log's thread. Pure."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from headway.predictions.record import Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from headway.serve.asked import Asked
    from headway.serve.release import Outcome


class Answering(NamedTuple):
    """What the rows of one request have in common, as in `headway.predictions.record.Prediction`."""

    request: str
    at: int
    environment: str
    endpoint: str
    release: str
    variant: str
    unit_column: str | None
    seconds: float


def predictions(
    common: Answering, ids: Sequence[str], asked: Asked, outcome: Outcome
) -> Iterator[Prediction]:
    """One prediction per row; a missing number is None."""
    inputs = {name: column.tolist() for name, column in outcome.inputs.items()}
    rows = zip(ids, asked.sent(), outcome.answered.rows(), strict=True)
    for place, (prediction, sent, answer) in enumerate(rows):
        yield Prediction(
            id=prediction,
            request=common.request,
            at=common.at,
            environment=common.environment,
            endpoint=common.endpoint,
            release=common.release,
            variant=common.variant,
            unit=_unit(sent, common.unit_column),
            sent=sent,
            features={name: _told(values[place]) for name, values in inputs.items()},
            answer=answer,
            seconds=common.seconds,
        )


def _unit(sent: dict[str, Any], column: str | None) -> str:
    value = None if column is None else sent.get(column)
    return "" if value is None else str(value)


def _told(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value
