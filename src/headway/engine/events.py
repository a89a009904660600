"""What the engine says while it works; `render` draws it, nothing here prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from headway.facts.evidence import Evidence
from headway.facts.moves import Move
from headway.plan.plan import Plan, Step

if TYPE_CHECKING:
    from headway.engine.delivery import materialise


class Planned(NamedTuple):
    """The plan that is about to be carried out."""

    plan: Plan


class Started(NamedTuple):
    """A node begins to run.

    Attributes:
        position: Its place among the steps that may run, from 1.
        total: How many steps may run.
    """

    step: Step
    position: int
    total: int


class Finished(NamedTuple):
    """A node ran.

    Attributes:
        unchanged: The result is the one that was there before: what needs it stays as it is.
        meta: Small facts about the result, for a one-line summary.
        warnings: What its checks found that stops nothing.
    """

    step: Step
    output: str
    seconds: float
    unchanged: bool
    meta: dict[str, object]
    warnings: tuple[str, ...] = ()


class Reused(NamedTuple):
    """A step that was waiting turned out to need nothing: its inputs came out equal."""

    step: Step
    output: str


class Judging(NamedTuple):
    """Gates are about to be judged, which takes seconds where models are asked again.

    Attributes:
        gates: How many have no verdict in the environment of the plan.
    """

    node: str
    gates: int


class Judged(NamedTuple):
    """A gate was judged.

    Attributes:
        environment: Whose champion it was compared with.
    """

    evidence: Evidence
    environment: str


class Moved(NamedTuple):
    """Pointers moved.

    Attributes:
        seconds: From asking for the move until it is published.
    """

    move: Move
    seconds: float


class Materialised(NamedTuple):
    """A table of the online store was brought to the environment's commit."""

    table: materialise.Materialised
    seconds: float


class Noticed(NamedTuple):
    """Something a reader should know, which stops nothing."""

    text: str


Event = Planned | Started | Finished | Reused | Judging | Judged | Moved | Materialised | Noticed


def unheard(event: Event) -> None:
    """Listens to nothing: for callers who only want the result."""
    del event
