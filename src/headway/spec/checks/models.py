"""What does not fit together in models, evaluations and their gates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from headway.spec.checks.scene import FUNCTION, SHOWN, Scene
from headway.spec.contract import Column, ColumnType
from headway.spec.dimension import unit_of
from headway.spec.document import Path_
from headway.spec.expression import (
    OTHERS,
    Binary,
    Call,
    Comparison,
    Expression,
    ExpressionError,
    Name,
    Number,
    names,
    parse_condition,
)
from headway.spec.product import Answer, Dataset, Evaluation, Model
from headway.spec.references import LATENCIES

METRICS: dict[str, Literal["probability", "value"]] = {
    "roc_auc": "probability",
    "average_precision": "probability",
    "log_loss": "probability",
    "brier": "probability",
    "accuracy": "probability",
    "precision": "probability",
    "recall": "probability",
    "f1": "probability",
    "mae": "value",
    "median_absolute_error": "value",
    "mape": "value",
    "rmse": "value",
    "r2": "value",
}
"""Metrics that need no code -> the kind of answer that they judge; `headway.evidence.metrics` computes them."""

_LARGEST_SEED = 2**32 - 1
_CLASSES: dict[ColumnType, tuple[type, ...]] = {"boolean": (bool,), "text": (str,), "integer": (int,)}


def check_models(scene: Scene) -> None:
    """Add what neither the types nor the names say of models and evaluations."""
    for name, model in scene.product.models.items():
        _model(scene, ("models", name), model)
    for name, evaluation in scene.product.evaluations.items():
        _evaluation(scene, ("evaluations", name), evaluation)


# -- models ------------------------------------------------------------------------------------


def _model(scene: Scene, path: Path_, model: Model) -> None:
    scene.function((*path, "train"), model.train)
    if not 0 <= model.seed <= _LARGEST_SEED:
        scene.check.fault((*path, "seed"), f"a seed of {model.seed}", f"from 0 to {_LARGEST_SEED}")
    dataset = scene.product.datasets.get(model.dataset)
    one = (model.answer.probability_of is None) != (model.answer.value is None)
    if dataset is None or not one:
        return
    label = _label(scene, dataset)
    if label is not None:
        _answer(scene, (*path, "answer"), model.answer, label)


def _label(scene: Scene, dataset: Dataset) -> Column | None:
    """What is known of the label's values: its column, or the two of presence and absence."""
    label = dataset.label
    if label.column is None:
        kinds: dict[type, ColumnType] = {bool: "boolean", int: "integer", str: "text"}
        kind = kinds.get(type(label.present))
        values = (label.present, label.absent.is_) if label.absent is not None else ()
        return Column(type=kind, in_=values) if kind is not None and values else None
    contract = scene.contract_of(label.from_ or dataset.rows)
    return contract.columns.get(label.column) if contract is not None else None


def _answer(scene: Scene, path: Path_, answer: Answer, label: Column) -> None:
    """Refuse an answer that the label's column cannot give."""
    check, wanted, inner = scene.check, answer.probability_of, (*path, "probability_of")
    if answer.value is not None:
        if label.type not in ("integer", "number"):
            check.fault(
                (*path, "value"), f"a value, and a label of type {label.type}", "use `probability_of`"
            )
    elif label.type not in _CLASSES:
        check.fault(inner, f"a probability, and a label of type {label.type}", "use `value`")
    elif not _is_class(wanted, label.type):
        what = f"`{_written(wanted)}` is no value of a label of type {label.type}"
        check.fault(inner, what, "write one without quotes" if isinstance(wanted, str) else "write one")
    elif label.in_ is not None and wanted not in label.in_:
        check.refer(inner, _written(wanted), [_written(value) for value in label.in_], "label")


def _is_class(value: Any, kind: ColumnType) -> bool:
    return isinstance(value, _CLASSES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)[:SHOWN]


# -- evaluations -------------------------------------------------------------------------------


def _evaluation(scene: Scene, path: Path_, evaluation: Evaluation) -> None:
    check, model = scene.check, scene.product.models.get(evaluation.model)
    scene.distinct((*path, "metrics"), evaluation.metrics, "metric")
    for index, metric in enumerate(evaluation.metrics):
        _metric(scene, (*path, "metrics", index), metric, model)
    short = {metric.rpartition(":")[2] for metric in evaluation.metrics}
    if len(short) < len(set(evaluation.metrics)):
        check.fault((*path, "metrics"), "two metrics have one name", "rename one of the functions")
    slices = evaluation.slices
    if slices is not None and slices.min_rows < 1:
        check.fault((*path, "slices", "min_rows"), f"slices of {slices.min_rows} rows", "from 1 up")
    if slices is not None and not slices.by:
        check.fault((*path, "slices", "by"), "no slices", "name a column, or take `slices` out")
    rivals = ["champion", "baseline"] if model is None or model.baseline is not None else ["champion"]
    for index, gate in enumerate(evaluation.gates):
        inner = (*path, "gates", index)
        check_condition(scene, inner, gate, rivals)
        if slices is None and "slice." in gate and not check.written((*path, "slices")):
            check.fault(inner, "a gate on slices, and no slices", "declare `slices: {by: [...]}`")


