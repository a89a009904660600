from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import msgspec
import polars as pl
import pytest

from headway.bundle.manifest import Input
from headway.data.datasets import NO_LABEL, NOT_YET_KNOWN, BuiltDataset, build
from headway.errors import ContractError, SpecError, UserCodeError
from headway.features.functions import load
from headway.features.layout import view
from headway.spec.contract import Column, Contract
from headway.spec.product import Dataset, FeatureGroup, FeaturePick, Known, Label, Moment, Source, Split

INSTANT = pl.Datetime("us", "UTC")
DAY = datetime(2024, 1, 1, tzinfo=UTC)
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
LATER = DAY + timedelta(days=100)

CONTRACT = Contract(
    columns={
        "at": Column(type="time"),
        "origin": Column(type="text", nulls=True),
        "distance": Column(type="integer"),
        "night": Column(type="boolean"),
        "late": Column(type="boolean", nulls=True),
    }
)
ROWS = pl.DataFrame(
    {
        "at": [DAY + timedelta(hours=6 * i) for i in range(40)],
        "origin": [("JFK", "LGA", None)[i % 3] for i in range(40)],
        "distance": list(range(40)),
        "night": [i % 4 == 0 for i in range(40)],
        "late": [None if i == 5 else i % 2 == 0 for i in range(40)],
    },
    schema_overrides={"at": INSTANT},
)
SOURCE = Source(load="flights.parquet", event_time="at", known=Known(lag=HOUR))
BY_TIME = Split(by="time", train=5 * ONE_DAY, validate=2 * ONE_DAY, test=2 * ONE_DAY)
GROUP = FeatureGroup(from_=("weather",), key=("origin",), columns="features", ttl=ONE_DAY)
WEATHER = pl.DataFrame(
    {
        "origin": ["JFK", "JFK"],
        "event_time": [DAY, DAY + 2 * ONE_DAY],
        "known_time": [DAY + HOUR, DAY + 2 * ONE_DAY + HOUR],
        "wind": [1.0, 2.0],
        "sky": ["clear", "rain"],
    },
    schema_overrides={"event_time": INSTANT, "known_time": INSTANT},
)
DELAY = Dataset(
    rows="flights",
    label=Label(column="late", known=Known(lag=ONE_DAY)),
    split=BY_TIME,
    predict_at=Moment(column="at", offset=-2 * HOUR),
    request=("at", "origin", "distance", "night"),
    features=(FeaturePick(group="weather", prefix="w_"),),
)
ON_DEMAND = """
import numpy as np

def hour(at):
    return (at - at.astype("datetime64[D]")) / np.timedelta64(1, "h")

def far_wind(distance, w_wind):
    return distance * w_wind

def far_hour(hour, distance):
    return hour + distance
"""


def functions(text: str = ON_DEMAND) -> Any:
    made = ModuleType("delay_on_demand")
    exec(text, made.__dict__)
    return load(made)


def make(
    declared: Dataset = DELAY, *, rows: pl.DataFrame = ROWS, now: datetime = LATER, **more: Any
) -> BuiltDataset:
    given: dict[str, Any] = {
        "source": SOURCE,
        "contract": CONTRACT,
        "groups": {"weather": WEATHER},
        "declared_groups": {"weather": GROUP},
        **more,
    }
    return build(declared, "delay", rows=rows, now=now, **given)


def but(**changed: Any) -> Dataset:
    return msgspec.structs.replace(DELAY, **changed)


def test_the_frame_is_laid_out_as_part_label_moment_rows_features() -> None:
    made = make(on_demand=functions())
    assert made.frame.columns == [
        "part",
        "label",
        "predict_at",
        "row.at",
        "row.origin",
        "row.distance",
        "row.night",
        "feature.origin",
        "feature.distance",
        "feature.night",
        "feature.w_wind",
        "feature.w_sky",
    ] + [f"feature.{function.name}" for function in functions()]
    assert made.inputs[:4] == (
        Input(name="origin", type="text", origin="request"),
        Input(name="distance", type="number", origin="request"),
        Input(name="night", type="number", origin="request"),
        Input(name="w_wind", type="number", origin="group"),
    )
    assert [item.name for item in made.inputs if item.origin == "on_demand"] == [f.name for f in functions()]
    assert (made.label_kind, made.classes) == ("boolean", (False, True))


def test_a_time_is_never_an_input_and_stays_in_the_rows() -> None:
    made = make()
    assert "feature.at" not in made.frame.columns
    assert made.frame["row.at"].dtype == INSTANT


