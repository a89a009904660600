"""Continuous delivery for machine learning: declare a product in one file, and keep it true.

Importing this package loads nothing heavy: names arrive when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headway.api.embedded import load
    from headway.api.product import Product
    from headway.errors import HeadwayError

__version__ = "0.1.0"

__all__ = ["HeadwayError", "Product", "__version__", "load"]

_HOMES = {
    "HeadwayError": "headway.errors",
    "Product": "headway.api.product",
    "load": "headway.api.embedded",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'headway' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
