"""What an evaluation found, as one frozen value that goes to JSON and back unchanged. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from headway.model.inputs import Kind  # noqa: TC001 -- msgspec reads it at run time

Direction = Literal["higher", "lower"]
"""Which way a metric is better."""


class Figure(Struct, frozen=True, kw_only=True):
    """One metric of one model.

    Attributes:
        direction: Which way is better.
        test: On the test rows; None where it says nothing (no rows, one class).
        validate: On the validation rows, for comparison only: no gate reads it.
        baseline: Of the baseline, on the test rows.
    """

    direction: Direction
    test: float | None
    validate: float | None = None
    baseline: float | None = None


class SliceFigures(Struct, frozen=True, kw_only=True):
    """One slice of the test rows.

    Attributes:
        by: The column.
        name: `carrier=AA`, `hour=[0, 6)`.
        rows: How many test rows it has.
        metrics: Metric -> figure; empty when the slice is not applicable.
        reason: Why it is not applicable; empty when it is.
    """

    by: str
    name: str
    rows: int
    metrics: dict[str, float | None] = field(default_factory=dict)
    reason: str = ""


class Confusion(Struct, frozen=True, kw_only=True):
    """Test rows by truth and by answer at the threshold."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


class Report(Struct, frozen=True, kw_only=True):
    """The evaluation of one model.

    Attributes:
        kind: What the model answers.
        rows: Part -> rows.
        metrics: Metric -> figures, in the declared order.
        slices: Every slice, those that are not applicable too.
        threshold: From which probability a row counts as positive.
        confusion: At the threshold; None without one.
        positive_share: Share of positive test rows; None for values.
    """

    kind: Kind
    rows: dict[str, int]
    metrics: dict[str, Figure]
    slices: tuple[SliceFigures, ...] = ()
    threshold: float | None = None
    confusion: Confusion | None = None
    positive_share: float | None = None


def encode(report: Report) -> bytes:
    """JSON bytes; equal reports give equal bytes."""
    return msgspec.json.encode(report)


def decode(data: bytes) -> Report:
    """The report that `encode` wrote.

    Raises:
        msgspec.DecodeError: The bytes are no report.
    """
    return msgspec.json.decode(data, type=Report)
