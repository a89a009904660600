"""Sources over time: read in steps, late, twice, not at all; what is used is always said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from headway.data.kept import COMMITTED, HIDDEN
from headway.engine.apply import Applied
from headway.engine.converge import converge
from headway.engine.events import unheard
from headway.errors import ContractError, EngineError, HeadwayError
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence, Outcome
from headway.store.workspace import Workspace

CONTRACT = """
columns:
  id: {type: integer}
  at: {type: time}
  value: {type: number, nulls: true}
"""
SECRET = "planted-3d8b1f"
DAY = datetime(2024, 1, 1, tzinfo=UTC)


class Folder:
    """A product of one source."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "contracts").mkdir()
        (root / "data").mkdir()
        (root / "contracts" / "rows.yaml").write_text(CONTRACT)

    def declare(self, source: str, contract: str = CONTRACT) -> None:
        text = f"product: shop\nenvironments: {{dev: {{}}, prod: {{}}}}\nsources:\n  rows: {source}\n"
        (self.root / "headway.yaml").write_text(text)
        (self.root / "contracts" / "rows.yaml").write_text(contract)

    def apply(self, env: str = "dev", **more: Any) -> Applied:
        words = {"only": (), "refresh": (), "why": "", "report": unheard} | more
        return converge(self.root / "headway.yaml", env, who="tester", **words)

    @property
    def artifact(self) -> Artifact:
        reader = Workspace(self.root).open_reader()
        found = reader.artifact(reader.environment("dev").pointers["source.rows"])
        assert found is not None
        return found

    @property
    def whole(self) -> pl.DataFrame:
        blobs = Workspace(self.root).blobs()
        return pl.concat([pl.read_parquet(blobs.path(file.digest)) for file in self.artifact.files])

    @property
    def rows(self) -> pl.DataFrame:
        return self.whole.drop(HIDDEN, strict=False).sort("id", "at")

    def evidence(self, check: str) -> list[Evidence]:
        found = Workspace(self.root).open_reader().evidence(self.artifact.digest)
        return [item for _, item in found if item.check == check]


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def row(number: int, hours: int, value: float = 1.0) -> dict[str, Any]:
    return {"id": number, "at": (DAY + timedelta(hours=hours)).isoformat(), "value": value}


def lines(path: Path, *rows: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(item) + "\n" for item in rows)


WATERMARK = """
    load: data/rows.jsonl
    contract: contracts/rows.yaml
    incremental: {by: watermark, column: at, late: 2h}
"""


def test_an_append_reads_what_is_new_and_what_came_late_and_keeps_the_rest(shop: Folder) -> None:
    shop.declare(WATERMARK)
    lines(shop.root / "data" / "rows.jsonl", row(1, 0), row(2, 5))
    shop.apply()
    first = shop.artifact
    lines(shop.root / "data" / "rows.jsonl", row(3, 4), row(4, 6), row(5, 0))  # 3 is late, 5 is too late
    shop.apply()
    assert shop.rows["id"].to_list() == [1, 2, 3, 4]
    assert len(shop.artifact.files) == 2
    assert shop.artifact.files[0].digest == first.files[0].digest
    assert shop.artifact.meta["row_counts"] == {
        "read": 3,
        "kept": 2,
        "rejected": {"kept before": 1},
        "before": 2,
        "left": {},
        "rows": 4,
    }
    assert shop.evidence("read")[0].observed == "3 rows read: 2 kept, 1 rejected (kept before)"
    assert shop.apply().executed == ()
    shop.apply(refresh=("source.rows",))
    assert shop.rows["id"].to_list() == [1, 2, 3, 4, 5]


def test_nothing_new_is_the_same_version(shop: Folder) -> None:
    shop.declare(WATERMARK)
    lines(shop.root / "data" / "rows.jsonl", row(1, 0), row(2, 5))
    shop.apply()
    before = shop.artifact
    (shop.root / "data" / "rows.jsonl").write_text(
        (shop.root / "data" / "rows.jsonl").read_text().replace('": ', '":')
    )
    applied = shop.apply()
    assert applied.executed == ("source.rows",)
    assert shop.artifact == before


