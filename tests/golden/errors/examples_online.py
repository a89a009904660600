"""One call of every constructor in `headway.errors.online`."""

from headway.errors import online

PLACE = ".headway/environments/prod/online.sqlite"
TABLE = "flight-delay.weather_hourly/v1"

EXAMPLES = {
    "store_is_not_reached": lambda: online.store_is_not_reached(PLACE, "database is locked"),
    "table_is_not_there": lambda: online.table_is_not_there(PLACE, TABLE, ["flight-delay.planes/v1"]),
    "table_is_another": lambda: online.table_is_another(PLACE, TABLE, "its keys or features differ"),
    "feature_is_not_there": lambda: online.feature_is_not_there(PLACE, TABLE, "wind_chill"),
    "table_has_moved": lambda: online.table_has_moved(PLACE, TABLE, "3f2a90b17c44" * 5, "9d01c2ab77e3" * 5),
    "store_is_damaged": lambda: online.store_is_damaged(PLACE, "file is not a database"),
    "store_is_not_written": lambda: online.store_is_not_written(PLACE, "database or disk is full"),
    "address_is_not_set": lambda: online.address_is_not_set("ONLINE_URL"),
    "driver_is_missing": lambda: online.driver_is_missing("No module named 'psycopg'"),
}
