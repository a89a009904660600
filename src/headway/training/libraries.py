"""Which distributions a fitted model needs to be loaded again, by the modules of its classes."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS = ("joblib", "numpy")
"""Needed to read the file itself."""


class Libraries(NamedTuple):
    """What a native model needs: distribution -> version, and modules of the product."""

    versions: dict[str, str]
    own_modules: tuple[str, ...]


def libraries_of(modules: Iterable[str]) -> Libraries:
    """The installed distributions that modules come from; what belongs to none is the product's own.

    Args:
        modules: Dotted names, as classes carry them.
    """
    distributions = metadata.packages_distributions()
    versions, own = {name: metadata.version(name) for name in ALWAYS}, set()
    for module in modules:
        root = module.partition(".")[0]
        if root in sys.stdlib_module_names:
            continue
        found = distributions.get(root, ())
        versions |= {name: metadata.version(name) for name in found}
        if not found:
            own.add(module)
    return Libraries(dict(sorted(versions.items())), tuple(sorted(own)))
