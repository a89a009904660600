"""Whatever happens to the text of a product file, it loads or is refused by name."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import SpecError
from headway.spec.load import load

FULL = Path(__file__).parents[2] / "unit" / "spec" / "full"
LINES = (FULL / "headway.yaml").read_text().splitlines()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["cut", "swap", "flip"]), st.integers(0, 10**6), st.integers(0, 10**6)),
        min_size=1,
        max_size=4,
    ),
    st.characters(codec="utf-8"),
)
def test_a_mangled_file_is_refused_by_name_or_loads(
    edits: list[tuple[str, int, int]], character: str
) -> None:
    lines = list(LINES)
    for kind, first, second in edits:
        a, b = first % len(lines), second % len(lines)
        if kind == "cut":
            lines[a] = lines[a][: second % (len(lines[a]) + 1)]
        elif kind == "swap":
            lines[a], lines[b] = lines[b], lines[a]
        elif lines[a]:
            at = second % len(lines[a])
            lines[a] = lines[a][:at] + character + lines[a][at + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "contracts").symlink_to(FULL / "contracts")
        (root / "headway.yaml").write_text("\n".join(lines), encoding="utf-8")
        try:
            load(root / "headway.yaml")
        except SpecError:
            pass
