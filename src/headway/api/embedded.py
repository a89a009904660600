"""A release in the caller's own process: `headway.load("flight-delay@prod")`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headway.serve.embedded import EmbeddedModel


def load(reference: str, folder: str | Path = ".", endpoint: str | None = None) -> EmbeddedModel:
    """The release that an environment serves, with its contract and transforms.

    Args:
        reference: `PRODUCT@ENVIRONMENT`.
        folder: Where to look for the product file.
        endpoint: Which one, when there are several.
    """
    from headway.engine.delivery.embedded import load_release

    return load_release(reference, Path(folder).resolve(), endpoint)
