"""The rents product's own functions and data."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import polars as pl


def test_words_are_compared_in_small_letters_and_without_signs(rents: Path) -> None:
    text = importlib.import_module("rents.text")
    plain = text.plain(np.array(["  Sunny BALCONY;\n needs work.", "", None, "?!"], dtype=object))
    assert plain.tolist() == ["sunny balcony needs work", "", "", ""]
    assert text.words(plain).tolist() == [4, 0, 0, 0]


def test_no_description_is_no_fault(rents: Path) -> None:
    text = importlib.import_module("rents.text")
    assert text.plain(np.array([], dtype=object)).shape == (0,)
    assert text.metres_per_room(np.array([60.0]), np.array([2.0])).tolist() == [30]


def test_the_script_writes_the_offers_that_are_committed(rents: Path) -> None:
    made = importlib.import_module("make_data").simulate()
    kept = pl.read_csv(rents / "data" / "offers.csv", separator=";")
    assert made.select(kept.columns).cast(dict(kept.schema)).equals(kept)
    assert kept["description"].str.contains(";", literal=True).any()
