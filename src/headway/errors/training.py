"""What training tells a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headway.errors.families import ContractError, GateError, SpecError, UserCodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5
_LONGEST = 200
_LONGEST_NAME = 60


def _brief(value: Any, longest: int = _LONGEST) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _listed(values: Sequence[Any]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(f"`{_brief(value, _LONGEST_NAME)}`" for value in values[:_SHOWN]) + more


def _raised(error: BaseException) -> str:
    text = _brief(str(error).rstrip(". \n"))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


# -- the training function -------------------------------------------------------------------


def training_failed(reference: str, place: str, error: BaseException, shapes: Sequence[str]) -> UserCodeError:
    """TR001: The training function raised.

    The function of the product was called and did not return. The place is the last line of the product's
    own code before the exception; the exception itself is that of the library or of the function. Nothing
    was recorded as a model, and the environment serves what it served.
    """
    return UserCodeError(
        code="TR001",
        what=f"`{reference}` raised {_raised(error)}",
        where=place,
        mend="call the function in a test with a small part; HEADWAY_DEBUG=1 prints the whole trace",
        evidence=tuple(shapes[:_SHOWN]),
    )


def nothing_returned(reference: str, place: str) -> UserCodeError:
    """TR002: The training function returned None.

    Most often the `return` is missing. `fit` must return the fitted model: an object with `predict`, and
    with `predict_proba` where the answer is a probability.
    """
    return UserCodeError(
        code="TR002",
        what=f"`{reference}` returned None instead of a model",
        where=place,
        mend="end the function with `return model`",
    )


def not_a_model(reference: str, found: str, attribute: str, place: str) -> UserCodeError:
    """TR003: The training function returned something that cannot give the declared answer.

    A model needs `predict`; where the product file says `answer: {probability_of: ...}` it also needs
    `predict_proba` and `classes_`, as scikit-learn's classifiers have them. A regressor for a probability,
    or a classifier without probabilities (`SVC()` without `probability=True`), ends here.
    """
    return UserCodeError(
        code="TR003",
        what=f"`{reference}` returned `{_brief(found, _LONGEST_NAME)}`, which has no `{attribute}`",
        where=place,
        mend=f"return a fitted model with `{attribute}`, or declare another `answer`",
    )


def signature_does_not_fit(
    reference: str, signature: str, reason: str, given: Sequence[str]
) -> UserCodeError:
    """TR004: The training function asks for something that Headway does not give.

    A training function is called with `train`, `validate`, `params` and `seed`; it may leave some out.
    Further parameters need a default. What else it needs belongs into `params`.
    """
    return UserCodeError(
        code="TR004",
        what=f"`{reference}{_brief(signature, _LONGEST)}` cannot be called: {_brief(reason)}",
        where=reference,
        mend=f"take some of {_listed(given)} by these names, and give every other parameter a default",
    )


def fitted_on_other_columns(reference: str, found: Sequence[str], wanted: Sequence[str]) -> UserCodeError:
    """TR005: The model was fitted on other columns than the dataset's features.

    It would be served with all features, in their order, so it must be fitted on all of them. To use some
    only, list these in the dataset, or select them inside the model with a `ColumnTransformer`.
    """
    return UserCodeError(
        code="TR005",
        what=f"`{reference}` fitted its model on {_listed(found)}, not on the {len(wanted)} features",
        where=reference,
        mend="fit on all of `train.features`, in their order; a ColumnTransformer can select among them",
        evidence=(f"features: {_listed(wanted)}",),
    )


def prediction_failed(reference: str, which: str, place: str, error: BaseException) -> UserCodeError:
    """TR006: The fitted model raised when it was asked for predictions.

    It was given the evaluation rows, or rows drawn from the contract, in the kind of table that it was
    fitted on. A category that training never saw is the common reason (`handle_unknown` of the encoder),
    or a missing value that the contract allows. Either would come at serving time, as a failed request.
    """
    return UserCodeError(
        code="TR006",
        what=f"the model of `{reference}` cannot predict {which}: {_raised(error)}",
        where=place,
        mend="let it take unknown categories and missing values, or forbid them in the contract",
    )


def answers_have_another_shape(
    reference: str, found: tuple[int, ...], wanted: tuple[int, ...]
) -> UserCodeError:
    """TR007: The fitted model answers in another shape.

    A classifier gives one probability per row and class, (n, k); a regressor one value per row, (n,).
    """
    return UserCodeError(
        code="TR007",
        what=f"the model of `{reference}` answers in shape {found}, not {wanted}",
        where=reference,
        mend="return probabilities (rows, classes) from `predict_proba`, or values (rows,) from `predict`",
    )


def answers_are_not_finite(reference: str, faulty: int, total: int) -> UserCodeError:
    """TR008: The fitted model answers with NaN or infinity.

    A model that diverged, or a log of zero. No metric and no gate can judge such answers.
    """
    return UserCodeError(
        code="TR008",
        what=f"{faulty:,} of {total:,} answers of the model of `{reference}` are NaN or infinite",
        where=reference,
        mend="scale the features, lower the learning rate, or fill missing values inside the model",
    )


# -- labels and answers ----------------------------------------------------------------------


def no_training_rows(name: str) -> ContractError:
    """TR009: The training part has no rows.

    Either the split leaves none (its window lies outside of the data), or every row was excluded;
    `headway show` of the dataset counts the exclusions with their reasons.
    """
    return ContractError(
        code="TR009",
        what=f"`{name}` has no training rows",
        where=f"node `{name}`",
        mend="look at the dataset's counts, and widen `split.train`",
    )


def one_class(name: str, label: str, rows: int) -> ContractError:
    """TR010: The label has one class only.

    Nothing can be learnt from it: a filter took the other class away, the window is too short, or the
    label's column was filled with one value.
    """
    return ContractError(
        code="TR010",
        what=f"all {rows:,} training labels of `{name}` are `{_brief(label, _LONGEST_NAME)}`",
        where=f"node `{name}`",
        mend="look at the label's column, and widen `split.train` until both classes occur",
    )


def label_is_no_number(name: str, found: str) -> ContractError:
    """TR011: The label of a regression is not a number.

    The answer is declared as a value, so its label must be one. For a class, declare
    `answer: {probability_of: ...}`.
    """
    return ContractError(
        code="TR011",
        what=f"the label of `{name}` is of type {found}, not a number",
        where=f"node `{name}`",
        mend="declare `answer: {probability_of: ...}`, or a label column of numbers",
    )


def label_is_not_finite(name: str, faulty: int, rows: int) -> ContractError:
    """TR012: Labels are NaN or infinite.

    A division by zero in the source, or missing labels that were written as NaN. Mend the source, or
    exclude these rows.
    """
    return ContractError(
        code="TR012",
        what=f"{faulty:,} of {rows:,} training labels of `{name}` are NaN or infinite",
        where=f"node `{name}`",
        mend="mend the label's column in the source, and give it bounds in the contract",
    )


def no_such_class(name: str, wanted: Any, classes: Sequence[Any]) -> SpecError:
    """TR013: The class whose probability is declared is none of the model's classes.

    `probability_of` must be a value of the label as the data has it: `true` for a boolean or 0/1 label,
    or the text itself.
    """
    return SpecError(
        code="TR013",
        what=f"`probability_of: {_brief(wanted, _LONGEST_NAME)}` is none of the classes of `{name}`",
        where=f"node `{name}`",
        mend=f"classes are {_listed(classes)}",
    )


def baseline_does_not_fit(rule: str, kind: str) -> SpecError:
    """TR014: The baseline answers another kind of question than the model.

    `majority` goes with a probability; `median` and `mean` go with a value.
    """
    return SpecError(
        code="TR014",
        what=f"`baseline: {rule}` cannot answer a {kind}",
        where="`baseline`",
        mend="use `majority` for a probability, `median` or `mean` for a value",
    )


# -- the form that serves --------------------------------------------------------------------


def graph_is_refused(name: str, reason: str) -> GateError:
    """TR015: `serve_as: onnx` is declared, and no ONNX graph agrees with the model.

    The graph is compared with the fitted model on every evaluation row and on 10,000 rows drawn from the
    contract. `serve_as: auto` serves the native form instead and says so.
    """
    return GateError(
        code="TR015",
        what=f"`{name}` cannot be served as ONNX: {_brief(reason, 300)}",
        where=f"node `{name}`",
        mend="declare `serve_as: auto`, or mend what the reason names",
    )
