"""Datasets: labelled rows with what was known of them at their moment, split, and never changed.

Every row that goes in is in a part, unused by the split, or excluded for a reason that is counted.
The layout of the frame is `headway.features.layout`. Pure but for the product's on-demand functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import polars as pl

from headway.bundle.manifest import Input
from headway.data import inputs, labels, splits
from headway.data.groups import SourceTable
from headway.data.labels import KINDS, LabelKind
from headway.data.numbers import refuse_infinite
from headway.data.times import INSTANT, Committed, arrivals, instants
from headway.errors import data as errors
from headway.errors import datasets as dataset_errors
from headway.features import layout
from headway.features.functions import FeatureFunction
from headway.spec.contract import Contract
from headway.spec.product import Dataset, FeatureGroup, Source

NO_LABEL = "no label"
NOT_YET_KNOWN = "label not yet known"
KNOWN_EARLY = "label known early, while others of its time wait"
NO_KEY = "no key to find a label by"
PAST = "older than its retention"

_KNOWN = "known"
_SETTLED = "settled"
_ROW_KNOWN = "row known"
_REASON = "reason"
_AGED = "aged"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltDataset:
    """A dataset, ready to be stored.

    Attributes:
        frame: Labelled rows in the layout of `headway.features.layout`, sorted by time and then by
            every column of the rows; excluded rows are not in it.
        inputs: What a model takes, in the order of the `feature.` columns.
        counts: `rows` = `train` + `validate` + `test` + `unused` + `excluded`.
        excluded: Reason -> rows.
        unused: Reason -> rows that have a label and are in no part.
        waits_until: When the first row that waits is used, or a label changes by what the tables hold
            already; None when neither will be.
        label_kind: Type of the label.
        classes: Its values in the used rows, sorted; empty for a number.
        windows: Part -> what falls into it, in words.
        oldest: The oldest event of a row in it; None without a `keep`.
    """

    frame: pl.DataFrame
    inputs: tuple[Input, ...]
    counts: dict[str, int]
    excluded: dict[str, int]
    unused: dict[str, int]
    waits_until: datetime | None
    label_kind: LabelKind
    classes: tuple[Any, ...]
    windows: dict[str, str]
    oldest: datetime | None = None


def build(
    declared: Dataset,
    name: str,
    *,
    rows: pl.DataFrame,
    source: Source,
    contract: Contract,
    now: datetime,
    committed: Committed = None,
    late: SourceTable | None = None,
    foretold: Sequence[str] = (),
    groups: Mapping[str, pl.DataFrame] | None = None,
    declared_groups: Mapping[str, FeatureGroup] | None = None,
    on_demand: Sequence[FeatureFunction] = (),
    keep: timedelta | None = None,
) -> BuiltDataset:
    """Build a dataset.

    Args:
        declared: What is declared.
        name: The dataset's name, for errors.
        rows: The rows source, in its contract's types; one training row per row.
        source: Declaration of the rows source.
        contract: Its contract.
        now: Labels that become known later wait.
        committed: When the rows reached Headway; for `known: commit`, of the rows or of their label.
        late: The source that `label: {from: ...}` names, with its declaration.
        foretold: Features that groups make of the label's column (`headway.data.foretelling`).
        groups: Group -> its computed table (`headway.data.groups`).
        declared_groups: Group -> its declaration.
        on_demand: Functions of the `on_demand:` module.
        keep: Rows whose event is this old, or older, are left out; None keeps all.

    Raises:
        SpecError: A declaration and the data do not fit: a missing column, a feature that is named
            twice, a label among the features, parts that are not durations or shares.
        ContractError: No row has a known label, the label is constant, features tell it before it is known,
            two labels of a row contradict each other, a part is empty or too small, a predict time is null,
            or a number is infinite.
        UserCodeError: An on-demand function failed.
    """
    where = f"dataset `{name}`"
    label = declared.label.name
    labelled = _labelled(
        declared, rows, source, late, now=now, committed=committed, keep=keep, foretold=foretold, where=where
    )
    frame = labelled.frame
    features, origins = inputs.assemble(
        declared,
        _unprefixed(frame),
        frame[layout.PREDICT_AT],
        label=label,
        contract=contract,
        groups=groups or {},
        declared_groups=declared_groups or {},
        on_demand=on_demand,
        where=where,
    )
    split = splits.assign(
        declared.split,
        _unprefixed(frame),
        frame[layout.LABEL].alias(label),
        _times(frame, source, now),
        where,
    )
    counts = _counted(rows.height, split.parts, labelled.excluded, where)
    frame = _laid_out(frame, split.parts, features)
    splits.refuse_small_parts(declared.split, counts, split.windows, where)
    return BuiltDataset(
        frame=frame,
        inputs=origins,
        counts=counts,
        excluded=labelled.excluded,
        unused=split.unused,
        waits_until=labelled.waits_until,
        label_kind=KINDS[frame.schema[layout.LABEL]],
        classes=_classes(frame, label, where),
        windows=split.windows,
        oldest=oldest_event(frame.lazy(), source.event_time or "") if keep is not None else None,
    )


# -- rows with a label that is known -----------------------------------------------------------


class _Labelled(NamedTuple):
    """Rows whose label is known: `label`, `predict_at`, `known`, `settled`, `row.<column>`; sorted."""

    frame: pl.DataFrame
    excluded: dict[str, int]
    waits_until: datetime | None


def _labelled(
    declared: Dataset,
    rows: pl.DataFrame,
    source: Source,
    late: SourceTable | None,
    *,
    now: datetime,
    committed: Committed,
    keep: timedelta | None,
    foretold: Sequence[str],
    where: str,
) -> _Labelled:
    aged = _aged(rows, source, keep, now, where)
    rows = rows.with_columns(pl.col(pl.Float64).fill_nan(None))
    refuse_infinite(rows, where)
    found = labels.resolve(declared, rows, source, late, now, where, committed)
    row_known = _row_known(rows, source, committed, where)
    early = int((found.label.is_not_null() & (found.known > row_known)).sum())
    if foretold and early:
        raise dataset_errors.features_tell_the_label(where, declared.label.name, foretold, early, rows.height)
    withheld = declared.label.column if declared.label.from_ is None else None
    frame = rows.select(
        found.label.alias(layout.LABEL),
        _predict_at(declared, rows, where).alias(layout.PREDICT_AT),
        found.known.alias(_KNOWN),
        found.settled.alias(_SETTLED),
        found.keyless.alias(_REASON),
        aged.alias(_AGED),
        row_known.alias(_ROW_KNOWN),
        *(pl.col(column).alias(layout.ROW_PREFIX + column) for column in rows.columns if column != withheld),
    )
    frame = frame.with_columns(_usable(_KNOWN), _usable(_SETTLED)).drop(_ROW_KNOWN)
    frame = frame.with_columns(_reason(declared, now)).drop(_AGED)
    reasons = (NO_LABEL, NOT_YET_KNOWN, *((KNOWN_EARLY, NO_KEY) if declared.label.from_ is not None else ()))
    reasons += (PAST,) if aged.any() else ()
    excluded = {reason: int((frame[_REASON] == reason).sum()) for reason in reasons}
    kept = frame.filter(pl.col(_REASON).is_null())
    if not kept.height:
        raise errors.nothing_to_learn_from(where, rows.height, excluded)
    return _Labelled(_sorted(kept.drop(_REASON), source), excluded, _next_known(frame, found.changes))


def _aged(rows: pl.DataFrame, source: Source, keep: timedelta | None, now: datetime, where: str) -> pl.Series:
    """Which rows are older than they may be kept; of a row whose event is not known nobody can say."""
    if keep is None or source.event_time is None:
        return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    return instants(rows, source.event_time, where) <= now - keep


def oldest_event(frame: pl.LazyFrame, event_time: str) -> datetime | None:
    """When the oldest row of a dataset happened; None where its rows have no such column, or no row.

    Args:
        frame: A dataset in the layout of `headway.features.layout`.
        event_time: The column of the rows that says it.
    """
    column = f"{layout.ROW_PREFIX}{event_time}"
    if column not in frame.collect_schema().names():
        return None
    oldest = instants(frame.select(column).collect(), column, "rows", nulls=True).min()
    return oldest if isinstance(oldest, datetime) else None


def _row_known(rows: pl.DataFrame, source: Source, committed: Committed, where: str) -> pl.Series:
    """When each row itself became known; null where nothing says so."""
    known = source.known
    if known is not None and known.commit:
        return arrivals(committed, rows.height, where)
    if known is not None and known.column is not None:
        return instants(rows, known.column, where, nulls=True)
    if known is not None and known.lag is not None and source.event_time is not None:
        return instants(rows, source.event_time, where) + known.lag
    return pl.repeat(None, rows.height, dtype=INSTANT, eager=True)


def _usable(known: str) -> pl.Expr:
    """A label is of use once its row is known, and the moment that is predicted for has come."""
    since = pl.max_horizontal(known, _ROW_KNOWN, layout.PREDICT_AT)
    return pl.when(pl.col(known).is_not_null()).then(since).alias(known)


def _reason(declared: Dataset, now: datetime) -> pl.Expr:
    """Why a row is left out, null for one that is not; `_REASON` says on entry whether it has no key."""
    unlabelled = pl.col(layout.LABEL).is_null()
    # A label without a time of its own being known waits, unless there is nothing to wait for.
    waits = (pl.col(_KNOWN) > now) | (pl.col(_KNOWN).is_null() & ~unlabelled)
    early = pl.lit(declared.label.early == "wait") & (pl.col(_SETTLED) > now)
    return (
        pl.when(pl.col(_AGED))
        .then(pl.lit(PAST))
        .when(pl.col(_REASON))
        .then(pl.lit(NO_KEY))
        .when(waits)
        .then(pl.lit(NOT_YET_KNOWN))
        .when(unlabelled)
        .then(pl.lit(NO_LABEL))
        .when(early)
        .then(pl.lit(KNOWN_EARLY))
        .alias(_REASON)
    )


def _next_known(frame: pl.DataFrame, changes: datetime | None) -> datetime | None:
    """When the first row that waits is used, or a label changes by what the tables hold already."""
    until = [
        frame.filter(pl.col(_REASON) == reason)[time].min()
        for reason, time in ((NOT_YET_KNOWN, _KNOWN), (KNOWN_EARLY, _SETTLED))
    ]
    return min((moment for moment in (*until, changes) if isinstance(moment, datetime)), default=None)


def _sorted(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The canonical order: by moment, then by every column, so that it does not depend on the input's."""
    of_rows = [column for column in frame.columns if column.startswith(layout.ROW_PREFIX)]
    time = [layout.ROW_PREFIX + source.event_time] if source.event_time else []
    return frame.sort([layout.PREDICT_AT, *time, *of_rows, layout.LABEL])


