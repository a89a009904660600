"""The doubles that users get do what they say, alone and behind Headway's own reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headway.data.sources import load
from headway.errors import EngineError
from headway.spec.contract import Column, Contract
from headway.spec.product import Incremental, Source
from headway.testing.sources import FailingSource, FakeSource, RecordingCleaner

ROWS = Contract(columns={"id": Column(type="integer", unique=True)})
BATCHES = [[{"id": 1}, {"id": 2}], [{"id": 3}]]


def read(source: Any, **more: Any) -> Any:
    declared = Source(load="a.b:fetch", **more)
    return load(declared, "rows", ROWS, Path(), lambda _: source, pause=lambda _: None)


def test_a_fake_source_gives_its_batches_and_remembers_its_calls() -> None:
    source = FakeSource(*BATCHES)
    assert list(source()) == BATCHES
    assert read(source, options={"region": "north"}).frame["id"].to_list() == [1, 2, 3]
    assert source.calls == [{}, {"region": "north"}]


def test_a_fake_source_gives_what_came_since() -> None:
    source = FakeSource(*BATCHES, column="id")
    source.add({"id": 4})
    assert list(source(since=3)) == [[], [{"id": 3}], [{"id": 4}]]
    assert read(source, incremental=Incremental(by="watermark", column="id")).frame.height == 4
    assert source.calls == [{"since": 3}, {"since": None}]


def test_a_failing_source_fails_half_way_and_then_works() -> None:
    source = FailingSource(FakeSource(*BATCHES), times=2)
    found = read(source)
    assert found.frame["id"].to_list() == [1, 2, 3]
    assert (source.attempts, found.attempts) == (3, 3)


def test_a_source_that_fails_for_good_is_an_error() -> None:
    source = FailingSource(times=9, error=TimeoutError("no answer"))
    with pytest.raises(EngineError, match="no answer"):
        read(source)
    assert source.attempts == 3


def test_a_recording_cleaner_counts_and_remembers() -> None:
    strip = RecordingCleaner[str](str.strip)
    assert [strip(" a"), strip("b ")] == ["a", "b"]
    assert (strip.count, strip.given, strip.returned) == (2, [" a", "b "], ["a", "b"])
    plain = RecordingCleaner[int]()
    assert plain(3) == 3


def test_the_doubles_need_nothing_but_python() -> None:
    code = "import sys, headway.testing.sources; print([m for m in ('polars', 'msgspec', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
