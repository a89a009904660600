"""From one answered request to its rows in the prediction log. Runs in the log's thread. Pure."""

from __future__ import annotations

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
    names = tuple(outcome.inputs)
    columns = zip(*[column.tolist() for column in outcome.inputs.values()], strict=True)
    rows = zip(ids, asked.sent(), columns, outcome.answered.rows(), strict=True)
    for prediction, sent, values, answer in rows:
        told = [None if value != value else value for value in values]  # noqa: PLR0124 -- only NaN differs
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
            features=dict(zip(names, told, strict=True)),
            answer=answer,
            seconds=common.seconds,
        )


def _unit(sent: dict[str, Any], column: str | None) -> str:
    value = None if column is None else sent.get(column)
    return "" if value is None else str(value)
