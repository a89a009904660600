"""Datasets: labelled rows with what was known of them at their moment, split, and never changed.

Every row that goes in is in a part, unused by the split, or excluded for a reason that is counted.
The layout of the frame is `headway.features.layout`. Pure but for the product's on-demand functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import polars as pl

from headway.bundle.manifest import Input
from headway.data import inputs, splits
from headway.data.numbers import refuse_infinite
from headway.data.times import INSTANT, instants
from headway.errors import data as errors
from headway.features import layout
from headway.features.functions import FeatureFunction
from headway.spec.contract import Contract
from headway.spec.product import Dataset, FeatureGroup, Known, Source

NO_LABEL = "no label"
NOT_YET_KNOWN = "label not yet known"

LabelKind = Literal["boolean", "text", "integer", "number"]

_KNOWN = "known"
_KINDS: dict[pl.DataType, LabelKind] = {
    pl.Boolean(): "boolean",
    pl.String(): "text",
    pl.Int64(): "integer",
    pl.Float64(): "number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltDataset:
    """A dataset, ready to be stored.

    Attributes:
        frame: Labelled rows in the layout of `headway.features.layout`, sorted by time and then by
            every column of the rows; excluded rows are not in it.
        inputs: What a model takes, in the order of the `feature.` columns.
        counts: `rows` = `train` + `validate` + `test` + `unused` + `excluded`.
        excluded: Reason -> rows.
        waits_until: When the first label that is not yet known becomes known; None when none will.
        label_kind: Type of the label.
        classes: Its values in the used rows, sorted; empty for a number.
        windows: Part -> what falls into it, in words.
    """

    frame: pl.DataFrame
    inputs: tuple[Input, ...]
    counts: dict[str, int]
    excluded: dict[str, int]
    waits_until: datetime | None
    label_kind: LabelKind
    classes: tuple[Any, ...]
    windows: dict[str, str]


def build(
    declared: Dataset,
    name: str,
    *,
    rows: pl.DataFrame,
    source: Source,
    contract: Contract,
    now: datetime,
    groups: Mapping[str, pl.DataFrame] | None = None,
    declared_groups: Mapping[str, FeatureGroup] | None = None,
    on_demand: Sequence[FeatureFunction] = (),
) -> BuiltDataset:
    """Build a dataset.

    Args:
        declared: What is declared.
        name: The dataset's name, for errors.
        rows: The rows source, in its contract's types; one training row per row.
        source: Declaration of the rows source.
        contract: Its contract.
        now: Labels that become known later wait.
        groups: Group -> its computed table (`headway.data.groups`).
        declared_groups: Group -> its declaration.
        on_demand: Functions of the `on_demand:` module.

    Raises:
        SpecError: A declaration and the data do not fit: a missing column, a feature that is named
            twice, a label among the features, parts that are not durations or shares.
        ContractError: No row has a known label, the label is constant, a part is empty, a predict
            time is null, or a number is infinite.
        UserCodeError: An on-demand function failed.
    """
    where = f"dataset `{name}`"
    label = _label_column(declared, rows, where)
    labelled = _labelled(declared, rows, source, label=label, now=now, where=where)
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
        declared.split, _unprefixed(frame), frame[layout.LABEL].alias(label), _moments(frame, source), where
    )
    counts = _counted(rows.height, split.parts, labelled.excluded, where)
    frame = pl.concat(
        [
            frame.select(split.parts.alias(layout.PART), layout.LABEL, layout.PREDICT_AT),
            frame.drop(layout.LABEL, layout.PREDICT_AT),
            features.rename({column: layout.FEATURE_PREFIX + column for column in features.columns}),
        ],
        how="horizontal",
    )
    _refuse_empty_parts(declared, counts, split.windows, where)
    return BuiltDataset(
        frame=frame,
        inputs=origins,
        counts=counts,
        excluded=labelled.excluded,
        waits_until=labelled.waits_until,
        label_kind=_KINDS[frame.schema[layout.LABEL]],
        classes=_classes(frame, label, where),
        windows=split.windows,
    )


# -- rows with a label that is known -----------------------------------------------------------


class _Labelled(NamedTuple):
    """Rows whose label is known: `label`, `predict_at`, `row.<column>`; sorted."""

    frame: pl.DataFrame
    excluded: dict[str, int]
    waits_until: datetime | None


def _label_column(declared: Dataset, rows: pl.DataFrame, where: str) -> str:
    label = declared.label
    if label.from_ is not None or label.column is None:
        raise errors.not_built_yet("a label from another source", where, "declare `label: {column: ...}`")
    if label.column not in rows.columns:
        raise errors.column_is_missing(label.column, f"{where}, label", rows.columns)
    if rows.schema[label.column] not in _KINDS:
        raise errors.label_does_not_fit(where, label.column, str(rows.schema[label.column]))
    return label.column


def _labelled(
    declared: Dataset, rows: pl.DataFrame, source: Source, *, label: str, now: datetime, where: str
) -> _Labelled:
    rows = rows.with_columns(pl.col(pl.Float64).fill_nan(None))
    refuse_infinite(rows, where)
    known = _label_known(declared.label.known or source.known, rows, source, where)
    frame = rows.select(
        pl.col(label).alias(layout.LABEL),
        _predict_at(declared, rows, where).alias(layout.PREDICT_AT),
        known.alias(_KNOWN),
        *(pl.col(column).alias(layout.ROW_PREFIX + column) for column in rows.columns if column != label),
    )
    # A label without a time of its own being known waits, unless there is nothing to wait for.
    waits = (pl.col(_KNOWN) > now) | (pl.col(_KNOWN).is_null() & pl.col(layout.LABEL).is_not_null())
    waiting = frame.filter(waits)
    rest = frame.filter(~waits)
    found = rest.filter(pl.col(layout.LABEL).is_not_null()).drop(_KNOWN)
    excluded = {NO_LABEL: rest.height - found.height, NOT_YET_KNOWN: waiting.height}
    if not found.height:
        raise errors.nothing_to_learn_from(where, rows.height, excluded)
    until = waiting[_KNOWN].min()
    return _Labelled(_sorted(found, source), excluded, until if isinstance(until, datetime) else None)


def _sorted(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The canonical order: by moment, then by every column, so that it does not depend on the input's."""
    of_rows = [column for column in frame.columns if column.startswith(layout.ROW_PREFIX)]
    time = [layout.ROW_PREFIX + source.event_time] if source.event_time else []
    return frame.sort([layout.PREDICT_AT, *time, *of_rows, layout.LABEL])


