"""Feature functions of a product's module, in the order in which they can be computed.

Imports the product's code and looks at signatures; computes nothing. Light: no frame library.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import traceback
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from headway.errors import HeadwayError
from headway.errors import features as errors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

Kind = Literal["numpy", "pandas", "polars"]


class Parameter(NamedTuple):
    """One column that a function takes: its name, and what it is handed as."""

    name: str
    kind: Kind


class FeatureFunction(NamedTuple):
    """One feature.

    Attributes:
        name: Of the function, and of the feature.
        function: Called with its parameters by name.
        module: Name of the module that defines it.
    """

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    module: str = ""

    @property
    def title(self) -> str:
        """`module.function`, for messages."""
        return f"{self.module}.{self.name}" if self.module else self.name

    @property
    def place(self) -> str:
        """`file:line` of its definition, as far as it is known."""
        return _place_of(self.function)


def load(module: str | ModuleType) -> tuple[FeatureFunction, ...]:
    """The feature functions of a module, each after those whose results it takes.

    Features are the public functions that the module itself defines with `def`, in the order of their
    definition; imported ones are not. A parameter with the name of another function of the module
    takes its result; every other one is a column, also one with the name of its own function.

    Args:
        module: Name of a module that can be imported now, or the module itself.

    Raises:
        UserCodeError: The module is missing (FE001), fails on import (FE002) or has no function
            (FE003); a function is not plain (FE004), has a parameter that cannot be a column (FE005),
            or needs itself (FE006).
    """
    loaded = _imported(module) if isinstance(module, str) else module
    name = module if isinstance(module, str) else module.__name__
    found = {
        function: FeatureFunction(function, value, tuple(_parameters(f"{name}.{function}", value)), name)
        for function, value in _defined(loaded, name)
    }
    if not found:
        raise errors.module_has_no_functions(name, _file(loaded))
    return tuple(_ordered(found, name))


def needed(functions: Sequence[FeatureFunction]) -> tuple[str, ...]:
    """Columns that functions take from outside, each once, in the order in which they occur."""
    own = {function.name for function in functions}
    return tuple(
        dict.fromkeys(
            parameter.name
            for function in functions
            for parameter in function.parameters
            if parameter.name not in own or parameter.name == function.name
        )
    )


def asking(functions: Sequence[FeatureFunction], names: Collection[str]) -> tuple[str, ...]:
    """One line for each of `names` and function that has it as a parameter, for messages."""
    return tuple(
        f"`{parameter.name}` is a parameter of `{function.title}` ({function.place})"
        for function in functions
        for parameter in function.parameters
        if parameter.name in names
    )


def place_in(error: BaseException, folder: str | None) -> str:
    """`file:line` of the last step of a traceback in a folder; else of its last step at all."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if folder and step.filename.startswith(folder)]
    step = (own or list(steps))[-1]
    return f"{step.filename}:{step.lineno}"


# -- the module ------------------------------------------------------------------------------


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except HeadwayError:
        raise
    except ModuleNotFoundError as error:
        missing = error.name or name
        raise errors.module_is_missing(name, missing, _taken_for(missing)) from error
    except SyntaxError as error:
        raise errors.module_fails(name, f"{error.filename}:{error.lineno}", error) from error
    except (Exception, SystemExit) as error:  # the user-code boundary: whatever it raises is named
        raise errors.module_fails(name, _last_outside_import(error), error) from error


def _taken_for(missing: str) -> tuple[str, str]:
    """The nearest package of a missing module that was found, and the file that it is."""
    parts = missing.split(".")[:-1]
    for length in range(len(parts), 0, -1):
        package = ".".join(parts[:length])
        found = sys.modules.get(package)
        if found is not None:
            return package, getattr(found, "__file__", None) or next(iter(getattr(found, "__path__", ())), "")
    return "", ""


def _last_outside_import(error: BaseException) -> str:
    steps = [
        step
        for step in traceback.extract_tb(error.__traceback__)
        if not step.filename.startswith("<frozen ")  # the import system's own
    ]
    return f"{steps[-1].filename}:{steps[-1].lineno}"


