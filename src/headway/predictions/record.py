"""What the prediction log holds: what was asked, what was answered, by what. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from struct import Struct as Packing
from typing import Any, Literal

from msgspec import Struct


class LookedUp(Struct, frozen=True, array_like=True):
    """Where the features of one group came from, for the n rows of a request.

    Attributes:
        source: `online`, `snapshot` (the rows that the release brought along), or `missing` (the store
            did not answer, and the endpoint goes on without).
        commit: Commit of the group that the values are of; empty where there is none.
        missed: Places of the rows for whose entity nothing was found.
    """

    group: str
    source: str
    commit: str
    missed: tuple[int, ...] = ()


class Lookup(Struct, frozen=True, kw_only=True):
    """Where the features of one group came from, for one prediction; see `LookedUp`.

    Attributes:
        found: Whether there was a row of the entity, as of the moment of prediction.
    """

    group: str
    source: str
    commit: str
    found: bool


class Prediction(Struct, frozen=True, kw_only=True):
    """One row of the prediction log, untransformed, so that another model can be fed with it.

    Attributes:
        id: UUIDv7, unique per row; rows of one request share `request`.
        request: Id of the request; the caller's `id` when one was sent.
        at: Microseconds since the epoch, UTC.
        release: Digest of the release that answered.
        variant: `stable`, or the name of another release's role.
        unit: Value of the sticky unit; empty when none is declared.
        sent: Request column -> value as the caller sent it (times as ISO text).
        features: Model input -> value, before model-specific transforms.
        answer: What was returned (`probability`, `label` or `value`).
        seconds: Time from the decoded request to the answer.
        lookups: Where the features of each group came from.
    """

    id: str
    request: str
    at: int
    environment: str
    endpoint: str
    release: str
    variant: str
    unit: str
    sent: dict[str, Any]
    features: dict[str, Any]
    answer: dict[str, Any]
    seconds: float
    lookups: tuple[Lookup, ...] = ()


class Origin(Struct, frozen=True, kw_only=True):
    """What all predictions of one release at one endpoint have in common.

    Attributes:
        unit_column: Request column of the sticky unit; None when none is declared.
        request: Request columns, in the order of `Answers.sent`.
        inputs: Model inputs in order, with their types.
    """

    environment: str
    endpoint: str
    release: str
    variant: str
    unit_column: str | None
    request: tuple[str, ...]
    inputs: tuple[tuple[str, Literal["number", "text"]], ...]


class Answers(Struct, frozen=True, array_like=True):
    """The answers to one request of n rows, as cheap to write as can be.

    Attributes:
        origin: Key of the `Origin`; see `headway.predictions.frame`.
        request: As in `Prediction`, like `at` and `seconds`.
        ids: One per row.
        sent: Values of the request columns, per row.
        numbers: float64, little-endian: the number inputs of the first row, of the second row, ...
        texts: The text inputs, per row.
        probability: Per row, or nothing.
        label: Per row, or nothing.
        value: Per row, or nothing.
        lookups: One per look-up of the release; none in logs from before it was kept.
    """

    origin: int
    request: str
    at: int
    seconds: float
    ids: list[str]
    sent: list[list[Any]]
    numbers: bytes
    texts: list[list[Any]]
    probability: list[float]
    label: list[Any]
    value: list[float]
    lookups: tuple[LookedUp, ...] = ()


def predictions(origin: Origin, answers: Answers) -> Iterator[Prediction]:
    """One prediction per row; a missing number is None."""
    numbers = _by_row(answers, origin)
    missed = [frozenset(item.missed) for item in answers.lookups]
    for row, prediction in enumerate(answers.ids):
        sent = dict(zip(origin.request, answers.sent[row], strict=True))
        unit = None if origin.unit_column is None else sent.get(origin.unit_column)
        yield Prediction(
            id=prediction,
            request=answers.request,
            at=answers.at,
            environment=origin.environment,
            endpoint=origin.endpoint,
            release=origin.release,
            variant=origin.variant,
            unit="" if unit is None else str(unit),
            sent=sent,
            features=_features(origin, numbers[row], answers.texts[row] if answers.texts else []),
            answer=_answer(answers, row),
            seconds=answers.seconds,
            lookups=tuple(
                Lookup(group=item.group, source=item.source, commit=item.commit, found=row not in places)
                for item, places in zip(answers.lookups, missed, strict=True)
            ),
        )


def _by_row(answers: Answers, origin: Origin) -> list[tuple[float, ...]]:
    count = sum(kind == "number" for _, kind in origin.inputs)
    if not count:
        return [()] * len(answers.ids)
    return list(Packing(f"<{count}d").iter_unpack(answers.numbers))


def _features(origin: Origin, numbers: tuple[float, ...], texts: list[Any]) -> dict[str, Any]:
    number, text = iter(numbers), iter(texts)
    return {name: _or_none(next(number)) if kind == "number" else next(text) for name, kind in origin.inputs}


def _or_none(number: float) -> float | None:
    return None if isnan(number) else number


def _answer(answers: Answers, row: int) -> dict[str, Any]:
    if answers.value:
        return {"value": answers.value[row]}
    return {"probability": answers.probability[row], "label": answers.label[row]}
