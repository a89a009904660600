"""One call of every constructor in `headway.errors.sources`."""

from headway.errors import sources

FLIGHTS = "source `flights`"
PARQUET = "data/flights.parquet"
CSV = "data/flights.csv"

EXAMPLES = {
    "file_is_missing": lambda: sources.file_is_missing("flights", "data/flight.parquet", ["flights.parquet"]),
    "file_is_a_folder": lambda: sources.file_is_a_folder("flights", "data"),
    "file_cannot_be_read": lambda: sources.file_cannot_be_read("flights", PARQUET, "Permission denied"),
    "file_is_empty": lambda: sources.file_is_empty("flights", CSV),
    "file_is_a_page": lambda: sources.file_is_a_page("flights", CSV),
    "parquet_is_broken": lambda: sources.parquet_is_broken("flights", PARQUET, "The file must end with PAR1"),
    "csv_is_broken": lambda: sources.csv_is_broken("flights", CSV, "invalid utf-8 sequence"),
    "csv_rows_are_short": lambda: sources.csv_rows_are_short("flights", CSV, 2, 1_250, [17, 18]),
    "csv_names_repeat": lambda: sources.csv_names_repeat("flights", CSV, ["origin"]),
    "csv_needs_a_contract": lambda: sources.csv_needs_a_contract("flights", CSV),
    "cells_do_not_parse": lambda: sources.cells_do_not_parse(
        "flights", CSV, {"scheduled_at": ("time", 375, [(12, "28/02/2013 17:30"), (13, "28/02/2013")])}, 1_250
    ),
    "format_is_unknown": lambda: sources.format_is_unknown("flights", "data/flights.xlsx"),
    "option_is_wrong": lambda: sources.option_is_wrong(
        "flights", "delimiter", {"separator": "one character"}
    ),
    "type_is_not_held": lambda: sources.type_is_not_held("flights", "stops", "List(String)"),
}
