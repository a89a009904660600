"""What the grammar holds and this version does not build yet, by name and place."""

from __future__ import annotations

from collections.abc import Iterator

from headway.spec.load import Loaded
from headway.spec.product import Endpoint, Evaluation


def not_built(loaded: Loaded) -> list[tuple[str, str]]:
    """(part, `file:line`) of everything in the product file that a later version will build."""
    return [(what, loaded.place(*path)) for what, path in _parts(loaded)]


def _parts(loaded: Loaded) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    product = loaded.product
    for name, evaluation in product.evaluations.items():
        yield from _evaluation(("evaluations", name), evaluation)
    for name, endpoint in product.endpoints.items():
        yield from _endpoint(("endpoints", name), endpoint)
    for section in ("monitors", "runbooks", "schedules", "store", "objects"):
        if getattr(product, section):
            yield section, (section,)


def _evaluation(path: tuple[str, str], evaluation: Evaluation) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if evaluation.tests is not None:
        yield f"{'.'.join(path)}.tests", (*path, "tests")


def _endpoint(path: tuple[str, str], endpoint: Endpoint) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if endpoint.release.strategy != "all_at_once":
        yield (
            f"{'.'.join(path)}.release.strategy: {endpoint.release.strategy}",
            (*path, "release", "strategy"),
        )
    if endpoint.unit is not None:
        yield f"{'.'.join(path)}.unit", (*path, "unit")
