"""Fault makers that end this process at a chosen durable step, as a power cut or kill -9 would."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

STEPS = ("put", "replace", "change", "record", "sync", "move", "publish")
"""Durable steps of an apply: of blobs, tables and the ledger."""


class Fuse:
    """Counts durable steps and kills the process at one of them.

    Args:
        step: Which kind of step.
        phase: `before` or `after` it.
        number: At its how-many-eth time, from 1.
    """

    def __init__(self, step: str, phase: str, number: int) -> None:
        self.wanted = (step, phase)
        self.left = number

    def pass_by(self, step: str, phase: str) -> None:
        """Kill the process when this is the moment."""
        if (step, phase) == self.wanted:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, with the fuse before and after it."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            self.pass_by(step, "before")
            answer = call(*args, **kwargs)
            self.pass_by(step, "after")
            return answer

        return guarded


class Killing:
    """A port with a fuse around its durable steps; everything else passes through."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._fuse.around(name, found) if name in STEPS else found
