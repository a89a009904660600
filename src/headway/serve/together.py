"""Several requests to one release, answered with as few look-ups and calls of its model as they allow.

A store is asked once for all of them. The model is asked once where training has proven that its rows do not know
of each other, and the product's own functions see each request by itself. What fails for one fails no other.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from headway.errors import HeadwayError
from headway.serve.release import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import msgspec

    from headway.model.inputs import InputRows
    from headway.serve.answers import Answered
    from headway.serve.lookups import OnlineFeatures
    from headway.serve.release import LoadedRelease

T = TypeVar("T")
_log = logging.getLogger("headway.serve")


def answer_together(
    release: LoadedRelease,
    asked: Sequence[list[msgspec.Struct]],
    nows_us: Sequence[int],
    online: OnlineFeatures,
) -> list[Outcome | BaseException]:
    """What `LoadedRelease.answer` gives or raises for each of several requests.

    Args:
        release: Who answers.
        asked: Rows of each request, checked by the contract.
        nows_us: The present of each, microseconds since the epoch.
        online: Where features are looked up.
    """
    try:
        gathered = release.gather(asked, nows_us, online)
    except HeadwayError as reason:  # the store does not answer to any of them
        return [reason] * len(asked)
    prepared = [
        _caught(release.prepare, records, columns)
        for records, (columns, _) in zip(asked, gathered, strict=True)
    ]
    told = iter(_told(release, [item.inputs for item in prepared if not isinstance(item, BaseException)]))
    found: list[Outcome | BaseException] = []
    for item, (_, lookups) in zip(prepared, gathered, strict=True):
        if isinstance(item, BaseException):
            found.append(item)
            continue
        answered = next(told)
        failed = isinstance(answered, BaseException)
        found.append(answered if failed else Outcome(item.inputs, answered, lookups, item.warned))
    return found


def _told(release: LoadedRelease, asked: list[InputRows]) -> list[Answered | BaseException]:
    """What the model says to each, by one call; where that fails each is asked alone, to find out whose fault it is."""
    if release.shares_calls and len(asked) > 1:
        together = _caught(release.tell_together, asked)
        if not isinstance(together, BaseException):
            return [*together]
        why = f"{type(together).__name__} in a call for {len(asked)} requests"
        _log.warning("endpoint=%s release=%s: %s", release.manifest.endpoint, release.version, why)
    return [_caught(release.tell, item) for item in asked]


def _caught(work: Callable[..., T], *arguments: Any) -> T | BaseException:
    try:
        return work(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as failed:  # noqa: BLE001 -- a product's code may exit, or panic in Rust; it is told later
        return failed
