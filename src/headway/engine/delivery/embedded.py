"""Finds the release that an environment serves, and opens it in this process."""

from __future__ import annotations

from pathlib import Path

from headway.bundle import route
from headway.bundle.route import RELEASES
from headway.engine.recall import find_product
from headway.errors import engine as errors
from headway.errors import release as release_errors
from headway.serve.embedded import EmbeddedModel
from headway.store.workspace import Workspace


def load_release(reference: str, folder: Path, endpoint: str | None) -> EmbeddedModel:
    """Open the release behind `PRODUCT@ENVIRONMENT`.

    Raises:
        UsageError: The reference is none, or another product's.
        EngineError: Nothing is published there, or the bundle is not whole.
    """
    product, at, environment = reference.partition("@")
    if not at or not product or not environment:
        raise errors.unknown_reference(reference, "`PRODUCT@ENVIRONMENT`, such as `flight-delay@prod`")
    workspace = Workspace(find_product(folder).parent)
    directory, key = workspace.serve(environment), workspace.key()
    present = route.effective(route.read(directory, key), route.read_override(directory, key))
    if present.product != product:
        raise errors.unknown_reference(
            reference, f"`{present.product}@{environment}`: that is the product here"
        )
    served = {item.name: item.releases for item in present.endpoints if item.releases}
    name = endpoint or (next(iter(served)) if len(served) == 1 else "")
    if name not in served:
        raise release_errors.which_endpoint(environment, sorted(served))
    return EmbeddedModel(directory / RELEASES / served[name][0].release, key)
