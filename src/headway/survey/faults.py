"""What is known not to run in a node's code, from its text alone; nothing is imported or run.

Only what fails whenever the code runs counts: an import under `if` or `try` may never be reached.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from headway.survey.modules import Module, Modules, absolute

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from headway.spec.graph import Node, Offered
    from headway.survey.closure import Closure

_PERHAPS = (
    ast.If,
    ast.Try,
    ast.TryStar,
    ast.With,
    ast.AsyncWith,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Match,
)
_BINDS_BY_NAME = {"globals", "locals", "vars", "exec", "setattr"}
_OF_EVERY_MODULE = {"__name__", "__file__", "__doc__", "__package__", "__path__", "__spec__", "__dict__"}
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


class CodeFault(Struct, frozen=True):
    """A line of the product's code that cannot run.

    Attributes:
        place: `file:line:column`, the file relative to the product.
        what: What is wrong.
        hint: What to do.
    """

    place: str
    what: str
    hint: str


def code_faults(
    node: Node, closure: Closure, modules: Modules, installed: Collection[str]
) -> tuple[CodeFault, ...]:
    """Imports that cannot be found, and feature functions whose name or parameters cannot be.

    Args:
        node: Says what its feature functions may take.
        closure: Its code.
        modules: Where that code was read.
        installed: Top-level modules of the installed distributions.
    """
    found = dict.fromkeys(_imports(closure, modules, installed))
    if node.offered is not None:
        module = modules.find(node.code[0])
        found |= dict.fromkeys(_features(module, node, node.offered, modules) if module is not None else ())
    return tuple(sorted(found, key=lambda fault: fault.place))


# -- imports ---------------------------------------------------------------------------------


def _imports(closure: Closure, modules: Modules, installed: Collection[str]) -> Iterator[CodeFault]:
    files = set(closure.files)
    for module in modules.read:
        if modules.shown(module) not in files:
            continue
        used = [
            statement
            for name, statements in module.definitions.items()
            if f"{module.name}.{name}" in closure.parts
            for statement in statements
        ]
        for statement in (*module.imports, *_certain(used)):
            yield from _missing(statement, module, modules, installed)


def _certain(statements: Iterable[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements in the bodies of definitions that run whenever the definition is used."""
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.stmt) and not isinstance(node, _PERHAPS):
            waiting += ast.iter_child_nodes(node)


def _missing(
    statement: ast.Import | ast.ImportFrom, module: Module, modules: Modules, installed: Collection[str]
) -> Iterator[CodeFault]:
    place = f"{modules.shown(module)}:{statement.lineno}:{statement.col_offset + 1}"
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    else:
        names = [absolute(statement, module.name, is_package=module.is_package)]
    for name in filter(None, names):
        top = name.partition(".")[0]
        if modules.is_local(top) and not _is_installed(top, installed):
            if not modules.is_local(name):
                yield CodeFault(place, f"the product has no module `{name}`", _meant(modules.near(name)))
            elif isinstance(statement, ast.ImportFrom):
                yield from _unbound(statement, name, place, modules)
        elif not modules.is_local(top) and not _is_installed(top, installed):
            near = modules.near(top) or next(iter(difflib.get_close_matches(top, installed, 1, 0.8)), "")
            hint = f"did you mean `{near}`? else install it" if near else "install it, or take the import out"
            yield CodeFault(place, f"there is no module `{top}`, neither installed nor the product's", hint)


def _is_installed(top: str, installed: Collection[str]) -> bool:
    if top in sys.stdlib_module_names or top in installed:
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):  # a module that is there, and says nothing of where it came from
        return top in sys.modules


def _unbound(statement: ast.ImportFrom, name: str, place: str, modules: Modules) -> Iterator[CodeFault]:
    """Names that the product's own module does not have."""
    origin = modules.find(name)
    if origin is not None and (origin.compiled or _binds_by_name(origin)):
        return
    known = sorted({*origin.definitions, *origin.aliases, *origin.held}) if origin is not None else []
    for alias in statement.names:
        is_bound = alias.name in ("*", *_OF_EVERY_MODULE) or (origin is not None and origin.binds(alias.name))
        if not is_bound and not modules.is_local(f"{name}.{alias.name}"):
            near = difflib.get_close_matches(alias.name, known, n=1, cutoff=0.6)
            hint = _meant(near[0] if near else "")
            yield CodeFault(place, f"module `{name}` has no `{alias.name}`", hint)


def _binds_by_name(module: Module) -> bool:
    """Whether a module may bind names that none of its statements says."""
    statements = [*module.statements, *(item for made in module.definitions.values() for item in made)]
    return any(
        isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in _BINDS_BY_NAME)
        for statement in statements
        for node in ast.walk(statement)
    )


def _meant(near: str) -> str:
    return f"did you mean `{near}`?" if near else "write it, or take the import out"


# -- parameters of feature functions -----------------------------------------------------------


def _features(module: Module, node: Node, offered: Offered, modules: Modules) -> Iterator[CodeFault]:
    """Parameters that are neither a column nor another feature of the module, and names given twice."""
    functions = features(module)
    columns = set(offered.columns)
    for name, prefix in offered.functions:
        other = modules.find(name)
        if other is None or not is_plain(other):
            return  # which features that group has is only known when it was computed
        columns |= {prefix + feature for feature in features(other)}
    if not is_plain(module):
        return
    for name, function in functions.items():
        if node.kind == "dataset" and name in columns:  # both would be inputs of the model
            place = f"{modules.shown(module)}:{function.lineno}:{function.col_offset + 1}"
            yield CodeFault(
                place, f"feature `{name}` has the name of a column {offered.where}", "rename the function"
            )
        for parameter in (*function.args.args, *function.args.kwonlyargs):
            others = functions.keys() - {name}  # a parameter with the name of its own function is a column
            if parameter.arg not in columns | others:
                place = f"{modules.shown(module)}:{parameter.lineno}:{parameter.col_offset + 1}"
                what = f"parameter `{parameter.arg}` of `{name}` is no column {offered.where}"
                yield CodeFault(place, what, _nearest(parameter.arg, [*columns, *others]))


def _nearest(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return "name a column; a function that is no feature has a name that begins with `_`"


def features(module: Module) -> Mapping[str, _FUNCTION]:
    """The public functions that a module defines: its features, as the newest definition of each has it."""
    newest = {name: statements[-1] for name, statements in module.definitions.items()}
    return {
        name: statement
        for name, statement in newest.items()
        if isinstance(statement, _FUNCTION) and not name.startswith("_")
    }


def is_plain(module: Module) -> bool:
    """Whether its features and their parameters are just what its text says."""
    functions = features(module)
    again = any(len(module.definitions[name]) > 1 for name in functions)
    decorated = any(function.decorator_list for function in functions.values())
    perhaps = any(isinstance(node, _FUNCTION) for item in module.statements for node in ast.walk(item))
    return not (module.compiled or again or decorated or perhaps or _wrapped(module))


def _wrapped(module: Module) -> bool:
    """Whether a function's name is given to something else afterwards."""
    return any(
        isinstance(made[0], _FUNCTION) and not isinstance(made[-1], _FUNCTION)
        for made in module.definitions.values()
    )
