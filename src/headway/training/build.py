"""From training rows to a model that may be served: fit, convert, compare, name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import numpy as np

from headway.errors import EngineError
from headway.errors import training as errors
from headway.model import identity, native
from headway.model.agreement import Agreement, compare
from headway.model.container import columns_of
from headway.model.convert import convert
from headway.model.independence import dependence
from headway.model.native import NativeModel
from headway.model.onnx import OnnxModel
from headway.spec.contract import Column
from headway.stats.draw import draw
from headway.stats.profile import profile
from headway.training.baseline import fit_baseline
from headway.training.fit import Fitted, Resolve, fit, place, require
from headway.training.labels import check_labels
from headway.training.libraries import Libraries, libraries_of
from headway.training.steady import steady

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from headway.model.inputs import Container, Kind, ModelInput
    from headway.spec.product import Answer, Model
    from headway.training.parts import Part

GRAPH = "model.onnx"
NATIVE = "model.joblib"

DRAWN = 10_000
"""Rows drawn from the contract, besides every evaluation row, on which graph and model must agree."""


class Material(NamedTuple):
    """What a model is made from, and where.

    Attributes:
        node: The model's node (`model.delay`), for errors.
        folder: Where its files may be written.
        test: Input -> values of the test rows, as `headway.model.container.columns_of` gives them.
        contract: Input -> its column of the request contract, for those that the caller sends.
        inputs: The model's inputs, in order.
    """

    node: str
    folder: Path
    train: Part
    validate: Part
    test: Mapping[str, np.ndarray]
    contract: Mapping[str, Column]
    inputs: tuple[ModelInput, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A model that may be served.

    Attributes:
        digest: Digest of its meaning (`headway.model.identity`).
        runtime: What serves it.
        why_native: Why the native form serves, in one sentence; empty for ONNX.
        kind: What it answers.
        classes: Its classes, in the order of its probabilities; empty for values.
        positive: The class whose probability is the answer, as it stands in `classes`.
        files: `model.joblib` always, `model.onnx` when that serves.
        agreement: `evaluation` and `contract` -> what the comparison of the two forms found; empty when
            there was no graph.
        container: What the native form takes.
        libraries: Distribution -> version that the native form needs.
        own_modules: Modules of the product that the native form needs.
        dependence: What shows that the answer to a row depends on the rows beside it; empty when nothing does.
        answers: What the native form answers to `evaluation_rows`: (n, k) probabilities or (n,) values.
    """

    digest: str
    runtime: Literal["onnx", "native"]
    why_native: str
    kind: Kind
    classes: tuple[Any, ...]
    positive: Any
    files: Mapping[str, bytes | Path]
    agreement: Mapping[str, Any]
    container: Container
    libraries: Mapping[str, str]
    own_modules: tuple[str, ...]
    dependence: str
    answers: np.ndarray

    @property
    def positive_index(self) -> int | None:
        """Column of the positive class in the probabilities; None for values."""
        return self.classes.index(self.positive) if self.kind == "probability" else None


class _Candidate(NamedTuple):
    """A fitted model on its way, with what is known of it."""

    reference: str
    answer: Answer
    native: NativeModel
    classes: tuple[Any, ...]
    positive: Any


class _Graph(NamedTuple):
    """The graph of a model when it may serve, else why not."""

    content: bytes | None
    why_not: str = ""
    agreement: Mapping[str, Any] = {}


def build(declared: Model, material: Material, *, resolve: Resolve) -> BuiltModel:
    """Fit the declared model, and choose the form that serves it.

    Args:
        declared: The model as the product file has it.
        material: What it is made from.
        resolve: Finds the training function.

    Raises:
        UserCodeError: The training function, or the model's prediction, failed or answers nonsense.
        ContractError: The labels cannot be learnt from.
        SpecError: The positive class is none of the model's classes.
        GateError: `serve_as: onnx` is declared, and the graph does not exist or does not agree.
    """
    kind = kind_of(declared.answer)
    check_labels(material.train.label, kind, material.node)
    fitted = fit(
        declared.train,
        material.train,
        material.validate,
        declared.params,
        declared.seed,
        resolve=resolve,
    )
    require(declared.train, fitted, kind, material.inputs)
    return _finish(declared, declared.train, fitted, material)


def build_baseline(declared: Model, material: Material) -> BuiltModel:
    """Fit the declared model's baseline; a model like any other, and without a choice of form.

    Raises:
        ContractError: The labels cannot be learnt from.
        SpecError: The rule answers another kind of question than the model.
    """
    kind = kind_of(declared.answer)
    check_labels(material.train.label, kind, material.node)
    rule = declared.baseline or ("majority" if kind == "probability" else "median")
    fitted = fit_baseline(rule, material.train, kind)
    as_it_is = msgspec.structs.replace(declared, serve_as="native")
    return _finish(as_it_is, f"baseline: {rule}", fitted, material)


def kind_of(answer: Answer) -> Kind:
    """What a model with this answer gives: a probability when `probability_of` is declared."""
    return "value" if answer.probability_of is None else "probability"


