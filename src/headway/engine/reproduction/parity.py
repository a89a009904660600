"""Parity of serving and training: logged features against the same features computed offline, value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import isclose
from typing import Any, NamedTuple

from headway.core.clock import to_text
from headway.engine.reproduction.recomputing import (
    GroupRows,
    NewestRows,
    Released,
    RowsThen,
    recompute,
    released,
)
from headway.engine.revealing import is_personal, told_of
from headway.errors import HeadwayError
from headway.errors.masking import MASK
from headway.facts.evidence import Outcome
from headway.predictions import segments
from headway.predictions.record import Prediction
from headway.store.workspace import Workspace

TOLERANCE = 1e-9
"""Relative difference of two numbers that are still the same: columns are computed many at a time offline."""
EXAMPLES = 5
LATE = "came later"
"""The value is that of the rows which the environment pointed at then: newer ones say something else of that moment."""
INCREMENT = "not as in a full computation"
"""The value is that of the rows as they are stored, and they are not what their own code makes of all source rows."""
OTHERWISE = "computed otherwise"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Difference(NamedTuple):
    """One value that is not the same.

    Attributes:
        prediction: Id of the prediction.
        at: When it was made.
        logged: The value that the model saw.
        recomputed: What training would have seen.
        cause: `came later`, `not as in a full computation`, or `computed otherwise`.
    """

    prediction: str
    at: str
    logged: Any
    recomputed: Any
    cause: str


class Compared(NamedTuple):
    """One feature of one release.

    Attributes:
        origin: `request`, `group` or `on_demand`.
        compared: Predictions whose value was compared.
        not_run: Why nothing could be compared; empty otherwise.
        causes: Cause -> values that differ by it.
        examples: At most five differences, without personal values.
    """

    endpoint: str
    release: str
    feature: str
    origin: str = ""
    compared: int = 0
    equal: int = 0
    not_run: str = ""
    causes: dict[str, int] = {}  # noqa: RUF012 -- the default of a tuple's field
    examples: tuple[Difference, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Whether every value is the same."""
        if self.not_run:
            return Outcome.NOT_RUN
        return Outcome.PASS if self.equal == self.compared else Outcome.FAIL


