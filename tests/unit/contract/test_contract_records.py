"""A record is judged while it is decoded, and a refusal says which value, why, and what is allowed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from types import GenericAlias
from typing import Any

import msgspec
import numpy as np
import pytest

from headway.contract.record import RecordDecoder, RecordFault, compile_record
from headway.contract.rules import compile_rules
from headway.contract.verdict import CLEAN, Filled, Judged, Mapped, Warned
from headway.contract.wanted import nearest, takes
from headway.errors import SpecError
from headway.spec.contract import Column, Contract, Expectation, MapTo

CONTRACT = Contract(
    columns={
        "scheduled_at": Column(type="time", min="2013-01-01"),
        "carrier": Column(type="text", in_=("AA", "B6", "Zürich Air")),
        "origin": Column(type="text", matches="^[A-Z]{3}$"),
        "distance": Column(type="integer", min=0, max=5000),
        "class": Column(type="integer", nulls=True, in_=(1, 2)),
        "größe in m": Column(type="number", min=0, max=3),
        "ratio": Column(type="number", nulls=True, in_=(0.5, 1.0)),
        "late": Column(type="boolean", nulls=True),
        "day": Column(type="date", max="2013-12-31"),
        "": Column(type="text", nulls=True),
    }
)
RECORD: dict[str, Any] = {
    "scheduled_at": "2013-06-01T10:00:00+02:00",
    "carrier": "Zürich Air",
    "origin": "EWR",
    "distance": 5000,
    "class": None,
    "größe in m": 2,
    "ratio": 0.5,
    "late": None,
    "day": "2013-06-01",
    "": None,
}


@pytest.fixture(scope="module")
def decoder() -> RecordDecoder:
    return compile_record(CONTRACT, tuple(CONTRACT.columns))


def body(**changes: object) -> bytes:
    return json.dumps({"inputs": [RECORD, RECORD | changes]}).encode()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (Column(type="integer", min=1, max=30), "`x` takes an integer, between 1 and 30"),
        (Column(type="number", min=0, nulls=True), "`x` takes a number, at least 0, or null"),
        (Column(type="text", in_=("dry", "rain")), "`x` takes one of `dry`, `rain`"),
        (Column(type="text", matches="@"), "`x` takes text that matches `@`"),
        (Column(type="boolean", default=False), "`x` takes `true` or `false`; left out it is false"),
    ],
)
def test_what_a_field_takes_is_said_in_words(column: Column, words: str) -> None:
    assert takes("x", compile_rules("x", column)) == words


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("X", ["y", "x"]) == "x"
    assert nearest("Distanze", ["origin", "distance"]) == "distance"
    assert nearest("Q", ["y", "x"]) == ""


def fault(decoder: RecordDecoder, data: bytes) -> RecordFault:
    with pytest.raises(RecordFault) as caught:
        decoder.decode(data)
    return caught.value


def test_both_forms_of_a_body_give_the_same_columns(decoder: RecordDecoder) -> None:
    one = decoder.decode_records(json.dumps(RECORD).encode())
    two = decoder.decode_records(b'  { "inputs" :\n [' + json.dumps(RECORD).encode() + b"]}")
    columns = decoder.to_columns(decoder.from_columns({name: [value] for name, value in RECORD.items()}))
    for name in CONTRACT.columns:
        np.testing.assert_array_equal(one[name], two[name])
        np.testing.assert_array_equal(one[name], columns[name])
        assert one[name].dtype == two[name].dtype == columns[name].dtype


def test_columns_have_the_types_that_feature_functions_take(decoder: RecordDecoder) -> None:
    found = decoder.decode_records(json.dumps(RECORD).encode())
    assert {name: str(values.dtype) for name, values in found.items()} == {
        "scheduled_at": "datetime64[us]",
        "carrier": "object",
        "origin": "object",
        "distance": "int64",
        "class": "float64",
        "größe in m": "float64",
        "ratio": "float64",
        "late": "object",
        "day": "datetime64[D]",
        "": "object",
    }
    assert found["scheduled_at"][0] == np.datetime64("2013-06-01T08:00:00")
    assert np.isnan(found["class"][0])
    assert found["late"][0] is None


def test_no_rows_are_no_fault(decoder: RecordDecoder) -> None:
    found = decoder.decode_records(b'{"inputs": []}')
    assert {len(values) for values in found.values()} == {0}
    assert found["distance"].dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"distance": 9000}, "distance", "9000 is above 5000"),
        ({"distance": -1}, "distance", "-1 is below 0"),
        ({"distance": "1"}, "distance", "`1` is text, not an integer; a number is written without quotes"),
        (
            {"distance": 30.0},
            "distance",
            "30.0 is a number, not an integer; an integer is written without a decimal point: 30",
        ),
        ({"distance": 30.5}, "distance", "30.5 is a number, not an integer"),
        ({"distance": True}, "distance", "true is a boolean, not an integer"),
        ({"distance": None}, "distance", "null is not allowed"),
        ({"distance": 2**70}, "distance", "1180591620717411303424 does not fit in 64 bits"),
        ({"distance": [1]}, "distance", "[1] is a list, not an integer"),
        ({"class": 3}, "class", "3 is not one of 1, 2"),
        ({"größe in m": 9e99}, "größe in m", "9e+99 is above 3"),
        ({"größe in m": "1"}, "größe in m", "`1` is text, not a number; a number is written without quotes"),
        ({"größe in m": False}, "größe in m", "false is a boolean, not a number"),
        ({"ratio": 0.25}, "ratio", "0.25 is not one of 0.5, 1.0"),
        (
            {"carrier": "Zurich Air"},
            "carrier",
            "`Zurich Air` is not one of `AA`, `B6`, `Zürich Air`; did you mean `Zürich Air`?",
        ),
        ({"origin": "ewr"}, "origin", "`ewr` does not match `^[A-Z]{3}$`"),
        ({"late": 1}, "late", "1 is an integer, not a boolean"),
        (
            {"scheduled_at": "2012-06-01T10:00:00Z"},
            "scheduled_at",
            "2012-06-01T10:00:00+00:00 is below 2013-01-01T00:00:00+00:00",
        ),
        ({"day": "2014-01-01"}, "day", "2014-01-01 is above 2013-12-31"),
        ({"late": "true"}, "late", "`true` is text, not a boolean; a boolean is written without quotes"),
        ({"distnce": 5}, "distnce", "no such field; did you mean `distance`?"),
    ],
    ids=str,
)
def test_a_refusal_names_the_value_and_what_is_allowed(
    decoder: RecordDecoder, changes: dict[str, object], path: str, message: str
) -> None:
    found = fault(decoder, body(**changes))
    assert (found.path, found.message, found.code) == (f"inputs[1].{path}", message, "DC004")
    assert f"inputs[1].{path}: {message}" in str(found)
    alone = fault(decoder, json.dumps(RECORD | changes).encode())
    assert (alone.path, alone.message) == (path, message)
    with pytest.raises(RecordFault) as caught:
        decoder.from_columns({name: [RECORD.get(name), value] for name, value in (RECORD | changes).items()})
    assert caught.value.message == message


def test_an_unknown_field_is_told_how_it_could_be_ignored(decoder: RecordDecoder) -> None:
    assert "`extra_columns: ignore`" in str(fault(decoder, body(distnce=5)))


@pytest.mark.parametrize("time", ["2013-06-01T10:00:00", "2013-06-01", "10:00", "now", 1370000000, None])
def test_a_time_without_an_offset_is_refused(decoder: RecordDecoder, time: object) -> None:
    assert fault(decoder, body(scheduled_at=time)).path == "inputs[1].scheduled_at"


def test_a_missing_field_is_named_also_where_null_is_allowed(decoder: RecordDecoder) -> None:
    record = {name: value for name, value in RECORD.items() if name != "late"}
    found = fault(decoder, json.dumps(record).encode())
    assert (found.path, found.message) == ("late", "the field is missing")
    with pytest.raises(RecordFault, match="the field is missing"):
        decoder.from_columns({name: [value] for name, value in record.items()})


def test_the_last_of_two_equal_fields_counts(decoder: RecordDecoder) -> None:
    text = json.dumps(RECORD)[:-1] + ', "distance": 7}'
    assert decoder.decode_records(text.encode())["distance"][0] == 7


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_not_json(decoder: RecordDecoder, token: str) -> None:
    text = json.dumps(RECORD).replace("0.5", token)
    found = fault(decoder, text.encode())
    assert found.code == "DC005"
    assert f"{token} is not JSON" in found.message


def test_a_number_beyond_float64_is_refused(decoder: RecordDecoder) -> None:
    assert fault(decoder, json.dumps(RECORD).replace("0.5", "1e999").encode()).path == "ratio"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"null",
        b'{"inputs": [1]}',
        b'{"inputs": [null]}',
        b'{"inputs": [{}], "id": "x"}',
        b'{"inputs": {}}',
        b'{"inputs": [',
        b"[" * 100_000,
        b'{"distance":' + b"1" * 10_000 + b"}",
        b'{"x":' + b"[" * 100_000,
        json.dumps(RECORD).encode().replace(b"EWR", b"\xed\xa0\x80"),
        json.dumps(RECORD).encode().replace(b"EWR", b"\\ud800"),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_hostile_bodies_are_refused_in_bounded_words(decoder: RecordDecoder, data: bytes) -> None:
    assert len(str(fault(decoder, data))) < 1000


def test_hostile_values_do_not_come_back_whole(decoder: RecordDecoder) -> None:
    assert len(fault(decoder, body(carrier="A" * 1_000_000)).message) < 300
    assert len(str(fault(decoder, body(**{"x" * 100_000: 1})))) < 600


def test_unknown_fields_pass_where_the_contract_ignores_them() -> None:
    contract = Contract(columns={"x": Column(type="integer")}, extra_columns="ignore")
    decoder = compile_record(contract, ("x",))
    assert decoder.decode_records(b'{"x": 1, "y": {"z": [1]}}')["x"].tolist() == [1]
    assert fault(decoder, b'{"y": ' + b"[" * 100_000).code == "DC005"


def test_columns_of_different_lengths_are_refused(decoder: RecordDecoder) -> None:
    columns = {name: [value] for name, value in RECORD.items()} | {"distance": [1, 2]}
    with pytest.raises(RecordFault, match="different lengths"):
        decoder.from_columns(columns)


def test_nan_and_arrays_come_from_python_code(decoder: RecordDecoder) -> None:
    columns = {name: [value] for name, value in RECORD.items()}
    records = decoder.from_columns(columns | {"ratio": np.array([np.nan]), "class": [float("nan")]})
    found = decoder.to_columns(records)
    assert np.isnan(found["ratio"][0])
    with pytest.raises(RecordFault, match="not a finite number"):
        decoder.from_columns(columns | {"ratio": [float("inf")]})


def test_instants_at_the_ends_of_time_do_not_overflow() -> None:
    decoder = compile_record(Contract(columns={"t": Column(type="time", nulls=True)}), ("t",))
    times = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", None]
    found = decoder.to_columns(decoder.from_columns({"t": times}))["t"]
    assert str(found[0]) == "10000-01-01T11:59:59.000000"
    assert np.isnat(found[2])
    (record,) = decoder.from_columns({"t": [datetime(2013, 1, 1, tzinfo=UTC)]})
    assert decoder.to_columns([record])["t"][0] == np.datetime64("2013-01-01")


def test_the_record_type_can_stand_in_an_envelope(decoder: RecordDecoder) -> None:
    fields = [("rows", GenericAlias(list, (decoder.struct,))), ("id", str, "")]
    envelope: Any = msgspec.defstruct("Rows", fields)
    found = msgspec.json.decode(json.dumps({"rows": [RECORD], "id": "x"}).encode(), type=envelope)
    assert decoder.to_columns(found.rows)["distance"].tolist() == [5000]
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps({"rows": [RECORD | {"day": "2014-01-01"}]}).encode(), type=envelope)
    assert decoder.fault([RECORD | {"distance": 9000}], path="rows").path == "rows[0].distance"


def test_a_column_that_is_not_declared_or_not_carried_is_refused() -> None:
    with pytest.raises(SpecError, match="distnce"):
        compile_record(CONTRACT, ("distnce",))
    with pytest.raises(SpecError, match="DC006"):
        compile_record(Contract(columns={'a"b': Column(type="text")}), ('a"b',))


def test_the_decoder_loads_no_frame_library() -> None:
    code = "import headway.contract.record, sys; print({'polars', 'pandas', 'scipy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


# -- what stands in for what, and what only warns ----------------------------------------------

GENTLE = Contract(
    columns={
        "kind": Column(type="text", in_=("a", "b"), unknown_category=MapTo(map_to="b"), default="a"),
        "stops": Column(type="integer", max=9, severity="warning"),
        "low": Column(type="number"),
        "high": Column(type="number"),
    },
    expectations=(
        Expectation(
            type="expect_column_pair_values_a_to_be_greater_than_b",
            arguments={"column_A": "high", "column_B": "low"},
        ),
        Expectation(
            type="expect_column_values_to_be_between",
            arguments={"column": "high", "max_value": 100, "mostly": 0.9},
        ),
        Expectation(
            type="expect_column_values_to_be_unique",
            arguments={"column": "low"},
            description="not of a record",
        ),
    ),
)


def gentle(**changes: object) -> bytes:
    record = {"kind": "a", "stops": 1, "low": 1, "high": 2} | changes
    return json.dumps({name: value for name, value in record.items() if value != "left out"}).encode()


def test_a_missing_field_has_its_default_and_a_null_stays_a_fault() -> None:
    decoder = compile_record(GENTLE, tuple(GENTLE.columns))
    assert decoder.decode_records(gentle(kind="left out"))["kind"].tolist() == ["a"]
    assert fault(decoder, gentle(kind=None)).message == "null is not allowed"
    assert fault(decoder, gentle(stops="left out")).message == "the field is missing"
    assert [len(column) for column in decoder.to_columns([]).values()] == [0] * 4


def test_an_unknown_category_is_mapped_and_counted() -> None:
    decoder = compile_record(GENTLE, tuple(GENTLE.columns))
    assert decoder.decode_records(gentle(kind="z"))["kind"].tolist() == ["b"]
    assert decoder.decode_records(gentle(kind="b"))["kind"].tolist() == ["b"]
    assert dict(decoder.mapped) == {"kind": 1}
    assert fault(decoder, gentle(kind=3)).message == "3 is an integer, not text"


def test_an_expectation_on_two_fields_refuses_the_record() -> None:
    decoder = compile_record(GENTLE, tuple(GENTLE.columns))
    body = b'{"inputs": [' + gentle() + b", " + gentle(low=5) + b"]}"
    found = fault(decoder, body)
    assert found.path == "inputs[1]"
    assert found.message == "expected the first value to be greater than the second, found 2.0, 5.0"


def test_what_only_warns_lets_pass_and_is_told() -> None:
    decoder = compile_record(GENTLE, tuple(GENTLE.columns))
    assert decoder.warns
    records = decoder.decode(gentle(stops=10, high=200))
    assert decoder.warnings(records) == (
        Warned("stops: at most 9", ("stops",), (0,)),
        Warned("high: at most 100", ("high",), (0,)),
    )
    assert decoder.warnings(decoder.decode(gentle())) == ()
    assert not compile_record(GENTLE, ("kind", "low")).warns


def test_an_expectation_about_fields_that_are_not_sent_is_left_out() -> None:
    decoder = compile_record(GENTLE, ("kind", "low"))
    assert decoder.decode(b'{"low": 5}')


def test_what_is_put_right_is_remembered_by_its_record() -> None:
    decoder = compile_record(GENTLE, tuple(GENTLE.columns))
    plain, filled, mapped = gentle(), gentle(), gentle(kind="c")
    filled = json.dumps({name: value for name, value in json.loads(plain).items() if name != "kind"}).encode()
    records = decoder.decode(b'{"inputs": [' + b", ".join([plain, filled, mapped]) + b"]}")
    assert decoder.judged(records[:1]) == CLEAN
    warned = (Warned("stops: at most 9", ("stops",), (0,)),)
    assert decoder.judged(records, warned) == Judged(
        warned, (Mapped("kind", (2,), ("c",)),), (Filled("kind", (1,)),)
    )
    columns = decoder.to_columns(records)
    assert columns["kind"].tolist() == ["a", "a", "b"]
    assert repr(records[1]) == repr(records[0])


def test_a_default_that_is_sent_is_not_filled_in() -> None:
    types = {"number": 0.0, "text": "", "boolean": False, "integer": 0, "time": "2026-01-01T00:00:00Z"}
    columns = {kind: Column(type=kind, default=value) for kind, value in types.items()}
    decoder = compile_record(Contract(columns=columns), tuple(columns))
    (sent,), (left_out,) = decoder.decode(json.dumps(types).encode()), decoder.decode(b"{}")
    assert sent == left_out
    assert decoder.judged([sent]) == CLEAN
    assert [item.column for item in decoder.judged([sent, left_out]).filled] == list(types)
    assert {item.rows for item in decoder.judged([sent, left_out]).filled} == {(1,)}


def test_a_default_and_what_is_mapped_are_still_judged_by_the_rest_of_the_contract() -> None:
    pair = Expectation(
        "expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "high", "column_B": "low"}
    )
    columns = {"low": Column(type="number", default=5.0), "high": Column(type="number")}
    decoder = compile_record(Contract(columns=columns, expectations=(pair,)), tuple(columns))
    assert decoder.judged(decoder.decode(b'{"high": 6}')).filled == (Filled("low", (0,)),)
    assert fault(decoder, b'{"high": 4}').broken == (
        ("high, low", "the first value to be greater than the second"),
    )


def test_a_fault_names_column_and_rule_and_no_name_that_only_the_caller_knows() -> None:
    decoder = compile_record(GENTLE, tuple(GENTLE.columns))
    rows = [json.loads(gentle(**{"low": "x", "jane.doe": 1})), json.loads(gentle(low="y")), 7]
    found = fault(decoder, json.dumps({"inputs": rows}).encode())
    assert len(found.faults) == 4
    assert set(found.broken) == {("", "extra_columns"), ("low", "type"), ("", "type")}
