"""What is kept of files that were judged: never under the name of other content, never with personal values."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from headway.contract import measuring
from headway.contract.appending import Piece, admit_files
from headway.contract.judging import judge
from headway.contract.kept_states import States
from headway.contract.keys import Later
from headway.contract.measuring import asked_of, measure
from headway.contract.state import merge
from headway.data import sources
from headway.data.loaders import formats
from headway.data.loaders import parquet as parquet_files
from headway.data.sources import Loaded
from headway.errors import EngineError
from headway.facts.evidence import Outcome
from headway.spec.contract import Column, Contract, Expectation, Freshness, Policy
from headway.spec.product import Incremental, Source
from headway.store.memory import Memory

NOW = datetime(2026, 1, 9, tzinfo=UTC)
LARGE = 200_000
KEY = bytes(range(32))


def read(
    root: Path, contract: Contract, form: str, pause: Callable[[float], None] = lambda _: None
) -> Loaded:
    source = Source(load="in", options={"format": form}, incremental=Incremental(by="content"))
    with Memory(root / "states.db", "source.rows", lambda: KEY) as memory:
        return sources.load(source, "rows", contract, root, _nobody, pause=pause, now=NOW, shelf=memory)


def _nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


def written(path: Path, form: str, values: pl.Series) -> None:
    path.parent.mkdir(exist_ok=True)
    frame = pl.DataFrame({"n": values})
    if form == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)


@pytest.mark.parametrize("form", ["csv", "parquet", "small parquet"])
def test_a_file_that_is_replaced_while_it_is_read_is_read_again_and_no_verdict_is_kept_under_its_old_name(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the good content would be let in under the digest of the bad one for ever, and the other way round."""
    rows = 2 if form.startswith("small") else LARGE
    form = form.removeprefix("small ")
    contract = Contract(columns={"n": Column(type="integer", min=0)})
    files = [tmp_path / "in" / f"{name}.{form}" for name in "ab"]
    good, bad = pl.int_range(0, rows, eager=True), pl.int_range(-rows, 0, eager=True)
    for file in files:
        written(file, form, bad)
    bad_bytes = files[0].read_bytes()
    replaced = _replacing(files[0], lambda: written(files[0], form, good))
    for module, name in ((formats, "read"), (parquet_files, "read_many")):
        monkeypatch.setattr(module, name, _after(replaced, getattr(module, name)))
    found = read(tmp_path, contract, form)
    assert found.attempts == 2
    written(files[1], form, good)
    files[0].write_bytes(bad_bytes)
    assert not read(tmp_path, contract, form).report.passed
    written(files[0], form, good)
    assert read(tmp_path, contract, form).report.passed


def _replacing(file: Path, replace: Callable[[], None]) -> Iterator[None]:
    replace()
    yield
    while True:
        yield


def _after(replaced: Iterator[None], read_: Callable[..., Any]) -> Callable[..., Any]:
    def first(*given: Any) -> Any:
        next(replaced)
        return read_(*given)

    return first


def test_a_file_that_never_rests_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "in" / "a.csv"
    written(file, "csv", pl.int_range(0, LARGE, eager=True))
    plain = formats.read

    def growing(*given: Any) -> Any:
        with file.open("a") as end:
            end.write("7\n")
        return plain(*given)

    monkeypatch.setattr(formats, "read", growing)
    with pytest.raises(EngineError, match=r"`in/a[.]csv` changes while it is read") as refused:
        read(tmp_path, Contract(columns={"n": Column(type="integer")}), "csv")
    assert refused.value.code == "DA224"


@pytest.mark.parametrize("judge_", ["__version__", "platform"])
def test_another_headway_or_python_trusts_no_verdict_of_an_earlier_one(
    judge_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = Contract(columns={"n": Column(type="integer")})
    before = asked_of(contract)
    if judge_ == "platform":
        monkeypatch.setattr(measuring.platform, "python_version", lambda: "4.0.0")
    else:
        monkeypatch.setattr(measuring, judge_, "99.0")
    assert asked_of(contract) != before


# -- personal values -------------------------------------------------------------------------

PERSONAL = {
    "mail": Column(type="text", matches="[a-z]+@example[.]org", unique=True, tags=("pii",)),
    "phone": Column(type="integer", min=10, unique=True, tags=("pii",)),
    "born": Column(type="date", nulls=True, tags=("pii",)),
    "weight": Column(type="number", unique=True, max=500, tags=("pii",), policy=Policy(batch="quarantine")),
    "at": Column(type="time", tags=("pii",)),
}
PHONES = 4_930_123_456, 4_930_999_888


def people(*, names: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "mail": [f"{name}@example.org" for name in names],
            "phone": PHONES,
            "born": [datetime(1971, 3, 4, tzinfo=UTC).date()] * 2,
            "weight": [77.125, 9_999.5],
            "at": [NOW, NOW - timedelta(days=1)],
        }
    )


class Shelf(dict[str, bytes]):
    def has(self, name: str) -> bool:
        return name in self

    def put(self, name: str, value: bytes) -> None:
        self[name] = value

    def need(self, name: str) -> None:
        pass


