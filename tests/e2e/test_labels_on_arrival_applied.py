"""Labels that are known when their row reaches us, through `apply`: first loads, new labels, corrections, and again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from headway.data.kept import COMMITTED
from headway.engine.converge import converge
from headway.engine.events import unheard
from headway.engine.opened import open_product, plan
from headway.errors import ContractError, SpecError
from headway.facts.artifacts import Artifact
from headway.plan.plan import Plan
from headway.store.workspace import Workspace

SPLIT = "split: {by: group, group: id, train: 60%, validate: 0%, test: 40%}"
OWN = f"{{rows: parcels, label: {{column: late, known: commit}}, predict_at: at, request: '*', {SPLIT}}}"
TOLD = f"{{rows: parcels, label: {{from: claims, by_key: [id], %s}}, predict_at: at, request: [weight], {SPLIT}}}"
PARCELS = "{load: data/parcels.jsonl, contract: contracts/parcels.yaml, event_time: at, known: %s}"
CLAIMS = "{load: data/claims.jsonl, contract: contracts/claims.yaml, event_time: at, known: commit}"
CONTRACT = "columns:\n  id: {type: integer, unique: true}\n  at: {type: time}\n"
COUNT = 40
HOUR = timedelta(hours=1)


class Parcels:
    """A product of one dataset; parcels were sent in the last hours."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sent = datetime.now(UTC) - 10 * HOUR
        for folder in ("data", "contracts"):
            (root / folder).mkdir()
        parcels = f"{CONTRACT}  weight: {{type: number}}\n  late: {{type: integer, nulls: true}}\n"
        (root / "contracts" / "parcels.yaml").write_text(parcels)
        (root / "contracts" / "claims.yaml").write_text(f"{CONTRACT}  says: {{type: integer}}\n")
        self.label({})
        self.claim({0: 1})

    def declare(self, dataset: str, known: str = "0s") -> None:
        sources = f"sources:\n  parcels: {PARCELS % known}\n  claims: {CLAIMS}\n"
        (self.root / "headway.yaml").write_text(f"product: shop\n{sources}datasets:\n  late: {dataset}\n")

    def label(self, labels: dict[int, int]) -> None:
        rows = [
            self._row(number) | {"weight": number / 2, "late": labels.get(number)} for number in range(COUNT)
        ]
        self._write("parcels", rows)

    def claim(self, says: dict[int, int]) -> None:
        self._write("claims", [self._row(number) | {"says": value} for number, value in says.items()])

    def _row(self, number: int) -> dict[str, Any]:
        return {"id": number, "at": (self.sent + number * timedelta(minutes=10)).isoformat()}

    def _write(self, name: str, rows: list[dict[str, Any]]) -> None:
        (self.root / "data" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def apply(self, *refresh: str) -> Artifact:
        converge(
            self.root / "headway.yaml", "dev", only=(), refresh=refresh, why="", who="tester", report=unheard
        )
        return self.artifact("dataset.late")

    def plan(self) -> Plan:
        return plan(open_product(self.root / "headway.yaml"), "dev")

    def artifact(self, node: str) -> Artifact:
        reader = Workspace(self.root).open_reader()
        found = reader.artifact(reader.environment("dev").pointers[node])
        assert found is not None
        return found

    def rows(self, artifact: Artifact) -> pl.DataFrame:
        blobs = Workspace(self.root).blobs()
        files = [file for file in artifact.files if file.name.startswith("rows")]
        return pl.concat([pl.read_parquet(blobs.path(file.digest)) for file in files])

    def labels(self, dataset: Artifact) -> dict[int, int]:
        return dict(self.rows(dataset).select("row.id", "label").iter_rows())

    def arrivals(self) -> dict[int, datetime]:
        return dict(self.rows(self.artifact("source.parcels")).select("id", COMMITTED).iter_rows())


@pytest.fixture
def parcels(tmp_path: Path) -> Parcels:
    return Parcels(tmp_path)


def test_a_label_counts_since_the_row_that_carries_it_came(parcels: Parcels) -> None:
    parcels.declare(OWN)
    said = {number: number % 2 for number in range(30)}
    parcels.label(said)
    first = parcels.apply()
    assert first.meta["excluded"] == {"no label": 10, "label not yet known": 0}
    assert [item["name"] for item in first.meta["inputs"]] == ["id", "weight"], "no time of ours is asked for"
    came = parcels.arrivals()
    assert len(set(came.values())) == 1

    parcels.label(said | {30: 1, 31: 0})
    steps = {step.node: step.status for step in parcels.plan().steps}
    assert steps == {"source.parcels": "stale", "dataset.late": "waiting", "source.claims": "fresh"}
    second = parcels.apply()
    assert parcels.labels(second) == said | {30: 1, 31: 0}
    assert {number for number, at in parcels.arrivals().items() if at > came[0]} == {30, 31}

    parcels.label(said | {30: 1, 31: 0, 3: 0})
    third = parcels.apply()
    assert parcels.labels(third)[3] == 0, "what came last"
    assert {number for number, at in parcels.arrivals().items() if at > came[0]} == {30, 31, 3}
    assert parcels.labels(second)[3] == parcels.labels(first)[3] == 1, "what was made stays what it was"
    again = parcels.apply("dataset.late")
    assert again.digest == third.digest, "the same arrivals make the same dataset"
    assert parcels.apply("source.parcels").digest == third.digest
    assert {step.status for step in parcels.plan().steps} == {"fresh"}


@pytest.mark.parametrize("known", ["0s", "commit"])
def test_a_first_load_of_old_rows_is_refused_and_says_what_asked_for_it(parcels: Parcels, known: str) -> None:
    parcels.declare(OWN, known)
    parcels.sent -= 48 * HOUR
    parcels.label({number: number % 2 for number in range(COUNT)})
    with pytest.raises(SpecError, match="known only from") as caught:
        parcels.apply()
    assert "declare a lag" in caught.value.mend
    said = "source `parcels`"
    assert caught.value.where == (said if known == "commit" else f"label of dataset `late`, {said}")


def test_rows_keep_when_they_came_whoever_asks_for_it(parcels: Parcels) -> None:
    parcels.declare(OWN)
    parcels.label({number: number % 2 for number in range(COUNT)})
    parcels.apply()
    came = parcels.arrivals()
    parcels.declare(OWN, "commit")
    about = {
        cause.about for step in parcels.plan().steps for cause in step.causes if step.node == "source.parcels"
    }
    assert {"known.commit", "labels.known.commit"} <= about
    parcels.apply()
    assert parcels.arrivals() == came
    parcels.declare(OWN.replace("column: late, known: commit", "column: late"), "commit")
    assert {step.node for step in parcels.plan().steps if step.status == "stale"} == {"dataset.late"}
    parcels.apply()
    assert parcels.arrivals() == came


def test_a_label_of_another_source_counts_since_it_came(parcels: Parcels) -> None:
    parcels.declare(TOLD.replace("%s", "column: says"))
    parcels.claim({number: number % 2 for number in range(20)})
    first = parcels.apply()
    parcels.claim({number: number % 2 for number in range(20)} | {3: 0, 20: 1})
    second = parcels.apply()
    assert (parcels.labels(first)[3], parcels.labels(second)[3]) == (1, 0)
    assert set(parcels.labels(second)) == set(range(21))
    assert parcels.apply("source.claims").digest == second.digest


def test_an_absence_is_taken_back_by_a_claim_that_comes_late(parcels: Parcels) -> None:
    parcels.declare(TOLD.replace("%s", "present: 1, absent: {is: 0, after: 5h}"))
    parcels.claim(dict.fromkeys(range(0, 20, 4), 1))
    first = parcels.apply()
    waiting = first.meta["excluded"]["label not yet known"]
    assert 0 < waiting < COUNT, "the youngest may still be claimed"
    assert parcels.labels(first)[1] == 0
    parcels.claim(dict.fromkeys((*range(0, 20, 4), 1), 1))
    second = parcels.apply()
    assert (parcels.labels(first)[1], parcels.labels(second)[1]) == (0, 1)


def test_what_came_only_after_the_test_began_teaches_nothing(parcels: Parcels) -> None:
    """Rows of the last hours that all came just now: a model fitted when the test began had no label at all."""
    parcels.declare(OWN.replace(SPLIT, "split: {by: quota, train: 60%, validate: 0%, test: 40%}"))
    parcels.label({number: number % 2 for number in range(COUNT)})
    with pytest.raises(ContractError, match="became known after") as caught:
        parcels.apply()
    assert caught.value.code == "DA106"


LOAD = "feature_groups: {load: {from: parcels, key: [id], columns: shipping.load}}\ndatasets:"
SHARES = """
def heavy(weight):
    return weight * 2


def was_late(late):
    return late


def late_or_heavy(was_late, heavy):
    return was_late + heavy
"""


@pytest.mark.parametrize(
    ("known", "label", "picked", "told"),
    [
        ("0s", "commit", "load.*", "`was_late`, `late_or_heavy`"),
        ("0s", "1h", "{group: load, columns: [late_or_heavy], prefix: p_}", "`p_late_or_heavy`"),
        ("0s", "1h", "load.heavy", ""),
        ("1h", "1h", "load.*", ""),
        ("commit", "commit", "load.*", ""),
    ],
)
def test_a_feature_that_tells_the_label_before_it_is_known_is_refused(
    parcels: Parcels, known: str, label: str, picked: str, told: str
) -> None:
    """A group's row is known when its source says so, with all its columns; the label of the row may come later."""
    (parcels.root / "shipping").mkdir()
    (parcels.root / "shipping" / "__init__.py").write_text("")
    (parcels.root / "shipping" / "load.py").write_text(SHARES)
    dataset = OWN.replace("known: commit", f"known: {label}").replace(
        "split:", f"features: [{picked}], split:"
    )
    parcels.declare(dataset, known)
    file = parcels.root / "headway.yaml"
    file.write_text(file.read_text().replace("datasets:", LOAD))
    parcels.label({number: number % 2 for number in range(COUNT)})
    if not told:
        assert parcels.apply().kind == "dataset"
        return
    with pytest.raises(ContractError, match=told) as caught:
        parcels.apply()
    assert caught.value.code == "DA107"
