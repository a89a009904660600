"""Each error's text is pinned: a change of wording is a reviewed diff.

`HEADWAY_GOLDEN=write pytest tests/golden` writes the texts again.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from headway.errors import HeadwayError

HERE = Path(__file__).parent / "errors"
NO_ROOMS = ("__init__", "families", "masking")


def examples() -> dict[str, Callable[[], HeadwayError]]:
    """`room.constructor` -> a call of it with sample arguments."""
    found: dict[str, Callable[[], HeadwayError]] = {}
    for path in sorted(HERE.glob("examples_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        room = path.stem.removeprefix("examples_")
        found |= {f"{room}.{name}": call for name, call in module.EXAMPLES.items()}
    return found


EXAMPLES = examples()


def rooms() -> list[ModuleType]:
    folder = Path(inspect.getfile(HeadwayError)).parent
    names = sorted(path.stem for path in folder.glob("*.py"))
    return [import_module(f"headway.errors.{name}") for name in names if name not in NO_ROOMS]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_text_of_an_error_is_as_reviewed(name: str) -> None:
    error = EXAMPLES[name]()
    golden = HERE / f"{error.code}.txt"
    if os.environ.get("HEADWAY_GOLDEN") == "write":
        golden.write_text(f"{error}\n")
    assert golden.read_text() == f"{error}\n"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_error_says_what_and_how_to_mend_it_in_bounded_text(name: str) -> None:
    error = EXAMPLES[name]()
    assert error.what
    assert error.mend, "every error tells its reader what to do"
    assert not error.what.endswith("."), "no full stop after one sentence"
    assert len(str(error)) < 4000


def test_every_constructor_has_an_example() -> None:
    wanted = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in rooms()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert wanted == set(EXAMPLES)
