"""Lineage as an indented tree: each artifact once, where it is first met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headway.core.wording import count, few
from headway.lineage.trace import Lineage, Vertex
from headway.render.style import PLAIN, Style, clip, seconds

_COLUMNS = 4


def lineage_text(
    lineage: Lineage, style: Style = PLAIN, carried: Mapping[str, Mapping[str, Sequence[str]]] | None = None
) -> str:
    """The tree from the subject, up or down, with who, when, code and checks under each artifact.

    Args:
        lineage: What is drawn.
        style: How.
        carried: Node -> tag -> the columns that carry it, and from where.
    """
    by_digest = {vertex.digest: vertex for vertex in lineage.vertices}
    up = lineage.direction == "up"
    neighbours: dict[str, list[str]] = {}
    for edge in lineage.edges:
        here, there = (edge.target, edge.source) if up else (edge.source, edge.target)
        neighbours.setdefault(here, []).append(there)
    lines: list[str] = []
    details = {
        vertex.digest: _details(vertex, style) + carrying_lines((carried or {}).get(vertex.node, {}))
        for vertex in lineage.vertices
    }
    _branch(lineage.subject, 0, by_digest, neighbours, set(), lines, style, details)
    if lineage.beyond:
        lines.append(f"and {count(lineage.beyond, 'artifact')} beyond the first {len(lineage.vertices):,}")
    return "\n".join(lines)


def _branch(
    digest: str,
    depth: int,
    vertices: dict[str, Vertex],
    neighbours: dict[str, list[str]],
    seen: set[str],
    lines: list[str],
    style: Style,
    details: dict[str, list[str]],
) -> None:
    indent = "  " * depth
    vertex = vertices.get(digest)
    if vertex is None:
        return
    head = f"{indent}{style(vertex.node or vertex.kind, 'bold')} {digest[:12]}"
    if digest in seen:
        lines.append(f"{head}  (above)")
        return
    seen.add(digest)
    lines.append(head)
    lines += [f"{indent}    {detail}" for detail in details[digest]]
    for other in neighbours.get(digest, ()):
        _branch(other, depth + 1, vertices, neighbours, seen, lines, style, details)


def carrying_lines(carries: Mapping[str, Sequence[str]]) -> list[str]:
    """One line for each tag: which columns carry it, and from where."""
    return [f"carries {tag}: {few(columns, _COLUMNS)}" for tag, columns in carries.items()]


def _details(vertex: Vertex, style: Style) -> list[str]:
    details = []
    if vertex.meta.get("summary"):
        details.append(clip(str(vertex.meta["summary"]), 100))
    if vertex.run:
        seed = f", seed {vertex.seed}" if vertex.seed is not None else ""
        made = f"made {vertex.made_at[:19]}Z in {seconds(vertex.seconds)}{seed}, run {vertex.run}"
        details.append(style(made, "dim"))
    if vertex.code:
        archive = f", archive {vertex.code_archive[:12]}" if vertex.code_archive else ""
        details.append(f"code: {few(vertex.code)}{archive}")
    details += [f"file: {path} {digest[:12]}" for path, digest in sorted(vertex.data.items())]
    if vertex.libraries:
        versions = [f"{name} {version}" for name, version in vertex.libraries.items()]
        details.append(f"libraries: {few(versions)}")
    details += [f"check: {item.check}: {item.outcome} {item.observed}".rstrip() for item in vertex.checks[:8]]
    for place in vertex.placed[-3:]:
        why = f": {clip(place.why, 60)}" if place.why else ""
        details.append(f"{place.action} to {place.environment} revision {place.revision} by {place.who}{why}")
        if vertex.kind == "endpoint":  # the gates stand under the release that they let out
            details += [
                f"  gate {item.check}: {item.outcome} {item.observed}".rstrip() for item in place.verdicts
            ]
    return details