def test_a_row_with_a_known_key_replaces_the_one_before(shop: Folder) -> None:
    unique = CONTRACT.replace("id: {type: integer}", "id: {type: integer, unique: true}")
    shop.declare(WATERMARK, unique)
    lines(shop.root / "data" / "rows.jsonl", row(1, 0), row(2, 5))
    shop.apply()
    (shop.root / "data" / "rows.jsonl").write_text("")
    lines(shop.root / "data" / "rows.jsonl", row(1, 7, 9.0), row(2, 5))
    shop.apply()
    assert shop.rows.select("id", "value").rows() == [(1, 9.0), (2, 1.0)]


def test_a_batch_that_breaks_the_contract_leaves_what_is_kept(shop: Folder) -> None:
    shop.declare(WATERMARK, CONTRACT.replace("nulls: true", "max: 10"))
    lines(shop.root / "data" / "rows.jsonl", row(1, 0))
    shop.apply()
    lines(shop.root / "data" / "rows.jsonl", row(2, 1, 11.0))
    with pytest.raises(ContractError, match="breaks its contract"):
        shop.apply()
    assert shop.rows["id"].to_list() == [1]


def test_new_files_of_a_folder_are_read_once(shop: Folder) -> None:
    shop.declare(
        "{load: data, contract: contracts/rows.yaml, options: {format: json_lines}, incremental: {by: content}}"
    )
    for day in (1, 2):
        lines(shop.root / "data" / f"{day}.jsonl", row(day, day))
    shop.apply()
    lines(shop.root / "data" / "3.jsonl", row(3, 3))
    shop.apply()
    assert shop.rows["id"].to_list() == [1, 2, 3]
    assert shop.artifact.meta["row_counts"]["read"] == 1
    (shop.root / "data" / "1.jsonl").unlink()
    shop.apply()
    assert shop.rows["id"].to_list() == [2, 3]
    assert shop.artifact.meta["row_counts"]["left"] == {"gone from the source": 1}
    (shop.root / "data" / "4.jsonl").write_bytes((shop.root / "data" / "3.jsonl").read_bytes())
    shop.apply()
    assert shop.rows["id"].to_list() == [2, 3, 3]
    (warning,) = shop.evidence("repeated content")
    assert warning.outcome is Outcome.WARN
    assert "`data/4.jsonl` is `data/3.jsonl` again" in warning.observed


def test_a_new_file_may_not_repeat_a_key_of_a_kept_one(shop: Folder) -> None:
    unique = CONTRACT.replace("id: {type: integer}", "id: {type: integer, unique: true}")
    shop.declare("{load: data/*.jsonl, contract: contracts/rows.yaml, incremental: {by: content}}", unique)
    lines(shop.root / "data" / "1.jsonl", row(1, 0), row(2, 0))
    shop.apply()
    lines(shop.root / "data" / "2.jsonl", row(2, 1))
    with pytest.raises(ContractError) as caught:
        shop.apply()
    assert "expected every value once, 2 of 3 " in str(caught.value)
    assert "in data/1.jsonl, data/2.jsonl" in str(caught.value)
    assert shop.rows["id"].to_list() == [1, 2]


def test_thousands_of_small_files_are_kept_as_one(shop: Folder) -> None:
    shop.declare("{load: data/*.jsonl, contract: contracts/rows.yaml, incremental: {by: content}}")
    for number in range(3_000):
        (shop.root / "data" / f"{number:05}.jsonl").write_text(json.dumps(row(number, number)) + "\n")
    shop.apply()
    assert shop.rows["id"].to_list() == list(range(3_000))
    assert len(shop.artifact.files) == 1
    (shop.root / "data" / "new.jsonl").write_text(json.dumps(row(3_000, 0)) + "\n")
    shop.apply()
    assert shop.artifact.meta["row_counts"]["read"] == 1
    assert len(shop.artifact.files) == 2


