"""An unknown node finds the one that was meant, also by its own name alone."""

from __future__ import annotations

import pytest

from headway.errors.engine import unknown_node

NODES = ["source.market", "feature_group.market_by_hour", "model.delay", "model.delay.baseline"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("market", "did you mean `source.market`?"),
        ("Market", "did you mean `source.market`?"),
        ("feature_group.market", "did you mean `source.market`?"),
        ("market_by_hours", "did you mean `feature_group.market_by_hour`?"),
        ("model.dely", "did you mean `model.delay`?"),
    ],
)
def test_the_node_that_was_meant_is_named(name: str, meant: str) -> None:
    assert unknown_node(name, NODES).mend == meant


def test_what_is_like_no_node_gets_the_list() -> None:
    assert unknown_node("xyzzy", NODES).mend.startswith("nodes are: ")
