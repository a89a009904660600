"""One call of every constructor in `headway.errors.model`."""

from headway.errors import model

EXAMPLES = {
    "graph_cannot_be_loaded": lambda: model.graph_cannot_be_loaded(
        "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF"
    ),
    "graph_failed": lambda: model.graph_failed(
        "[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Got invalid dimensions"
    ),
    "model_cannot_be_kept": lambda: model.model_cannot_be_kept(
        "Pipeline", "Can't pickle <function <lambda>>"
    ),
    "model_needs_a_library": lambda: model.model_needs_a_library("sklearn", "No module named 'sklearn'"),
    "model_cannot_be_read": lambda: model.model_cannot_be_read("model.joblib", "EOFError: Ran out of input"),
    "pandas_is_missing": model.pandas_is_missing,
}
