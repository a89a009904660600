"""One example of every error of `validate`, `profile` and `contract import`."""

from headway.errors import validation as errors

EXAMPLES = {
    "no_such_table": lambda: errors.no_such_table("flihgts", ("flights", "weather")),
    "nothing_to_judge_by": lambda: errors.nothing_to_judge_by("`exports/march.csv`"),
    "contract_is_there": lambda: errors.contract_is_there("contracts/flights.yaml"),
    "suite_cannot_be_read": lambda: errors.suite_cannot_be_read("suite.json", "it has no `expectations`"),
    "suite_is_not_honoured": lambda: errors.suite_is_not_honoured(
        "suite.json",
        ["[3] expect_column_values_to_be_between of `fare`: `row_condition` is not honoured"],
        11,
    ),
    "suite_is_missing": lambda: errors.suite_is_missing("suites/nope.json", "No such file or directory"),
    "suite_says_nothing": lambda: errors.suite_says_nothing("suite.json"),
    "contract_breaks_promises": lambda: errors.contract_breaks_promises(
        "contracts/flights.yaml",
        "source.flights",
        1,
        ["column `tail` is dropped", "column `distance` has `max: 3000` and had 5000"],
    ),
    "table_is_nothing": lambda: errors.table_is_nothing("`empty.json`"),
}
