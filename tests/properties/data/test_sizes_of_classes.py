"""Classes of a table are counted as a loop over its rows counts them, and no value comes out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from headway.data.anonymity import class_sizes
from headway.facts.anonymity import LARGEST, Sizes

SCHEMA = {"part": pl.String, "unit": pl.Int64, "size": pl.Float64, "of0": pl.String, "rows": pl.Boolean}
"""Names that the counting itself uses: columns of a product may be called so."""
QUASI = ["size", "of0", "rows"]
rows = st.lists(
    st.tuples(
        st.sampled_from(["train", "validate", "test", None]),
        st.sampled_from([1, 2, None]),
        st.sampled_from([0.0, -0.0, 1.5, None]),
        st.sampled_from(["", "a", None]),
        st.sampled_from([True, None]),
    ),
    max_size=40,
)
Row = tuple[Any, ...]


def counted(found: list[Row], *, by_unit: bool) -> Sizes:
    alike: dict[Row, list[Row]] = {}
    for row in found:
        alike.setdefault(row[2:], []).append(row)
    sizes = [(len({row[1] for row in same}) if by_unit else len(same), len(same)) for same in alike.values()]
    numbers = Counter(size for size, _ in sizes)
    within = {size: sum(n for other, n in sizes if other == size) for size in numbers}
    return Sizes(
        rows=len(found),
        classes=len(alike),
        smallest=min(numbers, default=0),
        small=tuple((size, numbers[size], within[size]) for size in sorted(numbers)),
    )


@given(rows, st.booleans(), st.booleans())
def test_classes_are_counted_as_one_by_one(found: list[Row], by_unit: bool, in_parts: bool) -> None:
    frame = pl.DataFrame(found, schema=SCHEMA, orient="row").lazy()
    sizes = class_sizes(frame, QUASI, "unit" if by_unit else None, "part" if in_parts else None)
    wanted = {"rows": counted(found, by_unit=by_unit)}
    if in_parts:
        wanted["train"] = counted([row for row in found if row[0] == "train"], by_unit=by_unit)
    assert sizes == wanted


def test_what_is_missing_is_a_value_of_its_own() -> None:
    frame = pl.LazyFrame({"age": [None, None, float("nan"), float("nan"), float("nan"), 7.0]})
    assert class_sizes(frame, ["age"])["rows"].small == ((1, 1, 1), (2, 1, 2), (3, 1, 3))


def test_many_rows_of_one_person_are_one() -> None:
    frame = pl.LazyFrame({"age": [30] * 50, "customer": ["c1"] * 50})
    assert class_sizes(frame, ["age"])["rows"].below(5) == (0, 0)
    assert class_sizes(frame, ["age"], "customer")["rows"].below(5) == (1, 50)


def test_of_large_classes_only_the_number_is_kept() -> None:
    frame = pl.LazyFrame({"age": [1] * LARGEST + [2] * (LARGEST - 1)})
    sizes = class_sizes(frame, ["age"])["rows"]
    assert (sizes.classes, sizes.small) == (2, ((LARGEST - 1, 1, LARGEST - 1),))
    assert sizes.below(LARGEST) == (1, LARGEST - 1)
