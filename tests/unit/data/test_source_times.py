from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from headway.data.times import timed
from headway.errors import ContractError, SpecError
from headway.spec.product import Known, Source

INSTANT = pl.Datetime("us", "UTC")
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
LAG = Known(lag=timedelta(minutes=10))


def frame(**columns: list) -> pl.DataFrame:
    times = {name: INSTANT for name, values in columns.items() if isinstance(values[0], datetime)}
    return pl.DataFrame(columns, schema_overrides=times)


def source(known: Known | None, event_time: str | None = "at") -> Source:
    return Source(load="x.parquet", event_time=event_time, known=known)


def test_a_lag_counts_from_the_event() -> None:
    found = timed(frame(at=[NOON]), source(LAG), "s")
    assert found.row(0, named=True) == {
        "at": NOON,
        "event_time": NOON,
        "known_time": NOON + timedelta(minutes=10),
    }


def test_a_column_may_say_that_a_row_was_known_before_its_event() -> None:
    early = NOON - timedelta(hours=3)
    found = timed(frame(at=[NOON], told=[early]), source(Known(column="told")), "s")
    assert found["known_time"].to_list() == [early]


def test_a_date_is_its_midnight_in_utc() -> None:
    found = timed(frame(at=[date(2024, 1, 2)]), source(LAG), "s")
    assert found["event_time"].to_list() == [datetime(2024, 1, 2, tzinfo=UTC)]


def test_other_units_and_time_zones_become_utc_microseconds() -> None:
    paris = pl.Series("at", [NOON]).dt.convert_time_zone("Europe/Paris").dt.cast_time_unit("ms")
    found = timed(paris.to_frame(), source(LAG), "s")
    assert found["event_time"].dtype == INSTANT
    assert found["event_time"].to_list() == [NOON]


def test_a_commit_makes_rows_known_when_they_reached_us() -> None:
    arrived = NOON + timedelta(hours=1)
    found = timed(frame(at=[NOON, NOON]), source(Known(commit=True)), "s", arrived)
    assert found["known_time"].to_list() == [arrived, arrived]


def test_a_commit_of_old_events_is_refused_with_the_hint_to_declare_a_lag() -> None:
    with pytest.raises(SpecError) as caught:
        timed(frame(at=[NOON]), source(Known(commit=True)), "s", NOON + timedelta(days=30))
    assert "lag" in caught.value.mend


def test_a_column_that_is_already_called_event_time_may_be_just_that() -> None:
    found = timed(frame(event_time=[NOON]), source(LAG, "event_time"), "s")
    assert found.columns == ["event_time", "known_time"]


@pytest.mark.parametrize(
    ("columns", "declared"),
    [
        ({"at": [NOON]}, source(None)),
        ({"at": [NOON]}, source(LAG, None)),
        ({"at": [NOON]}, source(Known(commit=True))),
        ({"at": ["2024-01-01"]}, source(LAG)),
        ({"other": [NOON]}, source(LAG)),
        ({"at": [NOON], "known_time": [NOON]}, source(LAG)),
        ({"at": [NOON], "event_time": [NOON]}, source(LAG)),
    ],
)
def test_a_time_that_is_not_declared_or_not_there_is_refused(columns: dict, declared: Source) -> None:
    with pytest.raises(SpecError):
        timed(frame(**columns), declared, "s")


def test_a_null_time_is_a_fault_of_the_data() -> None:
    with pytest.raises(ContractError, match="1 of 2"):
        timed(frame(at=[NOON, None]), source(LAG), "s")
    with pytest.raises(ContractError, match="told"):
        timed(frame(at=[NOON, NOON], told=[NOON, None]), source(Known(column="told")), "s")
