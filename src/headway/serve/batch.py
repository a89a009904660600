"""Many rows answered by one release, each as a server would answer it: the same contract, look-ups, code, model, log.

Knows no frames and no files; whoever reads the rows hands them over column by column.
"""

from __future__ import annotations

import time
from functools import partial
from math import isclose
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from headway.bundle import route as routes
from headway.bundle.route import ONLINE, RELEASES
from headway.contract.record import RecordFault
from headway.core.ids import uuid7
from headway.errors import batches as errors
from headway.errors import serve as serve_errors
from headway.errors.masking import MASK, PERSONAL
from headway.online.open import reader
from headway.serve.asked import Asked
from headway.serve.logged import logged
from headway.serve.lookups import OnlineFeatures
from headway.serve.release import LoadedRelease
from headway.serve.serving import live
from headway.serve.watch import serve_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import msgspec

    from headway.contract.verdict import Warned
    from headway.predictions.log import PredictionLog
    from headway.serve.answers import Answered
    from headway.serve.release import Outcome
    from headway.serve.serving import Variant

LOOKUP_SECONDS = 30.0
"""Longest time of one look-up for thousands of rows in an online store across a network."""
COMPARED = 5
"""Rows of a chunk that are answered alone as well."""
_SAME = 1e-6
"""Largest relative difference of a number that counts as the same."""
_FIRST = "inputs[0]"
_FIRST_COMPUTED = "computed[0]."


class Fault(NamedTuple):
    """A row that breaks the request contract, or of which features are computed that break theirs.

    Attributes:
        place: Its place in the rows, from 0.
        reason: Which value, and what is wrong with it.
        public: The same without a value that the contract tags as personal.
    """

    place: int
    reason: str
    public: str


class Decoded(NamedTuple):
    """Rows as records of the request.

    Attributes:
        records: Those that keep the contract, in their order.
        faults: The others.
    """

    records: list[msgspec.Struct]
    faults: list[Fault]


class Chunk(NamedTuple):
    """Answers to some rows, in their order.

    Attributes:
        warned: What they were answered in spite of.
    """

    ids: list[str]
    answered: Answered
    warned: tuple[Warned, ...]


# -- who answers -------------------------------------------------------------------------------


def open_endpoint(directory: Path, key: bytes, name: str) -> Variant:
    """The release that an environment's route names for an endpoint, and where it looks features up.

    Args:
        directory: The environment's directory.
        key: The workspace's key.
        name: The endpoint; of several releases behind it the stable one answers.

    Raises:
        EngineError: The route is missing or damaged (RL5..), the endpoint is stopped (SE013) or not
            published (BA009), or the release cannot serve (SE1..).
    """
    route = routes.effective(routes.read(directory, key), routes.read_override(directory, key))
    found = next((item for item in route.endpoints if item.name == name), None)
    if found is None:
        raise errors.endpoint_is_not_published(
            route.environment, name, [item.name for item in route.endpoints]
        )
    if not found.releases:
        raise serve_errors.stopped(name)
    stable = found.releases[0].release
    release = LoadedRelease(directory / RELEASES / stable, key)
    opened = reader(route.online, directory / ONLINE, route.environment, LOOKUP_SECONDS)
    online = OnlineFeatures(opened, found.lookup_fallback, name)
    alone = replace(found, releases=found.releases[:1])
    return live(route.environment, alone, {stable: release}, online).variants[0]


def open_bundle(directory: Path, key: bytes | None) -> Variant:
    """The release in a directory, which looks features up in what it brought along.

    Raises:
        EngineError: The bundle is refused (RL5..) or cannot serve (SE1..).
    """
    (endpoint,) = serve_bundle(directory, key).endpoints.values()
    return endpoint.variants[0]


# -- rows --------------------------------------------------------------------------------------


def decode(release: LoadedRelease, columns: Mapping[str, Sequence[Any]], first: int = 0) -> Decoded:
    """Rows as a server decodes them: one bad row does not hide another.

    Args:
        release: Whose request contract counts.
        columns: Request column -> n values; NaN counts as null.
        first: Place of the first row among all.
    """
    names = tuple(columns)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    try:
        return Decoded(release.record.from_rows(rows), [])
    except RecordFault:
        pass
    found = Decoded([], [])
    for place, row in enumerate(rows, first):
        try:
            found.records.extend(release.record.from_rows([row]))
        except RecordFault as refused:
            found.faults.append(_fault(release, place, refused))
    return found


def _fault(release: LoadedRelease, place: int, refused: RecordFault) -> Fault:
    column = refused.path.removeprefix(_FIRST).removeprefix(".")
    declared = release.contract.columns.get(column)
    reason = f"{column}: {refused.message}" if column else refused.message
    is_personal = declared is not None and PERSONAL in declared.tags
    return Fault(place, reason, f"{column}: {MASK}" if is_personal else reason)


