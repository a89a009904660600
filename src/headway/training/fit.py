"""Call the product's training function, and refuse what is no model; the boundary to its code."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import headway
from headway.core.places import shown
from headway.core.wording import count
from headway.errors import HeadwayError
from headway.errors import training as errors
from headway.training.parts import Part, inputs_of, to_pandas
from headway.training.steady import steady

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headway.model.inputs import Container, Kind, ModelInput

Resolve = Callable[[str], Callable[..., Any]]
"""Finds the function that a reference `module:function` names."""

_HEADWAY = Path(headway.__file__).parent

GIVEN = ("train", "validate", "params", "seed")
"""What a training function may ask for."""

ATTRIBUTES: dict[Kind, tuple[str, ...]] = {
    "probability": ("predict_proba", "classes_"),
    "value": ("predict",),
}
"""What a model of each kind must have."""


class Fitted(NamedTuple):
    """A fitted model, and the kind of table that it was fitted on."""

    model: Any
    container: Container


def fit(
    reference: str,
    train: Part,
    validate: Part,
    params: Mapping[str, Any],
    seed: int,
    *,
    resolve: Resolve,
) -> Fitted:
    """Call a training function as `fit(train, validate, params, seed)`.

    Parameters are matched by name, and a function may leave some out; one with four other names is
    called with all four in this order. A parameter annotated `PandasPart`, or with any pandas type, gets
    its part as pandas. The seed is an argument, and seeds the global generators besides (`steady`).

    Args:
        reference: `module:function`.
        train: Rows to fit on.
        validate: Rows to stop early on, or to choose by.
        params: As declared.
        seed: As declared.
        resolve: Finds the function.

    Raises:
        UserCodeError: Its signature does not fit, it raised (the original is the cause), or it returned
            nothing or something that does not predict.
        UsageError: pandas is wanted and not installed.
    """
    function = resolve(reference)
    with steady(seed):
        given = {"train": train, "validate": validate, "params": dict(params), "seed": seed}
        arguments, wants_pandas = _arguments(function, reference, given)
        try:
            model = function(*arguments.args, **arguments.kwargs)
        except HeadwayError:
            raise
        except Exception as error:  # the user-code boundary: whatever it raises is named
            raise errors.training_failed(reference, place(error, reference), error, _shapes(given)) from error
    if model is None:
        raise errors.nothing_returned(reference, _defined(function))
    if not hasattr(model, "predict"):
        raise errors.not_a_model(reference, type(model).__name__, "predict", _defined(function))
    return Fitted(model, _container(model, inputs_of(train.features), wants_pandas=wants_pandas))


def require(reference: str, fitted: Fitted, kind: Kind, inputs: tuple[ModelInput, ...]) -> None:
    """Refuse a model that cannot give the declared answer from the declared inputs.

    Raises:
        UserCodeError: It lacks `predict_proba`, `classes_` or `predict`, or was fitted on other columns.
    """
    for attribute in ATTRIBUTES[kind]:
        if not hasattr(fitted.model, attribute):
            raise errors.not_a_model(reference, type(fitted.model).__name__, attribute, "")
    wanted = [item.name for item in inputs]
    fitted_on = getattr(fitted.model, "feature_names_in_", None)
    if fitted_on is not None and list(fitted_on) != wanted:
        raise errors.fitted_on_other_columns(reference, list(fitted_on), wanted)
    count = getattr(fitted.model, "n_features_in_", len(wanted))
    if count != len(wanted):
        raise errors.fitted_on_other_columns(reference, [f"{count} columns"], wanted)


def place(error: BaseException, reference: str) -> str:
    """`file:line` of the last step that is neither Headway's nor a library's; else the reference."""
    own = [step for step in traceback.extract_tb(error.__traceback__) if _is_own(Path(step.filename))]
    return f"{shown(own[-1].filename)}:{own[-1].lineno}" if own else f"`{reference}`"


def _is_own(file: Path) -> bool:
    libraries = {"site-packages", "dist-packages"}
    return libraries.isdisjoint(file.parts) and _HEADWAY not in file.parents and file.is_file()


def _arguments(
    function: Callable[..., Any], reference: str, given: dict[str, Any]
) -> tuple[inspect.BoundArguments, bool]:
    """The arguments that the signature asks for, and whether the training part is wanted as pandas."""
    signature = inspect.signature(function)
    takes_any = any(item.kind is item.VAR_KEYWORD for item in signature.parameters.values())
    named = {name: given[name] for name in GIVEN if takes_any or name in signature.parameters}
    try:
        bound = signature.bind(**named)
    except TypeError:
        try:
            bound = signature.bind(*given.values())
        except TypeError as error:
            raise errors.signature_does_not_fit(reference, str(signature), str(error), GIVEN) from error
    wants_pandas = False
    for name, value in bound.arguments.items():
        if isinstance(value, Part) and _is_pandas(signature.parameters[name]):
            bound.arguments[name] = to_pandas(value)
            wants_pandas = wants_pandas or value is given["train"]
    return bound, wants_pandas


def _is_pandas(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    if not isinstance(annotation, str):
        annotation = f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}"
    return annotation.startswith(("pd.", "pandas.")) or annotation.rpartition(".")[2] == "PandasPart"


def _container(model: Any, inputs: tuple[ModelInput, ...], *, wants_pandas: bool) -> Container:
    """What the model was fitted on: scikit-learn remembers column names only when it saw a frame."""
    saw_array = hasattr(model, "n_features_in_") and not hasattr(model, "feature_names_in_")
    if saw_array and inputs:
        return "numpy"
    return "pandas" if wants_pandas else "polars"


def _shapes(given: Mapping[str, Any]) -> tuple[str, ...]:
    parts = {name: value for name, value in given.items() if isinstance(value, Part)}
    return tuple(
        f"{name}: {part.features.height:,} rows, with `features` ({count(part.features.width, 'column')}), `label` and `rows`"
        for name, part in parts.items()
    )


def _defined(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else ""