def _predict_at(declared: Dataset, rows: pl.DataFrame, where: str) -> pl.Series:
    if declared.predict_at is None:
        return pl.Series([None], dtype=INSTANT).new_from_index(0, rows.height)
    moment = declared.predict_at
    return instants(rows, moment.column, f"{where}, predict_at") + moment.offset


def _laid_out(frame: pl.DataFrame, parts: pl.Series, features: pl.DataFrame) -> pl.DataFrame:
    """The dataset's one frame; see `headway.features.layout`."""
    return pl.concat(
        [
            frame.select(parts.alias(layout.PART), layout.LABEL, layout.PREDICT_AT),
            frame.drop(layout.LABEL, layout.PREDICT_AT, _KNOWN, _SETTLED),
            features.rename({column: layout.FEATURE_PREFIX + column for column in features.columns}),
        ],
        how="horizontal",
    )


def _times(frame: pl.DataFrame, source: Source, now: datetime) -> splits.Times | None:
    """What a split by time divides: the moments of prediction, else the events."""
    if not frame[layout.PREDICT_AT].null_count():
        moments = frame[layout.PREDICT_AT]
    elif source.event_time is not None:
        moments = instants(frame, layout.ROW_PREFIX + source.event_time, "rows")
    else:
        return None
    return splits.Times(moments, frame[_KNOWN], frame[_SETTLED], now)