def test_yesterdays_file_under_todays_name_is_said(shop: Folder) -> None:
    lines(shop.root / "data" / "2024-01-01.jsonl", row(1, 0))
    (shop.root / "data" / "2024-01-02.jsonl").write_bytes(
        (shop.root / "data" / "2024-01-01.jsonl").read_bytes()
    )
    for day in ("01", "02"):
        shop.declare(f"{{load: data/2024-01-{day}.jsonl, contract: contracts/rows.yaml}}")
        shop.apply()
    (warning,) = shop.evidence("repeated content")
    assert "`data/2024-01-02.jsonl` is `data/2024-01-01.jsonl` again" in warning.observed


def test_yesterdays_file_is_refused_where_the_contract_says_so(shop: Folder) -> None:
    for day in ("01", "02"):
        lines(shop.root / "data" / f"2024-01-{day}.jsonl", row(1, 0))
    strict = CONTRACT + "repeated_content: reject\n"
    shop.declare("{load: data/2024-01-01.jsonl, contract: contracts/rows.yaml}", strict)
    shop.apply()
    kept = shop.artifact
    shop.declare("{load: data/2024-01-02.jsonl, contract: contracts/rows.yaml}", strict)
    for env in ("dev", "prod"):
        with pytest.raises(
            HeadwayError, match=r"2024-01-02.jsonl` has the same content as .*2024-01-01.jsonl`"
        ):
            shop.apply(env)
    assert shop.artifact == kept
    lines(shop.root / "data" / "2024-01-02.jsonl", row(2, 1))
    shop.apply()
    assert shop.rows["id"].to_list() == [1, 2], "what says something new is taken"


# -- known: commit -----------------------------------------------------------------------------


COMMIT = "{load: data/rows.jsonl, contract: contracts/rows.yaml, event_time: at, known: commit}"


def test_a_first_load_of_old_events_is_refused_with_the_hint_to_declare_a_lag(shop: Folder) -> None:
    shop.declare(COMMIT)
    lines(shop.root / "data" / "rows.jsonl", row(1, 0))
    with pytest.raises(HeadwayError, match="known only from") as caught:
        shop.apply()
    assert "declare a lag" in caught.value.mend


def test_each_row_keeps_the_time_at_which_it_reached_us(shop: Folder) -> None:
    def now(number: int) -> dict[str, Any]:
        return {"id": number, "at": datetime.now(UTC).isoformat(), "value": 1.0}

    shop.declare(COMMIT)
    lines(shop.root / "data" / "rows.jsonl", now(1), now(2))
    shop.apply()
    first = shop.whole
    lines(shop.root / "data" / "rows.jsonl", now(3), row(4, 0))  # 4 is old, and reached us only now
    shop.apply()
    times = dict(shop.whole.select("id", COMMITTED).iter_rows())
    assert times[1] == times[2] == first[COMMITTED][0]
    assert times[3] == times[4] > times[1]
    shop.declare(COMMIT, "\nversion: 2" + CONTRACT.replace("nulls: true", "nulls: true, min: 0"))
    shop.apply()
    assert dict(shop.whole.select("id", COMMITTED).iter_rows()) == times


