"""A change that breaks readers or senders demands a new version; one that they can live with does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from headway.contract.changes import compare, needs_version
from headway.spec.contract import Column, Contract, Expectation, Freshness, MapTo, Policy, RowCount

OLD = Contract(
    columns={
        "at": Column(type="time", max="2030-01-01"),
        "km": Column(type="number", min=0, max=100, unit="km", nulls=True),
        "kind": Column(type="text", in_=("a", "b"), matches="^[a-z]$"),
        "id": Column(type="integer"),
    },
    unique=(("id", "kind"),),
    expectations=(
        Expectation(
            type="expect_column_mean_to_be_between",
            arguments={"column": "km", "max_value": 9},
            severity="warning",
        ),
    ),
    freshness=Freshness(column="at", max_age=timedelta(days=1)),
    identity={"kind": "a"},
)


def column(name: str, **changes: object) -> Contract:
    return replace(OLD, columns=OLD.columns | {name: replace(OLD.columns[name], **changes)})


def added(new: Column) -> Contract:
    return replace(OLD, columns=OLD.columns | {"new": new})


def without(name: str) -> Contract:
    return replace(OLD, columns={key: value for key, value in OLD.columns.items() if key != name})


COMPATIBLE = {
    "a column with a default is appended": added(Column(type="integer", default=0)),
    "a column that may be null is appended": added(Column(type="text", nulls=True)),
    "nulls are allowed": column("id", nulls=True),
    "a bound is wider": column("km", max=200),
    "a bound is gone": column("km", min=None),
    "a set is larger": column("kind", in_=("a", "b", "c")),
    "a set is gone": column("kind", in_=None),
    "a pattern is gone": column("kind", matches=None),
    "unknown categories are mapped": column("kind", unknown_category=MapTo(map_to="a")),
    "a rule only warns": column("km", severity="warning"),
    "a default is given": column("id", default=3),
    "uniqueness is gone": replace(OLD, unique=()),
    "fewer rows will do": replace(OLD, rows=RowCount(min=0)),
    "other columns are ignored": replace(OLD, extra_columns="ignore"),
    "an expectation that only warns is added": replace(
        OLD,
        expectations=(
            *OLD.expectations,
            Expectation(
                type="expect_column_min_to_be_between",
                arguments={"column": "km", "min_value": 1},
                severity="info",
            ),
        ),
    ),
    "an expectation is gone": replace(OLD, expectations=()),
    "rows may be older": replace(OLD, freshness=Freshness(column="at", max_age=timedelta(days=2))),
    "freshness is gone": replace(OLD, freshness=None),
    "identity is gone": replace(OLD, identity={}),
    "repeated content passes": replace(OLD, repeated_content="allow"),
}
BREAKING = {
    "a column is dropped": without("km"),
    "a column is of another type": column("id", type="text"),
    "a column without a default is appended": added(Column(type="integer")),
    "nulls are no longer allowed": column("km", nulls=False),
    "a bound is tighter": column("km", max=99),
    "a bound appears": column("id", min=0),
    "a bound in time is tighter": column("at", max="2029-12-31T23:59:59Z"),
    "a set is smaller": column("kind", in_=("a",)),
    "a set appears": column("id", in_=(1, 2)),
    "a pattern is another": column("kind", matches="^[ab]$"),
    "a column must be unique": column("id", unique=True),
    "columns must be unique together": replace(OLD, unique=(*OLD.unique, ("at", "km"))),
    "a unit is another": column("km", unit="mi"),
    "a default is another": column("id", default=3),
    "more rows are needed": replace(OLD, rows=RowCount(min=5)),
    "fewer rows are taken": replace(OLD, rows=RowCount(max=5)),
    "an expectation refuses": replace(
        OLD, expectations=tuple(replace(item, severity="critical") for item in OLD.expectations)
    ),
    "an expectation sets rows aside": replace(
        OLD,
        expectations=(
            *OLD.expectations,
            Expectation(
                type="expect_column_values_to_be_between",
                arguments={"column": "km", "max_value": 9},
                policy=Policy(batch="quarantine", request="warn"),
            ),
        ),
    ),
    "rows must be newer": replace(OLD, freshness=Freshness(column="at", max_age=timedelta(hours=1))),
    "identity is another": replace(OLD, identity={"kind": "b"}),
    "repeated content is refused": replace(OLD, repeated_content="reject"),
}
BEFORE = {"a default is another": column("id", default=2)}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_readers_can_live_with(name: str) -> None:
    (change,) = compare(OLD, COMPATIBLE[name])
    assert change.kind == "compatible", change
    assert not needs_version(OLD, COMPATIBLE[name])


@pytest.mark.parametrize("name", BREAKING)
def test_readers_cannot_live_with(name: str) -> None:
    old, new = BEFORE.get(name, OLD), BREAKING[name]
    (change,) = compare(old, new)
    assert change.kind == "breaking", change
    assert needs_version(old, new) == (change,)
    assert not needs_version(old, replace(new, version=2))


def test_what_is_undone_is_told_the_other_way_round() -> None:
    for new in COMPATIBLE.values():
        assert compare(OLD, new)
        assert compare(new, OLD)


def test_descriptions_order_and_versions_are_no_change() -> None:
    told = replace(OLD, description="of trips", version=4, columns=dict(reversed(OLD.columns.items())))
    assert compare(OLD, told) == ()


def test_a_change_is_told_in_words() -> None:
    (change,) = compare(OLD, column("km", max=99))
    assert (change.path, change.words) == ("columns.km.max", "column `km` has `max: 99` and had 100")
    (change,) = compare(OLD, without("km"))
    assert change.words == "column `km` is dropped"