def _finish(declared: Model, reference: str, fitted: Fitted, material: Material) -> BuiltModel:
    kind, inputs = kind_of(declared.answer), material.inputs
    classes = _classes(fitted.model) if kind == "probability" else ()
    model = NativeModel(fitted.model, inputs, kind, fitted.container)
    positive = _positive(material.node, declared.answer.probability_of, classes) if classes else None
    candidate = _Candidate(reference, declared.answer, model, classes, positive)
    rows = evaluation_rows(material)
    drawn = _drawn(material, declared.seed)
    with steady(declared.seed):
        answers = _answers(candidate, rows, "the evaluation rows")
        _answers(candidate, drawn, "rows that the contract allows")
        graph = _graph(declared, candidate, material, {"evaluation": rows, "contract": drawn})
        serves = model if graph.content is None else OnnxModel(graph.content, inputs, kind)
        dependent = dependence(serves, rows, declared.seed) or dependence(serves, drawn, declared.seed)
    needed, parameters = _parameters(fitted)
    path = material.folder / NATIVE
    native.save(fitted.model, path)
    files: dict[str, bytes | Path] = {NATIVE: path}
    if graph.content is None:
        digest = identity.of_native(parameters, answers, inputs, kind, classes)
    else:
        digest = identity.of_graph(graph.content, inputs, kind, classes)
        files[GRAPH] = graph.content
    return BuiltModel(
        digest=digest,
        runtime="native" if graph.content is None else "onnx",
        why_native=graph.why_not,
        kind=kind,
        classes=classes,
        positive=positive,
        files=files,
        agreement=graph.agreement,
        container=fitted.container,
        libraries=needed.versions,
        own_modules=needed.own_modules,
        dependence=dependent,
        answers=answers,
    )


def _graph(
    declared: Model,
    candidate: _Candidate,
    material: Material,
    rows: Mapping[str, Mapping[str, np.ndarray]],
) -> _Graph:
    """The graph that may stand in for the model: converted, and in agreement on every row tried.

    Raises:
        GateError: There is none, and `serve_as: onnx` insists on one.
    """
    if declared.serve_as == "native":
        return _Graph(None, "`serve_as: native` is declared")
    model = candidate.native
    graph, why_not = convert(model.model, material.inputs, model.kind)
    agreement: dict[str, Agreement] = {}
    if graph is not None:
        served = OnnxModel(graph, material.inputs, model.kind)
        try:
            agreement = {which: _compared(candidate, served, columns) for which, columns in rows.items()}
            why_not = _disagreement(agreement)
        except EngineError as error:
            why_not = error.what
    if why_not and declared.serve_as == "onnx":
        raise errors.graph_is_refused(material.node, why_not)
    found = {which: msgspec.to_builtins(item) for which, item in agreement.items()}
    return _Graph(None if why_not else graph, why_not, found)


def _compared(candidate: _Candidate, served: OnnxModel, columns: Mapping[str, np.ndarray]) -> Agreement:
    index = candidate.classes.index(candidate.positive) if candidate.classes else None
    return compare(
        candidate.native,
        served,
        columns,
        candidate.native.kind,
        threshold=candidate.answer.threshold,
        positive=index,
    )


def _disagreement(agreement: Mapping[str, Agreement]) -> str:
    for which, found in agreement.items():
        if not found.ok:
            worst = "beyond any number" if found.worst is None else f"by up to {found.worst:.2g}"
            where = f"{found.rows:,} {which} rows ({found.flips:,} labels flip)"
            return f"the ONNX graph differs {worst} on {where}; {found.tolerance:g} is allowed"
    return ""


def _answers(candidate: _Candidate, columns: Mapping[str, np.ndarray], which: str) -> np.ndarray:
    """What the model answers to these rows: one finite answer each.

    Raises:
        UserCodeError: It raised, or answers something else.
    """
    model = candidate.native
    rows = len(next(iter(columns.values()), ()))
    try:
        answers = model.predict(columns)
    except Exception as error:  # the user-code boundary: whatever the model raises is named
        raise errors.prediction_failed(
            candidate.reference, which, place(error, candidate.reference), error
        ) from error
    wanted = (rows, len(candidate.classes)) if model.kind == "probability" else (rows,)
    if answers.shape != wanted:
        raise errors.answers_have_another_shape(candidate.reference, answers.shape, wanted)
    faulty = int((~np.isfinite(answers)).sum())
    if faulty:
        raise errors.answers_are_not_finite(candidate.reference, faulty, answers.size)
    return answers


def evaluation_rows(material: Material) -> dict[str, np.ndarray]:
    """Input -> values of the rows that judge the model: validation, then test."""
    validate = columns_of(material.validate.features)
    return {
        item.name: np.concatenate([validate[item.name], material.test[item.name]]) for item in material.inputs
    }


def _drawn(material: Material, seed: int) -> dict[str, np.ndarray]:
    """Rows that the contract allows; a feature that nobody sends is missing only where it ever was."""
    features = material.train.features
    bounds = {
        item.name: Column(type=item.type, nulls=features[item.name].has_nulls()) for item in material.inputs
    }
    return draw(profile(columns_of(features)), bounds | dict(material.contract), DRAWN, seed)


def _classes(model: Any) -> tuple[Any, ...]:
    return tuple(np.asarray(model.classes_).tolist())


def _positive(name: str, wanted: Any, classes: tuple[Any, ...]) -> Any:
    for known in classes:
        if known == wanted:
            return known
    raise errors.no_such_class(name, wanted, classes)


def _parameters(fitted: Fitted) -> tuple[Libraries, str]:
    """What the native form needs, and the digest of its parameters.

    A model without a canonical form is named by its predictions alone: coarser, never wrong about what
    it answers to the rows that judge it.
    """
    try:
        found = identity.parameters(fitted.model)
    except identity.UnwalkableError:
        return libraries_of({type(fitted.model).__module__, fitted.container}), ""
    return libraries_of({*found.modules, fitted.container}), found.digest
