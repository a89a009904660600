"""One call of every constructor in `headway.errors.sources`."""

from headway.errors import sources

FLIGHTS = "source `flights`"
PARQUET = "data/flights.parquet"
CSV = "data/flights.csv"
URL = "https://example.org/flights.csv"

EXAMPLES = {
    "file_is_missing": lambda: sources.file_is_missing("flights", "data/flight.parquet", ["flights.parquet"]),
    "file_is_a_folder": lambda: sources.file_is_a_folder("flights", "data"),
    "file_changes": lambda: sources.file_changes("flights", PARQUET),
    "file_cannot_be_read": lambda: sources.file_cannot_be_read("flights", PARQUET, "Permission denied"),
    "file_is_empty": lambda: sources.file_is_empty("flights", CSV),
    "file_is_a_page": lambda: sources.file_is_a_page("flights", CSV),
    "parquet_is_broken": lambda: sources.parquet_is_broken("flights", PARQUET, "The file must end with PAR1"),
    "csv_is_broken": lambda: sources.csv_is_broken("flights", CSV, "row 17 has 6 cells, the header has 5"),
    "csv_separator_differs": lambda: sources.csv_separator_differs("flights", CSV, "origin;late;at", ";"),
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
    "gzip_is_broken": lambda: sources.gzip_is_broken("flights", "data/flights.csv.gz", "it ends early"),
    "json_is_broken": lambda: sources.json_is_broken(
        "flights", "data/flights.jsonl", 17, "JSON is malformed"
    ),
    "nothing_matches": lambda: sources.nothing_matches("flights", "data/incoming"),
    "link_leads_nowhere": lambda: sources.link_leads_nowhere("flights", ["data/incoming/02.csv"]),
    "files_differ": lambda: sources.files_differ(
        "flights",
        "data/incoming/02.csv",
        "data/incoming/01.csv",
        "lacks `origin`, has `from`",
        "`from` may be `origin` under another name",
    ),
    "column_is_mixed": lambda: sources.column_is_mixed("flights", "unexpected value while building a Series"),
    "source_is_not_found": lambda: sources.source_is_not_found("flights", URL, "HTTP 404"),
    "access_is_refused": lambda: sources.access_is_refused("flights", URL, "HTTP 403"),
    "source_is_too_slow": lambda: sources.source_is_too_slow("flights", URL, 60.0),
    "server_fails": lambda: sources.server_fails("flights", URL, "HTTP 503", retryable=True),
    "source_is_unreachable": lambda: sources.source_is_unreachable("flights", URL, "Connection refused"),
    "answer_is_empty": lambda: sources.answer_is_empty("flights", URL),
    "answer_is_a_page": lambda: sources.answer_is_a_page("flights", URL),
    "answer_is_cut_off": lambda: sources.answer_is_cut_off("flights", URL, 1_024, 4_096),
    "answer_is_too_large": lambda: sources.answer_is_too_large("flights", URL, 2_147_483_648),
    "content_type_is_wrong": lambda: sources.content_type_is_wrong("flights", URL, "application/json", "csv"),
    "query_fails": lambda: sources.query_fails("flights", 'relation "flight" does not exist'),
    "scheme_is_unknown": lambda: sources.scheme_is_unknown("flights", "ftpx"),
    "secret_is_missing": lambda: sources.secret_is_missing("flights", "WAREHOUSE_PASSWORD"),
    "watermark_is_null": lambda: sources.watermark_is_null("flights", "updated_at", 3, 336_776),
    "watermark_does_not_fit": lambda: sources.watermark_does_not_fit("flights", "origin", "String"),
    "last_good_is_too_old": lambda: sources.last_good_is_too_old(
        "flights", "3d", "2d", "`https://example.org/flights.csv` cannot be reached: Connection refused"
    ),
    "source_rows_do_not_balance": lambda: sources.source_rows_do_not_balance(
        "flights", "10 rows read, 7 kept, 2 rejected"
    ),
    "content_is_repeated": lambda: sources.content_is_repeated(
        "flights", "data/incoming/2013-01-02.csv", "data/incoming/2013-01-01.csv"
    ),
}
