"""What a piece of Python says, and which names it says it with. Works on syntax trees only."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Chain = tuple[str, ...]
"""A dotted name as it is written: `np.random.rand` is `("np", "random", "rand")`."""

Import = ast.Import | ast.ImportFrom
_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_UNSPOKEN = {"ctx", "kind", "type_comment", "type_ignores"}


def meaning(statements: Iterable[ast.stmt]) -> str:
    """One text for every way to lay out, comment and document the same statements.

    Fields that are empty are left out, so that a later Python with more fields writes the same text.
    Iterative, because generated code nests deeper than Python recurses.
    """
    written: list[str] = []
    waiting: list[ast.AST | str] = list(reversed(_spoken(statements)))
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            written.append(item)
            continue
        written.append(f"{type(item).__name__}(")
        waiting.append(")")
        for name in reversed(item._fields):
            if name not in _UNSPOKEN:
                waiting += reversed(_field(item, name))
    return "".join(written)


def _field(node: ast.AST, name: str) -> list[ast.AST | str]:
    value = getattr(node, name, None)
    if isinstance(value, list):
        items = _spoken(value)
        return [f"{name}=[", *items, "]"] if items else []
    if isinstance(value, ast.AST):
        return [f"{name}=", value, ","]
    return [] if value is None else [f"{name}={_literal(value)},"]


def _literal(value: object) -> str:
    """Hexadecimal for integers: Python refuses to write very long ones as decimals."""
    return hex(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)


def _spoken(items: Iterable[object]) -> list[ast.AST | str]:
    """Without statements that do nothing."""
    spoken = (item for item in items if not is_silent(item))
    return [item if isinstance(item, ast.AST) else f"{_literal(item)}," for item in spoken]


def is_silent(item: object) -> bool:
    """Whether a statement does nothing: a docstring, another bare constant, `pass`."""
    return isinstance(item, ast.Pass) or (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))


class Uses(NamedTuple):
    """The names that a piece of code says.

    Attributes:
        chains: Dotted name -> how often it is said.
        literals: Dotted name -> first arguments of its calls, where they are plain text; an
            `f"{...}"` or a sum that begins with `package.` counts as that beginning.
        patched: Dotted names that are assigned or deleted.
        decorators: Dotted names that decorate something.
        attributes: Every attribute that is read, of whatever.
        imports: Import statements inside.
    """

    chains: Counter[Chain]
    literals: dict[Chain, list[str]]
    patched: set[Chain]
    decorators: set[Chain]
    attributes: set[str]
    imports: list[Import]


def uses(statements: Iterable[ast.AST]) -> Uses:
    """Every name in some statements, quoted annotations included."""
    found = Uses(Counter(), {}, set(), set(), set(), [])
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        waiting += _quoted(node)
        if isinstance(node, ast.Attribute | ast.Name):
            chain = dotted(node)
            if chain is not None:
                _note(found, node, chain)
                continue
            found.attributes.add(node.attr if isinstance(node, ast.Attribute) else node.id)
        elif isinstance(node, ast.Call):
            _note_call(found, node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.imports.append(node)
        elif isinstance(node, _Defined):
            found.decorators.update(filter(None, map(_decorator, node.decorator_list)))
        waiting += ast.iter_child_nodes(node)
    return found


def _note(found: Uses, node: ast.Attribute | ast.Name, chain: Chain) -> None:
    found.chains[chain] += 1
    found.attributes.update(chain[1:])
    if len(chain) > 1 and not isinstance(node.ctx, ast.Load):
        found.patched.add(chain)


def _note_call(found: Uses, node: ast.Call) -> None:
    chain = dotted(node.func)
    text = _beginning(node.args[0]) if node.args else None
    if chain is not None and text is not None:
        found.literals.setdefault(chain, []).append(text)


def _beginning(argument: ast.expr) -> str | None:
    """A plain text, or the `package.` that a computed one begins with."""
    if isinstance(argument, ast.Constant):
        return argument.value if isinstance(argument.value, str) else None
    first = argument
    while isinstance(first, ast.BinOp):
        first = first.left
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    text = _beginning(first) if isinstance(first, ast.Constant) else None
    return f"{text.rpartition('.')[0]}." if text and "." in text else None


def _quoted(node: ast.AST) -> Iterator[ast.AST]:
    """What annotations in quotes say."""
    for name in ("annotation", "returns"):
        annotation = getattr(node, name, None)
        for inner in ast.walk(annotation) if isinstance(annotation, ast.AST) else ():
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                try:
                    yield ast.parse(inner.value, mode="eval").body
                except SyntaxError:
                    continue  # a text, as in `Literal["a b"]`, and no type


def _decorator(node: ast.expr) -> Chain | None:
    while isinstance(node, ast.Call):
        node = node.func
    return dotted(node)


def dotted(node: ast.expr) -> Chain | None:
    """`a.b.c` as a chain; None for an attribute of anything but a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else None


def run_on_import(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Roots of the names that a definition calls or derives from, and of its decorators, when it is made.

    What the bodies of functions call runs later, and does not count.
    """
    called: set[str] = set()
    decorators: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Defined):
            decorators.update(chain[0] for chain in map(_decorator, node.decorator_list) if chain)
            waiting += node.decorator_list
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            continue
        if isinstance(node, ast.ClassDef):
            called |= {name for part in (*node.bases, *node.keywords) for name in _roots(part)}
        elif isinstance(node, ast.Call):
            called |= _roots(node.func)
        waiting += ast.iter_child_nodes(node)
    return called, decorators


def _roots(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
