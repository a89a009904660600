"""Validating a table: fifteen checks on a million rows, against the same checks written by hand in Polars.

    python bench/validate.py [--rows 1000000] [--json] [--large]

The hand-written pass says how many rows break each check, in one lazy select, and nothing else. Ours gives the
report (examples, shares, severities) and a state that later files are merged into; so the same is timed after
another 1 % of rows has come, when only those are read: with the state at hand, and with one that is kept on disk
and proven when it is read. A record is one row as JSON, decoded and checked. `--large` judges ten million rows in a
Parquet file, each way in a process of its own: CPU seconds with start-up, and peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import polars as pl
from memory import peak_mb

from headway.contract import columns as contracts
from headway.contract.appending import Piece, admit_files
from headway.contract.files import check_file
from headway.contract.judging import judge
from headway.contract.kept_states import States
from headway.contract.measuring import asked_of, measure
from headway.contract.record import compile_record
from headway.contract.state import merge
from headway.spec.contract import Contract
from headway.spec.load import load_contract
from headway.store.memory import Memory

EMAIL = r"^[a-z0-9._]+@[a-z0-9.-]+\.[a-z]{2,}$"
CATEGORIES = ("grocery", "travel", "fuel", "online", "other")
CONTRACT = f"""
columns:
  id: {{type: integer, unique: true}}
  at: {{type: time}}
  account: {{type: integer}}
  amount: {{type: number, min: 0, max: 10000}}
  fee: {{type: number}}
  age: {{type: integer, min: 18, max: 100}}
  category: {{type: text, in: [{", ".join(CATEGORIES)}]}}
  label: {{type: integer, in: [0, 1]}}
  email: {{type: text, matches: '{EMAIL}'}}
  note: {{type: text, nulls: true}}
rows: {{min: 1000}}
expectations:
  - {{type: expect_column_values_to_not_be_null, column: note, mostly: 0.8}}
  - {{type: expect_column_mean_to_be_between, column: amount, min_value: 40, max_value: 70}}
  - {{type: expect_column_max_to_be_between, column: amount, min_value: 1000, max_value: 10000}}
  - {{type: expect_column_pair_values_a_to_be_greater_than_b, column_A: amount, column_B: fee}}
  - {{type: expect_column_values_to_be_increasing, column: at}}
"""


def table(rows: int) -> pl.DataFrame:
    """Transactions of which 20 amounts, 30 ages, 50 categories, 60 addresses, 40 fees and 6 ids are wrong."""
    draw = np.random.default_rng(7)
    amount = np.round(draw.lognormal(3.5, 1.0, rows), 2).clip(0.5, 9999)
    fee = np.round(amount * draw.uniform(0.001, 0.05, rows), 4)
    age = draw.integers(18, 95, rows)
    ids = np.arange(rows)
    amount[5:25], fee[5:25], age[100:130], ids[500:505] = -1.0, -2.0, 140, 3
    fee[200:240] = amount[200:240] + 1
    category = np.array(CATEGORIES, dtype=object)[draw.integers(0, 5, rows)]
    category[300:350] = "BAD"
    user = pl.Series(draw.integers(0, 5_000_000, rows)).cast(pl.String)
    domain = pl.Series(np.array(["mail.com", "example.org", "corp.co.uk"])[draw.integers(0, 3, rows)])
    place = pl.int_range(pl.len())
    at = np.datetime64("2024-01-01", "us") + np.cumsum(draw.integers(1, 30_000_000, rows)).astype(
        "timedelta64[us]"
    )
    return pl.DataFrame(
        {
            "id": ids,
            "at": pl.Series(at).dt.replace_time_zone("UTC"),
            "account": draw.integers(0, 200_000, rows),
            "amount": amount,
            "fee": fee,
            "age": age,
            "category": category.tolist(),
            "label": (draw.random(rows) < 0.03).astype(np.int64),
            "email": "user." + user + "@" + domain,
            "note": pl.Series(np.where(draw.random(rows) < 0.15, None, "a note").tolist(), dtype=pl.String),
        }
    ).with_columns(
        email=pl.when(place.is_between(400, 459)).then(pl.lit("not-an-email")).otherwise(pl.col("email"))
    )


def by_hand(
    frame: pl.DataFrame | pl.LazyFrame, engine: Literal["in-memory", "streaming"] = "in-memory"
) -> dict[str, object]:
    """The same checks in one select."""
    amount = pl.col("amount")
    return (
        frame.lazy()
        .select(
            rows=pl.len(),
            id_null=pl.col("id").is_null().sum(),
            id_unique=pl.col("id").is_duplicated().sum(),
            amount=(~amount.is_between(0, 10_000)).sum(),
            age=(~pl.col("age").is_between(18, 100)).sum(),
            category=(~pl.col("category").is_in(list(CATEGORIES))).sum(),
            label=(~pl.col("label").is_in([0, 1])).sum(),
            email=(~pl.col("email").str.contains(EMAIL)).sum(),
            note=pl.col("note").is_null().mean(),
            mean=amount.mean(),
            most=amount.max(),
            pair=(amount <= pl.col("fee")).sum(),
            increasing=(pl.col("at").diff() < pl.duration(microseconds=0)).sum(),
            infinite=amount.is_infinite().sum() + pl.col("fee").is_infinite().sum(),
        )
        .collect(engine=engine)
        .row(0, named=True)
    )


def seconds(work: Callable[[], object], rounds: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Median of some rounds."""
    spent = []
    for _ in range(rounds):
        began = clock()
        work()
        spent.append(clock() - began)
    return statistics.median(spent)


