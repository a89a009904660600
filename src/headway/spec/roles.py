"""What each declared field is to a fingerprint, said on the field itself.

`Identity` fields are part of what a node is made of: a change makes it stale. `Metadata` fields
describe (owner, goal, tags): a change runs nothing and moves nothing. `Policy` fields steer
judgement and delivery (gates, limits, guards, schedules): a change is judged or published again,
nothing is rebuilt. `Wiring` fields name other nodes, whose output digests enter the fingerprint
instead of their names. A test fails on a field without a role.
"""

from __future__ import annotations

import typing
from enum import StrEnum
from typing import Annotated, Any, TypeVar

T = TypeVar("T")


class Role(StrEnum):
    """The part that a declared field plays in fingerprints."""

    IDENTITY = "identity"
    METADATA = "metadata"
    POLICY = "policy"
    WIRING = "wiring"


Identity = Annotated[T, Role.IDENTITY]
Metadata = Annotated[T, Role.METADATA]
Policy = Annotated[T, Role.POLICY]
Wiring = Annotated[T, Role.WIRING]


def roles(declared: type) -> dict[str, Role | None]:
    """The role of each field of a declared type; None where nobody said."""
    hints = typing.get_type_hints(declared, include_extras=True)
    return {name: _role(hint) for name, hint in hints.items() if not name.startswith("__")}


def _role(hint: Any) -> Role | None:
    found = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Role)]
    return found[0] if found else None
