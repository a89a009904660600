"""Which distributions a fitted model needs to be loaded again, by the modules of its classes."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
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
    """The distributions that modules come from; what was not installed is the product's own.

    Args:
        modules: Dotted names, as classes carry them.
    """
    distributions = metadata.packages_distributions()
    versions, own = {name: metadata.version(name) for name in ALWAYS}, set()
    for module in modules:
        root = module.partition(".")[0]
        if root in sys.stdlib_module_names:
            continue
        if _is_installed(module):
            versions |= {name: metadata.version(name) for name in distributions.get(root, ())}
        else:
            own.add(module)
    return Libraries(dict(sorted(versions.items())), tuple(sorted(own)))


def _is_installed(module: str) -> bool:
    """Whether a module lies where distributions are installed; by its file, for names may be the same."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is None or not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)
