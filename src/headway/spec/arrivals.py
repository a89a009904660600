"""Which sources keep, beside each row, when it reached us: something counts from that (`known: commit`)."""

from __future__ import annotations

from headway.spec.product import Product

LABELS_ON_ARRIVAL = "labels.known.commit"
"""Part of the fingerprint of a source that keeps them only for the sake of labels."""


def keeps_arrivals(product: Product, source: str) -> bool:
    """Whether a source keeps when each of its rows reached us, for its own `known` or for a label's."""
    known = product.sources[source].known
    return (known is not None and known.commit) or bool(labelled_on_arrival(product, source))


def labelled_on_arrival(product: Product, source: str) -> tuple[str, ...]:
    """Datasets with rows of a source whose label is known when the row that carries it reaches us."""
    return tuple(
        name
        for name, dataset in product.datasets.items()
        if dataset.rows == source and dataset.label.known is not None and dataset.label.known.commit
    )
