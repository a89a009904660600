"""What the sides of a condition count, so that seconds are never compared with a bare number; pure."""

from __future__ import annotations

from collections.abc import Callable

from headway.spec.expression import (
    OTHERS,
    Binary,
    Call,
    Comparison,
    Expression,
    ExpressionError,
    Name,
    Number,
    Unit,
    names,
)
from headway.spec.references import LATENCIES

_EXAMPLE: dict[Unit, str] = {"number": "0.65", "seconds": "50ms", "bytes": "10 MB"}


def unit_of(condition: Comparison) -> Unit:
    """What both sides of a condition count: `latency_p99` seconds, a metric a number.

    Args:
        condition: A gate or a guard.

    Raises:
        ExpressionError: They differ, or a sum inside mixes units; says where.
    """
    first = next((item.name for item in names(condition.left)), "")

    def of_name(name: str) -> Unit:
        figure = first if name in OTHERS else name
        return "seconds" if figure.removeprefix("slice.") in LATENCIES else "number"

    left, right = _unit(condition.left, of_name), _unit(condition.right, of_name)
    return _same(condition.sign, left, right, condition.column)


def _unit(expression: Expression, of_name: Callable[[str], Unit]) -> Unit:
    match expression:
        case Number():
            return expression.unit
        case Name():
            return of_name(expression.name)
        case Call():
            return _unit(expression.argument, of_name)
        case Binary():
            return _result(expression, _unit(expression.left, of_name), _unit(expression.right, of_name))


def _result(made: Binary, left: Unit, right: Unit) -> Unit:
    is_negation = made.sign == "-" and made.left == Number(0.0, "0")
    if made.sign in ("+", "-"):
        return right if is_negation else _same(made.sign, left, right, made.column)
    if right == "number":
        return left
    if made.sign == "*" and left == "number":
        return right
    if made.sign == "/" and left == right:
        return "number"
    raise ExpressionError(made.column, f"`{made.sign}` of {left} and {right} counts nothing")


def _same(sign: str, left: Unit, right: Unit, column: int) -> Unit:
    if left != right:
        unit = left if left != "number" else right
        what = f"{_words(left)} on the left of `{sign}`, {_words(right)} on the right"
        raise ExpressionError(column, f"{what}; write amounts with their unit, such as `{_EXAMPLE[unit]}`")
    return left


def _words(unit: Unit) -> str:
    return "a plain number" if unit == "number" else unit