def contract() -> Contract:
    """The contract, read from its file."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "rows.yaml"
        path.write_text(CONTRACT)
        return load_contract(path, "rows.yaml")


def record_us(declared: Contract, frame: pl.DataFrame) -> float:
    """Microseconds for one record of all columns, from JSON."""
    row = frame.row(0, named=True)
    body = msgspec.json.encode(row)
    decoder = compile_record(declared, tuple(declared.columns))
    decoder.decode(body)
    return (
        min(seconds(lambda: [decoder.decode(body) for _ in range(2_000)], 5) / 2_000 for _ in range(3)) * 1e6
    )


def after_append(old: pl.DataFrame, new: pl.DataFrame, declared: Contract, rounds: int) -> float:
    """CPU seconds to judge both files when the first is known from the disk: read, proven, merged, judged, kept."""
    spent = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            states = Path(folder) / "states.db"

            def judged(pieces: list[Piece], rows: pl.DataFrame, states: Path = states) -> None:
                with Memory(states, "rows", lambda: b"k" * 32) as memory:
                    admit_files(pieces, rows, declared, States(memory, asked_of(declared), declared))

            judged([Piece("old", old)], old)
            began = time.process_time()
            judged([Piece("old", None), Piece("new", new)], new)
            spent.append(time.process_time() - began)
    return statistics.median(spent)


# -- ten million rows --------------------------------------------------------------------------


def large(rows: int) -> dict[str, object]:
    """CPU seconds with start-up and peak megabytes of one way each, in processes of their own."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        for way in ("write", "headway", "by_hand", "by_hand_streaming"):
            command = [sys.executable, __file__, "--rows", str(rows), "--one", way, "--file", str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[way] = json.loads(done.stdout)
    return found


def one(way: str, path: Path, rows: int) -> dict[str, float]:
    """One way of judging a file."""
    began = time.perf_counter()
    match way:
        case "write":
            table(rows).write_parquet(path, row_group_size=500_000)
        case "headway":
            check_file(path, contract())
        case "by_hand":
            by_hand(pl.scan_parquet(path))
        case "by_hand_streaming":
            by_hand(pl.scan_parquet(path), "streaming")
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": peak_mb(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--large", action="store_true", help="ten times the rows, in a file; takes minutes")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(arguments.one, arguments.file, arguments.rows)))
        return
    if arguments.large:
        print(json.dumps(large(10 * arguments.rows), indent=2))
        return
    declared, frame = contract(), table(arguments.rows)
    report = contracts.check(frame, declared)
    found = {
        f"{result.expectation}({', '.join(result.columns)})": result.unexpected_count
        for result in report.results
        if result.unexpected_count
    }
    hand = by_hand(frame)
    assert hand["email"] == 60, hand
    few = frame.tail(arguments.rows // 100)
    before = measure(frame.head(arguments.rows - few.height), declared)
    figures = {
        "by_hand_s": seconds(lambda: by_hand(frame), arguments.rounds),
        "headway_s": seconds(lambda: contracts.check(frame, declared), arguments.rounds),
        "append_s": seconds(
            lambda: judge(declared, merge(before, measure(few, declared), declared)), arguments.rounds
        ),
        "append_kept_cpu_s": after_append(
            frame.head(arguments.rows - few.height), few, declared, arguments.rounds
        ),
        "headway_cpu_s": seconds(
            lambda: contracts.check(frame, declared), arguments.rounds, time.process_time
        ),
        "record_us": record_us(declared, frame.slice(1000, 1)),
        "peak_mb": peak_mb(),
    }
    print(json.dumps(figures) if arguments.json else f"{found}\n{figures}")


if __name__ == "__main__":
    main()