def test_every_row_is_accounted_for() -> None:
    made = make()
    assert made.excluded == {NO_LABEL: 1, NOT_YET_KNOWN: 0}
    assert made.counts["rows"] == 40
    assert sum(count for name, count in made.counts.items() if name != "rows") == 40
    assert made.counts["unused"] > 0
    assert made.frame.height == 39
    assert made.frame["part"].null_count() == made.counts["unused"]


def test_a_label_that_is_not_yet_known_waits_until_the_first_of_them_is() -> None:
    now = DAY + timedelta(hours=6 * 36) + ONE_DAY
    made = make(now=now)
    assert made.excluded == {NO_LABEL: 1, NOT_YET_KNOWN: 3}
    assert made.waits_until == DAY + timedelta(hours=6 * 37) + ONE_DAY
    newest = made.frame["row.at"].max()
    assert newest == DAY + timedelta(hours=6 * 36)
    assert made.frame.filter(pl.col("part") == "test")["row.at"].max() == newest
    assert make(now=LATER).waits_until is None


def test_the_parts_are_in_the_order_of_time() -> None:
    made = make()
    spans = [view(made.frame, part).predict_at.sort().to_list() for part in ("train", "validate", "test")]
    assert spans[0][-1] < spans[1][0]
    assert spans[1][-1] < spans[2][0]


def test_features_are_those_known_at_the_moment_of_prediction() -> None:
    made = make()
    rows = made.frame.filter(pl.col("row.origin") == "JFK").select("row.at", "feature.w_wind").rows()
    for at, wind in rows:
        asked = at - 2 * HOUR
        known = [
            v
            for e, k, v in ((DAY, DAY + HOUR, 1.0), (DAY + 2 * ONE_DAY, DAY + 2 * ONE_DAY + HOUR, 2.0))
            if e <= asked and k <= asked and asked - e <= ONE_DAY
        ]
        assert wind == (known[-1] if known else None)


def test_the_order_of_the_rows_does_not_change_a_byte() -> None:
    rows = ROWS.to_dicts()
    random.Random(3).shuffle(rows)
    shuffled = pl.DataFrame(rows, schema=ROWS.schema)
    made, again = make(on_demand=functions()), make(rows=shuffled, on_demand=functions())
    assert made.frame.equals(again.frame)
    assert made.frame["predict_at"].is_sorted()


def test_a_part_is_read_with_plain_names_and_missing_text_as_the_model_sees_it() -> None:
    part = view(make().frame, "train")
    assert part.features.columns == ["origin", "distance", "night", "w_wind", "w_sky"]
    assert part.rows.columns == ["at", "origin", "distance", "night"]
    assert part.features["origin"].null_count() == 0
    assert "" in part.features["origin"].to_list()
    assert part.rows["origin"].null_count() > 0
    assert part.features["w_wind"].null_count() > 0
    assert part.label.null_count() == 0


def test_a_star_asks_for_every_column_but_the_label() -> None:
    made = make(but(request=None, features=()))
    assert [item.name for item in made.inputs] == ["origin", "distance", "night"]


def test_rows_without_time_or_key_are_split_by_hash() -> None:
    contract = Contract(
        columns={"a": Column(type="integer"), "b": Column(type="number"), "bad": Column(type="integer")}
    )
    rows = pl.DataFrame(
        {"a": range(300), "b": [i / 7 for i in range(300)], "bad": [i % 3 for i in range(300)]}
    )
    declared = Dataset(
        rows="sites",
        label=Label(column="bad"),
        split=Split(by="hash", train=0.7, validate=0.15, test=0.15, stratify="bad"),
    )
    made = build(declared, "d", rows=rows, source=Source(load="x.csv"), contract=contract, now=LATER)
    assert (made.label_kind, made.classes) == ("integer", (0, 1, 2))
    assert made.counts["unused"] == 0
    assert made.frame["predict_at"].null_count() == 300
    assert made.frame.schema["feature.a"] == pl.Float64


def test_a_number_is_a_label_without_classes() -> None:
    rows = ROWS.with_columns(late=pl.col("distance") / 2)
    columns = {**CONTRACT.columns, "late": Column(type="number")}
    made = make(rows=rows, contract=Contract(columns=columns))
    assert (made.label_kind, made.classes) == ("number", ())


def test_nan_counts_as_missing_in_labels_and_features() -> None:
    columns = {**CONTRACT.columns, "late": Column(type="number"), "wait": Column(type="number")}
    rows = ROWS.with_columns(
        late=pl.when(pl.col("distance") < 4).then(float("nan")).otherwise(pl.col("distance") / 2),
        wait=pl.lit(float("nan")),
    )
    made = make(but(request=("at", "origin", "wait")), rows=rows, contract=Contract(columns=columns))
    assert made.excluded[NO_LABEL] == 4
    assert made.frame["feature.wait"].null_count() == made.frame.height


