"""Executions: what a node was made of when it ran, and what came out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from headway.core import digest

SCHEME = 1
"""Version of the fingerprint rule; facts of another scheme are compared part by part, never by key."""


class Fingerprint(Struct, frozen=True, kw_only=True):
    """What a node is made of, part by part, so that a difference has a reason.

    Attributes:
        config: Dotted field -> JSON value.
        code: Qualified name (`delay.features.weather.wind_chill`) -> digest of its meaning.
        environment: Distribution -> version, for those that the code imports.
        data: Path of an input file -> digest of its content.
        inputs: Upstream node -> digest of its output (early cut-off).
    """

    config: dict[str, Any] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    scheme: int = SCHEME

    def key(self, node: str) -> str:
        """Digest under which an execution of `node` with this fingerprint is found again."""
        parts = [self.scheme, node, self.config, self.code, self.environment, self.data, self.inputs]
        return digest.of_value(parts)


class Execution(Struct, frozen=True, kw_only=True, tag="execution"):
    """One run of one node.

    Attributes:
        run: Id of the apply that ran it.
        key: `fingerprint.key(node)`.
        output: Digest of the artifact; None when it failed.
        started: Aware, UTC.
        seconds: Wall time.
        libraries: Distribution -> version installed, of everything the code needs.
        code_archive: Blob of a zip with the product's code as it was.
        log: Blob of what the code printed; None when it printed nothing.
        error: Code and first line of the failure.
        trigger: Why it ran: the first cause, in words.
        waits_until: When a fresh result turns stale by the passing of time (labels mature).
    """

    run: str
    node: str
    kind: str
    fingerprint: Fingerprint
    key: str
    outcome: Literal["succeeded", "failed"]
    started: datetime
    seconds: float
    output: str | None = None
    seed: int | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    code_archive: str | None = None
    log: str | None = None
    error: str | None = None
    trigger: str = ""
    waits_until: datetime | None = None
