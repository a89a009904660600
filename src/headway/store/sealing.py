"""Bytes that nobody reads or makes without the key; equal bytes under equal names are sealed alike.

As a synthetic initialisation vector has it (P. Rogaway, T. Shrimpton, "Deterministic Authenticated-Encryption",
2006): the vector is the keyed BLAKE3 of name and bytes, and hides them in the stream that keyed BLAKE3 makes of it.
"""

from __future__ import annotations

import hmac

import numpy as np
from blake3 import blake3

_VECTOR = 32


class Seal:
    """One key's way to seal.

    Args:
        key: The secret of which the keys for names, vectors and streams are derived.
        context: What is sealed, so that one secret may serve several ends.
    """

    def __init__(self, key: bytes, context: str) -> None:
        self._names, self._vectors, self._streams = (
            blake3(key, derive_key_context=f"headway {context}: {part}").digest()
            for part in ("names", "vectors", "streams")
        )

    def name(self, name: str) -> str:
        """What stands for a name; 64 hexadecimal digits."""
        return blake3(name.encode(), key=self._names).hexdigest()

    def close(self, name: str, data: bytes) -> bytes:
        """The bytes, sealed under a name; 32 more than they are."""
        vector = self._vector(name, data)
        return vector + self._hidden(vector, data)

    def open(self, name: str, sealed: bytes) -> bytes | None:
        """The bytes that were sealed under the name; None when these are not."""
        vector = sealed[:_VECTOR]
        data = self._hidden(vector, sealed[_VECTOR:])
        return data if hmac.compare_digest(vector, self._vector(name, data)) else None

    def _vector(self, name: str, data: bytes) -> bytes:
        written = name.encode()
        start = len(written).to_bytes(8, "little") + written
        return blake3(start, key=self._vectors).update(data).digest()

    def _hidden(self, vector: bytes, data: bytes) -> bytes:
        stream = blake3(vector, key=self._streams).digest(length=len(data)) if data else b""
        return (np.frombuffer(data, np.uint8) ^ np.frombuffer(stream, np.uint8)).tobytes()
