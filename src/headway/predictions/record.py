"""What the prediction log holds: what was asked, what was answered, by what; and what was refused. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from struct import Struct as Packing
from typing import Any, Literal

from msgspec import Struct

from headway.contract.verdict import CLEAN, Judged


class LookedUp(Struct, frozen=True, array_like=True):
    """Where the features of one group came from, for the n rows of a request.

    Attributes:
        source: `online`, `snapshot` (the rows that the release brought along), or `missing` (the store
            did not answer, and the endpoint goes on without).
        commit: Commit of the group that the values are of; empty where there is none.
        missed: Places of the rows for whose entity nothing was found.
        expired: (place, age in microseconds) of those among them whose newest row is older than the group's `ttl`.
        ttl_us: That `ttl`; 0 where nothing is expired.
    """

    group: str
    source: str
    commit: str
    missed: tuple[int, ...] = ()
    expired: tuple[tuple[int, int], ...] = ()
    ttl_us: int = 0


class Lookup(Struct, frozen=True, kw_only=True):
    """Where the features of one group came from, for one prediction; see `LookedUp`.

    Attributes:
        found: Whether there was a row of the entity, as of the moment of prediction.
        age_seconds: Age of its newest row then, where that is over the group's `ttl`, so that it does not count.
        ttl_seconds: The `ttl` that it is over.
    """

    group: str
    source: str
    commit: str
    found: bool
    age_seconds: float | None = None
    ttl_seconds: float | None = None


class Broken(Struct, frozen=True, kw_only=True):
    """An expectation that a row breaks, and that only warns; see `headway.contract.verdict.Warned`."""

    expectation: str
    columns: tuple[str, ...]


class Verdict(Struct, frozen=True, kw_only=True):
    """What the contract let pass in the row of one prediction; all empty for a row that keeps it.

    Attributes:
        warned: Expectations that it breaks, and that only warn.
        mapped: Column -> what was sent, a category that the contract does not know; `sent` has the one
            that the contract names in its place.
        filled: Columns that were not sent; `sent` has their default.
    """

    warned: tuple[Broken, ...] = ()
    mapped: dict[str, Any] = {}
    filled: tuple[str, ...] = ()


class Prediction(Struct, frozen=True, kw_only=True):
    """One row of the prediction log, untransformed, so that another model can be fed with it.

    Attributes:
        id: UUIDv7, unique per row; rows of one request share `request`.
        request: Id of the request; the caller's `id` when one was sent.
        at: Microseconds since the epoch, UTC.
        release: Digest of the release that answered.
        variant: `stable`, or the name of another release's role.
        unit: Value of the sticky unit; empty when none is declared.
        sent: Request column -> value that was let in (times as ISO text): as the caller sent it, where
            `verdict` says nothing else.
        features: Model input -> value, before model-specific transforms.
        answer: What was returned (`probability`, `label` or `value`).
        seconds: Time from the decoded request to the answer.
        lookups: Where the features of each group came from.
        contract: Digest of the request contract, a file of the release; empty in logs from before it
            was kept.
        verdict: What that contract let pass.
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
    contract: str = ""
    verdict: Verdict = Verdict()


class Fault(Struct, frozen=True, kw_only=True):
    """What a refused row breaks.

    Attributes:
        column: Of the contract; several with commas between them; empty for a field that it does not know.
        rule: `type`, `nulls`, `min`, `max`, `matches`, `in`, `missing`, `extra_columns`, or an expectation.
    """

    column: str
    rule: str


class Refused(Struct, frozen=True, kw_only=True):
    """Requests that a contract refused, of one kind, without anything that was sent.

    Attributes:
        first: Microseconds since the epoch, UTC, of the first of them.
        last: The same of the last.
        count: How many there were.
        release: Digest of the release whose contract it is.
        status: HTTP status of the answer; 0 for several kinds that were not told apart.
        code: Code of the error; empty likewise.
        faults: What they break, up to ten; none where no column is to blame.
    """

    first: int
    last: int
    count: int
    environment: str
    endpoint: str
    release: str
    variant: str
    contract: str
    status: int
    code: str
    faults: tuple[Fault, ...]


class Origin(Struct, frozen=True, kw_only=True):
    """What all predictions of one release at one endpoint have in common.

    Attributes:
        unit_column: Request column of the sticky unit; None when none is declared.
        request: Request columns, in the order of `Answers.sent`.
        inputs: Model inputs in order, with their types.
        contract: Digest of the request contract.
    """

    environment: str
    endpoint: str
    release: str
    variant: str
    unit_column: str | None
    request: tuple[str, ...]
    inputs: tuple[tuple[str, Literal["number", "text"]], ...]
    contract: str = ""


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


class JudgedAnswers(Answers, frozen=True, array_like=True):
    """The same to a request that is not clean. Clean ones have no verdict, and spend no byte on it."""

    judged: Judged = CLEAN


class Refusals(Struct, frozen=True, array_like=True):
    """Requests of one kind that were refused; see `Refused`.

    Attributes:
        origin: As in `Answers`.
        faults: (column, rule).
    """

    origin: int
    first: int
    last: int
    count: int
    status: int
    code: str
    faults: tuple[tuple[str, str], ...] = ()


def refused(origin: Origin, refusals: Refusals) -> Refused:
    """The refusals with what they have in common with others."""
    return Refused(
        first=refusals.first,
        last=refusals.last,
        count=refusals.count,
        environment=origin.environment,
        endpoint=origin.endpoint,
        release=origin.release,
        variant=origin.variant,
        contract=origin.contract,
        status=refusals.status,
        code=refusals.code,
        faults=tuple(Fault(column=column, rule=rule) for column, rule in refusals.faults),
    )


_NOTHING = Verdict()


def predictions(origin: Origin, answers: Answers) -> Iterator[Prediction]:
    """One prediction per row; a missing number is None."""
    numbers = _by_row(answers, origin)
    verdicts = _verdicts(answers.judged) if isinstance(answers, JudgedAnswers) else {}
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
                _lookup(item, row, row not in places)
                for item, places in zip(answers.lookups, missed, strict=True)
            ),
            contract=origin.contract,
            verdict=verdicts.get(row, _NOTHING),
        )


def _lookup(looked: LookedUp, row: int, found: bool) -> Lookup:  # noqa: FBT001
    """What was looked up for one row."""
    age = None if found else next((age for place, age in looked.expired if place == row), None)
    return Lookup(
        group=looked.group,
        source=looked.source,
        commit=looked.commit,
        found=found,
        age_seconds=None if age is None else age / 1e6,
        ttl_seconds=None if age is None else looked.ttl_us / 1e6,
    )


def _verdicts(judged: Judged) -> dict[int, Verdict]:
    """The verdict on each row of which there is something to say."""
    warned: dict[int, list[Broken]] = {}
    mapped: dict[int, dict[str, Any]] = {}
    filled: dict[int, list[str]] = {}
    for item in judged.warned:
        broken = Broken(expectation=item.expectation, columns=item.columns)
        for row in item.rows:
            warned.setdefault(row, []).append(broken)
    for item in judged.mapped:
        for row, sent in zip(item.rows, item.sent, strict=True):
            mapped.setdefault(row, {})[item.column] = sent
    for item in judged.filled:
        for row in item.rows:
            filled.setdefault(row, []).append(item.column)
    return {
        row: Verdict(
            warned=tuple(warned.get(row, ())), mapped=mapped.get(row, {}), filled=tuple(filled.get(row, ()))
        )
        for row in warned.keys() | mapped.keys() | filled.keys()
    }


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
