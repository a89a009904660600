"""What judging a model tells a user."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from headway.errors.families import ContractError, SpecError, UserCodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 200


def _cut(value: object) -> str:
    flat = " ".join(str(value).split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def unknown_metric(name: str, known: Sequence[str]) -> SpecError:
    """EV001: There is no metric of that name.

    Built-in metrics have plain names; the product's own are `module:function`.
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return SpecError(
        code="EV001",
        what=f"there is no metric `{name}`",
        mend=f"did you mean `{near[0]}`?" if near else f"built in are {', '.join(known)}",
    )


def wrong_kind(name: str, kind: str) -> SpecError:
    """EV002: A metric judges another kind of answer.

    Some metrics judge probabilities (`roc_auc`, `log_loss`), others values (`mae`, `r2`).
    """
    return SpecError(
        code="EV002",
        what=f"metric `{name}` does not judge a {kind}",
        mend="take it out, or change the model's `answer`",
    )


def no_metric_function(reference: str) -> UserCodeError:
    """EV003: The product has no such metric function.

    A metric of the product is `module:function`, called with labels and predictions.
    """
    return UserCodeError(
        code="EV003", what=f"there is no function `{reference}`", mend="write it, or name another"
    )


def no_direction(reference: str) -> UserCodeError:
    """EV004: A metric of the product does not say which way is better.

    Each metric declares its direction once, on the function: `cost.direction = "lower"`.
    """
    name = reference.partition(":")[2]
    return UserCodeError(
        code="EV004",
        what=f"metric `{reference}` does not say which way is better",
        where=f"metric `{reference}`",
        mend=f'write `{name}.direction = "lower"` (or "higher") below the function',
    )


def metric_fails(reference: str, error: BaseException, place: str) -> UserCodeError:
    """EV005: A metric of the product raised, or did not return a number.

    It is called with two arrays of one length: labels (0 and 1, or values) and predictions. The place is
    the last line of the product's own code before the exception.
    """
    return UserCodeError(
        code="EV005",
        what=f"metric `{reference}` fails: {type(error).__name__}: {_cut(error)}",
        where=place or f"metric `{reference}`",
        mend="call it by hand with two small arrays",
    )


def no_slice_column(name: str, known: Sequence[str]) -> SpecError:
    """EV006: Slices are asked by a column that the test rows do not have.

    Slices go by features of the model or columns of the rows.
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    listed = ", ".join(f"`{item}`" for item in list(known)[:8])
    return SpecError(
        code="EV006",
        what=f"there is no column `{name}` to slice by",
        mend=f"did you mean `{near[0]}`?" if near else f"columns are {listed}",
    )


def too_many_slices(name: str, found: int, most: int) -> SpecError:
    """EV007: A column has too many values to make a slice of each.

    A column with hundreds of values is an identifier; slice by bins, or by a coarser column.
    """
    return SpecError(
        code="EV007",
        what=f"column `{name}` has {found:,} values, at most {most} become slices",
        mend=f"use bins, such as `{{{name}: [0, 10, 20]}}`, or a coarser column",
    )


def not_binnable(name: str, kind: str) -> SpecError:
    """EV008: Bins are asked of a column that is no number.

    Bin edges are numbers.
    """
    return SpecError(
        code="EV008",
        what=f"column `{name}` is {kind}, and cannot be put into bins",
        mend=f"slice by `{name}` itself",
    )


def not_finite(part: str, number: int, rows: int) -> ContractError:
    """EV009: A model predicts NaN or infinity.

    A metric over such predictions would say nothing, or something wrong. Look at the rows' features:
    an infinite or missing value often went through unhandled.
    """
    return ContractError(
        code="EV009",
        what=f"{number:,} of {rows:,} predictions on the {part} rows are NaN or infinite",
        where=f"part `{part}`",
        mend="handle missing values in the model's pipeline",
    )


def edges_do_not_ascend(name: str, edges: Sequence[float]) -> SpecError:
    """EV010: Bin edges do not ascend, or there are fewer than two.

    Edges are the ends of the bins, each half-open on the right: `[0, 6, 12]` makes 0 <= x < 6 and
    6 <= x < 12.
    """
    listed = ", ".join(f"{edge:g}" for edge in list(edges)[:8]) or "none"
    return SpecError(
        code="EV010",
        what=f"the edges of `{name}` do not ascend: {listed}",
        where="`slices`",
        mend="write two or more edges in ascending order",
    )


def gate_is_no_condition(gate: str, column: int, what: str) -> SpecError:
    """EV011: A gate is not a condition.

    A gate compares: `roc_auc >= 0.65`, `roc_auc >= champion - 0.01`, `worst(slice.mae) <= 250`.
    """
    return SpecError(
        code="EV011",
        what=f"gate `{_cut(gate)}` is no condition: {what} (column {column + 1})",
        where="`gates`",
        mend="write a comparison, such as `roc_auc >= 0.65`",
    )
