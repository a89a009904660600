"""One result as a person reads it."""

from __future__ import annotations

from typing import Any

from headway.engine.questions.found import Found
from headway.facts.artifacts import Artifact
from headway.render.shown import shown_text


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
