"""The one expression language of gates, guards and moments; pure.

    condition   := sum ( >= | <= | > | < | == ) sum
    sum         := product { ( + | - ) product }
    product     := value { ( * | / ) value }
    value       := number | percentage | duration | size | name | name "(" sum ")" | "(" sum ")" | - value

A name is a metric (`roc_auc`), the same metric of another model (`champion`, `baseline`, `stable`), or
a metric by slice inside `worst(...)`, `best(...)`, `mean(...)` (`slice.roc_auc`). Durations count in
seconds, percentages as shares, sizes in bytes.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Iterator
from typing import Literal, NamedTuple

from headway.spec.product import Moment
from headway.spec.quantities import parse_duration, parse_percent, parse_size

_TOKEN = re.compile(
    r"\s*(?:(?P<amount>[0-9](?:[eE][+-]?(?=[0-9])|[0-9A-Za-z_.])*(?: ?%| (?:[kMGTK]i?)?B\b)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<sign>>=|<=|==|[><+\-*/()]))"
)
_NUMBER = re.compile(r"[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,2})?")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
_MEANT = {"=>": ">=", "=<": "<=", "≥": ">=", "≤": "<=", "=": "=="}
"""How comparisons are written elsewhere -> here."""
FUNCTIONS = ("worst", "best", "mean")
"""Functions over the slices of one metric."""
OTHERS = ("champion", "baseline", "stable")
"""Names that mean: the metric on the left, of that other model."""
LONGEST = 400
"""Characters of an expression; people read it."""
_DEPTH = 50

Unit = Literal["number", "seconds", "bytes"]
"""What an amount counts; a percentage is a plain number."""


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
    """A number; a duration in seconds, a percentage as a share, a size in bytes."""

    value: float
    text: str
    unit: Unit = "number"


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
    """Arithmetic; `column` is that of the sign."""

    sign: str
    left: Expression
    right: Expression
    column: int = 0


Expression = Number | Name | Call | Binary


class Comparison(NamedTuple):
    """A condition: `left sign right`; `column` is that of the sign."""

    left: Expression
    sign: str
    right: Expression
    text: str
    column: int = 0


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
    return Comparison(left, sign.text, right, text, sign.column)


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
    if sign.text not in ("+", "-") or span.kind != "amount":
        raise ExpressionError(sign.column, "`+` or `-` and a duration are expected here, such as `- 2h`")
    parser.end()
    try:
        offset = parse_duration(span.text)
    except ValueError as error:
        raise ExpressionError(span.column, f"{error} is expected here") from error
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


def mentions(condition: str, wanted: Collection[str]) -> bool:
    """Whether a condition names one of these; False for one that is wrong, which judging it says."""
    try:
        return any(name.name in wanted for name in names(parse_condition(condition)))
    except ExpressionError:
        return False


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
        if len(text) > LONGEST:
            raise ExpressionError(LONGEST, f"an expression has at most {LONGEST} characters")
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
            sign = self.take()
            left = Binary(sign.text, left, self._product(), sign.column)
        return left

    def _product(self) -> Expression:
        left = self._value()
        while self.peek().text in ("*", "/"):
            sign = self.take()
            left = Binary(sign.text, left, self._value(), sign.column)
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
            case "amount":
                return _amount(token)
            case "name" if self.peek().text == "(":
                return self._call(token)
            case "name":
                return Name(token.text, token.column)
        if token.text == "-":
            return Binary("-", Number(0.0, "0"), self._value(), token.column)
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


_PARSERS: tuple[tuple[Callable[[str], float], Unit], ...] = (
    (parse_percent, "number"),
    (lambda text: parse_duration(text).total_seconds(), "seconds"),
    (parse_size, "bytes"),
)


def _amount(token: _Token) -> Number:
    if _NUMBER.fullmatch(token.text):
        return Number(float(token.text), token.text)
    for parse, unit in _PARSERS:
        try:
            return Number(parse(token.text), token.text, unit)
        except ValueError:
            continue
    what = f"`{token.text[:30]}` is no number, percentage, duration or size such as `0.7`, `70%`, `50ms`, `10 MB`"
    raise ExpressionError(token.column, what)


def _meant(text: str) -> str:
    sign = next((sign for sign in _MEANT if text.startswith(sign)), None)
    return f"; did you mean `{_MEANT[sign]}`?" if sign else ""


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found or found.lastgroup is None:
            column = at + len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(
                column, f"`{text[column : column + 10]}` is not understood{_meant(text[column:])}"
            )
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))
        at = found.end()
    yield _Token("end", "", len(text))
