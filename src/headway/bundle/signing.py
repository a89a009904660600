"""Signatures of manifests, routes and overrides: HMAC-SHA256 over their canonical JSON. Pure."""

from __future__ import annotations

import hmac
from typing import Any, TypeVar

import msgspec

from headway.core.digest import canonical
from headway.errors import bundle as errors


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is believed only with the workspace's signature.

    Attributes:
        signature: HMAC-SHA256 (hexadecimal) over the canonical JSON of all other fields.
    """

    signature: str = ""


S = TypeVar("S", bound=Signed)


def plain(value: Signed, *without: str) -> dict[str, Any]:
    """The value as JSON would give it back, without the named fields.

    It is converted there and back, so that a weight of `5` and of `5.0` are the same value.

    Raises:
        msgspec.ValidationError: A field holds a value of another type than declared.
    """
    checked = msgspec.convert(msgspec.to_builtins(value), type(value))
    return {name: field for name, field in msgspec.to_builtins(checked).items() if name not in without}


def signature(value: Signed, key: bytes) -> str:
    """HMAC-SHA256 of the value without its signature, 64 hexadecimal digits.

    Raises:
        UsageError: The key is empty.
    """
    if not key:
        raise errors.no_key()
    return hmac.digest(key, canonical(plain(value, "signature")), "sha256").hex()


def sign(value: S, key: bytes) -> S:
    """The same value with its signature.

    Raises:
        UsageError: The key is empty.
    """
    return msgspec.structs.replace(value, signature=signature(value, key))


def is_signed(value: Signed, key: bytes) -> bool:
    """Whether the value carries the signature of this key, compared in constant time.

    Raises:
        UsageError: The key is empty.
    """
    return hmac.compare_digest(signature(value, key).encode(), value.signature.encode())
