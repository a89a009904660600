"""One call of every constructor in `headway.errors.batches`."""

from headway.errors import batches

LINES = ["row 3: carrier: `ZZ` is not one of `AA`, `UA`", "row 8: distance: -4 is below 0"]

EXAMPLES = {
    "batch_is_unknown": lambda: batches.batch_is_unknown("nightl", ["nightly", "weekly"]),
    "rows_break_contract": lambda: batches.rows_break_contract("batch `nightly`", 2, 26_115, LINES),
    "no_row_is_left": lambda: batches.no_row_is_left("batch `nightly`", 2, LINES),
    "rows_lack_columns": lambda: batches.rows_lack_columns(
        "batch `nightly`", ["carrier"], ["scheduled_at", "origin"]
    ),
    "column_is_taken": lambda: batches.column_is_taken("batch `nightly`", "label"),
    "output_is_not_written": lambda: batches.output_is_not_written(
        "tables/nightly.parquet", "No space left on device"
    ),
    "predictions_are_not_logged": lambda: batches.predictions_are_not_logged("No space left on device"),
    "rows_depend_on_each_other": lambda: batches.rows_depend_on_each_other(
        "delay", "feature `relative_distance`", 0.25, 0.0
    ),
    "computed_features_break_contract": lambda: batches.computed_features_break_contract(
        "batch `nightly`", 1, 3, ["row 2: computed per_visit: 4500 is above 150"]
    ),
    "endpoint_is_not_published": lambda: batches.endpoint_is_not_published("prod", "delay", ["arrivals"]),
    "output_has_no_form": lambda: batches.output_has_no_form("nightly.txt"),
    "output_is_the_input": lambda: batches.output_is_the_input("rows.parquet"),
    "options_do_not_fit": lambda: batches.options_do_not_fit("`--rows` goes with `--bundle`"),
    "parity_is_not_asked": batches.parity_is_not_asked,
    "release_is_not_kept": lambda: batches.release_is_not_kept("ad9a2a246de4" * 5),
    "group_is_gone": lambda: batches.group_is_gone(
        "weather_hourly", "nothing was committed to its table `flight-delay.weather_hourly/v1`"
    ),
}
