"""Evidence: the result of a check, bound to the digest that it is about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class Outcome(StrEnum):
    """Six outcomes; what could not run never shows as passed."""

    PASS = "pass"  # noqa: S105 -- an outcome
    FAIL = "fail"
    WARN = "warn"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    WAIVED = "waived"


class Evidence(Struct, frozen=True, kw_only=True, tag="evidence"):
    """One check's result.

    Attributes:
        check: What was checked, as written (`roc_auc >= champion - 0.01`, `contract`).
        node: Node whose artifact it is about.
        about: Digest of that artifact.
        against: Other digests that it depends on, by part (`champion`, `evaluation`).
        observed: What was seen, in words a person reads (`0.742`).
        wanted: What was asked for (`>= 0.731`).
        reason: Why it is not run, not applicable, or fails, in one sentence.
        values: Numbers behind it, JSON values only.
        expires: When it stops counting; None means never.
    """

    check: str
    node: str
    about: str
    outcome: Outcome
    at: datetime
    against: dict[str, str] = field(default_factory=dict)
    observed: str = ""
    wanted: str = ""
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    expires: datetime | None = None
    waived_by: str = ""
