"""What the product file's author is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headway.errors.families import SpecError

_SHOWN, _FILES = 50, 3


class Fault(Protocol):
    """One thing that is wrong with a file; see `headway.spec.document.Fault`."""

    @property
    def file(self) -> str:
        """The file's name."""
        ...

    @property
    def line(self) -> int:
        """From 1; 0 when the file as a whole is meant."""
        ...

    @property
    def column(self) -> int:
        """From 1."""
        ...

    @property
    def path(self) -> str:
        """Where in the document."""
        ...

    @property
    def what(self) -> str:
        """What is wrong."""
        ...

    @property
    def hint(self) -> str:
        """What is allowed."""
        ...


def faults(file: str, found: Sequence[Fault]) -> SpecError:
    """SP001: The product file, or a contract, is wrong.

    Every fault is listed at once with file, line and column, what stands there, and what is allowed
    or the nearest name. `headway check --schema` gives editors a JSON Schema that shows most of them
    while typing.
    """
    lines = [_line(fault) for fault in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN} more")
    files = list(dict.fromkeys(fault.file for fault in found)) or [file]
    more = f" and {len(files) - _FILES} more" if len(files) > _FILES else ""
    named = ", ".join(f"`{name}`" for name in files[:_FILES]) + more
    number = "1 fault" if len(found) == 1 else f"{len(found)} faults"
    return SpecError(
        code="SP001",
        what=f"{named} {'has' if len(files) == 1 else 'have'} {number}",
        where=_place(found[0]),
        mend="mend them and run `headway check` again",
        evidence=tuple(lines),
    )


def _place(fault: Fault) -> str:
    return f"{fault.file}:{fault.line}:{fault.column}" if fault.line else fault.file


def _line(fault: Fault) -> str:
    about = f"{fault.path}: " if fault.path else ""
    hint = f"; {fault.hint}" if fault.hint else ""
    return f"{_place(fault)}  {about}{fault.what}{hint}"


def not_a_quantity(text: str, wanted: str) -> SpecError:
    """SP002: A duration, size, percentage or rate on the command line cannot be read.

    Quantities carry their unit: `2h`, `512 MB`, `70%`, `500/s`.
    """
    return SpecError(code="SP002", what=f"`{text[:60]}` is not {wanted}", mend=f"write {wanted}")