EXPECTED = {
    "extremes": Expectation(
        type="expect_column_max_to_be_between", arguments={"column": "phone", "min_value": 0}
    ),
    "the most common value": Expectation(
        type="expect_column_most_common_value_to_be_in_set",
        arguments={"column": "mail", "value_set": ["x"], "ties_okay": True},
        policy=Policy(batch="warn"),
    ),
    "an order": Expectation(type="expect_column_values_to_be_increasing", arguments={"column": "phone"}),
    "a median": Expectation(
        type="expect_column_median_to_be_between", arguments={"column": "weight", "min_value": 0}
    ),
    "rows": Expectation(
        type="expect_column_values_to_not_match_regex",
        arguments={"column": "mail", "regex": "x+y"},
    ),
}


@pytest.mark.parametrize("named", [*EXPECTED, "freshness"])
def test_no_personal_value_lies_in_what_is_kept_of_files(named: str) -> None:
    asked = (EXPECTED[named],) if named in EXPECTED else ()
    fresh = Freshness(column="at", max_age=timedelta(days=9)) if named == "freshness" else None
    contract = Contract(columns=PERSONAL, expectations=asked, freshness=fresh)
    shelf = Shelf()
    states = States(shelf, asked_of(contract), contract)
    found = measure(people(names=("anna", "Berta")), contract)
    states.put("one", found)
    assert judge(contract, states.get("one") or found, now=NOW) == judge(contract, found, now=NOW)
    assert states.get("one") is not None
    assert (len(shelf) == 1) is (named == "rows"), "the others are judged by values themselves"
    for value in shelf.values():
        for secret in _secrets():
            assert secret not in value


def _secrets() -> Iterator[bytes]:
    yield from (b"anna", b"Berta", b"1971", struct.pack("<d", 77.125), struct.pack(">d", 77.125), b"9999.5")
    yield from (struct.pack(order + "q", phone) for order in "<>" for phone in PHONES)


def test_personal_numbers_that_repeat_across_files_are_found_by_their_hashes() -> None:
    contract = Contract(columns={"phone": Column(type="integer", unique=True, tags=("pii",))})
    parts = [pl.DataFrame({"phone": values}) for values in ([1, 2, None], [3, 2], [4, 5])]
    contract = Contract(columns={"phone": Column(type="integer", unique=True, nulls=True, tags=("pii",))})
    states = [measure(part, contract) for part in parts]
    both = merge(states[0], states[1], contract)
    whole = measure(pl.concat(parts[:2]), contract)
    found = {item.key: item for item in judge(contract, both, whole=lambda _: whole).results}
    unique = found["phone: expect_column_values_to_be_unique"]
    assert (unique.outcome, unique.unexpected_count) == (Outcome.FAIL, 2)
    assert judge(contract, merge(states[0], states[2], contract)).passed


# -- columns that only some files have -------------------------------------------------------


def test_a_column_that_one_file_lacks_leaves_the_verdicts_on_the_others_in_their_places() -> None:
    contract = Contract(columns={name: Column(type="integer") for name in "abc"})
    whole = measure(pl.DataFrame({"a": [1], "b": [2], "c": [3]}), contract)
    part = measure(pl.DataFrame({"a": [1], "c": ["x"]}), contract)
    for one, other in ((whole, part), (part, whole)):
        report = judge(contract, merge(one, other, contract))
        broken = {
            (item.expectation[14:23], item.columns) for item in report.results if item.outcome is Outcome.FAIL
        }
        assert broken == {("to_exist", ("b",)), ("values_to", ("c",))}


@pytest.mark.parametrize("empty", [{"m": pl.Int64}, {"n": pl.String, "m": pl.Int64}])
def test_a_file_without_rows_that_lacks_a_column_hides_no_broken_row_of_another(
    tmp_path: Path, empty: dict[str, Any]
) -> None:
    aside = Policy(batch="quarantine")
    columns = {"n": Column(type="integer", min=0, policy=aside), "m": Column(type="integer")}
    rows = pl.DataFrame({"n": [1, -1], "m": [1, 1]})
    contract = Contract(columns=columns)
    pieces = [Piece("rows", rows), Piece("none", pl.DataFrame(schema=empty))]
    states = States(Shelf(), asked_of(contract), contract)
    found = admit_files(pieces, rows, contract, states, now=NOW)
    assert found is not None
    assert not found.admitted.report.passed
    assert found.admitted.quarantined["n"].to_list() == [-1]


def test_keys_that_lie_apart_are_never_written_as_if_they_were_the_keys_themselves() -> None:
    contract = Contract(columns={"a": Column(type="integer", unique=True)})
    states = States(Shelf(), asked_of(contract), contract)
    key = '["a"]'
    run = np.arange(3, dtype=np.int64).tobytes()
    apart = Later.of(bytes(32), run)
    apart.read = lambda: run
    found = measure(pl.DataFrame({"a": [0, 1, 2]}), contract)
    states.put("few", replace(found, keys={key: replace(found.keys[key], runs=(apart,))}))
    again = states.get("few")
    assert again is not None
    assert again.keys[key].distinct == 3
