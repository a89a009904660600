"""One logged prediction: what was asked, what was answered, by what."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Prediction(Struct, frozen=True, kw_only=True):
    """One row of the prediction log, untransformed, so that another model can be fed with it.

    Attributes:
        id: UUIDv7, unique per row; rows of one request share `request`.
        request: Id of the request; the caller's `id` when one was sent.
        at: Microseconds since the epoch, UTC.
        release: Digest of the release that answered.
        variant: `stable`, or the name of another release's role.
        unit: Value of the sticky unit; empty when none is declared.
        sent: Request column -> value as the caller sent it (times as ISO text).
        features: Model input -> value, before model-specific transforms.
        answer: What was returned (`probability`, `label` or `value`).
        seconds: Time from the decoded request to the answer.
    """

    id: str
    request: str
    at: int
    environment: str
    endpoint: str
    release: str
    variant: str
    unit: str
    sent: dict[str, Any]
    features: dict[str, Any]
    answer: dict[str, Any]
    seconds: float
