"""Laws of the code closure: it depends on meaning, and on nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.survey.closure import closure
from headway.survey.modules import Modules

FILES = {
    "p/__init__.py": "",
    "p/rates.py": "BASE = 2\nUNUSED = 9\n\n\nclass Rate:\n    top = BASE\n\n    def of(self, x):\n"
    "        return x * self.top\n",
    "p/steps.py": "from functools import partial\n\nfrom . import rates\n\n\ndef scale(x, by=3):\n"
    "    return rates.Rate().of(x) * by\n\n\nSCALE = partial(scale, by=5)\n",
    "p/main.py": "import p.steps as s\n\nLIMIT = 100\n\n\ndef fit(x):\n    if x > LIMIT:\n"
    "        return s.SCALE(x)\n"
    "    return s.scale(x)\n",
}
REACHABLE = [("BASE = 2", "BASE = {}"), ("by=3", "by={}"), ("by=5", "by={}"), ("LIMIT = 100", "LIMIT = {}")]
ASK = (
    "import json,sys; from pathlib import Path; from headway.survey.closure import closure;"
    "from headway.survey.modules import Modules;"
    "print(json.dumps(list(closure(['p.main:fit'], Modules(Path(sys.argv[1]))).parts.items())))"
)


def parts(files: dict[str, str]) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), files)
        return closure(["p.main:fit"], Modules(Path(folder))).parts


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def commented(text: str, where: list[int], comment: str) -> str:
    """The text with a comment, or an empty line, before some lines and after their neighbours."""
    lines = text.splitlines()
    for place in sorted({at % (len(lines) + 1) for at in where}, reverse=True):
        lines.insert(place, comment)
    return "\n".join(lines) + "\n"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 50), max_size=6), st.sampled_from(["", "# a note", "        # deep", "\t", "#é"])
)
def test_comments_and_blank_lines_never_change_a_closure(where: list[int], comment: str) -> None:
    assert parts({name: commented(text, where, comment) for name, text in FILES.items()}) == parts(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_docstring_never_changes_a_closure_wherever_it_stands(name: str) -> None:
    documented = '"""What it is for."""\n' + FILES[name].replace(":\n    ", ':\n    """Docs."""\n    ', 1)
    assert parts(FILES | {name: documented}) == parts(FILES)
    assert parts(FILES | {name: f"pass\n...\n{FILES[name]}"}) == parts(FILES)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(REACHABLE), st.integers(1000, 10**30))
def test_an_edit_to_a_reachable_constant_always_changes_a_closure(place: tuple[str, str], value: int) -> None:
    before, after = place
    edited = {name: text.replace(before, after.format(value)) for name, text in FILES.items()}
    assert parts(edited) != parts(FILES)


@settings(max_examples=20, deadline=None)
@given(st.integers(10, 10**30))
def test_an_edit_to_what_is_not_reachable_never_changes_a_closure(value: int) -> None:
    edited = {name: text.replace("UNUSED = 9", f"UNUSED = {value}") for name, text in FILES.items()}
    assert parts(edited) == parts(FILES)


@settings(max_examples=10, deadline=None)
@given(st.permutations(list(FILES)))
def test_the_order_in_which_files_were_written_does_not_count(order: list[str]) -> None:
    assert parts({name: FILES[name] for name in order}) == parts(FILES)


def test_the_order_of_references_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    references = ["p.main:fit", "p.steps", "p.rates:Rate"]
    forward, backward = (closure(order, Modules(tmp_path)) for order in (references, references[::-1]))
    assert forward == backward


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_the_hash_seed_and_the_working_directory_do_not_count(tmp_path: Path, seed: str) -> None:
    write(tmp_path / "product", FILES)
    (tmp_path / seed).mkdir()
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path / "product")],
        cwd=tmp_path / seed,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(asked.stdout) == [list(item) for item in parts(FILES).items()]
