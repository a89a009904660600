"""Identifiers that sort by time: UUID version 7 (RFC 9562, section 5.7)."""

from __future__ import annotations

import os
import time
from random import Random

# Ids tell things apart and keep nothing secret, so a generator of this process serves, in less time than
# asking the system for each. It is nobody else's, so that seeding `random` repeats no id.
_random = Random()  # noqa: S311
os.register_at_fork(after_in_child=_random.seed)
_bits = _random.getrandbits


def uuid7(unix_ms: int | None = None) -> str:
    """A new UUIDv7 in its canonical text form.

    Args:
        unix_ms: Milliseconds since the epoch that the id carries; now when left out.
    """
    stamp = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    first = f"{(stamp & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | _bits(12):016x}"  # time, version
    last = f"{0x8000_0000_0000_0000 | _bits(62):016x}"  # variant
    return f"{first[:8]}-{first[8:12]}-{first[12:]}-{last[:4]}-{last[4:]}"
