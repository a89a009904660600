"""What counts as a feature function, and what is refused by name."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from headway.errors import UserCodeError
from headway.features.functions import FeatureFunction, load, needed

if TYPE_CHECKING:
    from pathlib import Path

numbers = itertools.count()
Load = Callable[[str], tuple[FeatureFunction, ...]]


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a text as a module of a name that no other test has."""
    monkeypatch.syspath_prepend(tmp_path)

    def load_text(text: str) -> tuple[FeatureFunction, ...]:
        name = f"product_features_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        return load(name)

    return load_text


def refused(loaded: Load, text: str) -> UserCodeError:
    with pytest.raises(UserCodeError) as caught:
        loaded(text)
    return caught.value


def test_public_functions_that_the_module_defines_are_features(loaded: Load) -> None:
    found = loaded(
        """
        from math import floor
        import numpy as np

        LIMIT = 3

        class Cache: ...

        def _private(x): return x

        def hour(scheduled_at): return scheduled_at
        """
    )
    assert [function.name for function in found] == ["hour"]
    assert found[0].place.endswith(":11")


def test_a_function_comes_after_those_whose_results_it_takes(loaded: Load) -> None:
    found = loaded(
        """
        def is_late(hour, origin): return hour > 20
        def hour(scheduled_at): return scheduled_at
        def both(is_late, hour): return hour
        """
    )
    assert [function.name for function in found] == ["hour", "is_late", "both"]
    assert needed(found) == ("scheduled_at", "origin")


@pytest.mark.parametrize("future", ["", "from __future__ import annotations"])
def test_an_annotation_says_what_a_parameter_is_handed_as(loaded: Load, future: str) -> None:
    (found,) = loaded(
        f"""
        {future}
        import numpy, pandas as pd, polars
        from polars import Series as Column
        import numpy as np
        def feature(a: pd.Series, b: polars.Series, c: Column, d: np.ndarray, e, f: "pd.Series"): return e
        """
    )
    kinds = [parameter.kind for parameter in found.parameters]
    assert kinds == ["pandas", "polars", "polars", "numpy", "numpy", "pandas"]


def test_names_that_only_a_type_checker_imports_are_read_by_custom(loaded: Load) -> None:
    (found,) = loaded(
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import pandas as pd
        def feature(a: pd.Series): return a
        """
    )
    assert found.parameters[0].kind == "pandas"


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("x = 1", "FE003", "no public function"),
        ("speed = lambda distance: distance", "FE004", "<lambda>"),
        ("async def speed(distance): return distance", "FE004", "async"),
        ("def speed(distance): yield distance", "FE004", "generator"),
        ("def a(x): return x\nb = a", "FE004", "really `a`"),
        (
            "def deco(f):\n    def inner(x): return f(x)\n    return inner\n@deco\ndef speed(x): return x",
            "FE004",
            "deco.<locals>.inner",
        ),
        ("from functools import cache\n@cache\ndef speed(distance): return distance", "FE004", "lru_cache"),
        ("def speed(*columns): return columns[0]", "FE005", "columns"),
        ("def speed(**columns): return columns", "FE005", "columns"),
        ("def speed(distance, minutes=60): return distance", "FE005", "default"),
        ("def speed(distance, /): return distance", "FE005", "positional"),
        ("def speed(): return 1", "FE005", "no length"),
        ("import polars as pl\ndef speed(frame: pl.DataFrame): return frame", "FE005", "whole frame"),
        ("def a(b): return b\ndef b(c): return c\ndef c(a): return a", "FE006", "`a` -> `b` -> `c` -> `a`"),
        ("def a(a, b): return b\ndef b(a): return a", "FE006", "`a` -> `b` -> `a`"),
        ("import no_such_library", "FE001", "no_such_library"),
        ("x = 1\ny = x / 0", "FE002", "ZeroDivisionError"),
        ("import sys\nsys.exit(0)", "FE002", "SystemExit"),
        ("def speed(:", "FE002", "SyntaxError"),
    ],
)
def test_what_is_no_feature_is_refused_by_name(loaded: Load, text: str, code: str, word: str) -> None:
    error = refused(loaded, text)
    assert error.code == code
    assert word in error.what
    assert error.exit_code == 6


def test_an_error_on_import_names_the_line_and_keeps_its_cause(loaded: Load) -> None:
    error = refused(loaded, "x = 1\ny = x / 0\n")
    assert error.where.endswith(".py:2")
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_a_function_behind_a_polite_decorator_is_a_feature(loaded: Load) -> None:
    (deco, speed) = loaded(
        """
        import functools
        def _logged(function):
            @functools.wraps(function)
            def inner(*args, **kwargs): return function(*args, **kwargs)
            return inner
        def plain(distance): return distance
        @_logged
        def speed(distance, minutes): return distance / minutes
        """
    )
    assert (deco.name, speed.name) == ("plain", "speed")
    assert [parameter.name for parameter in speed.parameters] == ["distance", "minutes"]
    assert speed.place.endswith(":8"), "the line of its decorator"


def test_a_function_hidden_by_a_foreign_decorator_does_not_vanish(loaded: Load) -> None:
    error = refused(
        loaded,
        """
        import numpy as np
        @np.vectorize
        def speed(distance): return distance
        """,
    )
    assert error.code == "FE004"


def test_a_module_that_is_already_loaded_is_taken_as_it_is(loaded: Load) -> None:
    (function,) = loaded("def hour(t): return t")
    assert load(sys.modules[function.module])[0].function is function.function


def test_functions_and_rows_load_no_frame_library() -> None:
    code = "import headway.features.row, sys; print({'polars', 'pandas', 'scipy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_a_module_that_hides_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script of the package's name that comes first: Python says only that it is no package."""
    monkeypatch.syspath_prepend(tmp_path)
    name = f"product_features_{next(numbers)}"
    (tmp_path / f"{name}.py").write_text("")
    with pytest.raises(UserCodeError) as caught:
        load(f"{name}.contact")
    assert f"there is no module `{name}.contact` in `{name}`, which is `" in caught.value.what
    assert f"{name}.py`" in caught.value.what
    with pytest.raises(UserCodeError) as caught:
        load("no_such_package.contact")
    assert caught.value.what.endswith("there is no module `no_such_package`")


def test_a_parameter_with_the_name_of_its_own_function_is_the_column(loaded: Load) -> None:
    found = loaded(
        """
        def doubled(wind): return wind * 2
        def wind(wind, gust): return wind + gust
        """
    )
    assert [function.name for function in found] == ["wind", "doubled"]
    assert needed(found) == ("wind", "gust")