# -- refused -----------------------------------------------------------------------------------


def pick(**changed: Any) -> tuple[FeaturePick, ...]:
    return (FeaturePick(group="weather", **changed),)


WRONG_DECLARATIONS: list[tuple[Dataset, str]] = [
    (but(request=("at", "origin", "late")), "label `late` is in `request:`"),
    (but(request=("at", "origin", "distanse")), "distanse"),
    (but(label=Label(column="lat")), "`lat`"),
    (but(label=Label(column="at")), "label `at` is `time`"),
    (but(label=Label(from_="others", by_key={"origin": "origin"}, present=1)), "table was not given"),
    (but(predict_at=Moment(column="origin")), "not a time"),
    (but(predict_at=Moment(column="gone")), "gone"),
    (but(predict_at=None), "no `predict_at:`"),
    (but(request=("at", "distance")), "key of group `weather`"),
    (but(features=pick(columns=("gusts",))), "no feature `gusts`"),
    (but(features=(*pick(), *pick(columns=("wind",)))), "`wind` is"),
    (but(features=pick(by_key={"origin": "distance"})), "Int64"),
    (but(request=("at",), features=()), "nothing that a model could learn"),
    (but(split=Split(by="hash", train=ONE_DAY, validate=ONE_DAY, test=ONE_DAY)), "shares"),
]


@pytest.mark.parametrize(("declared", "what"), WRONG_DECLARATIONS)
def test_a_declaration_that_does_not_fit_the_data_is_refused(declared: Dataset, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        make(declared)


def test_an_on_demand_function_sees_only_what_a_server_would_have() -> None:
    with pytest.raises(SpecError, match="late"):
        make(on_demand=functions("def leak(late):\n    return late"))
    with pytest.raises(SpecError, match="night"):
        make(but(request=("at", "origin")), on_demand=functions("def f(night):\n    return night"))


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(SpecError, match="`distance` is sent by the caller and computed on demand"):
        make(on_demand=functions("def distance(at):\n    return at"))
    night = WEATHER.rename({"wind": "night"})
    with pytest.raises(SpecError, match="`night` is sent by the caller and a group's feature"):
        make(but(features=pick()), groups={"weather": night})


def rows_with(**columns: Any) -> pl.DataFrame:
    return ROWS.with_columns(**columns)


WRONG_DATA: list[tuple[pl.DataFrame, str]] = [
    (ROWS.clear(), "none of 0 rows"),
    (rows_with(late=pl.lit(None, pl.Boolean)), "40 no label"),
    (rows_with(late=pl.lit(value=True)), "in all 31 rows of the dataset"),
    (rows_with(late=pl.col("at") > DAY + 7 * ONE_DAY), "rows of `train`"),
    (rows_with(at=pl.when(pl.col("distance") != 3).then("at")), "null in 1 of 40"),
    (ROWS.filter(pl.col("at") > DAY + 8 * ONE_DAY), "no rows"),
    (ROWS.filter(~pl.col("distance").is_between(19, 29)), "`validate` has no rows"),
]


@pytest.mark.parametrize(("rows", "what"), WRONG_DATA)
def test_data_that_no_model_can_learn_from_are_refused(rows: pl.DataFrame, what: str) -> None:
    with pytest.raises(ContractError, match=what):
        make(rows=rows)


def test_rows_that_are_all_waiting_are_told_apart_from_rows_without_label() -> None:
    with pytest.raises(ContractError, match="40 label not yet known"):
        make(now=DAY)


def test_an_empty_part_names_the_windows() -> None:
    with pytest.raises(ContractError) as caught:
        make(rows=ROWS.filter(~pl.col("distance").is_between(19, 29)))
    assert caught.value.evidence[1].startswith("validate: after 2024-01-05T14:00:00")
    assert caught.value.evidence[1].endswith(": 0 rows")


def test_infinity_is_refused_wherever_it_comes_from() -> None:
    columns = {**CONTRACT.columns, "wait": Column(type="number")}
    rows = ROWS.with_columns(wait=pl.when(pl.col("distance") == 7).then(float("inf")).otherwise(1.0))
    with pytest.raises(ContractError, match="infinite"):
        make(rows=rows, contract=Contract(columns=columns))
    with pytest.raises(UserCodeError, match="infinite"):
        make(on_demand=functions("def ratio(distance):\n    return distance + float('inf')"))


def test_a_date_counts_as_its_midnight_and_is_no_input() -> None:
    columns = {**CONTRACT.columns, "day": Column(type="date")}
    rows = ROWS.with_columns(day=pl.lit(date(2024, 1, 1)))
    made = make(but(request=("at", "origin", "day")), rows=rows, contract=Contract(columns=columns))
    assert "feature.day" not in made.frame.columns
