"""`headway explain CODE`: the page of an error code, from the docstring of its constructor."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from headway.errors import engine as errors


def arguments(parser: argparse.ArgumentParser) -> None:
    """The code, such as `SP001`; none lists them all."""
    parser.add_argument("code", nargs="?", help="such as SP001; without one, every code is listed")


def run(args: argparse.Namespace) -> int:
    """Print one page, or the list of codes with their first lines.

    Raises:
        UsageError: There is no such code.
    """
    pages = dict(_pages())
    if args.code is None:
        for code, page in sorted(pages.items()):
            print(f"{code}  {page.splitlines()[0]}")
        return 0
    page = pages.get(args.code.upper())
    if page is None:
        raise errors.unknown_reference(args.code, "a code such as `SP001`; `headway explain` lists them")
    print(f"{args.code.upper()}: {page}")
    return 0


def _pages() -> Iterator[tuple[str, str]]:
    """(code, text) of every named constructor in `headway.errors`."""
    package = import_module("headway.errors")
    for info in iter_modules(package.__path__, "headway.errors."):
        module = import_module(info.name)
        for _, function in inspect.getmembers(module, inspect.isfunction):
            text = inspect.getdoc(function) or ""
            code, _, page = text.partition(": ")
            if function.__module__ == info.name and len(code) == len("SP001") and code[:2].isupper():
                yield code, page.partition("\nArgs:")[0].strip()
