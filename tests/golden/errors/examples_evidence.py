"""One call of every constructor in `headway.errors.evidence`."""

from headway.errors import evidence

EXAMPLES = {
    "unknown_metric": lambda: evidence.unknown_metric("rocauc", ["roc_auc", "log_loss"]),
    "wrong_kind": lambda: evidence.wrong_kind("mae", "probability"),
    "no_metric_function": lambda: evidence.no_metric_function("delay.metrics:costs"),
    "no_direction": lambda: evidence.no_direction("delay.metrics:cost"),
    "metric_fails": lambda: evidence.metric_fails(
        "delay.metrics:cost", ValueError("operands could not be broadcast"), "metrics.py:12"
    ),
    "no_slice_column": lambda: evidence.no_slice_column("orgin", ["origin", "carrier"]),
    "too_many_slices": lambda: evidence.too_many_slices("tailnum", 3322, 200),
    "not_binnable": lambda: evidence.not_binnable("carrier", "String"),
    "edges_do_not_ascend": lambda: evidence.edges_do_not_ascend("hour", (0.0, 12.0, 6.0)),
    "gate_is_no_condition": lambda: evidence.gate_is_no_condition(
        "roc_auc > = 0.6", 10, "a number is expected here"
    ),
    "not_finite": lambda: evidence.not_finite("test", 3, 5000),
}
