"""The result of a check as text."""

from __future__ import annotations

from headway.core.wording import count
from headway.engine.checked import Checked


def checked_text(checked: Checked) -> str:
    """One line, and what is not built yet."""
    kinds: dict[str, int] = {}
    for node in checked.graph.nodes:
        kinds[node.kind] = kinds.get(node.kind, 0) + 1
    parts = ", ".join(count(number, kind.replace("_", " ")) for kind, number in kinds.items())
    lines = [f"{checked.product}: no fault found; {parts}"]
    lines += [f"not built yet: {part} ({where})" for part, where in checked.not_built]
    lines += [f"note: module {module} counts as a whole: {why}" for module, why in checked.coarse.items()]
    return "\n".join(lines)
