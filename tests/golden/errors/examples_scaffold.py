"""One call of every constructor in `headway.errors.scaffold`."""

from headway.errors import scaffold

EXAMPLES = {
    "no_table": lambda: scaffold.no_table("rows.csv"),
    "unreadable_table": lambda: scaffold.unreadable_table("rows.parquet", "File out of specification"),
    "unknown_format": lambda: scaffold.unknown_format("rows.xlsx"),
    "no_such_column": lambda: scaffold.no_such_column("chrned", ["age", "churned"]),
    "constant_label": lambda: scaffold.constant_label("churned"),
    "no_such_class": lambda: scaffold.no_such_class("maybe", "churned", ["yes", "no"]),
    "file_exists": lambda: scaffold.file_exists(".", "headway.yaml"),
    "time_does_not_parse": lambda: scaffold.time_does_not_parse("day"),
    "label_is_missing": lambda: scaffold.label_is_missing(["age", "churned"]),
}
