"""How labels from another source and splits are written, and what of it does not fit."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.spec.load import load
from headway.spec.product import Absent, Dataset, Interval, Label, Split

TEXT = """
product: cards
environments: {dev: {}}
sources:
  payments: {load: p.parquet, event_time: at, known: 1m, contract: p.yaml}
  chargebacks: {load: c.parquet, event_time: at, known: 1d, contract: c.yaml}
  plain: {load: p.parquet}
datasets:
  d:
    rows: payments
    label: {LABEL}
    request: [amount]
    split: {SPLIT}
models:
  m: {dataset: d, train: "m:fit", answer: {probability_of: 1}}
"""
PAYMENTS = """
columns:
  id: {type: integer}
  at: {type: time}
  amount: {type: number}
  customer: {type: text}
  part: {type: text}
"""
CHARGEBACKS = """
columns:
  payment: {type: integer}
  at: {type: time}
  verdict: {type: integer}
  word: {type: text}
"""
LABEL = "from: chargebacks, by_key: {payment: id}, present: 1, absent: {is: 0, after: 30d}"
SPLIT = "by: time, train: 28d, validate: 7d, test: 7d"


def dataset(folder: Path, label: str = LABEL, split: str = SPLIT, **changed: tuple[str, str]) -> Dataset:
    text = TEXT.replace("{LABEL}", f"{{{label}}}").replace("{SPLIT}", f"{{{split}}}")
    for before, after in changed.values():
        assert before in text
        text = text.replace(before, after)
    (folder / "headway.yaml").write_text(text)
    (folder / "p.yaml").write_text(PAYMENTS)
    (folder / "c.yaml").write_text(CHARGEBACKS)
    return load(folder / "headway.yaml").product.datasets["d"]


def test_a_label_from_another_source_is_read(tmp_path: Path) -> None:
    assert dataset(tmp_path).label == Label(
        from_="chargebacks",
        by_key={"payment": "id"},
        present=1,
        absent=Absent(is_=0, after=timedelta(days=30)),
    )
    value = dataset(tmp_path, "from: chargebacks, by_key: {payment: id}, column: verdict")
    assert (value.label.column, value.label.name, value.label.early) == ("verdict", "verdict", "wait")


def test_keys_of_the_same_name_are_listed(tmp_path: Path) -> None:
    label = "from: chargebacks, by_key: [at], column: verdict"
    assert dataset(tmp_path, label).label.by_key == {"at": "at"}


@pytest.mark.parametrize(
    ("split", "read"),
    [
        ("by: quota, train: 70%, validate: 15%, test: 15%", {"train": 0.7}),
        ("by: group, group: customer, train: 70%, validate: 15%, test: 15%", {"group": "customer"}),
        ("by: column, column: part", {"column": "part", "train": None}),
        (f"{SPLIT}, apart: customer, min_rows: 50", {"apart": "customer", "min_rows": 50}),
        (
            "by: intervals, train: {from: 2024-01-01, to: 2024-03-01}, "
            "validate: {from: 2024-03-01, to: 2024-03-10}, "
            "test: {from: '2024-03-10T06:00:00+01:00', to: 2024-04-01}",
            {"test": Interval(from_="2024-03-10T05:00:00.000000Z", to="2024-04-01T00:00:00.000000Z")},
        ),
    ],
)
def test_every_way_of_splitting_is_read(tmp_path: Path, split: str, read: dict[str, object]) -> None:
    found: Split = dataset(tmp_path, split=split).split
    assert {name: getattr(found, name) for name in read} == read


WRONG_LABELS = [
    (LABEL.replace("by_key: {payment: id}, ", ""), "a label `from` a source, without `by_key`"),
    (LABEL.replace("payment:", "paymant:"), "there is no column `paymant`; did you mean `payment`?"),
    (LABEL.replace(": id}", ": ic}"), "there is no column `ic`"),
    (LABEL.replace("present: 1, ", ""), "neither `column` nor `present`"),
    (f"{LABEL}, column: verdict", "both `column` and `present`"),
    ("from: chargebacks, by_key: {payment: id}, present: 1", "`present` without `absent`"),
    (f"{LABEL}, known: 1d", "`known` of a label `from` a source"),
    (LABEL.replace("is: 0", "is: 1"), "presence and absence are one label"),
    (
        LABEL.replace("is: 0", "is: no one"),
        "`is` is of type text, and the label of a match is of type integer",
    ),
    (LABEL.replace("present: 1", "column: word"), "the label of a match is of type text"),
    (LABEL.replace("present: 1", "present: 2"), "there is no label `1`"),
    (LABEL.replace("present: 1", "present: [1]"), "a label that is no single value"),
    (f"{LABEL}, early: now", "`now` is not allowed here"),
    ("from: chargebacks, by_key: {payment: id}, column: verdict, early: use", "`early` without `absent`"),
    ("column: amount, early: use", "`early` without `from`"),
    (LABEL.replace("chargebacks", "plain"), "source `plain` declares no `event_time`"),
]


@pytest.mark.parametrize(("label", "said"), WRONG_LABELS)
def test_a_label_that_does_not_fit_is_a_fault(tmp_path: Path, label: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        dataset(tmp_path, label)
    assert [line for line in caught.value.evidence if said in line], caught.value.evidence


INTERVALS = (
    "by: intervals, train: {from: 2024-01-01, to: 2024-03-01}, validate: {from: 2024-03-01, to: 2024-03-10}, "
    "test: {from: 2024-03-10, to: 2024-04-01}"
)
WRONG_SPLITS = [
    (SPLIT.replace("train: 28d, ", ""), "`train` is missing"),
    (SPLIT.replace("28d", "70%"), "a split by time has durations"),
    (SPLIT.replace("time", "quota"), "a split by quota has percentages"),
    (SPLIT.replace("time", "intervals"), "a split by intervals has intervals"),
    (INTERVALS.replace("validate: {from: 2024-03-01", "validate: {from: 2024-02-01"), "before `train` ends"),
    (INTERVALS.replace("to: 2024-04-01", "to: 2024-03-10"), "`test` ends before it begins"),
    (INTERVALS.replace("2024-04-01", "April"), "`April` where a date or a time"),
    ("by: column", "`by: column` and `column:` go together"),
    ("by: column, column: part, train: 70%", "`train` with a split by column"),
    ("by: column, column: amount", "`amount` says the part, and is sent by the caller"),
    ("by: column, column: part, apart: customer", "`apart` with a split by column"),
    ("by: quota, train: 70%, validate: 20%, test: 20%", "the parts do not add up to 100%"),
    (f"{SPLIT}, apart: custommer", "did you mean `customer`?"),
    (f"{SPLIT}, min_rows: 0", "`min_rows: 0`"),
]


@pytest.mark.parametrize(("split", "said"), WRONG_SPLITS)
def test_a_split_that_does_not_fit_is_a_fault(tmp_path: Path, split: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        dataset(tmp_path, split=split)
    assert [line for line in caught.value.evidence if said in line], caught.value.evidence


def test_rows_without_time_have_no_absence_and_no_order(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        dataset(tmp_path, untimed=("rows: payments", "rows: plain"))
    said = "\n".join(caught.value.evidence)
    assert "a delay after the event, and the rows have no time" in said
    assert "a split by time, and rows without `event_time`" in said
