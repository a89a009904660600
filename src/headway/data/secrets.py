"""Secrets by name, taken from the environment at the last moment; their values are known to the masking."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from headway.errors import masking
from headway.errors import sources as errors


def filled(options: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Options with the value of the variable NAME in place of each `{secret: NAME}`.

    From then on the value is taken out of every error and every kept log, whatever the variable is
    called.

    Raises:
        UsageError: A variable is not set, or empty.
    """
    return {name: _filled(value, source) for name, value in options.items()}


def _filled(value: Any, source: str) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secret"}:
            return _secret(str(value["secret"]), source)
        return {key: _filled(inner, source) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(inner, source) for inner in value]
    return value


def _secret(name: str, source: str) -> str:
    found = os.environ.get(name, "")
    if not found:
        raise errors.secret_is_missing(source, name)
    masking.declare(name)
    return found
