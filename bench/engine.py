"""Overhead of a trivial node, persisted: a chain and a fan of 100 nodes of plain values, in process."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from headway.engine.apply import apply
from headway.testing.plain import PlainNode, plain_job

SIZE = 100


def chain() -> list[PlainNode]:
    first = PlainNode("value.0", lambda _: 0)
    rest = [
        PlainNode(f"value.{i}", lambda values: sum(values.values()) + 1, (f"value.{i - 1}",))
        for i in range(1, SIZE)
    ]
    return [first, *rest]


def fan() -> list[PlainNode]:
    return [PlainNode(f"value.{i}", lambda _, i=i: i) for i in range(SIZE)]


def milliseconds(nodes: list[PlainNode], folder: Path) -> float:
    job = plain_job(folder, nodes)
    plan = job.replan()
    begun = time.perf_counter()
    done = apply(job, plan)
    spent = time.perf_counter() - begun
    return spent * 1000 / SIZE if done.executed else spent * 1000


def rows(rounds: int = 5) -> Iterator[tuple[str, float, str]]:
    """(what, milliseconds a node, aim); the second apply, which does nothing, in ms as a whole."""
    for name, nodes in (("chain of 100", chain()), ("fan of 100", fan())):
        first, again = [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                first.append(milliseconds(nodes, Path(folder)))
                again.append(milliseconds(nodes, Path(folder)))
        yield f"{name}, first apply, ms a node", statistics.median(first), "1"
        yield f"{name}, second apply, ms in all", statistics.median(again), ""


if __name__ == "__main__":
    for what, value, aim in rows():
        print(f"{what}: {value:.2f} (aim {aim})")
