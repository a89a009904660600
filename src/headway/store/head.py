"""Where the ledger's chain ended last, kept in a file beside it: what is cut off its end shows.

    SEQ HASH      the newest commit; every further line is an end that the ledger has lost since

The line is written after the commit, so a kill leaves it one commit behind and never ahead.
"""

from __future__ import annotations

import os
import re
import weakref
from pathlib import Path
from typing import NamedTuple

_LINE = re.compile(r" *(\d+) ([0-9a-f]{64})")
_LENGTH = 86
_LOST = 20


class End(NamedTuple):
    """One end of the chain: the newest fact's number, and the hash up to it."""

    seq: int
    hash: str


class Head:
    """The file of one ledger, open for writing.

    Args:
        ledger: The database file.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, ledger: Path) -> None:
        self._handle = os.open(_beside(ledger), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        weakref.finalize(self, os.close, self._handle)

    def advance(self, end: End) -> None:
        """Say where the chain ends now; one small write, synced by nobody.

        Raises:
            OSError: The disk refuses.
        """
        os.pwrite(self._handle, _line(end), 0)

    def lose(self, end: End) -> None:
        """Keep an end that the ledger does not reach any more, before another one takes its place.

        Raises:
            OSError: The disk refuses.
        """
        size = os.fstat(self._handle).st_size
        if size < _LENGTH * _LOST:
            os.pwrite(self._handle, _line(end), max(size, _LENGTH))


def ends(ledger: Path) -> list[End]:
    """The newest end of a ledger's chain, and those that were lost; nothing where none was ever said.

    Raises:
        OSError: The file is there and cannot be read.
    """
    try:
        lines = _beside(ledger).read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = [_LINE.fullmatch(line) for line in lines]
    return [End(int(match[1]), match[2]) for match in found if match is not None]


def _beside(ledger: Path) -> Path:
    return ledger.with_suffix(".head")


def _line(end: End) -> bytes:
    return b"%20d %b\n" % (end.seq, end.hash.encode())
