"""One result as a person reads it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from headway.engine.questions.found import Found
from headway.engine.revealing import About, Told, hidden
from headway.errors.masking import MASK, PERSONAL
from headway.facts.artifacts import Artifact
from headway.lineage.carried import Bearing
from headway.predictions.record import Broken, Fault, Prediction, Refused, Verdict
from headway.render.shown import prediction_text, refused_text, shown_text


def shown(kind: str, **meta: Any) -> list[str]:
    return shown_text(Found(Artifact(digest="d" * 64, kind=kind, files=(), meta=meta))).splitlines()


def test_a_regression_does_not_list_every_value_of_its_label() -> None:
    lines = shown("dataset", label_kind="integer", classes=list(range(1, 300)))
    assert "values: 299 different ones, from 1 to 299" in lines
    assert not any(line.startswith("classes") for line in lines)
    assert "classes: false, true" in shown("dataset", classes=[False, True])


def test_inputs_of_a_model_are_listed_by_their_type() -> None:
    inputs = [{"name": "a", "type": "number"}, {"name": "b", "type": "text"}, {"name": "c", "type": "number"}]
    assert "inputs: number: a, c; text: b" in shown("model", inputs=inputs)


def test_what_nobody_points_at_says_so_and_what_only_headway_reads_is_left_to_json() -> None:
    lines = shown("source", summary="3 rows", kept={"basis": []}, rows=3)
    assert lines[1:3] == ["  3 rows", "  in use in no environment"]
    assert not any("basis" in line for line in lines)


PREDICTION = Prediction(
    id="01",
    request="r",
    at=0,
    environment="prod",
    endpoint="delay",
    release="a" * 64,
    variant="stable",
    unit="",
    sent={"origin": "JFK", "seats": 7, "distance": 9.0},
    features={},
    answer={"label": True},
    seconds=0.001,
    contract="c" * 64,
)


def test_a_prediction_says_what_its_contract_let_pass() -> None:
    assert "contract" not in prediction_text(PREDICTION)
    broken = (
        Broken(expectation="distance: at most 5", columns=("distance",)),
        Broken(expectation="room for all", columns=("seats", "distance")),
    )
    verdict = Verdict(warned=broken, mapped={"origin": "ZZ"}, filled=("seats",))
    assert prediction_text(replace(PREDICTION, verdict=verdict)).splitlines()[-1] == (
        "  contract cccccccccccc: warns of distance: at most 5; warns of room for all (seats, distance); "
        "origin ZZ is not known, taken as JFK; seats was not sent, taken as 7"
    )


def test_a_value_that_was_mapped_is_as_personal_as_what_took_its_place() -> None:
    told = Told(
        nodes={"endpoint.delay": About()},
        columns={
            "endpoint.delay": {
                "origin": (Bearing(PERSONAL, "flights.yaml:3", (("source.flights", "origin"),)),)
            }
        },
    )
    verdict = Verdict(mapped={"origin": "jane", "gate": "B"})
    shown = hidden(replace(PREDICTION, verdict=verdict), told)
    assert shown.verdict.mapped == {"origin": MASK, "gate": "B"}
    assert "jane" not in prediction_text(replace(shown, sent=shown.sent | {"gate": "A"}))


def test_a_refusal_is_one_line_with_its_span_and_number() -> None:
    refused = Refused(
        first=0,
        last=9_000_000,
        count=1200,
        environment="prod",
        endpoint="delay",
        release="a" * 64,
        variant="stable",
        contract="c" * 64,
        status=400,
        code="DC004",
        faults=(Fault(column="distance", rule="max"), Fault(column="", rule="extra_columns")),
    )
    assert refused_text(refused) == (
        "1970-01-01T00:00:09Z 1,200 requests since 1970-01-01T00:00:00Z to delay, release aaaaaaaaaaaa, "
        "400 DC004: distance (max), a field that is not declared"
    )
    others = replace(refused, first=9_000_000, count=1, status=0, code="", faults=())
    assert refused_text(others) == (
        "1970-01-01T00:00:09Z 1 request to delay, release aaaaaaaaaaaa, of other kinds"
    )
