"""Feature groups: one table of features per entity, event and known time. Pure but for the product's code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import polars as pl

from headway.data.calls import Resolve, call, to_polars
from headway.data.numbers import as_inputs
from headway.data.times import EVENT_TIME, KNOWN_TIME, Committed, instants, timed
from headway.errors import data as errors
from headway.features import columns as feature_columns
from headway.features.functions import FeatureFunction, asking, needed
from headway.spec.contract import Contract
from headway.spec.product import FeatureGroup, Source

_TIMES = (EVENT_TIME, KNOWN_TIME)
_EXAMPLES = 5


class SourceTable(NamedTuple):
    """A source's rows with what is declared of them.

    Attributes:
        committed: When the rows reached Headway; for `known: commit`.
    """

    frame: pl.DataFrame
    source: Source
    contract: Contract
    committed: Committed = None


class GroupTable(NamedTuple):
    """A computed group.

    Attributes:
        frame: Key columns, `event_time`, `known_time`, then features (Float64 or String), sorted by
            key, event time and known time, which together are unique; no nulls in any of these.
        repeated: Rows left out because another row says exactly the same.
        without_key: Rows left out because a part of their key is null or NaN, so that nothing can match.
    """

    frame: pl.DataFrame
    repeated: int
    without_key: int

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        columns = self.frame.columns
        return tuple(columns[columns.index(KNOWN_TIME) + 1 :])


def compute(
    group: FeatureGroup,
    name: str,
    tables: Mapping[str, SourceTable],
    *,
    functions: Sequence[FeatureFunction] = (),
    resolve: Resolve | None = None,
) -> GroupTable:
    """Compute a group from all rows of its sources.

    `columns:` groups apply feature functions to the columns of one source. A `frame:` group calls
    the product's function with one frame per source, in the order of `from:`, each with `event_time`
    and `known_time` added (pandas where the parameter is annotated so). It returns the key columns,
    `event_time`, the features and, unless every source declares a lag, `known_time`; with lags, the
    longest of them is added to `event_time`.

    Args:
        group: What is declared.
        name: The group's name, for errors.
        tables: Source name -> its table, at least those that the group names.
        functions: Functions of the `columns:` module.
        resolve: Finds the function of `frame:`.

    Raises:
        SpecError: The group cannot be computed as declared.
        ContractError: Rows without time, ambiguous rows, or infinite values.
        UserCodeError: The product's function failed, or returned a frame that does not fit.
    """
    given = {source: _timed(tables[source], source) for source in group.from_}
    if group.frame is not None:
        assert resolve is not None, "a frame function is found by `resolve`"
        frame = _from_frame(group, name, given, {s: tables[s].source for s in group.from_}, resolve)
    else:
        frame = _from_columns(group, name, given, tables, functions)
    if frame.width == len(group.key) + len(_TIMES):
        raise errors.group_has_no_features(name, group.frame or group.columns or "")
    return _settled(frame, group.key, name)


def _timed(table: SourceTable, name: str) -> pl.DataFrame:
    return timed(table.frame, table.source, name, table.committed)


# -- functions on the columns of one source ----------------------------------------------------


def _from_columns(
    group: FeatureGroup,
    name: str,
    given: Mapping[str, pl.DataFrame],
    tables: Mapping[str, SourceTable],
    functions: Sequence[FeatureFunction],
) -> pl.DataFrame:
    where = f"feature group `{name}`"
    if len(group.from_) > 1:
        raise errors.group_reads_several(name, group.from_)
    (source,) = group.from_
    frame, contract = given[source], tables[source].contract
    for key in group.key:
        if key not in frame.columns:
            raise errors.column_is_missing(key, where, tables[source].frame.columns)
    missing = sorted(set(needed(functions)) - set(frame.columns))
    if missing:
        why, askers = f" in source `{source}`", asking(functions, missing)
        raise errors.parameters_are_unknown(where, missing, frame.columns, why, askers)
    for function in functions:
        if function.name in (*group.key, *_TIMES):
            raise errors.name_is_taken(function.name, where, "a feature", "the key or a time of the group")
    features = feature_columns.compute(functions, frame, contract.columns)
    keyed = frame.select(*group.key, *_TIMES)
    return pl.concat([keyed, as_inputs(features, where)], how="horizontal")


# -- a function on whole frames ----------------------------------------------------------------


def _from_frame(
    group: FeatureGroup,
    name: str,
    given: Mapping[str, pl.DataFrame],
    sources: Mapping[str, Source],
    resolve: Resolve,
) -> pl.DataFrame:
    where = f"feature group `{name}`"
    reference = group.frame or ""
    returned = call(reference, resolve, where=where, frames=list(given.values()))
    frame = to_polars(returned, reference, where=where)
    faults = _faults(frame, group.key)
    if faults:
        raise errors.frame_does_not_fit(name, reference, faults)
    event = instants(frame, EVENT_TIME, where)
    if KNOWN_TIME in frame.columns:
        known = instants(frame, KNOWN_TIME, where)
    else:
        known = event + _longest_lag(sources, where)
    features = as_inputs(frame.drop(*group.key, *_TIMES, strict=False), where)
    keyed = frame.select(group.key).with_columns(event.alias(EVENT_TIME), known.alias(KNOWN_TIME))
    return pl.concat([keyed, features], how="horizontal")


def _faults(frame: pl.DataFrame, key: Sequence[str]) -> list[str]:
    missing = [
        f"there is no column `{column}`" for column in (*key, EVENT_TIME) if column not in frame.columns
    ]
    there = [column for column in _TIMES if column in frame.columns]
    types = [
        f"column `{column}` is `{frame.schema[column]}`, not a time"
        for column in there
        if not isinstance(frame.schema[column], pl.Datetime | pl.Date)
    ]
    nulls = [
        f"column `{column}` is null in {count:,} {'row' if count == 1 else 'rows'}"
        for column in there
        if (count := frame[column].null_count())
    ]
    return missing + types + nulls


def _longest_lag(sources: Mapping[str, Source], where: str) -> timedelta:
    lags = {name: source.known.lag if source.known else None for name, source in sources.items()}
    without = [name for name, lag in lags.items() if lag is None]
    if without:
        why = f"the frame has no `{KNOWN_TIME}`, and source `{without[0]}` declares no lag"
        raise errors.known_is_not_said(where, why)
    return max(lag for lag in lags.values() if lag is not None)


# -- one row per key, event time and known time ------------------------------------------------


def _settled(frame: pl.DataFrame, key: Sequence[str], name: str) -> GroupTable:
    order = [*key, *_TIMES]
    numbers = [name for name in key if frame.schema[name].is_float()]
    keyed = frame.with_columns(pl.col(numbers).fill_nan(None)).drop_nulls(list(key))
    distinct = keyed.unique(maintain_order=False).sort(order)
    ambiguous = distinct.filter(pl.struct(order).is_duplicated()).select(order).unique(maintain_order=True)
    if ambiguous.height:
        examples = [
            ", ".join(f"{column} {value}" for column, value in row.items())
            for row in ambiguous.head(_EXAMPLES).iter_rows(named=True)
        ]
        raise errors.rows_are_ambiguous(name, ambiguous.height, examples)
    return GroupTable(distinct, keyed.height - distinct.height, frame.height - keyed.height)
