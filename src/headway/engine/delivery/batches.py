"""Batch prediction: rows read and checked, answered by the release that serves, logged, written at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import polars as pl
from msgspec.structs import replace

from headway.bundle.manifest import COMPUTED
from headway.contract import columns as contracts
from headway.contract.admission import REASONS, ROW
from headway.contract.casting import hold
from headway.core.clock import SystemClock
from headway.core.ids import uuid7
from headway.data import sources
from headway.data.sources import Loaded
from headway.engine.delivery import batch_files, batch_rules
from headway.engine.delivery.batch_rules import Ruled
from headway.engine.delivery.serving import key_around
from headway.engine.revealing import is_personal, told_of
from headway.engine.user_code import importable, resolve
from headway.errors import batches as errors
from headway.errors import engine as engine_errors
from headway.errors.masking import PERSONAL, working_on
from headway.facts.batches import Predicted
from headway.predictions.log import PredictionLog
from headway.serve import batch as serve
from headway.serve.batch import Fault
from headway.serve.release import LoadedRelease
from headway.serve.serving import Variant
from headway.spec.batches import (
    MODEL_VERSION,
    PREDICTED_AT,
    PREDICTION_ID,
    REJECTED,
    SUFFIXES,
    TOLD,
    endpoints_of,
    rejected_beside,
)
from headway.spec.load import load_alone
from headway.spec.product import Batch, Source
from headway.store.workspace import Workspace

CHUNK = 10_000
"""Rows answered at once; they fit the prediction log's queue."""
_MOST_FILES = 100
_MOST_REASONS = 5

Progress = Callable[[int, int], None]
"""Told how many rows of how many are done."""


