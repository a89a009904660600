"""A stored plan is given back only while nothing that it depends on has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headway.survey.files import signature_of
from headway.survey.memo import recall, remember

SETTLED = Path(os.__file__)
NOW = "2026-03-01T00:00:00.000000Z"
LATER = "2026-03-02T00:00:00.000000Z"


def store(folder: Path, **changed: object) -> bool:
    given = {"sequence": 4, "valid_until": None, "watched": {str(SETTLED): signature_of(SETTLED)}} | changed
    return remember(folder / "cache.db", "dev", folder / "headway.yaml", plan='{"id": "p"}', **given)  # type: ignore[arg-type]


def test_a_plan_is_given_back_while_nothing_changed(tmp_path: Path) -> None:
    assert store(tmp_path, watched={str(SETTLED): signature_of(SETTLED), str(tmp_path / "absent.py"): None})
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) == '{"id": "p"}'


@pytest.mark.parametrize(
    ("environment", "product", "sequence"),
    [("prod", "headway.yaml", 4), ("dev", "other.yaml", 4), ("dev", "headway.yaml", 5)],
)
def test_another_environment_product_or_fact_needs_a_new_plan(
    tmp_path: Path, environment: str, product: str, sequence: int
) -> None:
    store(tmp_path)
    assert recall(tmp_path / "cache.db", environment, tmp_path / product, sequence, NOW) is None


def test_a_changed_file_needs_a_new_plan(tmp_path: Path) -> None:
    size, *rest = signature_of(SETTLED) or ()
    store(tmp_path, watched={str(SETTLED): (size + 1, *rest)})
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) is None


def test_a_file_that_has_appeared_needs_a_new_plan(tmp_path: Path) -> None:
    store(tmp_path, watched={str(tmp_path / "new.py"): None})
    (tmp_path / "new.py").touch()
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) is None


def test_a_file_that_has_gone_needs_a_new_plan(tmp_path: Path) -> None:
    store(tmp_path, watched={str(tmp_path / "gone.py"): (1, 1, 1, 1)})
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) is None


def test_a_plan_ends_at_its_moment(tmp_path: Path) -> None:
    store(tmp_path, valid_until=LATER)
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) is not None
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, LATER) is None


def test_nothing_is_stored_while_a_file_is_too_young_to_be_trusted(tmp_path: Path) -> None:
    (tmp_path / "young.csv").write_text("1")
    assert not store(tmp_path, watched={str(tmp_path / "young.csv"): signature_of(tmp_path / "young.csv")})


def test_a_place_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "cache.db").mkdir()
    assert not store(tmp_path)
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) is None


def test_bytes_that_are_no_database_only_cost_time(tmp_path: Path) -> None:
    (tmp_path / "cache.db").write_bytes(b"no database" * 1000)
    assert not store(tmp_path)
    assert recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) is None


def test_the_no_op_path_loads_nothing_heavy() -> None:
    code = "import sys, headway.survey.memo; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"msgspec", "blake3", "ast", "ruamel", "importlib.metadata", "rich"} & set(loaded)


def test_stored_plans_are_json(tmp_path: Path) -> None:
    store(tmp_path)
    assert json.loads(recall(tmp_path / "cache.db", "dev", tmp_path / "headway.yaml", 4, NOW) or "") == {
        "id": "p"
    }
