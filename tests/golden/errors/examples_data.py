"""One call of every constructor in `headway.errors.data`."""

from headway.errors import data

DATASET = "dataset `delay`"
GROUP = "feature group `weather_hourly`"
FLIGHTS = "source `flights`"
PARQUET = "data/flights.parquet"
CSV = "data/flights.csv"

EXAMPLES = {
    "not_built_yet": lambda: data.not_built_yet("`window:`", GROUP, "leave it out"),
    "function_returned_no_frame": lambda: data.function_returned_no_frame(
        "delay.load:fetch", FLIGHTS, "NoneType"
    ),
    "index_would_be_lost": lambda: data.index_would_be_lost("delay.load:fetch", FLIGHTS, ["scheduled_at"]),
    "function_failed": lambda: data.function_failed(
        "delay.load:fetch", FLIGHTS, "load.py:12", KeyError("origin")
    ),
    "library_is_missing": lambda: data.library_is_missing("pyarrow", FLIGHTS, "No module named 'pyarrow'"),
    "table_is_not_written": lambda: data.table_is_not_written("rows.parquet", "No space left on device"),
    "table_is_not_read": lambda: data.table_is_not_read("ab12", "The file must end with PAR1"),
    "column_is_missing": lambda: data.column_is_missing("schedule_at", FLIGHTS, ["scheduled_at", "origin"]),
    "column_is_not_time": lambda: data.column_is_not_time("scheduled_at", FLIGHTS, "String"),
    "time_is_null": lambda: data.time_is_null("scheduled_at", FLIGHTS, 3, 336_776),
    "name_is_reserved": lambda: data.name_is_reserved("known_time", FLIGHTS),
    "known_is_not_said": lambda: data.known_is_not_said(FLIGHTS, "there is no `known:`"),
    "commit_is_too_late": lambda: data.commit_is_too_late(FLIGHTS, "2013-01-01", "2026-11-21"),
    "group_reads_several": lambda: data.group_reads_several("risk", ["payments", "chargebacks"]),
    "name_is_taken": lambda: data.name_is_taken("origin", DATASET, "sent by the caller", "a group's feature"),
    "parameters_are_unknown": lambda: data.parameters_are_unknown(
        GROUP,
        ["wind_sped"],
        ["wind_speed", "temp"],
        " in source `weather`",
        ["`wind_sped` is a parameter of `delay.features.weather.gusty` (delay/features/weather.py:8)"],
    ),
    "rows_are_ambiguous": lambda: data.rows_are_ambiguous(
        "weather_hourly",
        2,
        ["origin JFK, event_time 2013-11-03 06:00", "origin LGA, event_time 2013-11-03 06:00"],
    ),
    "frame_does_not_fit": lambda: data.frame_does_not_fit(
        "risk", "fraud.features:risk", ["there is no column `event_time`"]
    ),
    "values_are_infinite": lambda: data.values_are_infinite(GROUP, {"gust_ratio": 12}, 26_115),
    "key_types_differ": lambda: data.key_types_differ(DATASET, "terminal", "String", "terminal", "Int64"),
    "column_is_not_sent": lambda: data.column_is_not_sent(
        DATASET, "origin", "is the key of group `weather_hourly`"
    ),
    "feature_is_unknown": lambda: data.feature_is_unknown(
        DATASET, "weather_hourly", "wind", ["wind_chill", "rain"]
    ),
    "label_is_a_feature": lambda: data.label_is_a_feature(DATASET, "late"),
    "label_does_not_fit": lambda: data.label_does_not_fit(DATASET, "late", "Date"),
    "nothing_to_learn_from": lambda: data.nothing_to_learn_from(
        DATASET, 1_250, {"no label": 1_000, "label not yet known": 250}
    ),
    "label_is_constant": lambda: data.label_is_constant(DATASET, "late", False, 1_250, "`train`"),
    "part_is_empty": lambda: data.part_is_empty(
        DATASET, ["validate"], {"train": "70 % of the rows: 900 rows", "validate": "15 % of the rows: 0 rows"}
    ),
    "stratum_is_missing": lambda: data.stratum_is_missing(DATASET, "late", True, "test", 2),
    "split_does_not_fit": lambda: data.split_does_not_fit(DATASET, "the rows have no time to split by"),
    "rows_do_not_balance": lambda: data.rows_do_not_balance(DATASET, 336_776, 336_775),
    "feature_does_not_fit": lambda: data.feature_does_not_fit(GROUP, "sunrise", "Datetime"),
    "group_has_no_features": lambda: data.group_has_no_features("weather_hourly", "delay.features.weather"),
    "no_inputs": lambda: data.no_inputs(DATASET),
}