def _metric(scene: Scene, path: Path_, metric: str, model: Model | None) -> None:
    if ":" in metric:
        if not FUNCTION.fullmatch(metric):
            scene.check.fault(
                path, f"`{metric[:SHOWN]}` names no function", "write `package.module:function`"
            )
        return
    if not scene.check.refer(path, metric, METRICS, "metric") or model is None:
        return
    judged = METRICS[metric]
    given = "value" if model.answer.value is not None else "probability"
    if judged != given:
        fitting = ", ".join(f"`{name}`" for name, kind in METRICS.items() if kind == given)
        scene.check.fault(
            path, f"`{metric}` judges a {judged}, and the model answers a {given}", f"use {fitting}"
        )


# -- conditions --------------------------------------------------------------------------------


def check_condition(scene: Scene, path: Path_, text: str, rivals: Collection[str]) -> None:
    """Add what does not fit together in a gate or a guard.

    Args:
        scene: Gets the faults.
        path: Where it stands.
        text: As written; text that is no condition is a fault already.
        rivals: Which of `champion`, `baseline` and `stable` it may compare with.
    """
    check = scene.check
    try:
        condition = parse_condition(text)
    except ExpressionError:
        return
    if check.broken(path):
        return
    for name in (item.name for item in names(condition) if item.name in OTHERS):
        if name == "baseline" and "champion" in rivals and name not in rivals:
            check.fault(path, "`baseline`, and the model declares none", "declare `baseline:` on the model")
        elif name not in rivals:
            check.fault(
                path, f"`{name}` is not known here", f"use {' or '.join(f'`{rival}`' for rival in rivals)}"
            )
    _functions(scene, path, condition.left)
    _functions(scene, path, condition.right)
    _sides(scene, path, condition)
    _latencies(scene, path, condition)
    if not check.broken(path):
        _units(scene, path, condition)


def _functions(scene: Scene, path: Path_, expression: Expression) -> None:
    """`worst(slice.METRIC)`: slices only inside functions, and functions only over slices."""
    match expression:
        case Call(function, Name(name)) if name.startswith("slice."):
            pass
        case Call(function, _):
            hint = f"write `{function}(slice.METRIC)`"
            scene.check.fault(path, f"`{function}` of something else than a metric by slice", hint)
        case Name(name) if name.startswith("slice."):
            scene.check.fault(path, f"`{name[:SHOWN]}` outside a function", f"write `worst({name[:SHOWN]})`")
        case Binary():
            _functions(scene, path, expression.left)
            _functions(scene, path, expression.right)
        case Name() | Number():
            pass


def _sides(scene: Scene, path: Path_, condition: Comparison) -> None:
    """Another model's figure is that of the metric on the left, so one metric stands there."""
    left, right = ({item.name for item in names(side)} for side in (condition.left, condition.right))
    if left & set(OTHERS):
        scene.check.fault(path, "another model's figure on the left", "write your metric on the left")
    elif right & set(OTHERS) and not isinstance(condition.left, Name | Call):
        scene.check.fault(path, "another model's figure, and no single metric on the left", "write one there")
    elif not left and not right:
        scene.check.fault(path, "a condition on nothing", "name a metric")


def _units(scene: Scene, path: Path_, condition: Comparison) -> None:
    try:
        unit_of(condition)
    except ExpressionError as error:
        scene.check.fault(path, error.what, shift=error.column)


def _latencies(scene: Scene, path: Path_, condition: Comparison) -> None:
    """Latencies are of a whole model, and nobody waits for a baseline."""
    found = [name.name for name in names(condition)]
    for name in found:
        if name.startswith("slice.") and name.removeprefix("slice.") in LATENCIES:
            scene.check.fault(path, f"`{name}` of a slice", f"write `{name.removeprefix('slice.')}`")
    if "baseline" in found and set(found) & set(LATENCIES):
        scene.check.fault(path, "the latency of a baseline", "compare with an amount, or with `champion`")
