"""One call of every constructor in `headway.errors.tables`."""

from datetime import UTC, datetime

from headway.errors import tables

TABLE = "flight-delay.weather_hourly/v1"
FILE = "ab" * 32 + ".parquet"

EXAMPLES = {
    "moment_is_to_come": lambda: tables.moment_is_to_come(
        "spend@2099-01-01", 3, datetime(2026, 3, 1, 12, tzinfo=UTC)
    ),
    "table_file_is_missing": lambda: tables.table_file_is_missing(TABLE, FILE),
    "table_file_is_changed": lambda: tables.table_file_is_changed(TABLE, FILE),
    "table_moved": lambda: tables.table_moved(TABLE),
    "table_fails": lambda: tables.table_fails(f".headway/tables/{TABLE}", "Invalid JSON in log"),
    "rows_do_not_fit": lambda: tables.rows_do_not_fit(TABLE, ["origin", "wind"], ["origin", "gust"]),
    "window_is_too_short": lambda: tables.window_is_too_short(
        "terminal_risk",
        ["total", "rank"],
        "window: 35d",
        "terminal 7, at 2026-03-01 09:00:00 UTC: `total` is 3.0, and 2.0 within `window: 35d`",
        "70d",
    ),
    "group_needs_a_version": lambda: tables.group_needs_a_version(
        "weather_hourly", 1, ["wind"], ["gust"], ["delay"]
    ),
    "history_is_of_a_whole_group": lambda: tables.history_is_of_a_whole_group("weather_hourly", "1"),
    "group_has_no_commits": lambda: tables.group_has_no_commits("wether", ["feature_group.weather_hourly"]),
    "commit_is_unknown": lambda: tables.commit_is_unknown(
        "weather_hourly@9", 4, datetime(2026, 3, 1, 12, tzinfo=UTC)
    ),
    "commits_do_not_compare": lambda: tables.commits_do_not_compare("weather_hourly@1", "spend@2"),
    "commit_is_of_another_version": lambda: tables.commit_is_of_another_version("weather_hourly@1", 1, 2),
    "group_is_behind": lambda: tables.group_is_behind("feature_group.weather_hourly"),
}
