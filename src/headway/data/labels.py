"""Labels as known at one moment: a column of the rows, or what another table says of them later. Pure.

A label that became known after that moment is never used, whatever the tables hold already.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import polars as pl

from headway.contract.casting import type_words
from headway.data.groups import SourceTable
from headway.data.times import EVENT_TIME, INSTANT, KNOWN_TIME, Committed, arrivals, instants, timed
from headway.errors import data as errors
from headway.errors import datasets as dataset_errors
from headway.spec.product import Dataset, Known, Label, Source

LabelKind = Literal["boolean", "text", "integer", "number"]
KINDS: dict[pl.DataType, LabelKind] = {
    pl.Boolean(): "boolean",
    pl.String(): "text",
    pl.Int64(): "integer",
    pl.Float64(): "number",
}
LONG_AGO = datetime.min.replace(tzinfo=UTC)

_VALUE = "__value__"
_KEY = "__key_{}__"
_EXAMPLES = 5


class Labels(NamedTuple):
    """Labels of n rows, as of a moment; (n,) each.

    Attributes:
        label: Null where there is none.
        known: When the label became known, or will be; null where nobody can say.
        settled: When it is known whatever it says: for a row with a match in another table, when the
            absence of one could be believed. Not before `known`.
        keyless: Whether the row has no key by which another table could name it.
        changes: When the next label changes by what the tables hold already; None when none does.
    """

    label: pl.Series
    known: pl.Series
    settled: pl.Series
    keyless: pl.Series
    changes: datetime | None = None


def resolve(
    declared: Dataset,
    rows: pl.DataFrame,
    source: Source,
    late: SourceTable | None,
    now: datetime,
    where: str,
    committed: Committed = None,
) -> Labels:
    """The labels of the rows as of `now`.

    Args:
        declared: The dataset.
        rows: The rows source, in its contract's types; n rows.
        source: Declaration of the rows source.
        late: The source that `label: {from: ...}` names, with its declaration.
        now: What became known later is not used.
        where: For errors.
        committed: When the rows reached Headway; for a label that is known since its row did.

    Raises:
        SpecError: A column is missing, or has a type that no label or key has.
        ContractError: Two labels of one row became known at one moment, and differ.
    """
    label = declared.label
    if label.from_ is None:
        return _of_rows(label, rows, source, committed, where)
    if late is None:
        raise dataset_errors.label_source_is_missing(where, label.from_)
    return _of_table(label, rows, source, late, now, where)


# -- a column of the rows ----------------------------------------------------------------------


def _of_rows(label: Label, rows: pl.DataFrame, source: Source, committed: Committed, where: str) -> Labels:
    values = _labels(rows, label.name, where)
    known = _since(label.known or source.known, rows, source, committed, where)
    return Labels(values, known, known, pl.repeat(value=False, n=rows.height, eager=True))


def _labels(frame: pl.DataFrame, column: str, where: str) -> pl.Series:
    if column not in frame.columns:
        raise errors.column_is_missing(column, f"{where}, label", frame.columns)
    if frame.schema[column] not in KINDS:
        raise errors.label_does_not_fit(where, column, type_words(frame.schema[column]))
    series = frame[column]
    return series.fill_nan(None) if series.dtype.is_float() else series


def _since(
    known: Known | None, rows: pl.DataFrame, source: Source, committed: Committed, where: str
) -> pl.Series:
    """When each label becomes known; long ago where nothing says so."""
    if known is None:
        return pl.repeat(LONG_AGO, rows.height, dtype=INSTANT, eager=True)
    if known.commit:
        return arrivals(committed, rows.height, f"{where}, label")
    if known.column is not None:
        return instants(rows, known.column, where, nulls=True)
    return _after(known.lag or timedelta(0), rows, source, where, "the label's lag")


def _after(lag: timedelta, rows: pl.DataFrame, source: Source, where: str, what: str) -> pl.Series:
    if source.event_time is None:
        raise errors.known_is_not_said(where, f"{what} counts from an event time, and the rows have none")
    return instants(rows, source.event_time, where) + lag


# -- another table -----------------------------------------------------------------------------


def _of_table(
    label: Label, rows: pl.DataFrame, source: Source, late: SourceTable, now: datetime, where: str
) -> Labels:
    keys = [_KEY.format(place) for place in range(len(label.by_key))]
    asked = _keys(rows, late.frame, label.by_key, where)
    changes = _changes(label, keys, late, now, where)
    said = changes.filter(pl.col(KNOWN_TIME) <= now).unique(keys, keep="last", maintain_order=True)
    found = asked.join(said, on=keys, how="left", nulls_equal=False, maintain_order="left")
    ahead = changes.filter(pl.col(KNOWN_TIME) > now).join(asked, on=keys, how="semi")[KNOWN_TIME].min()
    keyless = asked.select(pl.any_horizontal(pl.col(keys).is_null())).to_series()
    value, known = found[_VALUE], found[KNOWN_TIME]
    settled = known
    if label.absent is not None:
        believed = _after(label.absent.after, rows, source, where, "`absent: {after: ...}`")
        absent, dtype = _absent(label.absent.is_, value.dtype, where)
        frame = pl.DataFrame({"value": value, "known": known, "believed": believed, "keyless": keyless})
        missing = pl.col("known").is_null() & ~pl.col("keyless")
        frame = frame.select(
            pl.when(missing)
            .then(pl.lit(absent, dtype))
            .otherwise(pl.col("value").cast(dtype))
            .alias("value"),
            pl.when(missing).then("believed").otherwise("known").alias("known"),
            pl.when("keyless")
            .then("known")
            .otherwise(pl.max_horizontal("known", "believed"))
            .alias("settled"),
        )
        value, known, settled = frame
    return Labels(value, known, settled, keyless, ahead if isinstance(ahead, datetime) else None)


def _keys(rows: pl.DataFrame, table: pl.DataFrame, by_key: Mapping[str, str], where: str) -> pl.DataFrame:
    """The rows' key columns, by place; those of the table are there and of the same types."""
    for theirs, ours in by_key.items():
        for name, frame in ((theirs, table), (ours, rows)):
            if name not in frame.columns:
                raise errors.column_is_missing(name, f"{where}, label, by_key", frame.columns)
        if table.schema[theirs] != rows.schema[ours]:
            kinds = type_words(table.schema[theirs]), type_words(rows.schema[ours])
            raise errors.key_types_differ(f"{where}, label", theirs, kinds[0], ours, kinds[1])
    return rows.select(pl.col(ours).alias(_KEY.format(at)) for at, ours in enumerate(by_key.values()))


