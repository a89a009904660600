"""What begins with a few digits: artifacts, runs and predictions, a handful of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from headway.core.clock import SystemClock, to_text
from headway.facts.fact import RunStarted
from headway.predictions import segments
from headway.predictions.record import Prediction
from headway.store.ledger import SqliteReader
from headway.store.workspace import Workspace

FEWEST = 6
"""Digits that a prefix has at least; fewer say nothing in a ledger of some size."""
SHOWN = 5
"""Candidates that are listed."""

_HEX = re.compile(r"[0-9a-f]{6,64}")
_UUID = re.compile(
    r"[0-9a-f]{6,8}|[0-9a-f]{8}(-[0-9a-f]{0,4}){1,3}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{0,12}(\.\d*)?"
)
_WHOLE = 36
_TIME_DIGITS = 12
"""Hexadecimal digits of a UUIDv7 that carry its milliseconds (RFC 9562, section 5.7)."""


class Candidate(NamedTuple):
    """One thing that a prefix may mean.

    Attributes:
        kind: `artifact`, `run` or `prediction`.
        id: In full.
        about: A few words that tell it from the others.
        prediction: The prediction itself, where it is one.
    """

    kind: str
    id: str
    about: str
    prediction: Prediction | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.id}  {self.about}"


def is_prefix(reference: str) -> bool:
    """Whether a reference may be the beginning of a digest or of an id."""
    return bool(_HEX.fullmatch(reference) or _UUID.fullmatch(reference))


def candidates(workspace: Workspace, prefix: str) -> list[Candidate]:
    """All that begins with `prefix`, up to one more than are listed; a complete id has one at most of a kind.

    Raises:
        EngineError: The ledger cannot be read.
    """
    reader = workspace.open_reader()
    found = [*_artifacts(reader, prefix)] if _HEX.fullmatch(prefix) else []
    if _UUID.fullmatch(prefix):
        found += [*_runs(reader, prefix), *islice(_predictions(workspace, prefix), SHOWN + 1)]
    return found[: SHOWN + 1]


def _artifacts(reader: SqliteReader, prefix: str) -> Iterator[Candidate]:
    for made in reader.artifacts(prefix, SHOWN + 1):
        yield Candidate("artifact", made.artifact.digest, made.node)


def _runs(reader: SqliteReader, prefix: str) -> Iterator[Candidate]:
    for fact in reader.facts(kinds=("run_started",)):
        if isinstance(fact.body, RunStarted) and fact.body.run.startswith(prefix):
            about = f"{fact.body.command} to {fact.body.environment} at {to_text(fact.at)[:19]}Z"
            yield Candidate("run", fact.body.run, about)


def _predictions(workspace: Workspace, prefix: str) -> Iterator[Candidate]:
    """Predictions of those segments that were written when such an id can have been made."""
    first, last = _span(prefix)
    if first > SystemClock().now().timestamp() + segments.SLACK_SECONDS:
        return
    for directory in sorted((workspace.state / "serve").glob("*/log")):
        if len(prefix) >= _WHOLE:  # searched as bytes: a complete id costs no decoding
            found = segments.find(directory, prefix)
            if found is not None:
                yield _of(found)
            continue
        for segment in segments.segments(directory):
            if _may_hold(segment, first, last):
                yield from _of_segment(segment, prefix)


def _of_segment(segment: segments.Segment, prefix: str) -> Iterator[Candidate]:
    for record in segments.read_segment(segment.path):
        if isinstance(record, Prediction) and record.id.startswith(prefix):
            yield _of(record)


def _of(found: Prediction) -> Candidate:
    return Candidate("prediction", found.id, f"of {found.endpoint} in {found.environment}", found)


def _span(prefix: str) -> tuple[float, float]:
    """The first and the last moment that an id with this beginning can carry, seconds since the epoch."""
    digits = prefix.replace("-", "")[:_TIME_DIGITS]
    return int(digits.ljust(_TIME_DIGITS, "0"), 16) / 1000, int(digits.ljust(_TIME_DIGITS, "f"), 16) / 1000


def _may_hold(segment: segments.Segment, first: float, last: float) -> bool:
    try:
        ended = segment.path.stat().st_mtime
    except FileNotFoundError:
        return False
    return segment.began - segments.SLACK_SECONDS <= last and first <= ended + segments.SLACK_SECONDS
