"""Write data/offers.csv: simulated flats of a town that does not exist, with what their owners wrote.

No flat, owner or town stands behind a row, and no other data set was used: everything comes from this
script and its seed. The file is committed, so nobody needs to run it:

    python examples/rents/make_data.py

What is simulated:

- 1,200 buildings in eight districts, from 1880 to 2023, each with a quality of its own that no column
  shows; one to eight flats of each are offered. Half of the buildings near 1900 have been renovated.
- The rent per square metre follows district, year, size and floor; what is true of a flat besides
  (a balcony, a loud street, the need of repair) changes its rent by a share.
- Of what is true, the owner writes most, in words of their own, with some that mean nothing. What lowers
  the rent is left out more often. One flat in twenty has no description, and some have no year or floor.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

DATA = Path(__file__).parent / "data"
SEED = 1871
BUILDINGS = 1_200
EURO_PER_METRE = {
    "Harbour": 15.5,
    "Old Town": 17.0,
    "Riverside": 14.5,
    "University": 15.0,
    "Station": 12.0,
    "Gardens": 13.5,
    "Mills": 10.5,
    "North": 9.5,
}
SILENT = 0.05  # of the flats
NO_YEAR = 0.06
NO_FLOOR = 0.03


class Trait(NamedTuple):
    """Something that may be true of a flat.

    Attributes:
        share: Of the flats that have it.
        worth: Change of the rent, as a share of it.
        told: How often the owner writes of it.
        words: Ways to write of it.
    """

    share: float
    worth: float
    told: float
    words: tuple[str, ...]


TRAITS = (
    Trait(0.35, 0.05, 0.95, ("sunny balcony", "Balcony to the south", "with a balcony", "large balcony")),
    Trait(0.10, 0.09, 0.95, ("use of the garden", "own garden", "Garden with old trees")),
    Trait(0.06, 0.14, 0.98, ("roof terrace", "Terrace over the roofs")),
    Trait(0.25, 0.07, 0.90, ("fully renovated last year", "newly renovated", "renovated with care")),
    Trait(0.40, 0.04, 0.90, ("fitted kitchen", "new fitted kitchen", "kitchen is included")),
    Trait(0.15, 0.12, 0.95, ("furnished", "comes furnished", "FURNISHED, move in at once")),
    Trait(0.20, 0.03, 0.70, ("parquet floor", "oak parquet", "old floorboards, sanded")),
    Trait(0.30, 0.03, 0.70, ("lift in the house", "with a lift")),
    Trait(0.15, 0.05, 0.90, ("parking space", "garage", "underground parking")),
    Trait(
        0.12, -0.12, 0.60, ("needs work", "in need of repair", "for people who like to do things themselves")
    ),
    Trait(0.18, -0.08, 0.45, ("on a busy street", "lively street", "well connected, tram at the door")),
    Trait(0.08, -0.10, 0.50, ("looks onto the courtyard", "quiet but a little dark")),
    Trait(0.05, -0.15, 0.80, ("shared bathroom", "bath on the landing")),
)
GREETINGS = ("", "", "Nice flat.", "Here is your new home!", "To let:", "We are looking for a quiet tenant.")
FAREWELLS = ("", "", "No agents.", "Call after 6 pm.", "From next month.", "Pets on request; please write.")


def buildings(random: np.random.Generator) -> pl.DataFrame:
    """The houses: name, district, year, and a factor of the rent that no column of an offer shows."""
    districts = list(EURO_PER_METRE)
    return pl.DataFrame(
        {
            "building": [f"b{number:04d}" for number in range(BUILDINGS)],
            "district": [districts[index] for index in random.integers(0, len(districts), BUILDINGS)],
            "built": np.where(
                random.random(BUILDINGS) < 0.35,  # noqa: PLR2004 -- the years of the founders
                random.integers(1880, 1915, BUILDINGS),
                random.integers(1948, 2024, BUILDINGS),
            ),
            "storeys": random.integers(2, 9, BUILDINGS),
            "quality": random.normal(0, 0.05, BUILDINGS),
            "offers": random.integers(1, 9, BUILDINGS),
        }
    )


def flats(random: np.random.Generator, houses: pl.DataFrame) -> pl.DataFrame:
    """One row per flat that was let, with its logarithm of the rent before its traits."""
    table = houses.select(pl.exclude("offers").repeat_by("offers").explode(empty_as_null=False))
    count = table.height
    area = np.clip(np.round(random.lognormal(np.log(62), 0.42, count), 1), 14, 320)
    rooms = np.clip(np.round(2 * (area / 27 + random.normal(0, 0.4, count))) / 2, 1, 9)
    table = table.with_columns(
        area=area, rooms=rooms, floor=np.floor(random.random(count) * table["storeys"].to_numpy()).astype(int)
    )
    level = pl.col("district").replace_strict(EURO_PER_METRE, return_dtype=pl.Float64).log()
    age = pl.when(pl.col("built") < 1920).then(0.03).otherwise((pl.col("built") - 1990) * 0.004)  # noqa: PLR2004
    return table.with_columns(
        level=level
        + age
        + 0.9 * pl.col("area").log()
        + 0.1 * np.log(62)
        + 0.01 * pl.col("floor")
        + pl.col("quality")
        + random.normal(0, 0.05, count)
    )


def described(random: np.random.Generator, table: pl.DataFrame) -> pl.DataFrame:
    """The flats with their rent, in euros a month, and what the owner wrote."""
    worth, texts = [], []
    for _ in range(table.height):
        true = [trait for trait in TRAITS if random.random() < trait.share]
        worth.append(sum(trait.worth for trait in true))
        texts.append(_text(random, true))
    rent = (table["level"] + pl.Series(worth)).exp()
    return table.with_columns(
        rent=(rent / 5).round() * 5,
        description=pl.Series(texts, dtype=pl.String),
        built=pl.when(pl.Series(random.random(table.height) >= NO_YEAR)).then("built"),
        floor=pl.when(pl.Series(random.random(table.height) >= NO_FLOOR)).then("floor"),
    )


def _text(random: np.random.Generator, true: list[Trait]) -> str | None:
    told = [str(random.choice(trait.words)) for trait in true if random.random() < trait.told]
    random.shuffle(told)
    parts = [str(random.choice(GREETINGS)), ", ".join(told), str(random.choice(FAREWELLS))]
    if random.random() < SILENT:
        return None
    return " ".join(part for part in parts if part) or None


def simulate() -> pl.DataFrame:
    """The table; the same at every call."""
    random = np.random.default_rng(SEED)
    table = described(random, flats(random, buildings(random)))
    columns = ["building", "district", "area", "rooms", "floor", "built", "description", "rent"]
    return table.select(columns).sample(fraction=1, shuffle=True, seed=SEED)


def main() -> None:
    """Write the file."""
    DATA.mkdir(exist_ok=True)
    simulate().write_csv(DATA / "offers.csv", separator=";")


if __name__ == "__main__":
    main()
