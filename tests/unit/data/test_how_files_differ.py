"""Files that are not alike, or not whole, are told by what, where and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from headway.data import sources
from headway.errors import ContractError, HeadwayError
from headway.spec.contract import Column, Contract
from headway.spec.product import Source


def refusal(root: Path, contract: Contract | None, form: str) -> HeadwayError:
    source = Source(load="in", options={"format": form})
    with pytest.raises(ContractError) as caught:
        sources.load(source, "rows", contract, root, lambda _: print)
    return caught.value


def lay(root: Path, *frames: dict[str, Any]) -> None:
    (root / "in").mkdir()
    for number, columns in enumerate(frames, start=1):
        pl.DataFrame(columns).write_parquet(root / "in" / f"{number}.parquet")


def test_a_renamed_column_is_told_with_the_file_that_it_was_compared_with(tmp_path: Path) -> None:
    lay(tmp_path, {"id": [1], "v": [1.0]}, {"id": [2], "v": [2.0]}, {"id": [3], "w": [3.0]})
    found = refusal(tmp_path, None, "parquet")
    assert found.what == "`in/3.parquet` differs from `in/1.parquet`: lacks `v`, has `w`"
    assert found.mend.startswith("`w` may be `v` under another name: ")


def test_a_type_is_told_as_it_is_and_as_it_was(tmp_path: Path) -> None:
    lay(tmp_path, {"id": [1], "v": [1.0]}, {"id": ["x"], "v": [2.0]})
    found = refusal(tmp_path, None, "parquet")
    assert found.what == "`in/2.parquet` differs from `in/1.parquet`: `id` is text, was integer"


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (b"3,3,3\n", "row 3 has 3 cells, the header has 2"),
        (b'3,"3\n', "after row 2: a quotation is not closed"),
        (b"3,\xff\xfe\n", "line 4 is no text in UTF-8"),
    ],
)
def test_the_row_is_told_that_makes_a_csv_file_crooked(tmp_path: Path, last: bytes, said: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.csv").write_bytes(b"id,v\n1,1\n2,2\n" + last)
    contract = Contract(columns={"id": Column(type="integer"), "v": Column(type="text")})
    assert refusal(tmp_path, contract, "csv").what == f"file `in/1.csv` is not a whole CSV file: {said}"
