"""Which of several releases answers: a sticky draw by a salted hash. Pure.

The same unit meets the same release as long as the weights stay; when a later release's weight
grows, no unit that it already had leaves it. The interpreter's own hash differs between processes,
so it is blake2b.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = 100.0


def salt_of(environment: str, endpoint: str, releases: Sequence[str]) -> bytes:
    """The salt of one experiment: other releases are another draw, other weights are the same one."""
    return blake2b("\x00".join([environment, endpoint, *sorted(releases)]).encode(), digest_size=16).digest()


def point(unit: str, salt: bytes) -> float:
    """Where a unit lies, from 0 to below 100, evenly spread."""
    drawn = blake2b(unit.encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest()
    return (int.from_bytes(drawn, "big") >> 11) / 2**53 * WHOLE  # 53 bits: a float holds them exactly


def choose(weights: Sequence[float], unit: str, salt: bytes) -> int:
    """The place of the release that answers a unit.

    Args:
        weights: Percentages in order, the stable release first; they sum to 100.
        unit: The sticky unit (a customer), or the id of the request.
        salt: From `salt_of`.
    """
    drawn = WHOLE - point(unit, salt)  # above 0, at most 100; later releases lie at the low end
    reached = 0.0
    for place in range(len(weights) - 1, 0, -1):
        reached += weights[place]
        if drawn <= reached:
            return place
    return 0