class Done(NamedTuple):
    """A batch that was predicted.

    Attributes:
        fact: What the ledger says of it; for a bundle without a product it is kept nowhere.
        version: The release, as answers name it.
        to: Where the output is.
        rejected_to: Where the rejected rows are; None where none are written.
        reasons: The first reasons of rejected rows, without personal values.
        ruled: How the output stands under the product's rules.
    """

    fact: Predicted
    version: str
    to: Path
    rejected_to: Path | None
    reasons: tuple[str, ...]
    ruled: Ruled = Ruled()

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `predict NAME --json`."""
        fact = self.fact
        return {
            "run": fact.run,
            "batch": fact.batch,
            "environment": fact.environment,
            "endpoint": fact.endpoint,
            "release": fact.release,
            "rows": fact.rows,
            "kept": fact.kept,
            "rejected": fact.rejected,
            "reasons": list(self.reasons),
            "to": fact.to,
            "output": fact.output,
            "rejected_to": None if self.rejected_to is None else rejected_beside(fact.to),
            "looked_up": fact.looked_up,
            "warned": fact.warned,
            "mapped": fact.mapped,
            "broken": list(self.ruled.broken),
            "seconds": fact.seconds,
        }


class Listed(NamedTuple):
    """A declared batch, and when it was predicted last in an environment."""

    name: str
    declared: Batch
    last: Predicted | None
    at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """The documented schema of one entry of `predict --json`."""
        declared, last = self.declared, self.last
        return {
            "batch": self.name,
            "rows": declared.rows,
            "to": declared.to,
            "on_bad_rows": declared.on_bad_rows,
            "last": None if last is None or self.at is None else self.at.isoformat(),
            "run": None if last is None else last.run,
            "kept": None if last is None else last.kept,
            "rejected": None if last is None else last.rejected,
        }


class _Bad(NamedTuple):
    """A row that is not answered.

    Attributes:
        number: From 1, among all that were read.
        public: The reason without personal values.
    """

    number: int
    reason: str
    public: str


class _Asked(NamedTuple):
    """One batch to be predicted.

    Attributes:
        where: For errors.
        columns: Columns of the rows that are written; None means all.
        skips: Whether rows that break the contract are set aside.
        is_personal: Whether a feature carries personal data; asked only where one has to be named.
        judge: Says how the rows that are answered stand under the product's rules, or refuses them.
    """

    where: str
    loaded: Loaded
    columns: tuple[str, ...] | None
    to: Path
    skips: bool
    is_personal: Callable[[str], bool]
    judge: Callable[[pl.DataFrame], Ruled] = lambda _: Ruled()


def declared_batches(file: Path, environment: str) -> list[Listed]:
    """The batches of a product, each with its newest run in an environment.

    Raises:
        SpecError: The product file is wrong.
    """
    product = load_alone(file).product
    newest: dict[str, tuple[Predicted, datetime]] = {}
    for fact in Workspace(file.parent).open_reader().facts(kinds=("batch",)):
        if isinstance(fact.body, Predicted) and fact.body.environment == environment:
            newest[fact.body.batch] = fact.body, fact.at
    return [Listed(name, batch, *newest.get(name, (None, None))) for name, batch in product.batches.items()]


def predict(file: Path, name: str, environment: str, who: str, progress: Progress) -> Done:
    """Answer the rows of a declared batch with the release that an environment serves.

    The output is written by a rename, after every prediction is in the log; whatever fails before leaves
    the earlier output.

    Raises:
        UsageError: There is no such batch or environment, or nothing was released there.
        ContractError: Rows break their source's contract, or the contract of a request and are not to be
            set aside (BA002), or none is left (BA003).
        GateError: A rule about rows refuses them (GV001).
        UserCodeError: The product's code failed, or looks at other rows (BA008).
        ConflictError: The batch is being predicted by somebody else.
        EngineError: The rows cannot be read, the release cannot serve, or the disk refuses.
    """
    root = file.parent
    loaded = load_alone(file)  # the products that it reads from may be gone: the release has what it needs
    batch = loaded.product.batches.get(name)
    if batch is None:
        raise errors.batch_is_unknown(name, tuple(loaded.product.batches))
    workspace = Workspace(root)
    declared = loaded.product.environments.get(environment)
    protected = declared is not None and declared.protected
    directory = workspace.serve(environment)
    if not directory.is_dir():
        _refuse(file, environment, tuple(loaded.product.environments))
    (endpoint,) = endpoints_of(loaded.product, batch)
    writer = workspace.open_writer()
    with working_on(None), writer.lease(f"batch.{name}", f"{who}: predict"):
        variant = serve.open_endpoint(directory, workspace.key(), endpoint)
        source = loaded.product.sources[batch.rows]
        contract = loaded.contracts.get(source.contract) if source.contract else None
        with importable(root):
            rows = sources.load(source, batch.rows, contract, root, resolve)

        def judge(answered: pl.DataFrame) -> Ruled:
            return batch_rules.judge(loaded, name, answered, protected=protected, now=SystemClock().now())

        where, skips = f"batch `{name}`", batch.on_bad_rows == "skip"

        def personal(feature: str) -> bool:
            return is_personal(feature, told_of(workspace).personal(f"endpoint.{endpoint}"))

        asked = _Asked(where, rows, batch.columns, root / batch.to, skips, personal, judge)
        with closing(variant.online), closing(PredictionLog(directory / "log")) as log:
            done = _predicted(asked, variant, log, progress)
        fact = replace(done.fact, batch=name, environment=environment, who=who, to=batch.to)
        checks = [replace(item, about=fact.output) for item in done.ruled.evidence]
        writer.record(*checks, fact)
    return done._replace(fact=fact)


def predict_bundle(bundle: Path, rows: Path, to: Path, *, skips: bool, progress: Progress) -> Done:
    """Answer the rows of a file with one release from its directory; nothing is logged.

    Raises:
        UsageError: The output has no form (BA010), or is the input (BA011).
        ContractError: As `predict`.
        EngineError: The bundle is not whole or not trusted, the rows cannot be read, or the disk refuses.
    """
    if to.suffix not in SUFFIXES:
        raise errors.output_has_no_form(str(to))
    if to.resolve() == rows.resolve():
        raise errors.output_is_the_input(str(to))
    variant = serve.open_bundle(bundle, key_around(bundle))
    # Cells of text files have no types of their own: the request's contract gives them theirs.
    contract = None if rows.suffix == ".parquet" else variant.release.contract
    with working_on(None):
        loaded = sources.load(Source(load=str(rows.resolve())), rows.name, contract, rows.parent, resolve)
        judged = loaded._replace(report=contracts.Report(results=(), rows=loaded.frame.height))
        # Which features are made of a personal column, a bundle does not say.
        is_secret = any(PERSONAL in column.tags for column in variant.release.contract.columns.values())
        asked = _Asked(f"`{rows}`", judged, None, to, skips, lambda _: is_secret)
        done = _predicted(asked, variant, None, progress)
    return done._replace(fact=replace(done.fact, to=str(to)))


# -- one batch ---------------------------------------------------------------------------------


def _predicted(asked: _Asked, variant: Variant, log: PredictionLog | None, progress: Progress) -> Done:
    began, at_us, run = time.perf_counter(), time.time_ns() // 1000, uuid7()
    release, frame = variant.release, asked.loaded.frame
    _refuse_taken(asked)
    request = _request(asked, release)
    faults = _faults(release, request)
    bad = _bad(asked.loaded, faults)
    if asked.skips or not bad:
        computed = _computed_faults(asked, variant, request, {fault.place for fault in faults}, at_us)
        if computed and not asked.skips:
            lines = _lines(_bad(asked.loaded, computed))
            raise errors.computed_features_break_contract(asked.where, len(computed), request.height, lines)
        faults += computed
        bad = _bad(asked.loaded, faults)
    kept = _kept(asked, faults, bad)
    _require_source(asked, frame, kept)
    ruled = asked.judge(frame.filter(kept))
    warned: Counter[str] = Counter()
    mapped = Counter(release.record.mapped)
    told = _answered(variant, request.filter(kept), at_us, run, log, progress, warned)
    shown = frame.filter(kept).select(asked.columns if asked.columns is not None else pl.all())
    output = pl.concat([shown, told], how="horizontal")
    rejected_to = Path(rejected_beside(str(asked.to))) if asked.skips else None
    files = {} if rejected_to is None else {rejected_to: _rejected(asked.loaded, kept, bad)}
    written = batch_files.write({**files, asked.to: output})
    fact = Predicted(
        run=run,
        batch="",
        environment="",
        endpoint=release.manifest.endpoint,
        release=release.digest,
        who="",
        rows=output.height + len(bad),
        kept=output.height,
        rejected=len(bad),
        to="",
        output=written[asked.to],
        seconds=time.perf_counter() - began,
        rejected_output=written[rejected_to] if rejected_to is not None else None,
        read={origin.name: origin.digest for origin in asked.loaded.origins[:_MOST_FILES]},
        looked_up={f"{group} ({source})": rows for (group, source), rows in variant.online.counts.items()},
        warned=dict(warned),
        mapped=dict(Counter(release.record.mapped) - mapped),
    )
    return Done(fact, release.version, asked.to, rejected_to, _lines(bad), ruled)


def _request(asked: _Asked, release: LoadedRelease) -> pl.DataFrame:
    """What is sent of each row, held in the types of the request contract where no value changes."""
    frame, columns = asked.loaded.frame, release.contract.columns
    wanted = release.manifest.request
    missing = [name for name in wanted if name not in frame.columns and columns[name].default is None]
    if missing:
        raise errors.rows_lack_columns(asked.where, missing, frame.columns)
    held = hold(frame.select(name for name in wanted if name in frame.columns), release.contract)
    return held.select(name for name in wanted if name in held.columns)


def _faults(release: LoadedRelease, request: pl.DataFrame) -> list[Fault]:
    """Every row that breaks the request contract, found before anything is answered."""
    found: list[Fault] = []
    for first in range(0, request.height, CHUNK):
        found += serve.decode(release, _columns(request.slice(first, CHUNK)), first).faults
    return found


def _computed_faults(
    asked: _Asked, variant: Variant, request: pl.DataFrame, broken: set[int], at_us: int
) -> list[Fault]:
    """Every other row of which features are computed that break their contract, found before anything is answered."""
    found: list[Fault] = []
    if not variant.release.manifest.has(COMPUTED):
        return found
    for first in range(0, request.height, CHUNK):
        chunk = request.slice(first, CHUNK)
        places = [place for place in range(first, first + chunk.height) if place not in broken]
        records = serve.decode(variant.release, _columns(chunk), first).records
        faults = serve.computed_faults(variant, records, at_us, asked.is_personal)
        found += [fault._replace(place=places[fault.place]) for fault in faults]
    return found


def _columns(frame: pl.DataFrame) -> dict[str, list[Any]]:
    return {name: frame.get_column(name).to_list() for name in frame.columns}


def _bad(loaded: Loaded, faults: list[Fault]) -> list[_Bad]:
    """Rows that are not answered, by their number: those that the source's contract set aside, and `faults`."""
    aside = loaded.quarantined
    reasons = zip(aside[ROW], aside[REASONS], strict=True) if aside.height else ()
    found = [_Bad(number, text := "; ".join(said), text) for number, said in reasons]
    numbers = _numbers(loaded)
    found += [_Bad(numbers[fault.place], fault.reason, fault.public) for fault in faults]
    return sorted(found)


