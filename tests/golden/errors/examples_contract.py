"""One example of every error about contracts."""

from headway.errors import contract as errors

EXAMPLES = {
    "rule_cannot_hold": lambda: errors.rule_cannot_hold(
        "distance", "min", "far", "it is not of type `integer`"
    ),
    "column_is_not_declared": lambda: errors.column_is_not_declared("distnce", ("carrier", "distance")),
    "data_breaks_contract": lambda: errors.data_breaks_contract(
        "source `flights`",
        1,
        21,
        ("column `distance`: expected between 0 and 5000, 2 of 900 are not (`-1`, `9000` in rows 4, 17)",),
    ),
    "record_is_refused": lambda: errors.record_is_refused("inputs[3].distance", "9e+99 is above 5000"),
    "computed_is_refused": lambda: errors.computed_is_refused(
        errors.record_is_refused("inputs[0].per_visit", "912.5 is above 150")
    ),
    "body_is_not_json": lambda: errors.body_is_not_json("NaN is not JSON; a missing number is `null`"),
    "name_is_not_carried": lambda: errors.name_is_not_carried('the "real" price'),
    "states_do_not_fit": lambda: errors.states_do_not_fit("3b1f0c9a77d2e4", "90aa41ffb3c0d1"),
    "state_cannot_be_read": lambda: errors.state_cannot_be_read("Input data was truncated"),
    "footer_is_damaged": lambda: errors.footer_is_damaged("rows.parquet", "it does not end as Parquet does"),
}
