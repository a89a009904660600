"""Profile, contract, validate: what is proposed from a table passes on it, whatever the table holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headway.contract.columns import check
from headway.contract.proposing.profiling import look
from headway.contract.proposing.proposal import propose
from headway.data.cells import parse
from headway.data.guessing import CSV, with_types
from headway.facts.evidence import Outcome
from headway.spec.contract import Column, Contract
from headway.spec.load import load_contract

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
KINDS: list[tuple[pl.DataType, st.SearchStrategy[object]]] = [
    (pl.Int64(), st.integers(-(2**63), 2**63 - 1)),
    (pl.Int64(), st.integers(0, 5)),
    (pl.UInt64(), st.integers(0, 2**64 - 1)),
    (pl.Int8(), st.integers(-128, 127)),
    (pl.Float64(), st.floats()),
    (pl.Float64(), st.floats(0, 1)),
    (pl.Float32(), st.floats(width=32)),
    (pl.String(), st.text(max_size=8)),
    (pl.String(), st.from_regex(r"[A-Z]{2}[0-9]{1,3}", fullmatch=True)),
    (pl.String(), st.from_regex(r"[a-z]{1,3}@[a-z]{2}\.org", fullmatch=True)),
    (pl.String(), st.sampled_from(["yes", "no", "null", "1", "a: b", "- x"])),
    (pl.Categorical(), st.sampled_from(["one", "two"])),
    (pl.Boolean(), st.booleans()),
    (pl.Date(), st.dates()),
    (pl.Datetime("us", "UTC"), st.datetimes(timezones=st.just(UTC))),
    (pl.Datetime("ms"), st.datetimes(datetime(1700, 1, 1), datetime(2300, 1, 1))),  # noqa: DTZ001 -- none
    (
        pl.Datetime("us", "UTC"),
        st.datetimes(
            NOW.replace(tzinfo=None) - timedelta(days=40), NOW.replace(tzinfo=None), timezones=st.just(UTC)
        ),
    ),
    (pl.List(pl.Int64()), st.lists(st.integers(0, 3), max_size=2)),
    (pl.Null(), st.none()),
]


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Few or many rows of columns of any type, with or without nulls."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    height = draw(st.sampled_from([0, 1, 3, 25, 60]))
    columns = {}
    for name in names:
        dtype, values = draw(st.sampled_from(KINDS))
        # A few values, repeated, make sets and patterns; each cell anew makes ranges and keys.
        pool = draw(st.lists(values, min_size=1, max_size=draw(st.sampled_from([2, 30]))))
        cells = [pool[row % len(pool)] for row in range(height)]
        holes = draw(st.sets(st.integers(0, max(height - 1, 0)), max_size=3))
        columns[name] = pl.Series(
            [None if row in holes else cell for row, cell in enumerate(cells)], dtype=dtype
        )
    return pl.DataFrame(columns)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contracts") / "proposed.yaml"


@given(frame=frames())
def test_what_is_proposed_from_a_table_is_read_back_and_passes_on_it(
    frame: pl.DataFrame, place: Path
) -> None:
    proposal = propose(look(frame.lazy()), source="a table", now=NOW)
    if not proposal.contract.columns:
        assert all("left out" in note for note in proposal.notes)
        return
    place.write_text(proposal.text, encoding="utf-8")
    assert load_contract(place, "proposed.yaml") == proposal.contract
    report = check(frame, proposal.contract, now=NOW)
    if any("infinite" in note for note in proposal.notes):
        # Infinity is also beyond whatever range the finite values had.
        ranges = {"expect_column_values_to_be_between"}
        assert {one.expectation for one in report.failures} - ranges == {"expect_column_values_to_be_finite"}
    else:
        assert report.passed, report.lines()


@given(frame=frames())
def test_a_proposal_says_of_every_column_what_becomes_of_it(frame: pl.DataFrame) -> None:
    proposal = propose(look(frame.lazy()), source="a table", now=NOW)
    for name in frame.columns:
        assert name in proposal.contract.columns or any(
            f"`{name}` is left out" in note for note in proposal.notes
        )


CELLS = [
    st.sampled_from(["1", "20", "-3", "0"]),
    st.sampled_from(["007", "12"]),
    st.sampled_from(["1.5", "2e3", "7"]),
    st.sampled_from(["99999999999999999999", "1"]),
    st.sampled_from(["true", "False"]),
    st.sampled_from(["2024-01-31", "1999-12-01"]),
    st.sampled_from(["2024-01-31T12:00:00Z", "2024-01-31 12:00"]),
    st.text("ab1.-", max_size=4),
    st.none(),
]


@given(
    st.lists(
        st.sampled_from(CELLS).flatmap(
            lambda cells: st.lists(st.one_of(cells, st.none()), min_size=3, max_size=3)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_guessed_type_parses_every_cell_and_changes_none(columns: list[list[str | None]]) -> None:
    texts = pl.DataFrame(
        {str(place): pl.Series(cells, dtype=pl.String) for place, cells in enumerate(columns)}
    )
    found = with_types(texts, CSV)
    contract = propose(look(found.lazy()), source="a file", now=NOW).contract
    typed, unparsed = parse(texts, contract.columns)
    assert not unparsed
    assert typed.equals(found)
    for name, column in contract.columns.items():
        if column.type == "integer":
            written = texts[name].drop_nulls().str.strip_prefix("+")
            assert written.equals(found[name].drop_nulls().cast(pl.String).alias(name)) or "-0" in written


def test_what_a_contract_said_before_is_kept() -> None:
    frame = pl.DataFrame({"who": ["ann", "bob"] * 30, "km": [1.5, 2.5] * 30})
    before = Contract(
        columns={
            "who": Column(type="text", tags=("pii",)),
            "km": Column(type="number", unit="km", description="Way."),
        },
        version=4,
    )
    proposal = propose(look(frame.lazy()), source="a table", now=NOW, before=before)
    assert proposal.contract.version == 4
    assert proposal.contract.columns["km"].unit == "km"
    assert proposal.contract.columns["who"] == replace(before.columns["who"])
    assert "ann" not in proposal.text


def test_personal_values_are_never_quoted() -> None:
    frame = pl.DataFrame(
        {
            "mail": [f"person{row}@example.org" for row in range(40)],
            "last_name": ["Featherstonehaugh", "Cholmondeley"] * 20,
            "birthDate": [date(1980, 1, 1 + row % 28) for row in range(40)],
        }
    )
    seen = look(frame.lazy())
    proposal = propose(seen, source="a table", now=NOW)
    shown = proposal.text + str(proposal.notes) + str([column.to_json() for column in seen.columns])
    assert "Feather" not in shown
    assert "person1" not in shown
    assert "1980" not in shown
    assert all("pii" in column.tags for column in proposal.contract.columns.values())
    assert check(frame, proposal.contract, now=NOW).passed


def test_a_table_that_grows_gets_a_freshness_and_an_old_one_a_note() -> None:
    times = [NOW - timedelta(hours=row) for row in range(48)]
    proposal = propose(look(pl.DataFrame({"at": times}).lazy()), source="a table", now=NOW)
    assert proposal.contract.freshness is not None
    late = check(pl.DataFrame({"at": times}), proposal.contract, now=NOW + timedelta(days=30))
    assert [one.outcome for one in late.failures] == [Outcome.FAIL]
    old = propose(look(pl.DataFrame({"at": times}).lazy()), source="a table", now=NOW + timedelta(days=400))
    assert old.contract.freshness is None
    assert "no freshness is proposed" in old.notes[0]


def test_whole_numbers_are_a_key_only_where_chance_would_have_repeated_some() -> None:
    numbered = pl.DataFrame({"number": range(1000, 1100), "cents": [row * row * 7919 for row in range(100)]})
    columns = propose(look(numbered.lazy()), source="a table", now=NOW).contract.columns
    assert columns["number"].unique
    assert columns["number"].max is None
    assert not columns["cents"].unique