def test_a_row_keeps_its_time_in_a_file_that_changes_and_is_judged_by_a_new_contract(shop: Folder) -> None:
    def now(number: int) -> dict[str, Any]:
        return {"id": number, "at": datetime.now(UTC).isoformat(), "value": 1.0}

    steps = "incremental: {by: content}}"
    declared = COMMIT.replace("data/rows.jsonl", "data/*.jsonl").replace(
        "known: commit}", f"known: commit, {steps}"
    )
    first, second, third = now(1), now(2), now(3)
    shop.declare(declared)
    lines(shop.root / "data" / "one.jsonl", first)
    lines(shop.root / "data" / "two.jsonl", second)
    shop.apply()
    times = dict(shop.whole.select("id", COMMITTED).iter_rows())
    lines(shop.root / "data" / "one.jsonl", third)
    shop.apply()
    again = dict(shop.whole.select("id", COMMITTED).iter_rows())
    assert again == times | {3: again[3]}
    assert again[3] > times[1]
    (shop.root / "data" / "two.jsonl").rename(shop.root / "data" / "zwei.jsonl")
    shop.apply()
    assert dict(shop.whole.select("id", COMMITTED).iter_rows()) == again
    shop.declare(declared, "\nversion: 2" + CONTRACT.replace("nulls: true", "nulls: true, min: 2"))
    with pytest.raises(ContractError, match="3"):
        shop.apply()
    shop.declare(declared, "\nversion: 2" + CONTRACT.replace("nulls: true", "nulls: true, min: 0"))
    shop.apply(refresh=("source.rows",))
    assert dict(shop.whole.select("id", COMMITTED).iter_rows()) == again


# -- a source that is not there ----------------------------------------------------------------


OUTSIDE = """
    load: feed:rows
    contract: contracts/rows.yaml
    refresh: 1us
    last_good: {max_age: LIMIT}
"""
FEED = """
from pathlib import Path
import json

def rows():
    place = Path(__file__).with_name("feed.jsonl")
    if not place.exists():
        raise ConnectionError("the feed is down")
    yield [json.loads(line) for line in place.read_text().splitlines()]
"""


def feed(shop: Folder, limit: str) -> Path:
    (shop.root / "feed.py").write_text(FEED.replace("rows():\n", "rows():\n", 1))
    contract = CONTRACT.replace("at: {type: time}", "at: {type: text}")
    shop.declare(OUTSIDE.replace("LIMIT", limit), contract)
    lines(shop.root / "feed.jsonl", row(1, 0))
    return shop.root / "feed.jsonl"


def test_a_source_outside_is_read_again_when_its_time_has_come(shop: Folder) -> None:
    place = feed(shop, "1d")
    shop.apply()
    before = shop.artifact
    assert shop.apply().executed == ("source.rows",)
    assert shop.artifact == before
    lines(place, row(2, 1))
    shop.apply()
    assert shop.rows["id"].to_list() == [1, 2]


