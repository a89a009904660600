"""What evaluations and gates tell a user."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from headway.errors.families import ContractError, SpecError, UserCodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5
_LONGEST = 200
_LONGEST_NAME = 60


def _brief(value: Any, longest: int = _LONGEST) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= longest else f"{text[:longest]}..."


def _listed(values: Sequence[Any]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(f"`{_brief(value, _LONGEST_NAME)}`" for value in values[:_SHOWN]) + more


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else f"there are {_listed(known)}"


# -- metrics ---------------------------------------------------------------------------------


def unknown_metric(name: str, known: Sequence[str]) -> SpecError:
    """EV001: An evaluation names a metric that is not built in.

    A metric of the product's own is written `module:function`.
    """
    return SpecError(
        code="EV001",
        what=f"there is no metric `{_brief(name, _LONGEST_NAME)}`",
        where="`metrics`",
        mend=f"{_nearest(name, known)}; a metric of your own is written `module:function`",
    )


def metric_does_not_fit(name: str, kind: str, fitting: Sequence[str]) -> SpecError:
    """EV002: A metric judges another kind of answer than the model gives.

    Metrics such as `roc_auc` judge probabilities; metrics such as `mae` judge values.
    """
    return SpecError(
        code="EV002",
        what=f"metric `{name}` cannot judge a {kind}",
        where="`metrics`",
        mend=f"use {_listed(fitting)}",
    )


def metric_needs_a_threshold(name: str) -> SpecError:
    """EV003: A metric of labels needs to know from which probability a row is positive.

    Declare it in the model's answer: `answer: {probability_of: true, threshold: 0.5}`.
    """
    return SpecError(
        code="EV003",
        what=f"metric `{name}` needs a threshold, and the model's answer declares none",
        where="`metrics`",
        mend="add `threshold:` to the model's `answer`",
    )


def two_metrics_of_one_name(name: str, reference: str) -> SpecError:
    """EV004: Two metrics of one evaluation have the same name.

    A metric `module:function` is called by its function's name, and gates could not tell them apart.
    """
    return SpecError(
        code="EV004",
        what=f"metric `{_brief(reference)}` is called `{name}`, as another one is",
        where="`metrics`",
        mend="rename the function",
    )


def metric_without_direction(reference: str, found: Any) -> UserCodeError:
    """EV005: A metric of the product does not say which way is better.

    Without it neither `worst(...)` nor a comparison with the champion can be worked out. Set it beside
    the function: `cost.direction = "lower"`.
    """
    has = "no `direction`" if found is None else f"`direction` {_brief(repr(found), _LONGEST_NAME)}"
    return UserCodeError(
        code="EV005",
        what=f"metric `{reference}` has {has}",
        where=reference,
        mend=f'write `{reference.rpartition(":")[2]}.direction = "higher"` or `"lower"` below the function',
    )


def metric_failed(reference: str, place: str, error: BaseException) -> UserCodeError:
    """EV006: A metric of the product raised.

    It is called as `metric(label, prediction)` with numpy arrays of equal length: labels 0 or 1 and the
    probability of 1, or values; once for every part and for every slice that is large enough.
    """
    return UserCodeError(
        code="EV006",
        what=f"metric `{reference}` raised {type(error).__name__}: {_brief(error).rstrip('.')}",
        where=place,
        mend="call it in a test with small arrays of labels and predictions",
    )


def metric_is_no_number(reference: str, found: str) -> UserCodeError:
    """EV007: A metric of the product returned something else than a number.

    A metric returns one number, or NaN where it says nothing about these rows.
    """
    return UserCodeError(
        code="EV007",
        what=f"metric `{reference}` returned a {_brief(found, _LONGEST_NAME)}, not a number",
        where=reference,
        mend="return one float",
    )


def predictions_are_not_finite(part: str, faulty: int, rows: int) -> ContractError:
    """EV008: Predictions that are to be judged are NaN or infinite.

    No metric means anything then, so nothing is measured.
    """
    return ContractError(
        code="EV008",
        what=f"{faulty:,} of {rows:,} predictions on the {part} rows are NaN or infinite",
        where=f"part `{part}`",
        mend="look at the features of these rows, and bound them in the contract",
    )


# -- slices ----------------------------------------------------------------------------------


def no_such_column(name: str, known: Sequence[str]) -> SpecError:
    """EV009: A slice names a column that the dataset does not have.

    Slices are cut by a feature, or by any column of the rows.
    """
    return SpecError(
        code="EV009",
        what=f"no feature and no column of the rows is called `{_brief(name, _LONGEST_NAME)}`",
        where="`slices`",
        mend=_nearest(name, known),
    )


def too_many_slices(name: str, found: int, most: int) -> SpecError:
    """EV010: A column that slices are cut by has too many values.

    Each value is a slice of its own. A number is better cut into bins: `{hour: [0, 6, 12, 18, 24]}`.
    """
    return SpecError(
        code="EV010",
        what=f"column `{name}` has {found:,} values on the test rows, more than {most} slices",
        where="`slices`",
        mend=f"cut it into bins, `{{{name}: [0, 10, 20]}}`, or slice by a coarser column",
    )


def bins_need_numbers(name: str, found: str) -> SpecError:
    """EV011: Bins are declared for a column that holds no numbers.

    A text is sliced by its values; a time needs a feature that is a number, such as the hour.
    """
    return SpecError(
        code="EV011",
        what=f"column `{name}` is of type {found}, which bins cannot cut",
        where="`slices`",
        mend=f"slice by its values (`{name}`), or by a feature that is a number",
    )


def bins_are_not_ascending(name: str, edges: Sequence[float]) -> SpecError:
    """EV012: Bin edges do not ascend, or there are fewer than two.

    Edges are the ends of the bins, each half-open on the right: `[0, 6, 12]` is [0, 6) and [6, 12).
    """
    found = _listed([f"{edge:g}" for edge in edges]) or "there are none"
    return SpecError(
        code="EV012",
        what=f"the edges of `{name}` do not ascend: {found}",
        where="`slices`",
        mend="write two or more edges in ascending order",
    )


# -- gates and champion ----------------------------------------------------------------------


def gate_is_no_condition(gate: str, column: int, what: str) -> SpecError:
    """EV013: A gate is not a condition.

    A gate compares: `roc_auc >= 0.65`, `roc_auc >= champion - 0.01`, `worst(slice.mae) <= 250`.
    """
    return SpecError(
        code="EV013",
        what=f"gate `{_brief(gate)}` is no condition: {_brief(what)} (column {column + 1})",
        where="`gates`",
        mend="write a comparison, such as `roc_auc >= 0.65`",
    )


def rows_cannot_be_compared(column: str, here: str, there: str) -> ContractError:
    """EV014: The champion's training rows and the test rows have no common form.

    Rows that the champion was trained on must not judge it. They are found by all columns of the rows, so
    the columns must be the same; a source that changed its columns since makes it impossible.
    """
    return ContractError(
        code="EV014",
        what=f"column `{column}` is {here} in the test rows and {there} in those the champion was trained on",
        where=f"column `{column}`",
        mend="bring the column back as it was, or `headway stop` the champion, so that none is compared",
    )
