"""Laws of plan and apply on random graphs of plain values."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headway.engine.apply import Applied, apply
from headway.errors import HeadwayError
from headway.testing.plain import PlainNode, plain_job


@st.composite
def shapes(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """For each node, which earlier nodes it needs."""
    size = draw(st.integers(min_value=1, max_value=7))
    return [
        tuple(draw(st.sets(st.integers(min_value=0, max_value=index - 1), max_size=3))) if index else ()
        for index in range(size)
    ]


def nodes(shape: list[tuple[int, ...]], versions: Mapping[int, str], ran: list[str]) -> list[PlainNode]:
    """Node values depend on the version's number and on the needs; version `1'` equals `1` in effect."""

    def function(index: int) -> Any:
        effect = int(versions.get(index, "1").rstrip("'"))

        def compute(values: Mapping[str, Any]) -> int:
            ran.append(f"value.{index}")
            return effect * 1000 + sum(values.values()) % 997

        return compute

    return [
        PlainNode(
            f"value.{index}",
            function(index),
            tuple(f"value.{need}" for need in sorted(needs)),
            versions.get(index, "1"),
        )
        for index, needs in enumerate(shape)
    ]


def carry_out(
    root: Path, shape: list[tuple[int, ...]], versions: Mapping[int, str]
) -> tuple[Applied, list[str]]:
    ran: list[str] = []
    job = plain_job(root, nodes(shape, versions, ran))
    return apply(job, job.replan()), ran


def pointers(root: Path) -> dict[str, str]:
    job = plain_job(root, [])
    return job.reader.environment("dev").pointers


@settings(max_examples=25, deadline=None)
@given(shapes(), st.data())
def test_a_second_apply_does_nothing(shape: list[tuple[int, ...]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, ran = carry_out(Path(folder), shape, {})
        assert len(ran) == len(shape)
        assert first.moved is not None
        sequence = plain_job(Path(folder), []).reader.sequence()
        second, ran = carry_out(Path(folder), shape, {})
        assert (ran, second.moved, second.executed) == ([], None, ())
        assert plain_job(Path(folder), []).reader.sequence() == sequence, "not even a fact was written"


@settings(max_examples=25, deadline=None)
@given(shapes(), st.data())
def test_only_what_a_change_reaches_runs_and_going_back_runs_nothing(
    shape: list[tuple[int, ...]], data: st.DataObject
) -> None:
    changed = data.draw(st.integers(min_value=0, max_value=len(shape) - 1))
    reached = {changed}
    for index, needs in enumerate(shape):
        if reached & set(needs):
            reached.add(index)
    with tempfile.TemporaryDirectory() as folder:
        carry_out(Path(folder), shape, {})
        before = pointers(Path(folder))
        _, ran = carry_out(Path(folder), shape, {changed: "2"})
        assert {int(name.split(".")[1]) for name in ran} <= reached
        assert f"value.{changed}" in ran
        _, ran = carry_out(Path(folder), shape, {})
        assert ran == []
        assert pointers(Path(folder)) == before


@settings(max_examples=25, deadline=None)
@given(shapes(), st.data())
def test_a_change_without_effect_is_cut_off_at_once(
    shape: list[tuple[int, ...]], data: st.DataObject
) -> None:
    changed = data.draw(st.integers(min_value=0, max_value=len(shape) - 1))
    with tempfile.TemporaryDirectory() as folder:
        carry_out(Path(folder), shape, {})
        _, ran = carry_out(Path(folder), shape, {changed: "1'"})
        assert ran == [f"value.{changed}"]


@settings(max_examples=15, deadline=None)
@given(shapes(), st.randoms(use_true_random=False))
def test_the_order_of_declaration_does_not_matter(shape: list[tuple[int, ...]], chance: Any) -> None:
    """Any order in which nodes come after their needs gives the same artifacts."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        carry_out(Path(first), shape, {})
        ran: list[str] = []
        declared = nodes(shape, {}, ran)
        order: list[PlainNode] = []
        left = list(declared)
        while left:
            ready = [node for node in left if set(node.needs) <= {done.name for done in order}]
            pick = chance.choice(ready)
            order.append(pick)
            left.remove(pick)
        job = plain_job(Path(second), order)
        apply(job, job.replan())
        assert pointers(Path(first)) == pointers(Path(second))


@settings(max_examples=15, deadline=None)
@given(shapes(), st.data())
def test_apply_converges_after_a_node_failed(shape: list[tuple[int, ...]], data: st.DataObject) -> None:
    broken = data.draw(st.integers(min_value=0, max_value=len(shape) - 1))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as clean:
        ran: list[str] = []
        declared = nodes(shape, {}, ran)

        def fail(values: Mapping[str, Any]) -> int:
            raise HeadwayError(code="XX001", what="this node fails")

        declared[broken] = declared[broken]._replace(function=fail)
        job = plain_job(Path(folder), declared)
        try:
            apply(job, job.replan())
        except HeadwayError:
            pass
        assert pointers(Path(folder)) == {}
        done = len(ran)
        _, again = carry_out(Path(folder), shape, {})
        assert len(again) == len(shape) - done, "what ran before the failure is not run twice"
        carry_out(Path(clean), shape, {})
        assert pointers(Path(folder)) == pointers(Path(clean))
