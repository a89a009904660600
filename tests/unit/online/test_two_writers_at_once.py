"""Changes that come too late for what stands in the online store are written in full instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from headway.engine.delivery import materialise
from headway.errors import ConflictError
from headway.errors import online as errors

if TYPE_CHECKING:
    from collections.abc import Callable

ANYTHING: Any = object()


def writes(monkeypatch: pytest.MonkeyPatch, conflict: ConflictError) -> list[Any]:
    """The commits that changes were taken from, when those of any commit meet a conflict."""
    tried: list[Any] = []

    def write(_: Any, __: Any, ___: Any, before: Any) -> str:
        tried.append(before)
        if before is not None:
            raise conflict
        return "all rows"

    monkeypatch.setattr(materialise, "_write", write)
    return tried


def test_all_rows_are_written_when_another_writer_was_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = writes(monkeypatch, errors.table_has_moved("it", "t", "one", "two"))
    brought: Callable[..., Any] = materialise._brought
    assert brought(ANYTHING, ANYTHING, ANYTHING, "one") == "all rows"
    assert tried == ["one", None]


def test_a_table_of_something_else_is_not_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = writes(monkeypatch, errors.table_is_another("it", "t", "its keys differ"))
    with pytest.raises(ConflictError):
        materialise._brought(ANYTHING, ANYTHING, ANYTHING, "one")
    assert tried == ["one"]
