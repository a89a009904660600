"""What a changed contract means for its readers: what they can live with, and what demands a new version. Pure.

A reader may rely on everything that a contract promises: its columns, their types and meaning. Rows that
were allowed before must stay allowed, or what is stored already, and who sends it, breaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

from headway.contract.rules import compile_rules
from headway.contract.words import limit, listed, show
from headway.core.wording import count
from headway.spec.contract import Column, Contract, Expectation, MapTo
from headway.spec.quantities import duration_text

Kind = Literal["compatible", "breaking"]


class Change(Struct, frozen=True, kw_only=True):
    """One difference between two contracts.

    Attributes:
        kind: `compatible`, or `breaking`: then the contract needs another `version`.
        path: What it is about: `columns.distance.max`, `expectations`.
        words: What changed, in words a person reads.
    """

    kind: Kind
    path: str
    words: str


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every difference that matters to readers and senders, in the order of the contract; descriptions do not.

    Compatible: another column that may be null or has a default, wider bounds, larger sets, rules taken
    away or only softened. Breaking: a column dropped or of another type, tighter bounds, smaller sets, nulls no longer
    allowed, an expectation added that can refuse what was allowed.
    """
    return tuple(_changes(old, new))


def needs_version(old: Contract, new: Contract) -> tuple[Change, ...]:
    """The changes for which the new contract had to count up its version, and did not; empty when all is well."""
    if new.version > old.version:
        return ()
    return tuple(change for change in compare(old, new) if change.kind == "breaking")


def _changes(old: Contract, new: Contract) -> Iterator[Change]:
    for name, column in old.columns.items():
        if name in new.columns:
            yield from _of_column(name, column, new.columns[name])
        else:
            yield _breaking(f"columns.{name}", f"column {show(name)} is dropped")
    for name, column in new.columns.items():
        if name not in old.columns:
            yield _appended(name, column, ignored=old.extra_columns == "ignore")
    yield from _of_uniqueness(old, new)
    yield from _of_rows(old, new)
    if old.extra_columns != new.extra_columns:
        kind: Kind = "breaking" if new.extra_columns == "refuse" else "compatible"
        yield Change(
            kind=kind, path="extra_columns", words=f"columns that are not declared: {new.extra_columns}"
        )
    yield from _of_expectations(old, new)
    yield from _of_source(old, new)


def _breaking(path: str, words: str) -> Change:
    return Change(kind="breaking", path=path, words=words)


def _compatible(path: str, words: str) -> Change:
    return Change(kind="compatible", path=path, words=words)


# -- columns ---------------------------------------------------------------------------------


def _appended(name: str, column: Column, *, ignored: bool) -> Change:
    path = f"columns.{name}"
    if column.default is not None:
        return _compatible(path, f"column {show(name)} is added, by default {show(column.default)}")
    if column.nulls and not ignored:
        # A table that lacks it has still to say so with nulls: only readers are untouched.
        return _compatible(path, f"column {show(name)} is added and may be null")
    why = (
        "may hold anything where it was ignored"
        if ignored and column.nulls
        else "has no default and may not be null"
    )
    return _breaking(path, f"column {show(name)} is added and {why}")


def _of_column(name: str, old: Column, new: Column) -> Iterator[Change]:
    path = f"columns.{name}"
    if old.type != new.type:
        yield _breaking(f"{path}.type", f"column {show(name)} becomes {new.type} from {old.type}")
        return
    if old.nulls != new.nulls:
        kind: Kind = "breaking" if old.nulls else "compatible"
        words = "may no longer be null" if old.nulls else "may be null"
        yield Change(kind=kind, path=f"{path}.nulls", words=f"column {show(name)} {words}")
    yield from _of_bounds(name, old, new)
    yield from _of_set(name, old, new)
    if old.matches != new.matches:
        kind = "breaking" if new.matches is not None else "compatible"
        words = "any text" if new.matches is None else f"text that matches {show(new.matches)}"
        yield Change(kind=kind, path=f"{path}.matches", words=f"column {show(name)} takes {words}")
    if old.unique != new.unique:
        words = "must be unique" if new.unique else "need not be unique"
        yield Change(
            kind="breaking" if new.unique else "compatible",
            path=f"{path}.unique",
            words=f"column {show(name)} {words}",
        )
    yield from _of_stand_ins(name, old, new)
    yield from _of_handling(path, f"column {show(name)}", old, new)
    if old.unit != new.unit and old.unit:
        yield _breaking(
            f"{path}.unit", f"column {show(name)} is in {show(new.unit)} and was in {show(old.unit)}"
        )


def _of_bounds(name: str, old: Column, new: Column) -> Iterator[Change]:
    before, after = compile_rules(name, old), compile_rules(name, new)
    for key, one, other, sign in (("min", before.low, after.low, 1), ("max", before.high, after.high, -1)):
        if one == other:
            continue
        tighter = one is None or (other is not None and (other > one if sign > 0 else other < one))
        words = f"has no `{key}` any more" if other is None else f"has `{key}: {_plain(other)}`"
        was = "" if one is None else f" and had {_plain(one)}"
        yield Change(
            kind="breaking" if tighter else "compatible",
            path=f"columns.{name}.{key}",
            words=f"column {show(name)} {words}{was if other is not None else ''}",
        )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else limit(value)


