"""One call of every constructor in `headway.errors.survey`."""

from headway.errors import survey

EXAMPLES = {
    "not_python": lambda: survey.not_python("delay/training.py", 3, 12, "invalid syntax"),
    "module_is_missing": lambda: survey.module_is_missing("delay.training", "/products/delay"),
    "function_is_missing": lambda: survey.function_is_missing("delay.training", "fitt", "fit"),
    "lock_is_unreadable": lambda: survey.lock_is_unreadable("uv.lock", "Expected '=' at line 3"),
    "lock_is_missing": lambda: survey.lock_is_missing("locks/prod.txt"),
    "file_is_unreadable": lambda: survey.file_is_unreadable("data/flights.parquet", "Permission denied"),
}
