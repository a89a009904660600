"""Lineage as a graph of artifacts, read from executions and moves; up to its makings, down to its uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.fact import Fact

LIMIT = 1000
"""Artifacts in one answer; what lies beyond is counted, not dropped in silence."""


class Reader(Protocol):
    """What lineage asks of a ledger: index look-ups only, so that the answer's size decides the time."""

    def artifact(self, prefix: str) -> Artifact | None:
        """The artifact under a digest."""
        ...

    def made_by(self, output: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that made an artifact, newest first."""
        ...

    def used_by(self, digest: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that had an artifact among its inputs, newest first."""
        ...

    def evidence(self, about: str) -> Sequence[tuple[str, Evidence]]:
        """(fact id, evidence) about an artifact, newest first."""
        ...

    def fact(self, fact_id: str) -> Fact | None:
        """The fact under an id."""
        ...

    def moves_to(self, digest: str) -> Sequence[tuple[Fact, str]]:
        """(move fact, journal hash) that pointed an environment at an artifact, oldest first."""
        ...


class Check(Struct, frozen=True, kw_only=True):
    """One piece of evidence about an artifact."""

    check: str
    outcome: str
    observed: str
    fact: str


class Placed(Struct, frozen=True, kw_only=True):
    """When an environment was pointed at an artifact, by whom, why, and on which verdicts."""

    environment: str
    revision: int
    action: str
    who: str
    why: str
    at: str
    fact: str
    verdicts: tuple[Check, ...] = ()


class Vertex(Struct, frozen=True, kw_only=True):
    """One artifact in its history.

    Attributes:
        run: Id of the apply that made it.
        fact: Id of the execution's fact.
        code: Qualified names of the code that it was made of.
        code_archive: Blob of that code.
        data: Input file -> digest of its content.
        libraries: Distribution -> version.
    """

    node: str
    kind: str
    digest: str
    run: str = ""
    fact: str = ""
    made_at: str = ""
    seconds: float = 0.0
    seed: int | None = None
    trigger: str = ""
    code: tuple[str, ...] = ()
    code_archive: str | None = None
    data: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    placed: tuple[Placed, ...] = ()


class Edge(Struct, frozen=True, kw_only=True):
    """One artifact went into another."""

    source: str
    target: str


class Lineage(Struct, frozen=True, kw_only=True):
    """Everything that a thing came from, or that came of it.

    Attributes:
        subject: Digest that was asked about.
        direction: `up` or `down`.
        vertices: The subject first, then breadth first.
        beyond: Artifacts found but not listed, when there are more than `LIMIT`.
    """

    subject: str
    direction: str
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    beyond: int = 0


def upstream(reader: Reader, digest: str, instead: Mapping[str, str] | None = None) -> Lineage:
    """All that an artifact was made of, to its sources.

    Args:
        reader: The ledger.
        digest: The artifact.
        instead: Node -> the artifact that took the place of the one that the artifact itself was made of.
    """

    def parents(vertex: str) -> Iterable[tuple[str, Edge]]:
        replaced = (instead or {}) if vertex == digest else {}
        for _, execution in reader.made_by(vertex)[:1]:
            for node, made in execution.fingerprint.inputs.items():
                parent = replaced.get(node, made)
                yield parent, Edge(source=parent, target=vertex)

    return _walk(reader, digest, "up", parents)


def downstream(reader: Reader, digest: str) -> Lineage:
    """All that was made of an artifact, to its releases."""

    def children(vertex: str) -> Iterable[tuple[str, Edge]]:
        for _, execution in reader.used_by(vertex):
            if execution.output is not None:
                yield execution.output, Edge(source=vertex, target=execution.output)

    return _walk(reader, digest, "down", children)


def _walk(
    reader: Reader, start: str, direction: str, neighbours: Callable[[str], Iterable[tuple[str, Edge]]]
) -> Lineage:
    seen, queue = {start}, [start]
    edges: dict[tuple[str, str], Edge] = {}
    beyond = 0
    for digest in queue:
        for other, edge in neighbours(digest):
            if other not in seen:
                if len(queue) >= LIMIT:
                    beyond += 1
                    continue
                seen.add(other)
                queue.append(other)
            edges[edge.source, edge.target] = edge
    vertices = tuple(vertex_of(reader, digest) for digest in queue)
    return Lineage(
        subject=start, direction=direction, vertices=vertices, edges=tuple(edges.values()), beyond=beyond
    )


def vertex_of(reader: Reader, digest: str) -> Vertex:
    """One artifact with the execution that made it, its evidence, and where it was placed."""
    artifact = reader.artifact(digest)
    made = reader.made_by(digest)[:1]
    checks = tuple(_check(fact, item) for fact, item in reader.evidence(digest)[:20])
    placed = tuple(_placed(reader, fact) for fact, _ in reader.moves_to(digest))
    meta = artifact.meta if artifact is not None else {}
    if not made:
        kind = artifact.kind if artifact is not None else "unknown"
        return Vertex(node="", kind=kind, digest=digest, meta=meta, checks=checks, placed=placed)
    fact, execution = made[0]
    return Vertex(
        node=execution.node,
        kind=execution.kind,
        digest=digest,
        run=execution.run,
        fact=fact,
        made_at=execution.started.isoformat(),
        seconds=execution.seconds,
        seed=execution.seed,
        trigger=execution.trigger,
        code=tuple(sorted(execution.fingerprint.code)),
        code_archive=execution.code_archive,
        data=execution.fingerprint.data,
        libraries=execution.libraries,
        meta=meta,
        checks=checks,
        placed=placed,
    )


def _check(fact: str, item: Evidence) -> Check:
    return Check(check=item.check, outcome=str(item.outcome), observed=item.observed, fact=fact)


def _placed(reader: Reader, fact: Fact) -> Placed:
    move: Any = fact.body
    allowed = [reader.fact(item) for item in move.evidence]
    return Placed(
        environment=move.environment,
        revision=move.revision,
        action=move.action,
        who=move.who,
        why=move.why,
        at=fact.at.isoformat(),
        fact=fact.id,
        verdicts=tuple(
            _check(item.id, item.body)
            for item in allowed
            if item is not None and isinstance(item.body, Evidence)
        ),
    )
