"""What a request asks, whichever form it comes in. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from headway.contract.verdict import CLEAN
from headway.errors import serve as errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

    from headway.contract.verdict import Judged
    from headway.errors import HeadwayError
    from headway.serve.answers import Answered

LONGEST_ID = 200
"""Characters of a caller's `id`; it is kept in the log."""

_AT = re.compile(r"(?s)(.*) - at `([^`]*)`")


class Asked(NamedTuple):
    """Rows to be answered.

    Attributes:
        id: The caller's; empty when none was sent.
        records: The rows, checked by the contract; at least one.
        outputs: What is to be returned; empty means everything.
    """

    id: str
    records: list[msgspec.Struct]
    outputs: tuple[str, ...] = ()


FormName = Literal["named", "inference"]


class Form(Protocol):
    """One way to ask a release: named fields, or the Open Inference Protocol."""

    def unit(self, body: bytes, column: str | None) -> str | None:
        """The value by which a body sticks to a release, by its first row; None when it has none.

        Without a column that is the caller's id. Nothing is checked yet.
        """
        ...

    def read(self, body: bytes) -> Asked:
        """The rows of a body, checked by the contract.

        Raises:
            ContractError: The body is not JSON (SE008), has no rows (SE010), or breaks the form or
                the contract (SE009).
            UsageError: An output is asked for that there is not (SE011).
        """
        ...

    def write(
        self, request: str, ids: Sequence[str], answered: Answered, asked: Asked, judged: Judged = CLEAN
    ) -> bytes:
        """The answer, in the same form; what it was given in spite of stands in it."""
        ...


def fault(reason: msgspec.ValidationError) -> HeadwayError:
    """The error of a value that does not have the declared form, by the decoder's own message."""
    found = _AT.fullmatch(str(reason))
    message, path = found.groups() if found else (str(reason), "$")
    return errors.breaks_protocol(path, message)


def check_id(value: str | None) -> str:
    """The caller's id, or the empty string.

    Raises:
        ContractError: It is too long (SE009).
    """
    if value is None:
        return ""
    if len(value) > LONGEST_ID:
        raise errors.breaks_protocol("$.id", f"Expected at most {LONGEST_ID} characters")
    return value
