"""An evaluation as a frozen value, with a JSON form."""

from __future__ import annotations

from msgspec import Struct, field


class Figure(Struct, frozen=True, kw_only=True):
    """One metric of one model.

    Attributes:
        direction: `higher` or `lower` is better.
        test: On the test rows; None when it does not apply there.
        validate: On the validation rows.
    """

    direction: str
    test: float | None
    validate: float | None = None


class SliceFigures(Struct, frozen=True, kw_only=True):
    """One part of the test rows.

    Attributes:
        name: `origin = JFK`, `6 <= hour < 12`.
        metrics: Metric -> value; a metric that does not apply is left out.
        reason: Why nothing applies here; empty when something does.
    """

    name: str
    rows: int
    metrics: dict[str, float] = field(default_factory=dict)
    reason: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """What a model's predictions are worth.

    Attributes:
        kind: `probability` or `value`.
        rows: Part -> rows judged.
        baseline: The trivial rival's figures on the same rows.
        confusion: Counts at the threshold: true and false positives and negatives.
        excluded: Rows that were left out (a champion's own training rows).
    """

    kind: str
    rows: dict[str, int]
    metrics: dict[str, Figure]
    slices: tuple[SliceFigures, ...] = ()
    baseline: dict[str, Figure] = field(default_factory=dict)
    threshold: float | None = None
    confusion: dict[str, int] = field(default_factory=dict)
    positive_rate: float | None = None
    excluded: int = 0