def _numbers(loaded: Loaded) -> list[int]:
    """The number, from 1, that each row that was let in has among all that were read."""
    aside = set(loaded.quarantined[ROW]) if loaded.quarantined.height else set()
    read = loaded.frame.height + len(aside)
    return [number for number in range(1, read + 1) if number not in aside]


def _kept(asked: _Asked, faults: list[Fault], bad: list[_Bad]) -> pl.Series:
    """Which rows of those that were let in are answered; (n,), boolean."""
    rows = asked.loaded.frame.height
    read, lines = rows + len(bad) - len(faults), _lines(bad)
    if bad and not asked.skips:
        raise errors.rows_break_contract(asked.where, len(bad), read, lines)
    if len(bad) == read:
        raise errors.no_row_is_left(asked.where, read, lines)
    kept = pl.repeat(value=True, n=rows, dtype=pl.Boolean, eager=True)
    return kept.scatter([fault.place for fault in faults], values=False) if faults else kept


def _lines(bad: list[_Bad]) -> tuple[str, ...]:
    return tuple(f"row {item.number:,}: {item.public}" for item in bad[:_MOST_REASONS])


def _require_source(asked: _Asked, frame: pl.DataFrame, kept: pl.Series) -> None:
    """The contract of the rows' own source, on the rows that are answered.

    Raises:
        ContractError: They break it (DC003).
    """
    loaded = asked.loaded
    if loaded.report.passed:
        return
    report = contracts.check(frame.filter(kept), loaded.contract) if not kept.all() else loaded.report
    contracts.refuse(report, where=asked.where)