def _label_known(known: Known | None, rows: pl.DataFrame, source: Source, where: str) -> pl.Series:
    """When each label becomes known; long ago where nothing says so, or it came with the row."""
    if known is None or known.commit:
        return pl.Series([datetime.min.replace(tzinfo=UTC)], dtype=INSTANT).new_from_index(0, rows.height)
    if known.column is not None:
        return instants(rows, known.column, where, nulls=True)
    if source.event_time is None:
        raise errors.known_is_not_said(
            where, "the label's lag counts from an event time, and the rows have none"
        )
    return instants(rows, source.event_time, where) + (known.lag or timedelta(0))


def _predict_at(declared: Dataset, rows: pl.DataFrame, where: str) -> pl.Series:
    if declared.predict_at is None:
        return pl.Series([None], dtype=INSTANT).new_from_index(0, rows.height)
    moment = declared.predict_at
    return instants(rows, moment.column, f"{where}, predict_at") + moment.offset


def _moments(frame: pl.DataFrame, source: Source) -> pl.Series | None:
    """What a split by time divides: the moments of prediction, else the events."""
    if not frame[layout.PREDICT_AT].null_count():
        return frame[layout.PREDICT_AT]
    if source.event_time is None:
        return None
    return instants(frame, layout.ROW_PREFIX + source.event_time, "rows")


def _unprefixed(frame: pl.DataFrame) -> pl.DataFrame:
    names = [column for column in frame.columns if column.startswith(layout.ROW_PREFIX)]
    return frame.select(names).rename({column: column.removeprefix(layout.ROW_PREFIX) for column in names})


# -- what must hold of the result --------------------------------------------------------------


def _counted(rows: int, parts: pl.Series, excluded: Mapping[str, int], where: str) -> dict[str, int]:
    counts = {**splits.counts(parts), "excluded": sum(excluded.values())}
    if sum(counts.values()) != rows:
        raise errors.rows_do_not_balance(where, rows, sum(counts.values()))
    return {"rows": rows, **counts}


def _refuse_empty_parts(
    declared: Dataset, counts: Mapping[str, int], windows: Mapping[str, str], where: str
) -> None:
    empty = [part for part in splits.PARTS if getattr(declared.split, part) and not counts[part]]
    if empty:
        told = {part: f"{window}: {counts[part]} rows" for part, window in windows.items()}
        raise errors.part_is_empty(where, empty, told)


def _classes(frame: pl.DataFrame, label: str, where: str) -> tuple[Any, ...]:
    """The label's values in the used rows; a label that does not vary where a model learns is refused."""
    used = frame.filter(pl.col(layout.PART).is_not_null())
    for rows, part in ((used, "the dataset"), (used.filter(pl.col(layout.PART) == "train"), "`train`")):
        if rows.height and rows[layout.LABEL].n_unique() == 1:
            raise errors.label_is_constant(where, label, rows[layout.LABEL][0], rows.height, part)
    if frame.schema[layout.LABEL] == pl.Float64:
        return ()
    return tuple(used[layout.LABEL].unique().sort().to_list())
