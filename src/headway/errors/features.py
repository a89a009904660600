"""What feature functions tell a user; most of it is about the product's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headway.errors.families import EngineError, UserCodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHOWN = 5
_LONGEST = 200


def _brief(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _inputs(inputs: Mapping[str, str]) -> tuple[str, ...]:
    lines = [f"`{_brief(name)}`: {_brief(shape)}" for name, shape in list(inputs.items())[:_SHOWN]]
    return (*lines, f"… and {len(inputs) - _SHOWN} more") if len(inputs) > _SHOWN else tuple(lines)


def module_is_missing(module: str, missing: str, taken: tuple[str, str] = ("", "")) -> UserCodeError:
    """FE001: A module of feature functions does not exist.

    The product file names a Python module, and neither the product's directory nor its `src` folder
    has it, or it imports a module that is not installed. Or another file has the name of its package and
    hides it: a script of that name that runs, or a package of that name that was loaded before.

    Args:
        module: As the product file names it.
        missing: What was not found.
        taken: The package in which it was looked for, and the file that this is.
    """
    package, file = taken
    looked = f" in `{_brief(package)}`, which is `{_brief(file)}`" if file else ""
    mend = "mend the module's name in the product file, or install what it imports"
    return UserCodeError(
        code="FE001",
        what=f"module `{_brief(module)}` cannot be imported: there is no module `{_brief(missing)}`{looked}",
        where=f"module `{_brief(module)}`",
        mend=f"{mend}; where that is not your package, rename one of the two" if file else mend,
    )


def module_fails(module: str, place: str, error: BaseException) -> UserCodeError:
    """FE002: A module of feature functions raises while it is imported.

    Importing runs the module's statements; one of them failed. The original error is the cause.
    """
    return UserCodeError(
        code="FE002",
        what=f"module `{_brief(module)}` fails on import with {type(error).__name__}: {_brief(error)}",
        where=place,
        mend="mend the line named above",
    )


def module_has_no_functions(module: str, place: str) -> UserCodeError:
    """FE003: A module of feature functions has none.

    Features are the public functions that the module itself defines; imported ones, and names that
    begin with `_`, do not count.
    """
    return UserCodeError(
        code="FE003",
        what=f"module `{_brief(module)}` defines no public function, so it has no features",
        where=place,
        mend="define a function per feature in that module, named as the feature",
    )


def not_a_plain_function(function: str, place: str, found: str) -> UserCodeError:
    """FE004: A feature is not a plain function.

    Lambdas, classes, `async` functions, generators, and functions behind a decorator that hides them
    have no code that Headway can follow. Use `def`, and `functools.wraps` in decorators.
    """
    return UserCodeError(
        code="FE004",
        what=f"feature `{_brief(function)}` is {_brief(found)}, not a plain function",
        where=place,
        mend=f"write `def {_brief(function).rpartition('.')[2]}(column, ...)`, or begin its name with `_`",
    )


def parameter_is_no_column(function: str, place: str, parameter: str, why: str) -> UserCodeError:
    """FE005: A parameter of a feature function cannot be a column.

    Parameters are columns by name, so each is named, has no default (it would hide a missing column),
    and takes an array or a series.
    """
    return UserCodeError(
        code="FE005",
        what=f"parameter `{_brief(parameter)}` of feature `{_brief(function)}` is no column: {_brief(why)}",
        where=place,
        mend="name a column, without a default, and take it as array, `pd.Series` or `pl.Series`",
    )


def functions_go_in_circles(module: str, circle: Sequence[str]) -> UserCodeError:
    """FE006: Feature functions need each other in a circle.

    A parameter that has the name of another function in the same module takes that function's result,
    and one of these functions needs, through the others, its own. A parameter with the name of its own
    function is the column of that name, and makes no circle.
    """
    way = " -> ".join(f"`{_brief(name)}`" for name in list(circle)[: 2 * _SHOWN])
    return UserCodeError(
        code="FE006",
        what=f"features of module `{_brief(module)}` need each other in a circle: {way}",
        where=f"module `{_brief(module)}`",
        mend="rename a function, or the parameter that was meant as a column",
    )


def column_is_not_given(function: str, place: str, parameter: str, known: Sequence[str]) -> UserCodeError:
    """FE007: A feature function takes a column that is not there.

    Its parameter is neither a column nor a function of the same module.
    """
    names = ", ".join(f"`{_brief(name)}`" for name in list(known)[:_SHOWN])
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return UserCodeError(
        code="FE007",
        what=f"feature `{_brief(function)}` takes `{_brief(parameter)}`, and there is no such column",
        where=place,
        mend=f"name one of {names}{more}" if names else "name a column",
    )


def function_raises(
    function: str, place: str, error: BaseException, inputs: Mapping[str, str]
) -> UserCodeError:
    """FE008: A feature function raises.

    The product's own code failed on these inputs; the original error is the cause. Arrays are
    read-only, since a change in place would reach other features: work on a copy.
    """
    return UserCodeError(
        code="FE008",
        what=f"feature `{_brief(function)}` fails with {type(error).__name__}: {_brief(error)}",
        where=place,
        mend="mend the line named above",
        evidence=_inputs(inputs),
    )


def result_does_not_fit(
    function: str, place: str, found: str, wanted: str, inputs: Mapping[str, str]
) -> UserCodeError:
    """FE009: A feature function returns something that is no feature.

    A feature is one array or series, as long as its inputs, of numbers, booleans or text. A single
    value, None, another length, or times are refused. So is a series with a changed index: its values
    would belong to other rows.
    """
    return UserCodeError(
        code="FE009",
        what=f"feature `{_brief(function)}` returns {_brief(found)}, expected {_brief(wanted)}",
        where=place,
        mend="return an array with one number or text per row",
        evidence=_inputs(inputs),
    )


def result_is_infinite(
    function: str, place: str, count: int, rows: int, inputs: Mapping[str, str]
) -> UserCodeError:
    """FE010: A feature function returns infinite values.

    Most often a division by zero. No model can use infinity; return NaN for a value that is missing.
    """
    return UserCodeError(
        code="FE010",
        what=f"feature `{_brief(function)}` is infinite in {count:,} of {rows:,} rows",
        where=place,
        mend="guard the division, or return NaN where there is no value",
        evidence=_inputs(inputs),
    )


def library_is_missing(library: str, needed_by: str) -> EngineError:
    """FE011: A feature function asks for a library that is not installed.

    A parameter annotated `pd.Series` or `pl.Series` gets that, at request time too, so the library
    must be installed where the model is served. Plain parameters get NumPy arrays, which are faster.
    """
    return EngineError(
        code="FE011",
        what=f"feature `{_brief(needed_by)}` takes a series of `{_brief(library)}`, which is not installed",
        where=f"feature `{_brief(needed_by)}`",
        mend=f"install it (`pip install {_brief(library)}`), or take NumPy arrays",
    )