def _refuse_taken(asked: _Asked) -> None:
    names = asked.columns if asked.columns is not None else asked.loaded.frame.columns
    taken = next((name for name in names if name in TOLD), None)
    if asked.skips and taken is None:
        taken = next((name for name in asked.loaded.frame.columns if name in REJECTED), None)
    if taken is not None:
        raise errors.column_is_taken(asked.where, taken)
    missing = [name for name in names if name not in asked.loaded.frame.columns]
    if missing:
        raise errors.rows_lack_columns(asked.where, missing, asked.loaded.frame.columns)


def _answered(
    variant: Variant,
    request: pl.DataFrame,
    at_us: int,
    run: str,
    log: PredictionLog | None,
    progress: Progress,
    warned: Counter[str],
) -> pl.DataFrame:
    """The columns of the predictions, in the order of the rows; what rows warn of is counted."""
    ids: list[str] = []
    told: dict[str, list[Any]] = {"probability": [], "label": [], "value": []}
    for first in range(0, request.height, CHUNK):
        progress(first, request.height)
        decoded = serve.decode(variant.release, _columns(request.slice(first, CHUNK)), first)
        found = serve.answer(variant, decoded.records, at_us, run, log)
        for item in found.warned:
            warned[item.expectation] += len(item.rows)
        ids += found.ids
        for name, values in found.answered._asdict().items():
            told[name] += values
    progress(request.height, request.height)
    moment = pl.lit(datetime.fromtimestamp(at_us / 1_000_000, UTC), dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame({PREDICTION_ID: ids}).with_columns(
        pl.lit(variant.release.version).alias(MODEL_VERSION),
        moment.alias(PREDICTED_AT),
        *(pl.Series(name, values) for name, values in told.items() if values),
    )


def _rejected(loaded: Loaded, kept: pl.Series, bad: list[_Bad]) -> pl.DataFrame:
    """The rows that were set aside, each with its number, from 1, and the reason."""
    number, reason = REJECTED
    reasons = pl.DataFrame(
        [[item.number for item in bad], [item.reason for item in bad]],
        schema={number: pl.Int64, reason: pl.String},
    )
    left = loaded.frame.with_columns(pl.Series(number, _numbers(loaded), dtype=pl.Int64)).filter(~kept)
    aside = loaded.quarantined
    if aside.height:  # cells that do not parse are still text there
        aside = aside.drop(REASONS).rename({ROW: number}).with_columns(pl.col(number).cast(pl.Int64))
        left = pl.concat([left, aside], how="diagonal_relaxed")
    return reasons.join(left, on=number, how="left", maintain_order="left")


def _refuse(file: Path, environment: str, declared: tuple[str, ...]) -> NoReturn:
    """Why nobody answers there.

    Raises:
        UsageError: There is no such environment, or nothing was applied to it.
    """
    known = declared or ("dev",)
    if environment not in known:
        raise engine_errors.unknown_environment(environment, known, str(file))
    raise engine_errors.nothing_is_applied(environment)
