"""The distinct values of a column, or a set of them, as sorted 64-bit numbers: uniqueness across files.

Whole numbers, floats, booleans, times and dates stand for themselves. Text, and several columns together,
stand as hashes: equal values have equal hashes, so hashes that differ prove uniqueness, and hashes that
are equal are only a suspicion.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct


class Keys(Struct, frozen=True, kw_only=True):
    """Distinct keys, and which of them occur more than once.

    Attributes:
        values: int64, sorted, each once; the bytes of the array.
        repeated: Those that occur more than once; int64, sorted.
        counts: How often; int64, as many as `repeated`.
        is_exact: Whether keys are the values themselves and not hashes of them.
    """

    values: bytes
    repeated: bytes = b""
    counts: bytes = b""
    is_exact: bool = True

    @property
    def distinct(self) -> int:
        """How many there are."""
        return len(self.values) // 8

    @property
    def unexpected(self) -> int:
        """Rows whose key is another row's too."""
        return int(_array(self.counts).sum())

    def merged(self, other: Keys) -> Keys:
        """The keys of two parts together."""
        mine, its = _array(self.values), _array(other.values)
        shared = its[_is_in(its, mine)]
        repeated, counts = self.repeated, self.counts
        if len(shared) or other.repeated:
            several = np.union1d(np.union1d(_array(self.repeated), _array(other.repeated)), shared)
            found = _counts(self, several) + _counts(other, several)
            repeated, counts = several.tobytes(), found.tobytes()
        fresh = its[~_is_in(its, mine)] if len(shared) else its
        return Keys(
            values=_joined(mine, fresh),
            repeated=repeated,
            counts=counts,
            is_exact=self.is_exact and other.is_exact,
        )


def of_array(keys: np.ndarray, *, is_exact: bool) -> Keys:
    """The keys of one part: int64 (n,), in any order."""
    if (keys[1:] > keys[:-1]).all():
        return Keys(values=keys.tobytes(), is_exact=is_exact)
    ordered = np.sort(keys)
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    if is_first.all():
        return Keys(values=ordered.tobytes(), is_exact=is_exact)
    starts = np.flatnonzero(is_first)
    counts = np.diff(np.append(starts, len(ordered)))
    values = ordered[starts]
    several = counts > 1
    return Keys(
        values=values.tobytes(),
        repeated=values[several].tobytes(),
        counts=counts[several].astype(np.int64).tobytes(),
        is_exact=is_exact,
    )


def _array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype=np.int64)


def _is_in(some: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Whether each of some sorted keys is among others, sorted too."""
    if not len(ordered) or not len(some) or some[0] > ordered[-1] or some[-1] < ordered[0]:
        return np.zeros(len(some), dtype=bool)
    places = np.searchsorted(ordered, some)
    return ordered[np.minimum(places, len(ordered) - 1)] == some


def _counts(keys: Keys, some: np.ndarray) -> np.ndarray:
    """How often each of some keys occurs."""
    found = _is_in(some, _array(keys.values)).astype(np.int64)
    repeated = _array(keys.repeated)
    several = _is_in(some, repeated)
    found[several] = _array(keys.counts)[np.searchsorted(repeated, some[several])]
    return found


def _joined(mine: np.ndarray, fresh: np.ndarray) -> bytes:
    if not len(fresh) or not len(mine) or fresh[0] > mine[-1]:
        return mine.tobytes() + fresh.tobytes()
    if fresh[-1] < mine[0]:
        return fresh.tobytes() + mine.tobytes()
    return np.insert(mine, np.searchsorted(mine, fresh), fresh).tobytes()
