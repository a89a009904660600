"""One call of every constructor in `headway.errors.evidence`."""

from headway.errors import evidence

EXAMPLES = {
    "unknown_metric": lambda: evidence.unknown_metric("rocauc", ["roc_auc", "log_loss"]),
    "wrong_kind": lambda: evidence.wrong_kind("mae", "probability"),
    "no_metric_function": lambda: evidence.no_metric_function("delay.metrics:costs"),
    "no_direction": lambda: evidence.no_direction("delay.metrics:cost"),
    "metric_fails": lambda: evidence.metric_fails("delay.metrics:cost", ValueError("operands could not be broadcast")),
    "no_slice_column": lambda: evidence.no_slice_column("orgin", ["origin", "carrier"]),
    "too_many_slices": lambda: evidence.too_many_slices("tailnum", 3322, 200),
    "not_binnable": lambda: evidence.not_binnable("carrier", "String"),
    "not_finite": lambda: evidence.not_finite("test", 3, 5000),
}
