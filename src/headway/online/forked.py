"""Lets what holds connections or threads begin afresh in the child of a fork.

The child shares its parent's connections, which the parent goes on using, and has none of its threads.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Afresh(Protocol):
    """What holds connections or threads."""

    def begin_afresh(self) -> None:
        """Let go of what is the parent's, without closing it: the parent goes on with it."""
        ...


_open: WeakSet[Afresh] = WeakSet()


def follow(thing: Afresh) -> None:
    """Have a thing begin afresh in each child that is forked from now on."""
    _open.add(thing)


def _in_child() -> None:
    for thing in list(_open):
        thing.begin_afresh()


os.register_at_fork(after_in_child=_in_child)