def _changes(label: Label, keys: list[str], late: SourceTable, now: datetime, where: str) -> pl.DataFrame:
    """What the table says of each key and since when, but for repetitions; sorted by key and known time.

    Presence is said once, by the first row that became known. Of what became known at one moment, the
    event that is later has the last word.
    """
    name = label.from_ or ""
    table = timed(late.frame, late.source, name, late.committed)
    if label.column is None:
        value = pl.repeat(label.present, table.height, dtype=_dtype(label.present), eager=True)
    else:
        value = _labels(table, label.column, f"source `{name}`")
    columns = [table[theirs].alias(key) for key, theirs in zip(keys, label.by_key, strict=True)]
    times = [KNOWN_TIME, EVENT_TIME]
    said = pl.DataFrame([*columns, *table.select(times), value.alias(_VALUE)]).drop_nulls(keys)
    said = said.sort([*keys, *times, _VALUE])
    same_key = pl.all_horizontal(pl.col(key).eq_missing(pl.col(key).shift()) for key in keys)
    other = pl.col(_VALUE).ne_missing(pl.col(_VALUE).shift())
    at_once = pl.all_horizontal(pl.col(time) == pl.col(time).shift() for time in times)
    torn = said.filter(same_key & other & at_once & (pl.col(KNOWN_TIME) <= now)).select(keys).unique()
    if torn.height:
        shown = torn.sort(keys).head(_EXAMPLES)
        texts = [", ".join(map(str, row)) for row in shown.rows()]
        raise dataset_errors.labels_contradict(where, name, torn.height, texts)
    said = said.unique([*keys, KNOWN_TIME], keep="last", maintain_order=True).drop(EVENT_TIME)
    return said.filter(~same_key.fill_null(value=False) | other)


def _dtype(value: Any) -> pl.DataType:
    kinds: dict[type, pl.DataType] = {bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64()}
    return kinds.get(type(value), pl.String())


def _absent(value: Any, there: pl.DataType, where: str) -> tuple[Any, pl.DataType]:
    """The label of an absence, and the type of all labels; whole numbers may join other numbers."""
    own = _dtype(value)
    if own == there:
        return value, there
    if {own, there} == {pl.Int64(), pl.Float64()}:
        return float(value), pl.Float64()
    raise dataset_errors.absence_does_not_fit(where, value, str(there))
