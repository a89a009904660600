"""A CSV file whose separator nobody declared is told by its header, not by columns that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headway.data.sources import Loaded, load
from headway.errors import SpecError
from headway.spec.contract import Column, Contract
from headway.spec.product import Source

ROWS = Contract(columns={"id": Column(type="integer"), "km": Column(type="text")})


def take(root: Path, text: str, contract: Contract = ROWS, **options: Any) -> Loaded:
    (root / "rows.csv").write_text(text)
    return load(Source(load="rows.csv", options=options), "rows", contract, root, lambda name: print)


@pytest.mark.parametrize(("mark", "shown"), [(";", '";"'), ("\t", r'"\t"'), ("|", '"|"')])
def test_the_separator_to_declare_is_named(tmp_path: Path, mark: str, shown: str) -> None:
    text = f"id{mark}km\n1{mark}2,5\n"
    with pytest.raises(SpecError) as caught:
        take(tmp_path, text)
    assert f"options: {{separator: {shown}}}" in caught.value.mend
    assert take(tmp_path, text, separator=mark).frame.to_dicts() == [{"id": 1, "km": "2,5"}]


def test_a_comma_is_named_where_something_else_was_declared(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="columns are separated otherwise"):
        take(tmp_path, "id,km\n1,2\n", separator=";")


def test_one_column_may_hold_any_mark(tmp_path: Path) -> None:
    one = Contract(columns={"a;b": Column(type="integer")})
    assert take(tmp_path, "a;b\n1\n", one).frame.height == 1
