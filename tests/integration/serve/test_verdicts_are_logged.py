"""What the contract says of a request stands in the log: beside what was answered, or in the place of it."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from headway.predictions.frame import Lost
from headway.predictions.log import PredictionLog
from headway.predictions.record import Broken, Fault, Verdict
from headway.predictions.segments import read, read_refused
from headway.serve import batch
from headway.serve.control import Figures
from headway.serve.core import Core, Request
from headway.serve.watch import serve_bundle
from headway.spec.contract import Column, Contract, Expectation, MapTo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from headway.predictions.record import Prediction, Refused
    from headway.serve.core import Reply

ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}
KNOWN = Column(type="text", in_=("JFK", "EWR"), unknown_category=MapTo(map_to="JFK"), tags=("pii",))
GENTLE = Contract(
    columns={
        "scheduled_at": Column(type="time"),
        "origin": KNOWN,
        "distance": Column(type="number", max=5, severity="warning"),
        "seats": Column(type="integer", nulls=True, default=7, min=0),
    },
    expectations=(
        Expectation(
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "seats", "column_B": "distance", "ignore_row_if": "either_value_is_missing"},
            severity="warning",
            id="room for all",
        ),
    ),
)


class Served:
    """A core with a log that writes when it is told to."""

    def __init__(self, environment: Any, contract: Contract, directory: Path) -> None:
        bundle = environment.bundle(environment.release(contract=contract))
        self.directory = directory
        self.log = PredictionLog(directory, flush_seconds=3600)
        self.core = Core(serve_bundle(bundle, environment.key), self.log)
        (self.variant,) = self.core.serving.endpoints["delay"].variants

    def ask(self, *rows: dict[str, Any]) -> Reply:
        return self.post({"rows": rows})

    def post(self, body: Any, path: str = "/predict/delay") -> Reply:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.core.handle(Request("POST", path, data))

    def predictions(self) -> list[Prediction]:
        self.log.flush()
        return [item for item in read(self.directory) if not isinstance(item, Lost)]

    def refused(self) -> list[Refused]:
        self.log.flush()
        return [item for item in read_refused(self.directory) if not isinstance(item, Lost)]

    def metrics(self, begin: str) -> list[str]:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Figures(self.core))
        return [line for line in generate_latest(registry).decode().splitlines() if line.startswith(begin)]


@pytest.fixture
def served(environment: Any, tmp_path: Path) -> Iterator[Served]:
    opened = Served(environment, GENTLE, tmp_path / "verdicts")
    yield opened
    opened.log.close()


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (ROW | changes).items() if name not in names}


def tensors(row: dict[str, Any]) -> list[dict[str, Any]]:
    types = {"scheduled_at": "BYTES", "origin": "BYTES", "distance": "FP64"}
    return [
        {"name": name, "shape": [1], "datatype": types[name], "data": [value]} for name, value in row.items()
    ]


# -- let in ------------------------------------------------------------------------------------


def test_a_caller_is_told_what_each_row_was_answered_in_spite_of(served: Served) -> None:
    reply = served.ask(ROW, without("seats", origin="ZZ"), ROW | {"distance": 9.0, "seats": 3})
    clean, put_right, doubted = msgspec.json.decode(reply.body)["predictions"]
    assert "warnings" not in clean
    assert put_right["warnings"] == [
        {"field": "origin", "rule": "unknown_category"},
        {"field": "seats", "rule": "default"},
    ]
    assert [told["field"] for told in doubted["warnings"]] == ["distance", "seats, distance"]
    assert doubted["warnings"][1]["rule"] == "room for all"
    assert b"ZZ" not in reply.body


def test_a_caller_in_the_other_form_is_told_in_the_parameters(served: Served) -> None:
    path = "/v2/models/delay/infer"
    told = msgspec.json.decode(served.post({"inputs": tensors(without("seats"))}, path).body)["parameters"]
    assert msgspec.json.decode(told["warnings"]) == [{"field": "seats", "rule": "default", "rows": [0]}]
    seats = {"name": "seats", "shape": [1], "datatype": "INT64", "data": [7]}
    clean = msgspec.json.decode(served.post({"inputs": [*tensors(without("seats")), seats]}, path).body)
    assert list(clean["parameters"]) == ["prediction_id"]


def test_each_row_of_a_request_has_its_own_verdict_in_the_log(served: Served) -> None:
    reply = served.ask(ROW, without("seats", origin="ZZ"), ROW | {"distance": 9.0, "seats": 3})
    assert reply.status == 200
    clean, put_right, doubted = served.predictions()
    assert clean.verdict == Verdict()
    assert put_right.verdict == Verdict(mapped={"origin": "ZZ"}, filled=("seats",))
    assert (put_right.sent["origin"], put_right.sent["seats"]) == ("JFK", 7)
    assert doubted.verdict.warned == (
        Broken(expectation="distance: at most 5", columns=("distance",)),
        Broken(expectation="room for all", columns=("seats", "distance")),
    )
    assert doubted.verdict.mapped == {}


def test_the_verdict_is_of_the_contract_in_the_release(served: Served) -> None:
    served.ask(ROW)
    (one,) = served.predictions()
    files = {file.name: file.blake3 for file in served.variant.release.manifest.files}
    assert one.contract == files["contract.json"]


def test_tensors_are_judged_as_named_rows_are(served: Served) -> None:
    row = without("seats", origin="ZZ", distance=9.0)
    assert served.post({"inputs": tensors(row)}, "/v2/models/delay/infer").status == 200
    assert served.ask(row).status == 200
    tensor, named = served.predictions()
    assert tensor.verdict == named.verdict
    assert tensor.verdict.filled == ("seats",)


def test_a_batch_logs_the_same_verdicts(served: Served) -> None:
    rows = [ROW, without("seats", origin="ZZ"), ROW | {"distance": 9.0}]
    release = served.variant.release
    records = [record for row in rows for record in release.record.from_rows([row])]
    batch.answer(served.variant, records, 0, "run", served.log)
    served.ask(*rows)
    logged = [one.verdict for one in served.predictions()]
    assert logged[:3] == logged[3:]
    assert [bool(one.warned) for one in logged[:3]] == [False, False, True]


def test_a_mapped_value_is_told_to_the_log_and_not_to_the_model(served: Served) -> None:
    served.ask(ROW | {"origin": "ZZ"}, ROW)
    first, second = served.predictions()
    assert first.features == second.features
    assert second.verdict == Verdict()


def test_a_request_that_keeps_its_contract_spends_no_byte_on_it(environment: Any, tmp_path: Path) -> None:
    sizes = []
    for name, contract in (("strict", None), ("gentle", GENTLE)):
        changes = {} if contract is None else {"contract": contract}
        bundle = environment.bundle(environment.release(**changes))
        log = PredictionLog(tmp_path / name, flush_seconds=3600)
        core = Core(serve_bundle(bundle, environment.key), log)
        for _ in range(2):
            core.handle(Request("POST", "/predict/delay", msgspec.json.encode({"id": "x", "rows": [ROW]})))
            log.flush()
        log.close()
        (segment,) = (tmp_path / name).iterdir()
        sizes.append(segment.stat().st_size)
    assert sizes[0] == sizes[1]


# -- refused -----------------------------------------------------------------------------------


def test_a_refused_request_leaves_column_and_rule_and_nothing_that_was_sent(served: Served) -> None:
    secret = "jane.doe@example.org"
    refused = served.ask(without("scheduled_at", seats=-1, distance=secret, **{secret: secret}))
    assert refused.status == 400
    (found,) = served.refused()
    assert (found.count, found.status, found.code) == (1, 400, "DC004")
    assert set(found.faults) == {
        Fault(column="", rule="extra_columns"),
        Fault(column="scheduled_at", rule="missing"),
        Fault(column="distance", rule="type"),
        Fault(column="seats", rule="min"),
    }
    (segment,) = served.directory.iterdir()
    assert b"jane" not in segment.read_bytes()
    assert found.release == served.variant.release.digest
    assert served.predictions() == []


@pytest.mark.parametrize(
    ("body", "code", "faults"),
    [
        (b"{", "SE008", ()),
        (b"[]", "SE008", ()),
        ({"rows": []}, "SE010", ()),
        ({"rows": [1]}, "DC004", (Fault(column="", rule="type"),)),
        ({"rows": [ROW], "id": "x" * 201}, "SE009", ()),
        ({"rows": [ROW | {"distance": None}]}, "DC004", (Fault(column="distance", rule="nulls"),)),
        ({"rows": [ROW | {"seats": -1}] * 3}, "DC004", (Fault(column="seats", rule="min"),)),
    ],
)
def test_every_refusal_by_the_contract_or_of_the_form_is_logged(
    served: Served, body: Any, code: str, faults: tuple[Fault, ...]
) -> None:
    assert served.post(body).status == 400
    (found,) = served.refused()
    assert (found.code, found.faults) == (code, faults)


def test_a_broken_expectation_is_named_by_its_author_s_word(environment: Any, tmp_path: Path) -> None:
    near = Expectation(
        "expect_column_values_to_be_between", {"column": "distance", "max_value": 5}, id="near airports"
    )
    columns = {**GENTLE.columns, "distance": Column(type="number")}
    served = Served(environment, Contract(columns=columns, expectations=(near,)), tmp_path / "near")
    assert served.ask(ROW | {"distance": 9.0}).status == 400
    assert [item.faults for item in served.refused()] == [(Fault(column="distance", rule="near airports"),)]
    served.log.close()


def test_other_refusals_are_counted_and_not_logged(served: Served) -> None:
    assert served.post({"rows": [ROW]}, "/predict/elsewhere").status == 404
    assert served.core.handle(Request("POST", "/predict/delay", b"{}", "text/plain")).status == 415
    assert served.refused() == []


# -- what it costs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "decoded", "converted"),
    [
        ("rows", 1, 0),
        ("one object", 2, 0),  # the first only looks which form it is
        ("tensors", 1, 1),  # columns, then the rows of them
    ],
)
def test_a_request_is_read_and_checked_once_and_never_made_a_frame(
    served: Served, form: str, decoded: int, converted: int
) -> None:
    row = without("seats", origin="ZZ", distance=9.0)
    path = "/v2/models/delay/infer" if form == "tensors" else "/predict/delay"
    body = {"rows": {"rows": [row]}, "one object": row, "tensors": {"inputs": tensors(row)}}[form]
    assert served.post(body, path).status == 200
    calls = Counter[str]()

    def watch(frame: Any, event: str, called: Any) -> None:
        if event == "c_call" and isinstance(getattr(called, "__self__", None), msgspec.json.Decoder):
            calls["decode"] += 1
        elif event == "c_call" and getattr(called, "__name__", "") == "convert":
            calls["convert"] += 1
        elif event == "call" and "polars" in frame.f_code.co_filename:
            calls["polars"] += 1
        elif event == "call" and frame.f_code.co_name in ("broken_by", "fault"):
            calls[frame.f_code.co_name] += 1

    data = msgspec.json.encode(body)
    sys.setprofile(watch)
    try:
        served.post(data, path)
        served.log.flush()
    finally:
        sys.setprofile(None)
    # `broken_by`: one for each expectation that only warns; the log and the counts take its word.
    assert calls == Counter(decode=decoded, convert=converted, broken_by=2)
    assert served.predictions()[-1].verdict.mapped == {"origin": "ZZ"}


def test_the_time_of_the_check_is_measured_for_each_request_let_in_or_not(served: Served) -> None:
    served.ask(ROW)
    served.ask(ROW | {"seats": -1})
    served.post({"rows": [ROW]}, "/predict/elsewhere")
    version = served.variant.release.version
    (counted,) = served.metrics("headway_check_seconds_count")
    assert counted == f'headway_check_seconds_count{{endpoint="delay",release="{version}"}} 2.0'
    (total,) = served.metrics("headway_check_seconds_sum")
    assert float(total.split()[-1]) > 0
    (last,) = [line for line in served.metrics("headway_check_seconds_bucket") if 'le="+Inf"' in line]
    assert last.endswith(" 2.0")
