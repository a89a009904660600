"""Features looked up at request time: from the online store, or from what the release brought along."""

from __future__ import annotations

import logging
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from headway.errors import EngineError
from headway.errors import serve as errors
from headway.predictions.record import LookedUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headway.online.lookup import OnlineRows
    from headway.online.table import Looked, Value

Fallback = Literal["snapshot", "missing", "refuse"]
"""What a look-up gives when the online store does not answer: the rows that were packed with the release,
missing values, or no answer at all (503)."""

Source = Literal["online", "snapshot", "missing", "refused", "expired"]
"""Where features came from; `expired` is for rows whose newest one is older than the group's `ttl`."""


class Given(NamedTuple):
    """What was looked up for n rows, and what the log keeps of it."""

    rows: list[tuple[Value, ...]]
    noted: LookedUp


_log = logging.getLogger("headway.serve")


class Lookup(NamedTuple):
    """A look-up of the manifest, made ready.

    Attributes:
        table: Table of the online store that the release was built on.
        keys: Request columns, in the order of the group's key.
        features: Features of the group.
        names: The same as the model knows them.
        ttl_us: Older values count as missing; None means never.
        released: Commit of the group that the release was built on; empty in a bundle made by hand.
    """

    group: str
    table: str
    keys: tuple[str, ...]
    features: tuple[str, ...]
    names: tuple[str, ...]
    ttl_us: int | None
    released: str = ""


class Reader(Protocol):
    """What look-ups need of an online store; see `headway.online.store.OnlineStore`."""

    def at(
        self,
        table: str,
        keys: Sequence[Sequence[object]],
        moments_us: Sequence[int],
        features: Sequence[str],
        ttl_us: int | None,
    ) -> Looked:
        """Values of the newest row of each entity that was known at its moment."""
        ...

    def close(self) -> None:
        """Let go of files, connections and threads."""
        ...


class OnlineFeatures:
    """Looks features up for one endpoint; counts where they came from.

    Args:
        reader: The online store; None where there is none, as for a bundle that is served alone.
        fallback: What to give when it does not answer.
        endpoint: For messages.
    """

    def __init__(
        self, reader: Reader | None = None, fallback: Fallback = "snapshot", endpoint: str = ""
    ) -> None:
        self._reader = reader
        self._fallback: Fallback = fallback
        self._endpoint = endpoint
        self._lock = Lock()
        self._down: set[str] = set()
        self.counts: Counter[tuple[str, Source]] = Counter()

    def at(
        self,
        lookup: Lookup,
        keys: Sequence[tuple[object, ...]],
        moments_us: Sequence[int],
        packed: OnlineRows,
    ) -> Given:
        """Values for n rows of a request; missing is NaN for a number and None for text.

        Args:
            lookup: What is looked up.
            keys: Values of the key columns, per row.
            moments_us: Per row, microseconds since the epoch, UTC.
            packed: The rows that the release brought along.

        Raises:
            EngineError: The store does not answer, and the endpoint refuses to go on without (SE020).
        """
        if self._reader is None or not lookup.table:
            return _packed(lookup, keys, moments_us, packed)
        try:
            found = self._reader.at(lookup.table, keys, moments_us, lookup.features, lookup.ttl_us)
        except EngineError as reason:
            return self._without(lookup, keys, moments_us, packed, reason)
        self._count(lookup, "online", len(keys), len(found.expired))
        if lookup.group in self._down:
            self._down.discard(lookup.group)
            _log.warning("endpoint %s: %s is looked up online again", self._endpoint, lookup.group)
        return Given(found.rows, _noted(lookup, "online", found.commit, found.missed, found.expired))

    def close(self) -> None:
        """Let go of the store."""
        if self._reader is not None:
            self._reader.close()

    def _without(
        self,
        lookup: Lookup,
        keys: Sequence[tuple[object, ...]],
        moments_us: Sequence[int],
        packed: OnlineRows,
        reason: EngineError,
    ) -> Given:
        if lookup.group not in self._down:
            self._down.add(lookup.group)  # once, not for every request
            _log.warning("endpoint %s: %s; fallback: %s", self._endpoint, reason.what, self._fallback)
        if self._fallback == "refuse":
            self._count(lookup, "refused", len(keys))
            raise errors.features_unavailable(self._endpoint, lookup.group, reason.code) from reason
        if self._fallback == "snapshot":
            given = _packed(lookup, keys, moments_us, packed)
            self._count(lookup, "snapshot", len(keys), len(given.noted.expired))
            return given
        self._count(lookup, "missing", len(keys))
        nothing = packed.missing(lookup.group, lookup.features)
        noted = LookedUp(lookup.group, "missing", "", tuple(range(len(keys))))
        return Given([nothing] * len(keys), noted)

    def _count(self, lookup: Lookup, source: Source, rows: int, expired: int = 0) -> None:
        with self._lock:
            self.counts[lookup.group, source] += rows - expired
            if expired:
                self.counts[lookup.group, "expired"] += expired


def _packed(
    lookup: Lookup, keys: Sequence[tuple[object, ...]], moments_us: Sequence[int], packed: OnlineRows
) -> Given:
    group, features, ttl = lookup.group, lookup.features, lookup.ttl_us
    found = [
        packed.found(group, key, moment, features, ttl) for key, moment in zip(keys, moments_us, strict=True)
    ]
    missed = tuple([place for place, row in enumerate(found) if row is None])
    nothing = packed.missing(group, features) if missed else ()
    rows = [nothing if row is None else row for row in found]
    ages = (
        [(place, packed.age(group, keys[place], moments_us[place])) for place in missed]
        if ttl is not None
        else []
    )
    expired = tuple([(place, age) for place, age in ages if age is not None])
    return Given(rows, _noted(lookup, "snapshot", lookup.released, missed, expired))


def _noted(
    lookup: Lookup, source: Source, commit: str, missed: tuple[int, ...], expired: tuple[tuple[int, int], ...]
) -> LookedUp:
    """What the log keeps of a look-up."""
    return LookedUp(lookup.group, source, commit, missed, expired, (lookup.ttl_us or 0) if expired else 0)
