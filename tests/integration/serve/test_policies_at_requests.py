"""What a contract's policies and severities do at a request, and in a batch of rows: refused, counted, or let be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from headway.serve.batch import decode
from headway.serve.control import Figures
from headway.serve.core import Core, Request
from headway.serve.watch import serve_bundle
from headway.spec.contract import Column, Contract, Expectation, MapTo, Policy

if TYPE_CHECKING:
    from headway.serve.core import Reply

ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}
FAR = ROW | {"distance": 9.0}
SHORT_FORM = {
    "default": (Column(type="number", max=5), 400),
    "critical": (Column(type="number", max=5, severity="critical"), 400),
    "warning": (Column(type="number", max=5, severity="warning"), 200),
    "info": (Column(type="number", max=5, severity="info"), 200),
    "quarantine": (Column(type="number", max=5, policy=Policy(batch="quarantine")), 400),
    "quarantine of a warning": (
        Column(type="number", max=5, severity="warning", policy=Policy(batch="quarantine")),
        200,
    ),
    "warn in batches": (Column(type="number", max=5, policy=Policy(batch="warn")), 400),
    "warn at requests": (Column(type="number", max=5, policy=Policy(request="warn")), 200),
    "reject a warning": (
        Column(type="number", max=5, severity="warning", policy=Policy(request="reject")),
        400,
    ),
}
BETWEEN = {"column": "distance", "max_value": 5}
NAMED = {
    "default": (Expectation("expect_column_values_to_be_between", BETWEEN), 400),
    "warning": (Expectation("expect_column_values_to_be_between", BETWEEN, severity="warning"), 200),
    "mostly": (Expectation("expect_column_values_to_be_between", BETWEEN | {"mostly": 0.9}), 200),
    "mostly, and reject": (
        Expectation(
            "expect_column_values_to_be_between", BETWEEN | {"mostly": 0.9}, policy=Policy(request="reject")
        ),
        400,
    ),
    "quarantine": (
        Expectation("expect_column_values_to_be_between", BETWEEN, policy=Policy(batch="quarantine")),
        400,
    ),
    "warn at requests": (
        Expectation("expect_column_values_to_be_between", BETWEEN, policy=Policy(request="warn")),
        200,
    ),
}


def contract(*expectations: Expectation, **changes: Any) -> Contract:
    columns: dict[str, Column] = {
        "scheduled_at": Column(type="time"),
        "origin": Column(type="text"),
        "distance": Column(type="number"),
        "seats": Column(type="integer", nulls=True),
    }
    own = {name: changes.pop(name) for name in list(changes) if name in columns}
    return Contract(columns=columns | own, expectations=expectations, **changes)


def serving(environment: Any, declared: Contract) -> Core:
    return Core(serve_bundle(environment.bundle(environment.release(contract=declared)), environment.key))


def ask(core: Core, *rows: dict[str, Any], form: str = "named") -> Reply:
    if form == "named":
        return core.handle(Request("POST", "/predict/delay", msgspec.json.encode({"rows": rows})))
    kinds = {"scheduled_at": "BYTES", "origin": "BYTES", "distance": "FP64", "seats": "INT64"}
    tensors = [
        {"name": name, "shape": [len(rows)], "datatype": kinds[name], "data": [row[name] for row in rows]}
        for name in rows[0]
    ]
    return core.handle(Request("POST", "/v2/models/delay/infer", msgspec.json.encode({"inputs": tensors})))


def metrics(core: Core) -> list[str]:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(core))
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if line.startswith(("headway_contract", "headway_mapped"))]


@pytest.mark.parametrize("form", ["named", "inference"])
@pytest.mark.parametrize(("column", "status"), SHORT_FORM.values(), ids=list(SHORT_FORM))
def test_a_rule_of_a_column_refuses_a_request_or_warns_of_it(
    environment: Any, column: Column, status: int, form: str
) -> None:
    core = serving(environment, contract(distance=column))
    assert ask(core, ROW, form=form).status == 200
    assert metrics(core) == []
    assert ask(core, ROW, FAR, form=form).status == status
    counted = metrics(core)
    assert len(counted) == (status == 200)
    if counted:
        assert 'endpoint="delay",expectation="distance: at most 5"' in counted[0]
        assert counted[0].endswith(" 1.0")


@pytest.mark.parametrize(("expectation", "status"), NAMED.values(), ids=list(NAMED))
def test_an_expectation_refuses_a_request_or_warns_of_it(
    environment: Any, expectation: Expectation, status: int
) -> None:
    core = serving(environment, contract(expectation))
    for _ in range(3):
        assert ask(core, FAR, ROW, FAR).status == status
    assert [line[-4:] for line in metrics(core)] == ([" 6.0"] if status == 200 else [])


@pytest.mark.parametrize(("column", "status"), SHORT_FORM.values(), ids=list(SHORT_FORM))
def test_a_batch_refuses_and_warns_as_requests_do(environment: Any, column: Column, status: int) -> None:
    core = serving(environment, contract(distance=column))
    release = core.serving.endpoints["delay"].variants[0].release
    rows = {name: [ROW[name], FAR[name]] for name in ROW}
    found = decode(release, rows)
    assert len(found.faults) == (status == 400)
    warned = {item.expectation: item.rows for item in release.record.warnings(found.records)}
    assert warned == ({"distance: at most 5": (1,)} if status == 200 else {})


def test_an_author_s_word_names_a_warning_and_a_sent_value_never_does(environment: Any) -> None:
    named = Expectation(
        "expect_column_values_to_be_in_set",
        {"column": "origin", "value_set": ["EWR"]},
        severity="warning",
        id="near airports",
    )
    core = serving(environment, contract(named))
    assert ask(core, ROW).status == 200
    (counted,) = metrics(core)
    assert 'expectation="near airports"' in counted
    assert "JFK" not in counted


def test_mapped_categories_are_counted(environment: Any) -> None:
    known = Column(type="text", in_=("JFK", "EWR"), unknown_category=MapTo(map_to="JFK"))
    core = serving(environment, contract(origin=known))
    assert ask(core, ROW, ROW | {"origin": "ZZZ"}).status == 200
    (counted,) = metrics(core)
    assert counted.startswith("headway_mapped_categories_total")
    assert 'column="origin"' in counted
    assert counted.endswith(" 1.0")
    release = core.serving.endpoints["delay"].variants[0].release
    rows = {name: [ROW[name]] * 2 for name in ROW} | {"origin": ["ZZZ", "JFK"], "seats": [float("nan"), None]}
    assert not decode(release, rows).faults
    assert release.record.mapped == {"origin": 2}


@pytest.mark.parametrize(("extra", "status"), [("refuse", 400), ("ignore", 200)])
def test_a_field_that_nobody_declared_is_refused_or_let_be(environment: Any, extra: Any, status: int) -> None:
    core = serving(environment, contract(extra_columns=extra))
    assert ask(core, ROW | {"more": 1}).status == status


def test_a_contract_that_warns_of_nothing_costs_nothing(environment: Any) -> None:
    core = serving(environment, contract())
    assert not core.serving.endpoints["delay"].variants[0].release.warns
    ask(core, ROW)
    assert not core.meters.warned
