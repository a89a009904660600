"""One call of every constructor in `headway.errors.training`."""

from headway.errors import training

FIT = "delay.training:fit"
SHAPES = (
    "train: 26,115 rows, with `features` (18 columns), `label` and `rows`",
    "validate: 6,502 rows, with `features` (18 columns), `label` and `rows`",
)

EXAMPLES = {
    "training_failed": lambda: training.training_failed(
        FIT, "training.py:14", ValueError("bad shape"), SHAPES
    ),
    "nothing_returned": lambda: training.nothing_returned(FIT, "training.py:9"),
    "not_a_model": lambda: training.not_a_model(FIT, "dict", "predict", "training.py:9"),
    "signature_does_not_fit": lambda: training.signature_does_not_fit(
        FIT, "(train, depth)", "missing a required argument: 'depth'", ("train", "validate", "params", "seed")
    ),
    "fitted_on_other_columns": lambda: training.fitted_on_other_columns(FIT, ["hour"], ["hour", "distance"]),
    "prediction_failed": lambda: training.prediction_failed(
        FIT, "rows that the contract allows", "training.py:14", ValueError("Found unknown categories ['ZZ']")
    ),
    "answers_have_another_shape": lambda: training.answers_have_another_shape(FIT, (10, 3), (10, 2)),
    "answers_are_not_finite": lambda: training.answers_are_not_finite(FIT, 3, 10_000),
    "no_training_rows": lambda: training.no_training_rows("model.delay"),
    "one_class": lambda: training.one_class("model.delay", "False", 26_115),
    "label_is_no_number": lambda: training.label_is_no_number("model.rent", "String"),
    "label_is_not_finite": lambda: training.label_is_not_finite("model.rent", 4, 1_200),
    "no_such_class": lambda: training.no_such_class("model.delay", "late", [False, True]),
    "baseline_does_not_fit": lambda: training.baseline_does_not_fit("median", "probability"),
    "graph_is_refused": lambda: training.graph_is_refused(
        "model.delay",
        "the ONNX graph differs by up to 0.83 on 10,000 contract rows (12 labels flip); 0.0001 is allowed",
    ),
}