def _of_set(name: str, old: Column, new: Column) -> Iterator[Change]:
    path = f"columns.{name}.in"
    if new.in_ is None or old.in_ is None:
        if (new.in_ is None) != (old.in_ is None):
            words = "takes any value" if new.in_ is None else f"takes only {listed(new.in_)}"
            kind: Kind = "compatible" if new.in_ is None else "breaking"
            yield Change(kind=kind, path=path, words=f"column {show(name)} {words}")
        return
    gone = [value for value in old.in_ if value not in new.in_]
    added = [value for value in new.in_ if value not in old.in_]
    if gone:
        yield _breaking(path, f"column {show(name)} no longer takes {listed(gone)}")
    if added:
        yield _compatible(path, f"column {show(name)} takes {listed(added)} too")


def _of_stand_ins(name: str, old: Column, new: Column) -> Iterator[Change]:
    """What takes the place of something is what a value means."""
    if old.default != new.default:
        words = "has no default any more" if new.default is None else f"is {show(new.default)} by default"
        kind: Kind = "compatible" if old.default is None else "breaking"
        yield Change(kind=kind, path=f"columns.{name}.default", words=f"column {show(name)} {words}")
    if old.unknown_category != new.unknown_category:
        policy = new.unknown_category
        words = f"become {show(policy.map_to)}" if isinstance(policy, MapTo) else "are refused"
        kind = "compatible" if isinstance(policy, MapTo) and old.unknown_category == "reject" else "breaking"
        yield Change(
            kind=kind,
            path=f"columns.{name}.unknown_category",
            words=f"other values of column {show(name)} {words}",
        )


# -- what else is asked ----------------------------------------------------------------------


def _of_handling(
    path: str, named: str, old: Column | Expectation, new: Column | Expectation
) -> Iterator[Change]:
    """Severity and policy: to refuse what was let pass is narrower."""
    before, after = _strictness(old), _strictness(new)
    if before != after:
        stricter = any(later > earlier for earlier, later in zip(before, after, strict=True))
        words = f"{named} is handled more {'strictly' if stricter else 'gently'}"
        yield Change(kind="breaking" if stricter else "compatible", path=f"{path}.policy", words=words)


def _strictness(one: Column | Expectation) -> tuple[int, int]:
    """How strict a batch and a request are taken."""
    default = "reject" if one.severity == "critical" else "warn"
    order = ("warn", "quarantine", "reject")
    batch, request = one.policy.batch or default, one.policy.request or default
    return order.index(batch), order.index(request)


def _of_uniqueness(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = set(map(frozenset, old.unique)), set(map(frozenset, new.unique))
    for names in sorted(map(sorted, after - before)):
        yield _breaking("unique", f"{listed(names)} must be unique together")
    for names in sorted(map(sorted, before - after)):
        yield _compatible("unique", f"{listed(names)} need not be unique together")


def _of_rows(old: Contract, new: Contract) -> Iterator[Change]:
    low, high = (old.rows.min, new.rows.min), (old.rows.max, new.rows.max)
    if low[0] != low[1]:
        kind: Kind = "breaking" if low[1] > low[0] else "compatible"
        yield Change(
            kind=kind, path="rows.min", words=f"at least {count(low[1], 'row')}, and before {low[0]:,}"
        )
    if high[0] != high[1]:
        tighter = high[1] is not None and (high[0] is None or high[1] < high[0])
        words = "any number of rows" if high[1] is None else f"at most {count(high[1], 'row')}"
        yield Change(kind="breaking" if tighter else "compatible", path="rows.max", words=words)


def _of_expectations(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    for key, item in after.items():
        if key not in before:
            words = f"{item.type} is expected of {_about(item)}"
            kind: Kind = "breaking" if max(_strictness(item)) else "compatible"
            yield Change(kind=kind, path="expectations", words=words)
        else:
            yield from _of_handling("expectations", f"{item.type} of {_about(item)}", before[key], item)
    for key, item in before.items():
        if key not in after:
            yield _compatible("expectations", f"{item.type} is no longer expected of {_about(item)}")


def _named(contract: Contract) -> Mapping[str, Expectation]:
    return {
        f"{item.type} {sorted(item.arguments.items(), key=lambda pair: pair[0])}": item
        for item in contract.expectations
    }


def _about(item: Expectation) -> str:
    arguments = item.arguments
    names = [arguments[key] for key in ("column", "column_A", "column_B") if key in arguments]
    several = arguments.get("column_list", [])
    return listed([*names, *several]) or "the table"


def _of_source(old: Contract, new: Contract) -> Iterator[Change]:
    """Freshness, identity and repeated content: what is asked of whoever delivers."""
    if old.freshness != new.freshness:
        one, other = old.freshness, new.freshness
        is_wider = other is None or (
            one is not None and one.column == other.column and other.max_age >= one.max_age
        )
        words = (
            "no freshness is asked" if other is None else f"rows may be {duration_text(other.max_age)} old"
        )
        yield Change(kind="compatible" if is_wider else "breaking", path="freshness", words=words)
    for name in [*old.identity, *(name for name in new.identity if name not in old.identity)]:
        if old.identity.get(name) != new.identity.get(name):
            is_gone = name not in new.identity
            words = (
                f"{show(name)} {'may be anything' if is_gone else f'is always {show(new.identity[name])}'}"
            )
            yield Change(kind="compatible" if is_gone else "breaking", path=f"identity.{name}", words=words)
    if old.repeated_content != new.repeated_content:
        kind: Kind = "breaking" if new.repeated_content == "reject" else "compatible"
        yield Change(kind=kind, path="repeated_content", words=f"repeated content: {new.repeated_content}")