def _unprefixed(frame: pl.DataFrame) -> pl.DataFrame:
    names = [column for column in frame.columns if column.startswith(layout.ROW_PREFIX)]
    return frame.select(names).rename({column: column.removeprefix(layout.ROW_PREFIX) for column in names})


# -- what must hold of the result --------------------------------------------------------------


def _counted(rows: int, parts: pl.Series, excluded: Mapping[str, int], where: str) -> dict[str, int]:
    counts = {**splits.counts(parts), "excluded": sum(excluded.values())}
    if sum(counts.values()) != rows:
        raise errors.rows_do_not_balance(where, rows, sum(counts.values()))
    return {"rows": rows, **counts}


def _classes(frame: pl.DataFrame, label: str, where: str) -> tuple[Any, ...]:
    """The label's values in the used rows; a label that does not vary where a model learns is refused."""
    used = frame.filter(pl.col(layout.PART).is_not_null())
    for rows, part in ((used, "the dataset"), (used.filter(pl.col(layout.PART) == "train"), "`train`")):
        if rows.height and rows[layout.LABEL].n_unique() == 1:
            raise errors.label_is_constant(where, label, rows[layout.LABEL][0], rows.height, part)
    if frame.schema[layout.LABEL] == pl.Float64:
        return ()
    return tuple(used[layout.LABEL].unique().sort().to_list())
