"""An append to a source of files: only the new file is judged, and what is known is never trusted blindly."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from headway.contract import kept_states
from headway.core.clock import SystemClock
from headway.engine.converge import converge
from headway.engine.events import unheard
from headway.errors import ContractError
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence
from headway.store.workspace import Workspace

PRODUCT = """
product: shop
environments: {dev: {}}
sources:
  rows: {load: %s, contract: rows.yaml}
"""
CONTRACT = """
columns:
  id: {type: integer, unique: true}
  km: {type: number, min: 0, policy: {batch: quarantine}}
"""
EVERYTHING = "data, options: {format: parquet}"
BY_CONTENT = f"{EVERYTHING}, incremental: {{by: content}}"


class Shop:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "data").mkdir()

    def declare(self, load: str, contract: str = CONTRACT) -> None:
        (self.root / "headway.yaml").write_text(PRODUCT % load)
        (self.root / "rows.yaml").write_text(contract)

    def file(self, name: str, first: int, km: float = 1.0, rows: int = 3) -> None:
        ids = range(first, first + rows)
        frame = pl.DataFrame({"id": ids, "km": [km] * rows}, schema={"id": pl.Int64, "km": pl.Float64})
        frame.write_parquet(self.root / "data" / f"{name}.parquet")

    def apply(self, *, refresh: bool = False) -> str:
        refreshed = ("source.rows",) if refresh else ()
        converge(
            self.root / "headway.yaml",
            "dev",
            who="tester",
            only=(),
            refresh=refreshed,
            why="",
            report=unheard,
        )
        return str(self.artifact.meta["summary"])

    @property
    def artifact(self) -> Artifact:
        reader = Workspace(self.root).open_reader()
        found = reader.artifact(reader.environment("dev").pointers["source.rows"])
        assert found is not None
        return found

    @property
    def evidence(self) -> Evidence:
        found = Workspace(self.root).open_reader().evidence(self.artifact.digest)
        return next(item for _, item in reversed(found) if item.check == "contract")

    @property
    def states(self) -> Path:
        return Workspace(self.root).states


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize("load", [EVERYTHING, BY_CONTENT])
def test_an_append_judges_the_new_file_and_says_so(shop: Shop, load: str) -> None:
    shop.declare(load)
    for day in (1, 2, 4):
        shop.file(f"2024-01-0{day}", 10 * day)
    assert "3 files, 3 judged anew" in shop.apply()
    shop.file("2024-01-05", 50, km=-1.0, rows=2)
    shop.file("2024-01-03", 30)
    assert "5 files, 2 judged anew" in shop.apply()
    assert shop.artifact.meta["rows"] == 12
    assert shop.evidence.values["validation"]["results"][0]["success"] is True
    assert "on 12 rows" in shop.evidence.observed
    assert "2 rows set aside" in shop.evidence.observed


@pytest.mark.parametrize("load", [EVERYTHING, BY_CONTENT])
def test_a_key_of_an_old_file_is_found_in_a_new_one(shop: Shop, load: str) -> None:
    shop.declare(load)
    shop.file("1", 10)
    shop.apply()
    shop.file("2", 12)
    with pytest.raises(ContractError, match="expected every value once, 2 of 6 are not"):
        shop.apply()
    aside = CONTRACT.replace("unique: true", "unique: true, policy: {batch: quarantine}")
    shop.declare(load, aside)
    shop.apply()
    assert shop.artifact.meta["rows"] == 4
    (shop.root / "data" / "1.parquet").unlink()
    shop.apply()
    assert shop.artifact.meta["rows"] == 3


@pytest.mark.parametrize("load", [EVERYTHING, BY_CONTENT])
def test_keys_of_large_files_are_found_again_below_beyond_and_among_them(shop: Shop, load: str) -> None:
    shop.declare(load)
    shop.file("1", 5_000, rows=3_000)
    shop.apply()
    for name, first in (("2", 10_000), ("3", 10), ("4", 9_000)):
        shop.file(name, first)
        assert f"{name} files, 1 judged anew" in shop.apply()
    for first in (4_998, 6_000, 7_999, 9_002, 12):
        shop.file("5", first)
        with pytest.raises(ContractError, match="expected every value once"):
            shop.apply()
    shop.file("5", 8_000)
    assert shop.apply().startswith("3,012 rows")


def damaged(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


IS_A_RUN = "length(value) < 100"
"""Three sealed keys; a state is longer."""
DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "no database": lambda path: path.write_bytes(b"no database at all" * 500),
    "other bytes": lambda path: damaged(path, "UPDATE known SET value = zeroblob(40)"),
    "swapped": lambda path: damaged(path, "UPDATE known SET value = (SELECT max(value) FROM known)"),
    "keys lost": lambda path: damaged(path, f"DELETE FROM known WHERE {IS_A_RUN}"),
    "keys changed": lambda path: damaged(path, f"UPDATE known SET value = zeroblob(40) WHERE {IS_A_RUN}"),
    "no bytes": lambda path: damaged(path, "UPDATE known SET value = 'aa'"),
    "another format": lambda path: damaged(path, "PRAGMA user_version = 1"),
    "another key": lambda path: path.with_name("key").write_text("ab" * 32),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
@pytest.mark.parametrize("load", [EVERYTHING, BY_CONTENT])
def test_what_is_damaged_is_worked_out_again_and_never_trusted(
    shop: Shop, load: str, damage: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_states, "_SMALL", -1)  # as the keys of large files are kept
    shop.declare(load)
    shop.file("1", 10)
    shop.file("2", 20)
    shop.apply()
    damage(shop.states)
    shop.file("3", 22)
    with pytest.raises(ContractError, match="expected every value once, 2 of 9 are not"):
        shop.apply()
    shop.file("3", 30)
    shop.apply()
    assert shop.artifact.meta["rows"] == 9
    shop.file("4", 40)
    assert "4 files, 1 judged anew" in shop.apply()


def test_states_that_nobody_needs_any_more_are_forgotten(shop: Shop) -> None:
    shop.declare(BY_CONTENT)
    for number in range(12):
        shop.file(f"{number:02}", 10 * number)
        assert f"{number + 1} files, 1 judged anew" in shop.apply() or number == 0
    connection = sqlite3.connect(shop.states)
    ((names,),) = connection.execute("SELECT count(*) FROM known").fetchall()
    connection.close()
    assert names < 12 + 1 + 2 * 5


# -- freshness ---------------------------------------------------------------------------------

FRESH = """
columns:
  id: {type: integer}
  at: {type: time}
freshness: {column: at, max_age: 2d}
"""
DAY = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "load",
    [
        "data/rows.parquet, incremental: {by: watermark, column: at}",
        BY_CONTENT,
        f"{BY_CONTENT}, tags: [pii]",
    ],
)
@pytest.mark.parametrize("refresh", [True, False])
def test_a_source_that_brings_nothing_new_grows_stale_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, load: str, refresh: bool
) -> None:
    def on_day(days: float) -> None:
        monkeypatch.setattr(SystemClock, "now", lambda _: DAY + timedelta(days=days))

    def bring(name: str, *days: int) -> None:
        at = [DAY + timedelta(days=day) for day in days]
        pl.DataFrame({"id": days, "at": at}).write_parquet(shop.root / "data" / f"{name}.parquet")

    shop.declare(load, FRESH)
    bring("rows", 0, 1)
    on_day(2)
    shop.apply()
    on_day(2.9)
    shop.apply(refresh=refresh)
    on_day(3.1)
    with pytest.raises(ContractError, match="at most 2d old"):
        shop.apply(refresh=refresh)
    assert shop.artifact.meta["rows"] == 2
    bring("rows", 0, 1, 3)
    shop.apply()
    assert shop.artifact.meta["rows"] == 3
