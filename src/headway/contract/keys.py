"""The distinct values of a column, or a set of them, as sorted 64-bit numbers: uniqueness across files.

Whole numbers, floats, booleans, times and dates stand for themselves. Text, and several columns together,
stand as hashes: equal values have equal hashes, so hashes that differ prove uniqueness, and hashes that
are equal are only a suspicion.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct as Packing

import numpy as np
from msgspec import Struct

_ENDS = Packing("<qqq")
_MOST_RUNS = 16
"""Beyond, runs become one, so that a look-up stays cheap."""


class LostRun(Exception):  # noqa: N818 -- no fault of anybody's: what is lost is taken again
    """A run is not where it was left, or not as it was."""


class Later(bytes):
    """A run that lies elsewhere, as its name and its ends; it is read only where keys may be among it.

    Attributes:
        read: Gives its bytes; None where they are not there as they were.
    """

    read: Callable[[], bytes | None]

    @classmethod
    def of(cls, name: bytes, run: bytes) -> Later:
        """What is said of a run: its name of 32 bytes, its first and last key, and how many bytes it has."""
        keys = _array(run)
        return cls(name + _ENDS.pack(keys[0], keys[-1], len(run)))

    @property
    def name(self) -> bytes:
        """The name of the run."""
        return self[: -_ENDS.size]

    @property
    def ends(self) -> tuple[int, int, int]:
        """Its first and last key, and how many bytes it has."""
        return _ENDS.unpack(self[-_ENDS.size :])


class Keys(Struct, frozen=True, kw_only=True):
    """Distinct keys, and which of them occur more than once.

    Attributes:
        runs: The keys; each is the bytes of an array of int64 that is sorted, or says where those
            lie (`Later`); none stands in two.
        repeated: Those that occur more than once; int64, sorted.
        counts: How often; int64, as many as `repeated`.
        is_exact: Whether keys are the values themselves and not hashes of them.
    """

    runs: tuple[bytes, ...]
    repeated: bytes = b""
    counts: bytes = b""
    is_exact: bool = True

    @property
    def distinct(self) -> int:
        """How many there are."""
        return sum(run.ends[2] if isinstance(run, Later) else len(run) for run in self.runs) // 8

    @property
    def unexpected(self) -> int:
        """Rows whose key is another row's too."""
        return int(_array(self.counts).sum())

    def merged(self, other: Keys) -> Keys:
        """The keys of two parts together; costs what the second has, and not what the first has."""
        fresh, shared = _apart(self.runs, other.runs)
        repeated, counts = self.repeated, self.counts
        if len(shared) or other.repeated:
            several = np.union1d(np.union1d(_array(self.repeated), _array(other.repeated)), shared)
            found = _counts(self, several) + _counts(other, several)
            repeated, counts = several.tobytes(), found.tobytes()
        runs = (*self.runs, *fresh)
        if len(runs) > _MOST_RUNS:
            runs = (np.sort(np.concatenate([_array(run) for run in runs])).tobytes(),)
        return Keys(runs=runs, repeated=repeated, counts=counts, is_exact=self.is_exact and other.is_exact)


def _apart(mine: tuple[bytes, ...], others: tuple[bytes, ...]) -> tuple[list[bytes], np.ndarray]:
    """Of the runs of another part: what is not among the first part's, and which keys are."""
    fresh, shared = [], [np.empty(0, np.int64)]
    for run in others:
        keys = _array(run)
        known = np.zeros(len(keys), dtype=bool)
        for ordered in mine:
            known |= _is_among(keys, ordered)
        if known.any():
            shared.append(keys[known])
            fresh.append(keys[~known].tobytes())
        else:
            fresh.append(run)
    return [run for run in fresh if run], np.concatenate(shared)


def of_array(keys: np.ndarray, *, is_exact: bool) -> Keys:
    """The keys of one part: int64 (n,), in any order."""
    if (keys[1:] > keys[:-1]).all():
        return Keys(runs=(keys.tobytes(),), is_exact=is_exact)
    ordered = np.sort(keys)
    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    if is_first.all():
        return Keys(runs=(ordered.tobytes(),), is_exact=is_exact)
    starts = np.flatnonzero(is_first)
    counts = np.diff(np.append(starts, len(ordered)))
    values = ordered[starts]
    several = counts > 1
    return Keys(
        runs=(values.tobytes(),),
        repeated=values[several].tobytes(),
        counts=counts[several].astype(np.int64).tobytes(),
        is_exact=is_exact,
    )


def _array(data: bytes) -> np.ndarray:
    if isinstance(data, Later):
        found = data.read()
        if found is None:
            raise LostRun(data.name.hex())
        data = found
    return np.frombuffer(data, dtype=np.int64)


def _is_among(some: np.ndarray, run: bytes) -> np.ndarray:
    """As `_is_in`, of a run that is read only where its ends leave a doubt."""
    if isinstance(run, Later):
        first, last, _ = run.ends
        if not len(some) or some[0] > last or some[-1] < first:
            return np.zeros(len(some), dtype=bool)
    return _is_in(some, _array(run))


def _is_in(some: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Whether each of some sorted keys is among others, sorted too."""
    if not len(ordered) or not len(some) or some[0] > ordered[-1] or some[-1] < ordered[0]:
        return np.zeros(len(some), dtype=bool)
    places = np.searchsorted(ordered, some)
    return ordered[np.minimum(places, len(ordered) - 1)] == some


def _counts(keys: Keys, some: np.ndarray) -> np.ndarray:
    """How often each of some keys occurs."""
    found = sum((_is_among(some, run).astype(np.int64) for run in keys.runs), np.zeros(len(some), np.int64))
    repeated = _array(keys.repeated)
    several = _is_in(some, repeated)
    found[several] = _array(keys.counts)[np.searchsorted(repeated, some[several])]
    return found
