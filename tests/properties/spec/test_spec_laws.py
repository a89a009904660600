"""Laws of the product file: what is printed parses back, and no value anywhere breaks the loader."""

from __future__ import annotations

import copy
import json
import math
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import SpecError
from headway.spec.built import not_built
from headway.spec.document import compose, plain
from headway.spec.expression import ExpressionError, evaluate, holds, parse_condition, parse_moment, text_of
from headway.spec.graph import graph
from headway.spec.load import load
from headway.spec.product import Moment
from headway.spec.quantities import duration_text, parse_rate, parse_size, rate_text

YEARS = timedelta(days=365_000)
FULL = Path(__file__).parents[2] / "unit" / "spec" / "full"


@given(st.integers(0, 10**9), st.sampled_from(["/s", "/m", "/h", "/d", " per 30d", " per 1h30m"]))
def test_a_rate_survives_its_text(number: int, per: str) -> None:
    rate = parse_rate(f"{number}{per}")
    assert parse_rate(rate_text(rate)) == rate


@given(st.decimals(0, 10**12, places=3), st.sampled_from(["kB", "MB", "GiB", "TiB"]))
def test_a_size_is_whole_bytes_or_refused(number: object, unit: str) -> None:
    try:
        assert parse_size(f"{number} {unit}") >= 0
    except ValueError as error:
        assert "a size" in str(error)


@given(st.timedeltas(min_value=-YEARS, max_value=YEARS))
def test_a_moment_survives_its_text(offset: timedelta) -> None:
    sign = "-" if offset < timedelta(0) else "+"
    assert parse_moment(f"t {sign} {duration_text(abs(offset))}") == Moment(column="t", offset=offset)


NAMES = st.sampled_from(["roc_auc", "champion", "a.b", "worst(slice.mae)"])
AMOUNTS = st.sampled_from(["0", "0.65", "2e-3", "70%", "50ms", "1h30m", "10 MB", "3 GiB"])
SUMS = st.recursive(
    NAMES | AMOUNTS,
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=6,
)


@given(SUMS, st.sampled_from([">=", "<=", ">", "<", "=="]), SUMS, st.floats(allow_nan=True, width=32))
def test_a_condition_survives_its_plain_form(left: str, sign: str, right: str, value: float) -> None:
    condition = parse_condition(f"{left} {sign} {right}")
    again = parse_condition(f"{text_of(condition.left)} {sign} {text_of(condition.right)}")
    one, two = (evaluate(made.left, lambda _: value) for made in (condition, again))
    assert one == two or (math.isnan(one) and math.isnan(two))
    assert holds(condition, lambda _: value) is holds(again, lambda _: value)


@given(st.text(alphabet="abz019 .+-*/()<>=%msh_\u0661", max_size=60))
def test_text_is_a_condition_or_is_refused_inside_itself(text: str) -> None:
    try:
        parse_condition(text)
    except ExpressionError as error:
        assert 0 <= error.column <= len(text)
        assert error.what


# -- the loader --------------------------------------------------------------------------------


def tree(file: str) -> Any:
    root, found = compose(FULL / file, file)
    assert root is not None
    assert found == []
    return plain(root)


PRODUCT, FLIGHTS = tree("headway.yaml"), tree("contracts/flights.yaml")
SINGLE = [
    None,
    True,
    0,
    -1,
    1.5,
    2**62,
    "",
    " ",
    "x",
    "*",
    "x.*",
    "a:b",
    "10m",
    "70%",
    "-",
    "[(",
    "a" * 300,
    "\u0661d",
]
NESTED = [
    [],
    [[]],
    [None],
    [{}],
    {},
    {"a": {}},
    {"": 1},
    {"secret": "x"},
    {"hour": [1, 1]},
    ["slice.roc_auc >= 1"],
]
WEIRD = st.sampled_from([*SINGLE, *NESTED])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree but its top."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in ((*path, key), *places(item, (*path, key)))]


def with_value(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(tree)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from([(0, path) for path in places(PRODUCT)] + [(1, path) for path in places(FLIGHTS)]), WEIRD
)
def test_any_value_anywhere_loads_or_is_a_fault_with_its_place(
    where: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    file, path = where
    product, flights = PRODUCT, FLIGHTS
    if file:
        flights = with_value(FLIGHTS, path, value)
    else:
        product = with_value(PRODUCT, path, value)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "contracts").mkdir()
        (root / "contracts" / "weather.yaml").write_text((FULL / "contracts" / "weather.yaml").read_text())
        (root / "contracts" / "flights.yaml").write_text(json.dumps(flights, indent=1))
        (root / "headway.yaml").write_text(json.dumps(product, indent=1))
        try:
            loaded = load(root / "headway.yaml")
        except SpecError as error:
            lines = [line.split("  ")[0].split(":") for line in error.evidence]
            assert all(len(line) == 3 and int(line[1]) > 0 and int(line[2]) > 0 for line in lines)
            return
        made = graph(loaded.product, loaded.contracts)
        json.dumps([node.config for node in made.nodes], allow_nan=False)
        assert isinstance(not_built(loaded), list)
