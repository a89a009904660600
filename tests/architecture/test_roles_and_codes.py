"""Codes are unique and stable; every constructor has its page and an example."""

from __future__ import annotations

import inspect
from collections import Counter
from importlib import import_module
from pkgutil import iter_modules

import headway.errors

MODULES = [
    import_module(info.name)
    for info in iter_modules(headway.errors.__path__, "headway.errors.")
    if not info.name.endswith(("families", "masking"))
]

SHORTEST_PAGE = 4
"""Words of a page below its first line."""


def constructors() -> list[tuple[str, str, str]]:
    """(module, function, code) of every named constructor."""
    found = []
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                code = (inspect.getdoc(function) or "").partition(":")[0]
                found.append((module.__name__, name, code))
    return found


def test_every_constructor_begins_its_page_with_its_code() -> None:
    wrong = [item for item in constructors() if len(item[2]) != 5 or not item[2][2:].isdigit()]
    assert wrong == []


def test_every_page_says_why_it_happens_and_what_to_do() -> None:
    empty = []
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                _, _, page = (inspect.getdoc(function) or "").partition("\n\n")
                if len(page.partition("Args:")[0].split()) < SHORTEST_PAGE:
                    empty.append(f"{module.__name__}.{name}")
    assert empty == []


def test_no_code_is_used_twice() -> None:
    counts = Counter(code for _, _, code in constructors())
    assert [code for code, count in counts.items() if count > 1] == []