def test_the_last_good_version_is_used_and_said_everywhere(
    shop: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = feed(shop, "1d")
    shop.apply()
    before = shop.artifact
    place.unlink()
    heard: list[Any] = []
    shop.apply(report=heard.append)
    assert shop.artifact == before
    warnings = [text for event in heard for text in getattr(event, "warnings", ())]
    assert warnings
    assert warnings[0].startswith("source.rows: cannot be read: ")
    assert "; the last good version, read 20" in warnings[0]
    newest = shop.evidence("read")[0]
    assert newest.outcome is Outcome.WARN
    assert "the feed is down" in newest.reason
    monkeypatch.chdir(shop.root)
    from headway.cli.main import main

    for command in ("plan", "status"):
        main([command])
        assert "source.rows could not be read: its last good version of 20" in capsys.readouterr().out
    lines(place, row(2, 1))
    shop.apply(refresh=("source.rows",))
    main(["status"])
    assert "last good" not in capsys.readouterr().out


def test_a_version_that_is_too_old_does_not_stand_in(shop: Folder) -> None:
    place = feed(shop, "1us")
    shop.apply()
    place.unlink()
    with pytest.raises(EngineError, match=r"last good version is .* old"):
        shop.apply()


def test_without_an_earlier_version_the_failure_is_the_answer(shop: Folder) -> None:
    feed(shop, "1d").unlink()
    with pytest.raises(EngineError, match="cannot be reached: the feed is down"):
        shop.apply()


# -- databases and secrets ---------------------------------------------------------------------


def test_a_local_database_is_read_in_steps_when_it_changes(shop: Folder) -> None:
    connection = sqlite3.connect(shop.root / "data" / "rows.db")
    connection.execute("CREATE TABLE rows (id INTEGER, at TEXT, value REAL)")

    def insert(*rows: dict[str, Any]) -> None:
        connection.executemany("INSERT INTO rows VALUES (:id, :at, :value)", rows)
        connection.commit()

    insert(row(1, 0), row(2, 30))
    shop.declare("""
    load: sqlite:///data/rows.db
    contract: contracts/rows.yaml
    options: {table: rows}
    incremental: {by: watermark, column: at, late: 2h}
""")
    shop.apply()
    insert(row(3, 29), row(4, 31))
    shop.apply()
    connection.close()
    assert shop.rows["id"].to_list() == [1, 2, 3, 4]
    assert shop.artifact.meta["row_counts"]["read"] == 3


@pytest.mark.parametrize("fails", [False, True])
def test_a_planted_secret_is_nowhere(
    shop: Folder, fails: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEED", SECRET)
    monkeypatch.chdir(shop.root)
    (shop.root / "feed.py").write_text(
        "def rows(login):\n    print('logging in with', login)\n"
        + ("    raise ValueError(f'no entry for {login}')\n" if fails else "    return [{'id': 1}]\n")
    )
    shop.declare(
        "{load: feed:rows, contract: contracts/rows.yaml, options: {login: {secret: FEED}}}",
        "columns:\n  id: {type: integer}\n",
    )
    from headway.cli.main import main

    for command in (["check"], ["plan"], ["apply"], ["plan", "--json"], ["why", "source.rows"], ["status"]):
        main(command)
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err
    files = [path for path in (shop.root / ".headway").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_a_secret_in_the_address_is_refused(shop: Folder) -> None:
    shop.declare(
        "{load: 'postgresql://me:word@host/db', options: {table: rows}, contract: contracts/rows.yaml}"
    )
    with pytest.raises(HeadwayError) as caught:
        shop.apply()
    assert "a password in a URL" in str(caught.value)
    assert "me:word" not in str(caught.value)


FAULTS: list[tuple[str, str]] = [
    ("{load: data/rows.jsonl, refresh: 1h}", "`refresh` of files in the product's folder"),
    ("{load: 'feed:rows', incremental: {by: watermark, column: at}}", "`incremental` without `refresh`"),
    ("{load: data/rows.jsonl, incremental: {by: watermark}}", "`by: watermark` without `column`"),
    (
        "{load: data, incremental: {by: content, late: 1h}, options: {format: json}}",
        "`late` with `by: content`",
    ),
    (
        "{load: 'feed:rows', refresh: 1h, incremental: {by: content}}",
        "`by: content` where there are no files",
    ),
    ("{load: data}", "nothing says how `data` is written"),
    ("{load: data, options: {format: cvs}}", "did you mean `csv`"),
    ("{load: 'sqlite:///data/rows.db'}", "a database needs `query` or `table`"),
    ("{load: 'https://example.org/rows.jsonl', options: {header: {}}}", "did you mean `headers`"),
    (
        "{load: 'postgresql://host/db', options: {table: rows, password: word}}",
        "a password is written",
    ),
    ("{load: data/rows.jsonl, last_good: {max_age: 0s}}", "nothing at all"),
    (
        "{load: data/rows.jsonl, contract: contracts/rows.yaml, incremental: {by: watermark, column: value}}",
        "column `value` is of type number",
    ),
]


@pytest.mark.parametrize(("source", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_what_does_not_fit_in_a_source_is_a_fault(shop: Folder, source: str, fault: str) -> None:
    shop.declare(source)
    read: Callable[[], Any] = shop.apply
    with pytest.raises(HeadwayError) as caught:
        read()
    assert fault in str(caught.value)