class Parity(NamedTuple):
    """What came out.

    Attributes:
        predictions: How many were looked at.
        lost: Records that were lost or torn near them, and could not be.
    """

    environment: str
    tolerance: float
    predictions: int
    lost: int
    features: tuple[Compared, ...]

    @property
    def outcome(self) -> Outcome:
        """`fail` where a value differs; `not run` where one, or all, could not be compared."""
        found = {item.outcome for item in self.features}
        if Outcome.FAIL in found:
            return Outcome.FAIL
        return Outcome.NOT_RUN if Outcome.NOT_RUN in found or not found else Outcome.PASS

    @property
    def counts(self) -> tuple[int, int]:
        """Values that were compared, and those that are the same."""
        return sum(item.compared for item in self.features), sum(item.equal for item in self.features)

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `test --parity --json`."""
        compared, equal = self.counts
        return {
            "environment": self.environment,
            "outcome": str(self.outcome),
            "tolerance": self.tolerance,
            "predictions": self.predictions,
            "lost": self.lost,
            "compared": compared,
            "equal": equal,
            "features": [
                item._asdict()
                | {"outcome": str(item.outcome), "examples": [one._asdict() for one in item.examples]}
                for item in self.features
            ],
        }


def parity(
    workspace: Workspace,
    environment: str,
    limit: int,
    *,
    tolerance: float = TOLERANCE,
    stored: bool = False,
) -> Parity:
    """Compute the features of the newest predictions again, and compare.

    Args:
        workspace: Where the log, the tables and the releases are.
        environment: Whose predictions.
        limit: How many of the newest.
        tolerance: Relative difference of two numbers that are still the same.
        stored: Take the rows of groups as they are stored, instead of computing them again in full.

    Raises:
        EngineError: The log or the ledger cannot be read.
    """
    found, lost = segments.newest(workspace.serve(environment) / "log", limit)
    by_release: dict[str, list[Prediction]] = {}
    for item in found:
        by_release.setdefault(item.release, []).append(item)
    told, newest, then = (
        told_of(workspace),
        NewestRows(workspace, stored=stored),
        RowsThen(workspace, environment),
    )
    features: list[Compared] = []
    for digest, predictions in by_release.items():
        personal = told.personal(f"endpoint.{predictions[0].endpoint}")
        try:
            release = released(workspace, digest)
        except (HeadwayError, KeyError) as reason:
            features += _unknown(predictions, reason)
            continue
        look = _Look(release, predictions, newest, then, tolerance)
        features += [_hidden(item, item.feature, personal) for item in look.compared()]
    return Parity(environment, tolerance, len(found), lost, tuple(features))


class _Look(NamedTuple):
    """Predictions of one release, and what they are compared with."""

    release: Released
    predictions: Sequence[Prediction]
    newest: NewestRows
    then: RowsThen
    tolerance: float

    def compared(self) -> Iterator[Compared]:
        """Every feature of the release, in the model's order."""
        again = recompute(self.release, self.predictions, self.newest)
        differing = {
            name: [place for place in range(len(values)) if not self._is_same(name, place, values[place])]
            for name, values in again.values.items()
        }
        explained = self._explained(sorted({place for places in differing.values() for place in places}))
        manifest = self.release.manifest
        for item in manifest.inputs:
            places = differing.get(item.name, [])
            causes = [explained.get((item.name, place), OTHERWISE) for place in places]
            count = len(again.values.get(item.name, ()))
            yield Compared(
                endpoint=manifest.endpoint,
                release=manifest.release,
                feature=item.name,
                origin=item.origin,
                compared=count,
                equal=count - len(places),
                not_run=again.not_run.get(item.name, ""),
                causes=dict(Counter(causes)),
                examples=tuple(
                    self._difference(item.name, place, again.values[item.name][place], cause)
                    for place, cause in zip(places[:EXAMPLES], causes, strict=False)
                ),
            )

    def _explained(self, places: Sequence[int]) -> dict[tuple[str, int], str]:
        """(feature, place) -> cause, of values that other rows of the groups explain."""
        found: dict[tuple[str, int], str] = {}
        manifest = self.release.manifest
        by_commits: dict[tuple[str, ...], list[int]] = {}
        for place in places if manifest.lookups else ():
            moment = _EPOCH + timedelta(microseconds=self.predictions[place].at)
            by_commits.setdefault(self.then.pointed(manifest, moment), []).append(place)
        for pointed, chosen in by_commits.items():
            found |= self._same_with(self.then.rows_of(manifest, pointed), chosen, LATE)
        if by_commits and not self.newest.stored:
            found |= self._same_with(NewestRows(self.newest.workspace, stored=True), places, INCREMENT)
        return found

    def _same_with(self, rows_of: GroupRows, places: Sequence[int], cause: str) -> dict[tuple[str, int], str]:
        again = recompute(self.release, [self.predictions[place] for place in places], rows_of)
        return {
            (name, place): cause
            for name, values in again.values.items()
            for place, value in zip(places, values, strict=True)
            if self._is_same(name, place, value)
        }

    def _is_same(self, name: str, place: int, value: Any) -> bool:
        logged = self.predictions[place].features.get(name)
        if isinstance(logged, int | float) and isinstance(value, int | float):
            return isclose(logged, value, rel_tol=self.tolerance, abs_tol=self.tolerance)
        return (logged or None) == (value or None) if isinstance(logged, str | None) else logged == value

    def _difference(self, name: str, place: int, value: Any, cause: str) -> Difference:
        item = self.predictions[place]
        moment = to_text(_EPOCH + timedelta(microseconds=item.at))
        return Difference(item.id, moment, item.features.get(name), value, cause)


def _unknown(predictions: Sequence[Prediction], reason: Exception) -> list[Compared]:
    """Every logged feature of a release that nothing is known of."""
    first = predictions[0]
    said = reason.what if isinstance(reason, HeadwayError) else f"its bundle has no {reason}"
    return [
        Compared(endpoint=first.endpoint, release=first.release, feature=name, not_run=said)
        for name in first.features
    ]


def _hidden(item: Compared, name: str, personal: set[str]) -> Compared:
    """The same without personal values."""
    if not item.examples or not is_personal(name, personal):
        return item
    return item._replace(examples=tuple(one._replace(logged=MASK, recomputed=MASK) for one in item.examples))
