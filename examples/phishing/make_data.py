"""Write data/phishing.csv from the copy of the data that river carries, once.

The file is committed, so nobody needs to run this; it shows where every value comes from. It alone needs
the package `river` (the dependency group `example-data`):

    uv run --group example-data python examples/phishing/make_data.py

The 1,250 rows and their order are river's. The label is written as true and false, as river reads it.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import river.datasets  # ty: ignore[import-not-found] -- needed here only

DATA = Path(__file__).parent / "data"


def main() -> None:
    """Write the file."""
    DATA.mkdir(exist_ok=True)
    table = pl.read_csv(river.datasets.Phishing().path)
    table.with_columns(pl.col("is_phishing") == 1).write_csv(DATA / "phishing.csv")


if __name__ == "__main__":
    main()
