"""The one expression language of gates, guards and moments; pure.

    condition   := sum ( >= | <= | > | < | == ) sum
    sum         := product { ( + | - ) product }
    product     := value { ( * | / ) value }
    value       := number | number% | duration | name | name "(" sum ")" | "(" sum ")" | - value

A name is a metric (`roc_auc`), the same metric of another model (`champion`, `baseline`, `stable`), or
a metric by slice inside `worst(...)`, `best(...)`, `mean(...)` (`slice.roc_auc`). Durations count in
seconds, percentages as shares.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from headway.spec.product import Moment
from headway.spec.quantities import parse_duration

_TOKEN = re.compile(
    r"\s*(?:(?P<quantity>\d+(?:\.\d+)?(?:us|ms|[smhdw])(?:\d+(?:us|ms|[smhdw]))*(?![A-Za-z_]))"
    r"|(?P<percent>\d+(?:\.\d+)?%)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z_]))"
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<sign>>=|<=|==|[><+\-*/()]))"
)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
FUNCTIONS = ("worst", "best", "mean")
"""Functions over the slices of one metric."""
OTHERS = ("champion", "baseline", "stable")
"""Names that mean: the metric on the left, of that other model."""
_DEPTH = 50


class ExpressionError(ValueError):
    """Text that is no expression.

    Attributes:
        column: Where, counted from 0.
        what: What is wrong there.
    """

    def __init__(self, column: int, what: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what


class Number(NamedTuple):
    """A number; a duration in seconds, a percentage as a share."""

    value: float
    text: str


class Name(NamedTuple):
    """A metric, or another model's value of the metric on the left."""

    name: str
    column: int


class Call(NamedTuple):
    """A function over the slices of a metric."""

    function: str
    argument: Expression
    column: int


class Binary(NamedTuple):
    """Arithmetic."""

    sign: str
    left: Expression
    right: Expression


Expression = Number | Name | Call | Binary


class Comparison(NamedTuple):
    """A condition: `left sign right`."""

    left: Expression
    sign: str
    right: Expression
    text: str


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def parse_condition(text: str) -> Comparison:
    """A gate or a guard.

    Raises:
        ExpressionError: The text is no condition; says where.
    """
    parser = _Parser(text)
    left = parser.sum()
    sign = parser.take()
    if sign.text not in _COMPARE:
        raise ExpressionError(sign.column, "a comparison (>=, <=, >, <, ==) is expected here")
    right = parser.sum()
    parser.end()
    return Comparison(left, sign.text, right, text)


def parse_moment(text: str) -> Moment:
    """A time relative to a column: `scheduled_at - 2h`.

    Raises:
        ExpressionError: The text is no such time.
    """
    parser = _Parser(text)
    column = parser.take()
    if column.kind != "name":
        raise ExpressionError(column.column, "a column is expected here")
    if parser.peek().kind == "end":
        return Moment(column=column.text)
    sign, span = parser.take(), parser.take()
    if sign.text not in ("+", "-") or span.kind != "quantity":
        raise ExpressionError(sign.column, "`+` or `-` and a duration are expected here, such as `- 2h`")
    parser.end()
    offset = parse_duration(span.text)
    return Moment(column=column.text, offset=-offset if sign.text == "-" else offset)


def names(expression: Expression | Comparison) -> Iterator[Name]:
    """Every name in an expression, from left to right."""
    match expression:
        case Name():
            yield expression
        case Call():
            yield from names(expression.argument)
        case Binary() | Comparison():
            yield from names(expression.left)
            yield from names(expression.right)
        case Number():
            pass


def evaluate(expression: Expression, lookup: Callable[[str], float]) -> float:
    """The value of an expression; a division by zero is NaN.

    Args:
        expression: What to work out.
        lookup: Value of a name; a call is looked up as `worst(slice.roc_auc)`.
    """
    match expression:
        case Number():
            return expression.value
        case Name():
            return lookup(expression.name)
        case Call():
            return lookup(f"{expression.function}({text_of(expression.argument)})")
        case Binary():
            left, right = evaluate(expression.left, lookup), evaluate(expression.right, lookup)
            return _arithmetic(expression.sign, left, right)


def holds(condition: Comparison, lookup: Callable[[str], float]) -> bool | None:
    """Whether a condition holds; None when a side is NaN, for nothing can be said then."""
    left, right = evaluate(condition.left, lookup), evaluate(condition.right, lookup)
    if math.isnan(left) or math.isnan(right):
        return None
    return _COMPARE[condition.sign](left, right)


def text_of(expression: Expression) -> str:
    """An expression in its plain form."""
    match expression:
        case Number():
            return expression.text
        case Name():
            return expression.name
        case Call():
            return f"{expression.function}({text_of(expression.argument)})"
        case Binary():
            return f"({text_of(expression.left)} {expression.sign} {text_of(expression.right)})"


def _arithmetic(sign: str, left: float, right: float) -> float:
    if sign == "/":
        return left / right if right else math.nan
    return {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](left, right)


class _Parser:
    """Recursive descent over the tokens, with a bound on nesting."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def peek(self) -> _Token:
        return self._tokens[self._at]

    def take(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def end(self) -> None:
        if self.peek().kind != "end":
            raise ExpressionError(self.peek().column, f"`{self.peek().text}` is not expected here")

    def sum(self) -> Expression:
        left = self._product()
        while self.peek().text in ("+", "-"):
            left = Binary(self.take().text, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._value()
        while self.peek().text in ("*", "/"):
            left = Binary(self.take().text, left, self._value())
        return left

    def _value(self) -> Expression:
        token = self.take()
        self._depth += 1
        if self._depth > _DEPTH:
            raise ExpressionError(token.column, "the expression is nested too deeply")
        try:
            return self._one(token)
        finally:
            self._depth -= 1

    def _one(self, token: _Token) -> Expression:
        match token.kind:
            case "number":
                return Number(float(token.text), token.text)
            case "percent":
                return Number(float(token.text[:-1]) / 100, token.text)
            case "quantity":
                return Number(parse_duration(token.text).total_seconds(), token.text)
            case "name" if self.peek().text == "(":
                return self._call(token)
            case "name":
                return Name(token.text, token.column)
        if token.text == "-":
            return Binary("-", Number(0.0, "0"), self._value())
        if token.text == "(":
            inner = self.sum()
            self._close()
            return inner
        raise ExpressionError(token.column, "a number, a duration or a name is expected here")

    def _call(self, token: _Token) -> Expression:
        if token.text not in FUNCTIONS:
            raise ExpressionError(
                token.column, f"there is no function `{token.text}`; there are {', '.join(FUNCTIONS)}"
            )
        self.take()
        argument = self.sum()
        self._close()
        return Call(token.text, argument, token.column)

    def _close(self) -> None:
        token = self.take()
        if token.text != ")":
            raise ExpressionError(token.column, "`)` is expected here")


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found or found.lastgroup is None:
            column = at + len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(column, f"`{text[column : column + 10]}` is not understood")
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))
        at = found.end()
    yield _Token("end", "", len(text))
