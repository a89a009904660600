"""What commands print with `--json` is what the reference page says, field by field."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.error
import urllib.request
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import json_shapes
import msgspec
import pytest

from headway.cli import commands


class Deliveries(NamedTuple):
    """A product of 600 deliveries in a folder of its own."""

    folder: Path

    def __call__(self, name: str, *words: str) -> Any:
        """A command's JSON, decoded as the type that its page shows."""
        command = [sys.executable, "-m", "headway", name, *words, "--json"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        shown = "show run.ID" if words[:1] and words[0].startswith("run.") else name
        shown = "predict NAME" if name == "predict" and words else shown
        shown = "predictions --refused" if "--refused" in words else shown
        shown = f"contract {words[0]}" if name == "contract" else shown
        return msgspec.json.decode(done.stdout, type=json_shapes.OUTPUTS[shown])


@pytest.fixture
def run(tmp_path: Path) -> Deliveries:
    folder = tmp_path / "deliveries"
    subprocess.run([sys.executable, "-m", "headway", "init", str(folder)], check=True, capture_output=True)
    file = folder / "headway.yaml"
    batches = "batches:\n  again: {model: main, rows: rows, to: tables/again.csv, on_bad_rows: skip}\n"
    file.write_text(file.read_text().replace("dev: {}\n", "dev: {}\n  staging: {}\n") + batches)
    return Deliveries(folder)


def test_every_command_prints_the_documented_fields_and_no_others(run: Deliveries) -> None:
    assert [node.kind for node in run("check").nodes][:1] == ["source"]
    assert run("plan").steps[0].causes[0].kind == "missing"
    applied = run("apply")
    assert applied.revision == 1
    assert "model.main" in applied.executed
    answer = predict(run)
    assert run("why", "model.main").last.node == "model.main"
    assert {item.outcome for item in run("why", "evaluation.main").evidence} == {"pass", "not applicable"}
    assert run("show", "model.main@dev").kind == "model"
    assert run("show", answer).prediction.id == answer
    assert run("show", f"run.{applied.run}").executions[-1].outcome == "succeeded"
    assert run("lineage", answer).direction == "up"
    assert run("lineage", "source.rows", "--down").direction == "down"
    assert [item.id for item in run("predictions", "--env", "dev").predictions] == [answer]
    assert [item.code for item in run("predictions", "--refused").refused] == ["DC004"]
    assert run("predict").batches[0].last is None
    batch = run("predict", "again")
    assert (batch.kept, batch.rejected, batch.rejected_to) == (600, 0, "tables/again.rejected.csv")
    assert run("predict").batches[0].run == batch.run
    assert run("test", "--parity").features[0].equal == 601
    assert run("reproduce", "model.main").verdict == "equal"
    assert len(run("diff", "dev", "staging").differences) == 6
    assert run("stop", "--env", "dev").override is False
    assert run("status").environments[0].served == {"main": []}
    assert run("rollback", "--env", "dev").revision == 3
    assert run("promote", "--to", "staging").moved.revision == 1
    actions = [move.action for move in run("log", "--verify").moves]
    assert actions == ["apply", "stop", "roll_back", "promote"]


SUITE = """{
  "name": "rows", "meta": {}, "expectations": [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "stops", "min_value": 1}, "meta": {}},
    {"type": "expect_column_value_z_scores_to_be_less_than", "kwargs": {"column": "stops"}, "meta": {}}
  ]
}"""


def test_what_judges_and_proposes_contracts_prints_the_documented_fields(run: Deliveries) -> None:
    judged = run("validate", "rows")
    assert judged.meta["headway"]["passed"]
    assert judged.statistics["unsuccessful_expectations"] == 0
    assert [column.name for column in run("profile", "rows").columns][:1] == ["distance_km"]
    (run.folder / "suite.json").write_text(SUITE)
    taken = run("contract", "import", "suite.json", "--partial")
    assert [(one.place, one.into) for one in taken.mapped] == [(0, "columns.stops.min")]
    assert [one.place for one in taken.refused] == [1]
    assert [held.node for held in run("contract", "status").contracts[0].held] == ["source.rows"]


GROUP = """\
product: shop
sources:
  payments: {load: payments.csv, event_time: at, known: 1h, contract: payments.yaml}
feature_groups:
  spend: {version: 1, from: payments, key: [customer], columns: features}
"""
PAYMENTS = """\
columns:
  customer: {type: text}
  amount: {type: number}
  at: {type: time}
"""


def test_every_command_on_feature_groups_prints_the_documented_fields(tmp_path: Path) -> None:
    (tmp_path / "headway.yaml").write_text(GROUP)
    (tmp_path / "payments.yaml").write_text(PAYMENTS)
    (tmp_path / "features.py").write_text("def spent(amount):\n    return amount\n")
    run = Deliveries(tmp_path)
    for rows in ("ada,1.5,2026-03-01T00:00:00Z\n", "ada,2.5,2026-03-01T00:00:00Z\n"):
        (tmp_path / "payments.csv").write_text("customer,amount,at\n" + rows)
        run("apply")
    assert [commit.number for commit in run("history", "spend").commits] == [2, 1]
    assert run("show", "feature_group.spend@1", "--rows").rows[0]["spent"] == 1.5
    assert run("diff", "spend@1", "spend@2").rows.updated == 1
    assert run("group", "restore", "spend@1").number == 3
    assert run("gc", "--dry-run").dry_run
    assert [found.name for found in run("search", "spnt").results][:1] == ["feature_group.spend: spent"]


def predict(run: Deliveries) -> str:
    """Ask a server, once so that it refuses, and end it; returns the prediction's id."""
    command = [sys.executable, "-m", "headway", "serve", "--env", "dev", "--port", "0"]
    with subprocess.Popen(command, cwd=run.folder, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        url = next(line for line in server.stderr if line.startswith("serving")).split()[-1]
        row = {"distance_km": 42.5, "stops": 9, "weather": "snow"}
        answer = post(f"{url}/predict/main", row)
        with pytest.raises(urllib.error.HTTPError):
            post(f"{url}/predict/main", row | {"stops": "many"})
        server.terminate()
        server.communicate(timeout=30)
    return answer["predictions"][0]["prediction_id"]


def post(url: str, value: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(value).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_every_command_that_takes_json_is_on_the_page() -> None:
    taking = set()
    for command in commands.COMMANDS:
        parser = argparse.ArgumentParser()
        import_module(command.module).arguments(parser)
        verbs = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
        parsers = [parser, *(verb for choices in verbs for verb in choices.values())]
        if any("--json" in action.option_strings for each in parsers for action in each._actions):
            taking.add(command.name)
    assert taking == {name.partition(" ")[0] for name in json_shapes.OUTPUTS}
