"""Build the flights dataset from the example's files, and say its digest and counts as JSON."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from headway.core import digest
from headway.data import datasets, groups, sources, tables
from headway.features.functions import load
from headway.spec.product import Dataset, FeatureGroup, FeaturePick, Known, Label, Moment, Source, Split

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEATHER = Source(load="weather.parquet", event_time="observed_at", known=Known(column="recorded_at"))
FLIGHTS = Source(load="flights.parquet", event_time="scheduled_at", known=Known(lag=DAY))
HOURLY = FeatureGroup(from_=("weather",), key=("origin",), columns="weather_features")
DELAY = Dataset(
    rows="flights",
    predict_at=Moment(column="scheduled_at", offset=-2 * HOUR),
    label=Label(column="late", known=Known(lag=DAY)),
    request=("scheduled_at", "carrier", "origin", "distance"),
    features=(FeaturePick(group="hourly"),),
    split=Split(by="time", train=28 * DAY, validate=7 * DAY, test=7 * DAY),
)
FEATURES = """
def visibility(visib):
    return visib

def wind_chill(temp, wind_speed):
    return 35.74 + 0.6215 * temp - 35.75 * wind_speed**0.16 + 0.4275 * temp * wind_speed**0.16
"""
ON_DEMAND = """
def hour(scheduled_at):
    return (scheduled_at.astype("datetime64[h]") - scheduled_at.astype("datetime64[D]")).astype(float)
"""


def functions(name: str, text: str) -> Any:
    module = ModuleType(name)
    exec(text, module.__dict__)
    return load(module)


def main(data: Path, out: Path) -> None:
    def nobody(reference: str) -> Any:
        raise AssertionError(reference)

    weather = sources.load(WEATHER, "weather", None, data, nobody)
    flights = sources.load(FLIGHTS, "flights", None, data, nobody)
    table = groups.SourceTable(weather.frame, WEATHER, weather.contract)
    hourly = groups.compute(
        HOURLY, "hourly", {"weather": table}, functions=functions("weather_features", FEATURES)
    )
    made = datasets.build(
        DELAY,
        "delay",
        rows=flights.frame,
        source=FLIGHTS,
        contract=flights.contract,
        now=datetime(2014, 6, 1, tzinfo=UTC),
        groups={"hourly": hourly.frame},
        declared_groups={"hourly": HOURLY},
        on_demand=functions("delay_on_demand", ON_DEMAND),
    )
    tables.write(made.frame, out)
    told = {
        "digest": digest.of_file(out),
        "counts": made.counts,
        "excluded": made.excluded,
        "group_rows": hourly.frame.height,
        "without_weather": made.frame["feature.visibility"].null_count(),
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
