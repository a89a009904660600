"""One call of every constructor in `headway.errors.survey`."""

from headway.errors import survey
from headway.survey.faults import CodeFault

EXAMPLES = {
    "not_python": lambda: survey.not_python("delay/training.py", 3, 12, "invalid syntax"),
    "module_is_missing": lambda: survey.module_is_missing("delay.training", "/products/delay"),
    "function_is_missing": lambda: survey.function_is_missing("delay.training", "fitt", "fit"),
    "lock_is_unreadable": lambda: survey.lock_is_unreadable("uv.lock", "Expected '=' at line 3"),
    "lock_is_missing": lambda: survey.lock_is_missing("locks/prod.txt"),
    "file_is_unreadable": lambda: survey.file_is_unreadable("data/flights.parquet", "Permission denied"),
    "code_cannot_run": lambda: survey.code_cannot_run(
        [
            CodeFault(
                "delay/features.py:9:11",
                "parameter `distanse` of `speed` is no column of source `flights`",
                "did you mean `distance`?",
            ),
            CodeFault(
                "delay/training.py:3:1",
                "there is no module `lightgbm`, neither installed nor the product's",
                "install it, or take the import out",
            ),
        ]
    ),
}
