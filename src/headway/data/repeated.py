"""The same content under another name: yesterday's file as today's, one file delivered twice. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from headway.data.loaders.asked import Origin


class Repeat(NamedTuple):
    """A file whose content came under another name before."""

    name: str
    earlier: str


def repeats(origins: Iterable[Origin], before: Mapping[str, str] | None = None) -> tuple[Repeat, ...]:
    """Files with the content of another one.

    Args:
        origins: What was read, in order.
        before: Digest of a content -> the name under which it came in earlier readings.
    """
    seen = dict(before or {})
    found = []
    for origin in origins:
        first = seen.setdefault(origin.digest, origin.name)
        if first != origin.name:
            found.append(Repeat(origin.name, first))
    return tuple(found)
