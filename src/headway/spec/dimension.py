"""What the sides of a condition count, so that seconds are never compared with a bare number; pure."""

from __future__ import annotations

from collections.abc import Callable

from headway.spec.expression import (
    Binary,
    Call,
    Comparison,
    Expression,
    ExpressionError,
    Name,
    Number,
    Unit,
)

_EXAMPLE: dict[Unit, str] = {"number": "0.65", "seconds": "50ms", "bytes": "10 MB"}


def require_one_unit(condition: Comparison, unit_of: Callable[[str], Unit]) -> None:
    """Refuse a condition whose sides do not count the same.

    Args:
        condition: A gate or a guard.
        unit_of: What a name counts (`latency_p99` seconds, a metric a number).

    Raises:
        ExpressionError: They differ, or a sum inside mixes units; says where.
    """
    _same(condition.sign, _unit(condition.left, unit_of), _unit(condition.right, unit_of), condition.column)


def _unit(expression: Expression, unit_of: Callable[[str], Unit]) -> Unit:
    match expression:
        case Number():
            return expression.unit
        case Name():
            return unit_of(expression.name)
        case Call():
            return _unit(expression.argument, unit_of)
        case Binary():
            return _result(expression, _unit(expression.left, unit_of), _unit(expression.right, unit_of))


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
