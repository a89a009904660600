"""What a search found, as text: each thing with its tags, its age, and who reads it."""

from __future__ import annotations

from headway.core.wording import count, few
from headway.engine.questions.catalogue import Entry
from headway.engine.questions.searching import Results
from headway.render.style import PLAIN, Style, clip

_READERS = 6


def results_text(found: Results, style: Style = PLAIN) -> str:
    """The entries, best first, and how many there are besides."""
    if not found.entries:
        return f"nothing is found in {few(found.products)}"
    several = len(found.products) > 1
    lines = [line for entry in found.entries for line in _entry(entry, style, several=several)]
    if found.total > len(found.entries):
        lines.append(f"and {found.total - len(found.entries):,} more of {count(found.total, 'result')}")
    return "\n".join(lines)


def _entry(entry: Entry, style: Style, *, several: bool) -> list[str]:
    name = f"{entry.product}/{entry.name}" if several else entry.name
    part = f"  ({entry.kind})" if entry.kind in ("feature", "column") else ""
    head = style(name, "bold") + part + (f"  {clip(entry.description, 70)}" if entry.description else "")
    tags = [f"tags {', '.join(entry.tags)}"] if entry.tags else []
    tags += [f"carries {', '.join(entry.carries)}"] if entry.carries else []
    made = "never made"
    if entry.fresh:
        at = f"{entry.fresh[:10]} {entry.fresh[11:19]} UTC"
        made = f"commit {entry.commit} of {at}" if entry.commit else f"made {at}"
    version = [f"version {entry.version}"] if entry.version is not None else []
    lines = [head, style(f"    {'; '.join([*version, made, *tags])}", "dim")]
    readers = f"read by {few(entry.readers, _READERS)}" if entry.readers else "read by nothing"
    where = f"; in {', '.join(entry.environments)}" if entry.environments else ""
    return [*lines, f"    {readers}{where}"]
