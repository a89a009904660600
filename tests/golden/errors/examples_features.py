"""One example of every error about feature functions."""

from headway.errors import features as errors

PLACE = "delay/features/on_demand.py:12"
SPEED = "delay.features.on_demand.speed"
INPUTS = {"distance": "int64, 2 values", "minutes": "float64, 2 values"}

EXAMPLES = {
    "module_is_missing": lambda: errors.module_is_missing("delay.featurs", "delay.featurs"),
    "module_fails": lambda: errors.module_fails("delay.features", PLACE, KeyError("airports")),
    "module_has_no_functions": lambda: errors.module_has_no_functions("delay.features", "delay/features.py"),
    "not_a_plain_function": lambda: errors.not_a_plain_function(SPEED, PLACE, "really `<lambda>`"),
    "parameter_is_no_column": lambda: errors.parameter_is_no_column(
        SPEED, PLACE, "minutes", "it has a default"
    ),
    "functions_go_in_circles": lambda: errors.functions_go_in_circles("delay.features", ("a", "b", "a")),
    "column_is_not_given": lambda: errors.column_is_not_given(
        SPEED, PLACE, "minuts", ("distance", "minutes")
    ),
    "function_raises": lambda: errors.function_raises(
        SPEED, PLACE, ValueError("assignment destination is read-only"), INPUTS
    ),
    "result_does_not_fit": lambda: errors.result_does_not_fit(
        SPEED, PLACE, "None", "an array of 2 values", INPUTS
    ),
    "result_is_infinite": lambda: errors.result_is_infinite(SPEED, PLACE, 1, 2, INPUTS),
    "library_is_missing": lambda: errors.library_is_missing("pandas", SPEED),
}
