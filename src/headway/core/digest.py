"""Content digests: blake3, written as 64 hexadecimal digits.

A digest names an artifact for ever, so what is hashed must be canonical: JSON with sorted
keys and no spaces for values, the bytes themselves for files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from blake3 import blake3

SHORT = 12
"""Digits shown to people; commands accept any unambiguous prefix of at least 6."""


def of_bytes(data: bytes) -> str:
    """Digest of `data`, 64 hexadecimal digits."""
    return blake3(data).hexdigest()


def of_file(path: Path | str) -> str:
    """Digest of a file's bytes, read through a memory map with all threads.

    Raises:
        OSError: The file cannot be read.
    """
    hasher = blake3(max_threads=blake3.AUTO)
    hasher.update_mmap(path)
    return hasher.hexdigest()


def of_value(value: Any) -> str:
    """Digest of a JSON value by its canonical form; key order does not count.

    Raises:
        TypeError: The value holds something that JSON cannot say, or NaN or infinity.
    """
    return of_bytes(canonical(value))


def canonical(value: Any) -> bytes:
    """JSON bytes with sorted keys, no spaces, UTF-8, and neither NaN nor infinity.

    Raises:
        ValueError: The value holds NaN or infinity.
        TypeError: The value holds something that JSON cannot say.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def short(digest: str) -> str:
    """The first digits of a digest, for people."""
    return digest[:SHORT]
