"""Results go out under the keys of Great Expectations 1.x, for every expectation that there is."""

from __future__ import annotations

import json

import polars as pl
import pytest

from headway.contract.columns import check
from headway.spec.contract import Column, Contract, Expectation, RowCount
from headway.spec.expectations import EXPECTATIONS

FRAME = pl.DataFrame({"a": [1, 2, 2, None], "b": [2, 2, 3, 4], "s": ["x", "2", None, "{}"]})
COLUMNS = {
    "a": Column(type="integer", nulls=True),
    "b": Column(type="number"),
    "s": Column(type="text", nulls=True),
}
GIVEN = {
    "column": "a",
    "column_A": "a",
    "column_B": "b",
    "column_list": ["a", "b"],
    "column_set": ["a", "b"],
    "min_value": 1,
    "value_set": [1, 2],
    "value_pairs_set": [[1, 2]],
    "value": 1,
    "regex": "^x",
    "strftime_format": "%d",
    "type_": "integer",
    "type_list": ["integer"],
    "sum_total": 3,
    "threshold": 0.5,
    "partition_object": {"values": [1, 2], "weights": [0.5, 0.5]},
    "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[1, 2]]},
}
MAP_KEYS = {
    "element_count",
    "missing_count",
    "missing_percent",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
    "partial_unexpected_list",
    "partial_unexpected_index_list",
}


def asked(name: str) -> Expectation:
    signature = EXPECTATIONS[name]
    needed = {need if isinstance(need, str) else need[0] for need in signature.needs}
    arguments = {key: GIVEN[key] for key in needed}
    if signature.types == ("text",):
        arguments["column"] = "s"
    if signature.types == ("number",):
        arguments["column"] = "b"
    return Expectation(type=name, arguments=arguments, id=f"own {name}")


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_a_result_has_the_keys_of_great_expectations(name: str) -> None:
    expectation = asked(name)
    contract = Contract(columns=COLUMNS, expectations=(expectation,), rows=RowCount(min=0))
    report = check(FRAME, contract)
    found = report.to_great_expectations("rows")
    assert json.loads(json.dumps(found)) == found
    (told,) = [item for item in found["results"] if item["expectation_config"].get("id") == f"own {name}"]
    config = told["expectation_config"]
    assert set(told) == {"success", "expectation_config", "result", "meta", "exception_info"}
    assert (config["type"], config["severity"]) == (name, "critical")
    assert config["kwargs"] == expectation.arguments
    assert told["exception_info"]["raised_exception"] is False
    if EXPECTATIONS[name].grain == "row":
        assert set(told["result"]) == MAP_KEYS
    else:
        assert "observed_value" in told["result"]