def _defined(module: ModuleType, name: str) -> Iterator[tuple[str, FunctionType]]:
    written = _written(module)
    for public, value in vars(module).items():
        if public.startswith("_"):
            continue
        if not _is_own(value, module) and public not in written:
            continue
        where, title = _place_of(value, _file(module)), f"{name}.{public}"
        if not isinstance(value, FunctionType):
            raise errors.not_a_plain_function(title, where, f"a `{type(value).__name__}`")
        if not _is_own(value, module) or value.__qualname__ != public:
            raise errors.not_a_plain_function(title, where, f"really `{value.__qualname__}`")
        if inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value):
            raise errors.not_a_plain_function(title, where, "`async`, or a generator")
        yield public, value


def _is_own(value: Any, module: ModuleType) -> bool:
    return isinstance(value, FunctionType) and value.__module__ == module.__name__


def _written(module: ModuleType) -> set[str]:
    """Names that the source defines with `def`, so that a decorator cannot make one vanish in silence."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return set()  # no source is at hand; what the module holds is all there is to know
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _place_of(value: Any, otherwise: str = "") -> str:
    code = getattr(inspect.unwrap(value) if callable(value) else value, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else otherwise


def _file(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or module.__name__)


# -- parameters ------------------------------------------------------------------------------


def _parameters(title: str, function: FunctionType) -> Iterator[Parameter]:
    parameters = inspect.signature(function).parameters.values()
    place = _place_of(function)
    for parameter in parameters:
        why = _why_no_column(parameter)
        if why:
            raise errors.parameter_is_no_column(title, place, parameter.name, why)
        kind = _kind(parameter.annotation, function)
        if kind is None:
            why = f"`{_text(parameter.annotation)}` is a whole frame"
            raise errors.parameter_is_no_column(title, place, parameter.name, why)
        yield Parameter(parameter.name, kind)
    if not parameters:
        raise errors.parameter_is_no_column(title, place, "", "it takes none, so it has no length")


def _why_no_column(parameter: inspect.Parameter) -> str:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return "`*` and `**` take any number of values, so they name no column"
    if parameter.kind is parameter.POSITIONAL_ONLY:
        return "columns are handed over by name, and it is positional only"
    if parameter.default is not parameter.empty:
        return "it has a default"
    return ""


def _kind(annotation: Any, function: FunctionType) -> Kind | None:
    """What a parameter is handed as by its annotation; None for a frame."""
    text = _text(annotation, function.__globals__)
    library, _, rest = text.partition(".")
    library = {"pd": "pandas", "pl": "polars"}.get(library, library)
    if library not in ("pandas", "polars"):
        return "numpy"
    if rest.endswith("Frame"):
        return None
    return "pandas" if library == "pandas" else "polars"


def _text(annotation: Any, names: Mapping[str, Any] | None = None) -> str:
    """An annotation as `module.Class`; a text one is looked up in the function's module if it can be."""
    if isinstance(annotation, str):
        annotation = annotation.strip("'\"")
        first, _, rest = annotation.partition(".")
        found = (names or {}).get(first)
        if isinstance(found, ModuleType):
            return f"{found.__name__}.{rest}"
        return annotation if found is None or rest else _text(found)
    return f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}"


# -- order -----------------------------------------------------------------------------------


def _ordered(found: Mapping[str, FeatureFunction], module: str) -> Iterator[FeatureFunction]:
    """Depth first, in the order of definition, so that the order is always the same."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> Iterator[FeatureFunction]:
        if name in way:
            raise errors.functions_go_in_circles(module, (*way[way.index(name) :], name))
        if name in done:
            return
        for parameter in found[name].parameters:
            if parameter.name in found and parameter.name != name:  # its own name is a column's
                yield from visit(parameter.name, (*way, name))
        done.add(name)
        yield found[name]

    for name in found:
        yield from visit(name, ())


def folder_of(function: Callable[..., Any]) -> str | None:
    """The folder of the file that defines a function, to find its own steps in a traceback."""
    code = getattr(function, "__code__", None)
    return str(Path(code.co_filename).parent) if code is not None else None
