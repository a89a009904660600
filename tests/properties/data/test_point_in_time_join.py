from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.data.join import Lookup, as_of

ORIGIN = datetime(2024, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")

minutes = st.integers(-3, 30)
entities = st.sampled_from(["a", "b", "c", None])
table_rows = st.lists(
    st.tuples(entities, minutes, st.integers(-5, 25), st.one_of(st.none(), st.floats(0, 9))),
    max_size=40,
    unique_by=lambda row: row[:3],
)
asked_rows = st.lists(
    st.tuples(st.sampled_from(["a", "b", "x", None]), st.one_of(st.none(), minutes)), max_size=25
)
ttls = st.one_of(st.none(), st.integers(0, 20))


def moment(minute: int | None) -> datetime | None:
    return None if minute is None else ORIGIN + timedelta(minutes=minute)


def table_of(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows are (entity, event minute, minutes until known, value)."""
    return pl.DataFrame(
        {
            "who": [row[0] for row in rows],
            "event_time": [moment(row[1]) for row in rows],
            "known_time": [moment(row[1] + row[2]) for row in rows],
            "value": [row[3] for row in rows],
            "word": [f"{row[0]}:{row[1]}:{row[2]}" for row in rows],
        },
        schema={
            "who": pl.String,
            "event_time": INSTANT,
            "known_time": INSTANT,
            "value": pl.Float64,
            "word": pl.String,
        },
    )


def asked_of(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    columns = {"person": [row[0] for row in rows], "at": [moment(row[1]) for row in rows]}
    return pl.DataFrame(columns, schema={"person": pl.String, "at": INSTANT})


def joined(asked: pl.DataFrame, table: pl.DataFrame, ttl: timedelta | None) -> list[tuple[Any, ...]]:
    found = as_of(asked, "at", [Lookup(table, {"who": "person"}, {"value": "v", "word": "w"}, ttl=ttl)])[0]
    assert found.columns == ["v", "w"]
    return found.rows()


def oracle(asked: pl.DataFrame, table: pl.DataFrame, ttl: timedelta | None) -> list[tuple[Any, ...]]:
    """As slow and as plain as the definition."""
    answers = []
    for person, at in asked.rows():
        best = None
        for who, event, known, value, word in table.rows():
            mine = person is not None and who == person
            if mine and at is not None and event <= at and known <= at:
                best = (
                    max(best, (event, known, value, word), key=lambda r: r[:2])
                    if best
                    else (event, known, value, word)
                )
        if best is None or (ttl is not None and at - best[0] > ttl):
            answers.append((None, None))
        else:
            answers.append(best[2:])
    return answers


@settings(max_examples=400, deadline=None)
@given(table_rows, asked_rows, ttls)
def test_the_join_equals_the_slow_oracle(rows: list, asked: list, ttl: int | None) -> None:
    limit = None if ttl is None else timedelta(minutes=ttl)
    asked_frame, table = asked_of(asked), table_of(rows)
    assert joined(asked_frame, table, limit) == oracle(asked_frame, table, limit)


@settings(max_examples=100, deadline=None)
@given(table_rows, asked_rows, st.randoms(use_true_random=False))
def test_neither_order_of_the_table_nor_of_the_rows_matters(rows: list, asked: list, random: Any) -> None:
    before = joined(asked_of(asked), table_of(rows), None)
    places = list(range(len(asked)))
    random.shuffle(places)
    shuffled = list(rows)
    random.shuffle(shuffled)
    after = joined(asked_of([asked[place] for place in places]), table_of(shuffled), None)
    assert after == [before[place] for place in places]


@settings(max_examples=100, deadline=None)
@given(table_rows, asked_rows)
def test_rows_known_later_change_nothing(rows: list, asked: list) -> None:
    asked_frame = asked_of(asked)
    before = joined(asked_frame, table_of(rows), None)
    late = [(who, event, 1_000, 99.0) for who, event in {(row[0], row[1]) for row in rows}]
    assert joined(asked_frame, table_of(rows + late), None) == before


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 9998), st.integers(0, 1)), max_size=40, unique=True
    ),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9998)), min_size=1, max_size=20),
)
def test_many_entities_over_many_thousand_years_do_not_overflow(rows: list, asked: list) -> None:
    # 41 entities times 10,000 years of microseconds do not fit into 64 bits.
    rows = [
        *rows,
        *((entity, year, 0) for entity in range(41) for year in (1, 9998) if (entity, year, 0) not in rows),
    ]
    table = pl.DataFrame(
        {
            "who": [str(row[0]) for row in rows],
            "event_time": [datetime(row[1], 1, 1, tzinfo=UTC) for row in rows],
            "known_time": [datetime(row[1] + row[2], 1, 1, tzinfo=UTC) for row in rows],
            "value": [float(row[1]) for row in rows],
            "word": [str(row) for row in rows],
        },
        schema_overrides={"event_time": INSTANT, "known_time": INSTANT},
    )
    asked_frame = pl.DataFrame(
        {
            "person": [str(who) for who, _ in asked],
            "at": [datetime(year, 6, 1, tzinfo=UTC) for _, year in asked],
        },
        schema_overrides={"at": INSTANT},
    )
    assert joined(asked_frame, table, None) == oracle(asked_frame, table, None)


# -- several groups, roles and corrections -----------------------------------------------------

CORRECTIONS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 20), st.integers(0, 30), st.floats(0, 9)),
    max_size=30,
    unique_by=lambda row: row[:3],
)


@settings(max_examples=150, deadline=None)
@given(CORRECTIONS, asked_rows, ttls)
def test_many_corrections_of_one_event_are_read_as_they_were_known(
    rows: list, asked: list, ttl: int | None
) -> None:
    few_events = [(who, event % 3, lag, value) for who, event, lag, value in rows]
    unique = list({row[:3]: row for row in few_events}.values())
    limit = None if ttl is None else timedelta(minutes=ttl)
    asked_frame, table = asked_of(asked), table_of(unique)
    assert joined(asked_frame, table, limit) == oracle(asked_frame, table, limit)


@settings(max_examples=100, deadline=None)
@given(table_rows, asked_rows)
def test_a_correction_published_after_every_moment_changes_nothing(rows: list, asked: list) -> None:
    asked_frame = asked_of(asked)
    before = joined(asked_frame, table_of(rows), None)
    reissued = [(who, event, 500 + lag, -1.0) for who, event, lag, _ in rows]
    assert joined(asked_frame, table_of(rows + reissued), None) == before


pairs = st.tuples(st.sampled_from(["x", "y", None]), st.sampled_from([1, 2, None]))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(pairs, minutes, st.integers(0, 20)), max_size=30, unique=True),
    st.lists(st.tuples(pairs, minutes), max_size=20),
)
def test_a_key_of_two_columns_matches_only_whole_and_only_without_nulls(rows: list, asked: list) -> None:
    table = pl.DataFrame(
        {
            "place": [row[0][0] for row in rows],
            "lane": [row[0][1] for row in rows],
            "event_time": [moment(row[1]) for row in rows],
            "known_time": [moment(row[1] + row[2]) for row in rows],
            "number": list(range(len(rows))),
        },
        schema={
            "place": pl.String,
            "lane": pl.Int64,
            "event_time": INSTANT,
            "known_time": INSTANT,
            "number": pl.Int64,
        },
    )
    frame = pl.DataFrame(
        {
            "from_place": [row[0][0] for row in asked],
            "from_lane": [row[0][1] for row in asked],
            "at": [moment(row[1]) for row in asked],
        },
        schema={"from_place": pl.String, "from_lane": pl.Int64, "at": INSTANT},
    )
    keys = {"place": "from_place", "lane": "from_lane"}
    found = as_of(frame, "at", [Lookup(table, keys, {"number": "number"})])[0]["number"].to_list()
    for (pair, at), number in zip(asked, found, strict=True):
        known = [
            (event, event + lag, place)
            for place, (key, event, lag) in enumerate(rows)
            if None not in pair and key == pair and event <= at and event + lag <= at
        ]
        assert number == (max(known)[2] if known else None)


@settings(max_examples=100, deadline=None)
@given(table_rows, st.lists(asked_rows, min_size=2, max_size=2).map(lambda two: two[0] + two[1]), ttls)
def test_tables_joined_at_once_find_what_each_finds_alone(rows: list, asked: list, ttl: int | None) -> None:
    limit = None if ttl is None else timedelta(minutes=ttl)
    frame = asked_of(asked)
    frame = frame.with_columns(pl.col("person").reverse().alias("other"))
    table = table_of(rows)
    newest_first = table.reverse()
    lookups = [
        Lookup(table, {"who": "person"}, {"value": "v", "word": "w"}, ttl=limit),
        Lookup(newest_first.lazy(), {"who": "other"}, {"word": "o"}),
        Lookup(table.sort("who", "event_time", "known_time").lazy(), {"who": "person"}, {"word": "p"}),
    ]
    first, second, third = as_of(frame, "at", lookups)
    assert first.rows() == oracle(frame.select("person", "at"), table, limit)
    assert second["o"].to_list() == [word for _, word in oracle(frame.select("other", "at"), table, None)]
    assert third["p"].to_list() == [word for _, word in oracle(frame.select("person", "at"), table, None)]


@settings(max_examples=60, deadline=None)
@given(table_rows, asked_rows)
def test_a_column_of_the_rows_may_be_two_parts_of_a_key(rows: list, asked: list) -> None:
    frame = asked_of(asked)
    table = table_of(rows).with_columns(pl.col("who").alias("again"))
    found = as_of(frame, "at", [Lookup(table, {"who": "person", "again": "person"}, {"word": "w"})])[0]
    assert found["w"].to_list() == [word for _, word in oracle(frame, table.drop("again"), None)]


KINDS = [
    (pl.Int64(), [-(2**63), -1, 2**63 - 1, None]),
    (pl.Int64(), [5, 6, 7, 9, None]),
    (pl.Float64(), [-1.5, 0.0, float("inf"), None]),
    (pl.Boolean(), [True, False, None]),
    (pl.String(), ["", "a", "ä", None]),
    (pl.Date(), [ORIGIN.date(), datetime(1, 1, 1, tzinfo=UTC).date(), None]),
    (INSTANT, [ORIGIN, datetime(9999, 1, 1, tzinfo=UTC), None]),
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(KINDS).flatmap(
        lambda kind: st.tuples(
            st.just(kind[0]),
            st.lists(
                st.tuples(st.sampled_from(kind[1]), minutes, st.integers(0, 9)), max_size=25, unique=True
            ),
            st.lists(st.tuples(st.sampled_from(kind[1]), minutes), max_size=15),
        )
    ),
    st.booleans(),
)
def test_a_key_of_any_type_finds_its_own_rows(given_: tuple[Any, list, list], sort: bool) -> None:
    kind, rows, asked = given_
    table = pl.DataFrame(
        {
            "key": pl.Series([row[0] for row in rows], dtype=kind),
            "event_time": pl.Series([moment(row[1]) for row in rows], dtype=INSTANT),
            "known_time": pl.Series([moment(row[1] + row[2]) for row in rows], dtype=INSTANT),
            "number": pl.Series(range(len(rows)), dtype=pl.Int64),
        }
    )
    table = table.sort("key", "event_time", "known_time") if sort else table
    frame = pl.DataFrame(
        {
            "of": pl.Series([row[0] for row in asked], dtype=kind),
            "at": pl.Series([moment(row[1]) for row in asked], dtype=INSTANT),
        }
    )
    found = as_of(frame, "at", [Lookup(table, {"key": "of"}, {"number": "number"})])[0]["number"].to_list()
    for (key, at), number in zip(asked, found, strict=True):
        known = [
            (event, event + lag, place)
            for place, (of, event, lag) in enumerate(rows)
            if key is not None and of == key and event <= at and event + lag <= at
        ]
        assert number == (max(known)[2] if known else None)