def computed_faults(
    variant: Variant, records: list[msgspec.Struct], at_us: int, is_personal: Callable[[str], bool]
) -> list[Fault]:
    """The rows of whose computed features their contract refuses something, each by its place among the records.

    Args:
        variant: The release, and where it looks features up; rows that are looked up here are not counted.
        records: Rows that keep the request contract.
        at_us: The moment of the batch, microseconds since the epoch.
        is_personal: Whether a feature carries personal data.

    Raises:
        UserCodeError: The product's code failed (FE...).
        EngineError: A look-up fails, and the endpoint refuses to go on without (SE020).
    """
    counted = variant.online.counts.copy()
    try:
        found = [*variant.release.refused(records, at_us, variant.online)]
    finally:
        variant.online.counts = counted  # they are looked up again for their answers
    return [_computed_fault(place, refused, is_personal) for place, refused in found]


def _computed_fault(place: int, refused: RecordFault, is_personal: Callable[[str], bool]) -> Fault:
    feature, (_, rule) = refused.path.removeprefix(_FIRST_COMPUTED), refused.broken[0]
    features = refused.broken[0][0].split(", ")
    public = f"{MASK}, by `{rule}`" if any(map(is_personal, features)) else refused.message
    return Fault(place, f"computed {feature}: {refused.message}", f"computed {feature}: {public}")


# -- answers -----------------------------------------------------------------------------------


def answer(
    variant: Variant, records: list[msgspec.Struct], at_us: int, request: str, log: PredictionLog | None
) -> Chunk:
    """Answer records, and log the answers before anybody sees them.

    Args:
        variant: The release, and where it looks features up.
        records: At least one, at most as many as the log's queue holds.
        at_us: The moment of the batch, microseconds since the epoch.
        request: Id of the batch's run, which the log has as the request.
        log: Where predictions go; None logs nothing.

    Raises:
        UserCodeError: The product's code failed (FE..., SE019), an answer is not finite (SE016), or
            the answer to a row depends on the rows beside it (BA008).
        ContractError: What on-demand functions make of a row breaks the contract of the features (BA013).
        EngineError: ONNX Runtime failed (MO002), or the log cannot be written (BA007).
    """
    began = time.perf_counter()
    try:
        outcome = variant.release.answer(records, at_us, variant.online)
    except RecordFault as refused:
        rows = {path.partition(".")[0] for path, _ in refused.faults}
        rules = [f"{column}: {rule}" for column, rule in refused.broken]
        where = f"endpoint `{variant.release.manifest.endpoint}`"
        raise errors.computed_features_break_contract(where, len(rows), len(records), rules) from refused
    seconds = time.perf_counter() - began
    _require_same_alone(variant, records, at_us, outcome)
    warned = variant.release.record.warnings(records) + outcome.warned
    ids = [uuid7(time.time_ns() // 1_000_000) for _ in records]
    if log is not None:
        asked = Asked(request, records)
        key, judged = variant.origin.key, variant.release.record.judged(records, warned)
        told = outcome.inputs, outcome.answered, outcome.lookups
        make = partial(logged, key, request, at_us, seconds, ids, asked, told, judged)
        log.add(len(records), 0, variant.origin, make)
        log.flush()
        counts = log.counts
        if counts.dropped or counts.waiting:
            raise errors.predictions_are_not_logged(counts.failure or "they do not fit its queue")
    return Chunk(ids, outcome.answered, warned)


def _require_same_alone(
    variant: Variant, records: list[msgspec.Struct], at_us: int, outcome: Outcome
) -> None:
    """Some rows are answered alone, as a request would ask; code that looks at other rows shows itself."""
    if not variant.release.runs_product_code:
        return
    counted = variant.online.counts.copy()
    try:
        _compare(variant, records, at_us, outcome)
    finally:
        variant.online.counts = counted  # rows that are asked for twice are still the same rows


def _compare(variant: Variant, records: list[msgspec.Struct], at_us: int, outcome: Outcome) -> None:
    release = variant.release
    step = max(1, len(records) // COMPARED)
    for place in range(0, len(records), step):
        alone = release.answer([records[place]], at_us, variant.online)
        if next(_differences(release, outcome, place, alone), None) is None:
            continue
        # Features for look-up may have come in between: ask both again before code is blamed.
        again = release.answer(records, at_us, variant.online)
        alone = release.answer([records[place]], at_us, variant.online)
        found = next(_differences(release, again, place, alone), None)
        if found is not None:
            raise errors.rows_depend_on_each_other(variant.release.manifest.endpoint, *found)


def _differences(
    release: LoadedRelease, outcome: Outcome, place: int, alone: Outcome
) -> Iterator[tuple[str, object, object]]:
    """(what, its value among the rows, its value alone) of each value that is not the same."""
    together = _values(release, outcome, place)
    by_itself = _values(release, alone, 0)
    for name, value in together.items():
        if not _is_same(value, by_itself[name]):
            yield name, value, by_itself[name]


def _values(release: LoadedRelease, outcome: Outcome, place: int) -> dict[str, Any]:
    numbers = iter(outcome.inputs.numbers[place].tolist())
    texts = iter(outcome.inputs.texts[place].tolist()) if outcome.inputs.texts.size else iter(())
    found = {
        f"feature `{item.name}`": next(numbers if item.type == "number" else texts) for item in release.inputs
    }
    told = {"value": outcome.answered.value, "probability": outcome.answered.probability}
    return found | {f"the {name}": values[place] for name, values in told.items() if values}


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        both_missing = one != one and other != other  # noqa: PLR0124 -- NaN is not itself
        return both_missing or isclose(one, other, rel_tol=_SAME, abs_tol=_SAME)
    return one == other
