"""The inputs of a model: what the caller sends, what groups know, what is computed on demand.

In this order, each from the columns before it, the way a server does it for one request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import polars as pl

from headway.bundle.manifest import Input
from headway.data.join import Lookup, as_of
from headway.data.numbers import as_inputs
from headway.data.times import EVENT_TIME, KNOWN_TIME
from headway.errors import data as errors
from headway.features import columns as feature_columns
from headway.features.functions import FeatureFunction, asking, needed
from headway.spec.contract import Column, Contract
from headway.spec.product import Dataset, FeatureGroup, FeaturePick

_AT = "__at__"
_NOT_INPUTS = ("time", "date")
"""Logical types that on-demand functions may read and a model may not."""

Origin = Literal["request", "group", "on_demand"]


def assemble(
    declared: Dataset,
    rows: pl.DataFrame,
    predict_at: pl.Series,
    *,
    label: str,
    contract: Contract,
    groups: Mapping[str, pl.DataFrame],
    declared_groups: Mapping[str, FeatureGroup],
    on_demand: Sequence[FeatureFunction],
    where: str,
) -> tuple[pl.DataFrame, tuple[Input, ...]]:
    """Every input of the model for each row.

    Args:
        declared: What is declared.
        rows: Columns of the rows by plain name, without the label; n rows.
        predict_at: Nothing known later may enter; (n,).
        label: The label's column.
        contract: Contract of the rows.
        groups: Group -> its computed table.
        declared_groups: Group -> its declaration.
        on_demand: Functions computed at request time.
        where: For errors.

    Returns:
        Columns of Float64 and String with n rows, and the inputs that they are, in order.

    Raises:
        SpecError: A name is missing, taken twice, or is the label's.
        ContractError: A value is infinite.
        UserCodeError: An on-demand function failed.
    """
    request = _request(declared, rows, label, contract, where)
    sent = rows.select(request)
    joined = _joined(
        declared,
        rows,
        predict_at,
        request=request,
        groups=groups,
        declared_groups=declared_groups,
        where=where,
    )
    _refuse_same_names(request, joined, on_demand, where)
    types = {**{name: contract.columns[name] for name in request}, **_types(joined)}
    computed = _computed(pl.concat([sent, joined], how="horizontal"), on_demand, types, where)
    direct = sent.select(name for name in request if contract.columns[name].type not in _NOT_INPUTS)
    found: list[tuple[Origin, pl.DataFrame]] = [
        ("request", as_inputs(direct, where)),
        ("group", joined),
        ("on_demand", as_inputs(computed, where)),
    ]
    frames = [frame for _, frame in found if frame.width]
    if not frames:
        raise errors.no_inputs(where)
    return pl.concat(frames, how="horizontal"), tuple(
        Input(name=name, type="text" if dtype == pl.String else "number", origin=origin)
        for origin, frame in found
        for name, dtype in frame.schema.items()
    )


# -- request -----------------------------------------------------------------------------------


def _request(declared: Dataset, rows: pl.DataFrame, label: str, contract: Contract, where: str) -> list[str]:
    if declared.request is None:
        return [name for name in contract.columns if name != label]
    if label in declared.request:
        raise errors.label_is_a_feature(where, label)
    for name in declared.request:
        if name not in rows.columns or name not in contract.columns:
            raise errors.column_is_missing(name, f"{where}, request", rows.columns)
    return list(declared.request)


# -- groups ------------------------------------------------------------------------------------


def _joined(
    declared: Dataset,
    rows: pl.DataFrame,
    predict_at: pl.Series,
    *,
    request: Sequence[str],
    groups: Mapping[str, pl.DataFrame],
    declared_groups: Mapping[str, FeatureGroup],
    where: str,
) -> pl.DataFrame:
    if not declared.features:
        return pl.DataFrame()
    if declared.predict_at is None:
        raise errors.known_is_not_said(where, "groups are joined, and there is no `predict_at:`")
    lookups: list[Lookup] = []
    taken: set[str] = set()
    for pick in declared.features:
        group, table = declared_groups[pick.group], groups[pick.group]
        keys = {key: pick.by_key.get(key, key) for key in group.key}
        for column in keys.values():
            if column not in request:
                raise errors.column_is_not_sent(where, column, f"is the key of group `{pick.group}`")
        names = _picked(pick, table, group, where)
        for name in names.values():
            if name in taken:
                raise errors.name_is_taken(name, where, "a group's feature", "another group's")
            taken.add(name)
        lookups.append(Lookup(table, keys, names, group.ttl, f"{where}, group `{pick.group}`"))
    found = as_of(rows.with_columns(predict_at.alias(_AT)), _AT, lookups)
    return pl.concat(found, how="horizontal")


def _picked(pick: FeaturePick, table: pl.DataFrame, group: FeatureGroup, where: str) -> dict[str, str]:
    """Feature of the group -> its name in the dataset."""
    there = [name for name in table.columns if name not in (*group.key, EVENT_TIME, KNOWN_TIME)]
    for name in pick.columns or ():
        if name not in there:
            raise errors.feature_is_unknown(where, pick.group, name, there)
    return {name: pick.prefix + name for name in (there if pick.columns is None else pick.columns)}


# -- on demand ---------------------------------------------------------------------------------


def _computed(
    known: pl.DataFrame, functions: Sequence[FeatureFunction], types: Mapping[str, Column], where: str
) -> pl.DataFrame:
    if not functions:
        return pl.DataFrame()
    missing = sorted(set(needed(functions)) - set(known.columns))
    if missing:
        why, askers = " in the request or the groups", asking(functions, missing)
        raise errors.parameters_are_unknown(where, missing, known.columns, why, askers)
    return feature_columns.compute(functions, known, types)


def _types(joined: pl.DataFrame) -> dict[str, Column]:
    return {
        name: Column(type="text" if dtype == pl.String else "number", nulls=True)
        for name, dtype in joined.schema.items()
    }


def _refuse_same_names(
    request: Sequence[str],
    joined: pl.DataFrame,
    functions: Sequence[FeatureFunction],
    where: str,
) -> None:
    taken: dict[str, str] = {}
    for name, what in _named(request, joined, functions):
        if name in taken:
            raise errors.name_is_taken(name, where, taken[name], what)
        taken[name] = what


def _named(
    request: Sequence[str], joined: pl.DataFrame, functions: Sequence[FeatureFunction]
) -> Iterator[tuple[str, str]]:
    yield from ((name, "sent by the caller") for name in request)
    yield from ((name, "a group's feature") for name in joined.columns)
    yield from ((function.name, "computed on demand") for function in functions)
