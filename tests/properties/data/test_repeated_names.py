"""A name that stands twice in a JSON object is never taken for one: JSON readers keep the last value in silence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.data.sources import load
from headway.errors import ContractError
from headway.spec.contract import Column, Contract
from headway.spec.product import Source

ROWS = Contract(columns={"a": Column(type="integer", nulls=True)}, extra_columns="ignore")
names = st.sampled_from(["a", "b", 'c":', "d\\", "\u00e9", " : "])
texts = st.sampled_from(["x", '":', '" :', '\\":', "{", '"a":1', "\n"])
spaces = st.sampled_from(["", "", "", " ", "  ", "\t"])


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, bool]:
    """An object as somebody may write it, and whether a name stands in it, or in one within it, twice."""
    pairs = draw(st.lists(st.tuples(names, st.one_of(st.none(), texts, st.just({}))), max_size=4))
    written, given_ = [], [("a", None), *pairs]
    repeats = len({name for name, _ in given_}) < len(given_)
    for name, value in given_:
        key = json.dumps(name)
        if name == "a" and draw(st.booleans()):
            key = '"\\u0061"'
        inner = json.dumps(value)
        if value == {}:
            twice = draw(st.booleans())
            inner = '{"k":1,"k":2}' if twice else '{"k":1,"l":{}}'
            repeats |= twice
        written.append(f"{draw(spaces)}{key}{draw(spaces)}:{draw(spaces)}{inner}")
    return "{" + ",".join(written) + "}", repeats


def refused(form: str, *files: str) -> str | None:
    """Why the files are not read; None when they are, or when something else is wrong with their types."""
    source = Source(load="in", options={"format": form})
    with tempfile.TemporaryDirectory() as root:
        place = Path(root) / "in"
        place.mkdir()
        for number, content in enumerate(files):
            (place / f"{number}.{form}").write_text(content)
        try:
            load(source, "rows", ROWS, Path(root), _nobody)
        except ContractError as error:
            return error.what if "twice" in error.what else None
    return None


def _nobody(reference: str) -> Callable[..., Any]:
    raise AssertionError(reference)


@settings(max_examples=200, deadline=None)
@given(st.lists(objects(), min_size=1, max_size=4), st.sampled_from(["json", "json_lines"]), st.booleans())
def test_a_name_that_stands_twice_is_found_and_no_other(
    rows: list[tuple[str, bool]], form: str, several: bool
) -> None:
    written = [text for text, _ in rows]
    if form == "json":
        files = [f"[{text}]" for text in written] if several else [f"[{','.join(written)}]"]
    else:
        files = written if several else ["\n".join(written)]
    assert (refused(form, *files) is not None) == any(repeats for _, repeats in rows)


@pytest.mark.parametrize("form", ["json_lines", "json"])
def test_the_name_is_told_with_the_file(form: str) -> None:
    lines = ['{"a":1}', '{"a":2,"b":1,"b":2}']
    said = refused(form, "\n".join(lines) if form == "json_lines" else f"[{','.join(lines)}]")
    assert said is not None
    assert "an object has `b` twice" in said
    assert f"`in/0.{form}`" in said
    assert ("row 2" in said) is (form == "json_lines")
