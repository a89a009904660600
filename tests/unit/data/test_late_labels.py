"""Labels that another table brings: positives known early, absences believed late, corrections, conflicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import pytest

from headway.data.datasets import KNOWN_EARLY, NO_KEY, NO_LABEL, NOT_YET_KNOWN, BuiltDataset, build
from headway.data.groups import SourceTable
from headway.data.labels import Labels, resolve
from headway.errors import ContractError, SpecError
from headway.spec.contract import Column, Contract
from headway.spec.product import Absent, Dataset, Known, Label, Moment, Source, Split

INSTANT = pl.Datetime("us", "UTC")
START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

PAYMENTS = Source(load="payments.parquet", event_time="paid_at", known=Known(lag=timedelta(minutes=1)))
CONTRACT = Contract(
    columns={
        "payment_id": Column(type="integer", nulls=True),
        "paid_at": Column(type="time"),
        "amount": Column(type="number"),
    }
)
CHARGEBACKS = Source(load="chargebacks.parquet", event_time="reported_at", known=Known(column="recorded_at"))
PRESENCE = Label(
    from_="chargebacks",
    by_key={"payment_id": "payment_id"},
    present=1,
    absent=Absent(is_=0, after=30 * DAY),
)
FRAUD = Dataset(
    rows="payments",
    label=PRESENCE,
    split=Split(by="hash", train=0.6, validate=0.0, test=0.4),
    predict_at=Moment(column="paid_at"),
    request=("paid_at", "amount"),
)


def days(*values: float) -> pl.Series:
    return pl.Series([START + value * DAY for value in values], dtype=INSTANT)


def payments(count: int = 60) -> pl.DataFrame:
    """One a day, from day 0 on."""
    return pl.DataFrame(
        {
            "payment_id": range(count),
            "paid_at": days(*range(count)),
            "amount": [float(n) for n in range(count)],
        }
    )


def chargebacks(*rows: tuple[int, float, Any]) -> SourceTable:
    """Rows are (payment, day on which it became known, verdict)."""
    frame = pl.DataFrame(
        {
            "payment_id": [row[0] for row in rows],
            "reported_at": days(*(row[1] for row in rows)),
            "recorded_at": days(*(row[1] for row in rows)),
            "verdict": [row[2] for row in rows],
        },
        schema_overrides={"payment_id": pl.Int64},
    )
    return SourceTable(frame, CHARGEBACKS, Contract(columns={}))


SOME = chargebacks((3, 8, "fraud"), (4, 35, "fraud"), (40, 42, "fraud"), (5, 70, "fraud"))


def make(
    label: Label = PRESENCE, *, late: SourceTable | None = SOME, day: float = 50, **changed: Any
) -> BuiltDataset:
    rows = changed.pop("rows", payments())
    declared = msgspec.structs.replace(FRAUD, label=label, **changed)
    now = START + day * DAY
    return build(declared, "payments", rows=rows, source=PAYMENTS, contract=CONTRACT, now=now, late=late)


def labels(made: BuiltDataset) -> dict[int, Any]:
    return dict(made.frame.select("row.payment_id", "label").iter_rows())


def replaced(**changed: Any) -> Label:
    return msgspec.structs.replace(PRESENCE, **changed)


# -- presence and absence ----------------------------------------------------------------------


def test_absence_is_believed_only_after_its_delay() -> None:
    made = make(day=50)
    assert labels(made) == {n: int(n in (3, 4)) for n in range(21)}, "paid 30 days ago or more"


def test_a_match_that_is_known_later_than_now_is_not_used() -> None:
    assert labels(make(day=60))[5] == 0
    assert labels(make(day=71))[5] == 1, "believed absent for a while, and corrected when it is known"


def test_an_early_match_waits_for_the_rows_of_its_time_unless_it_may_be_used() -> None:
    made = make(day=50)
    assert 40 not in labels(made)
    assert made.excluded == {NO_LABEL: 0, NOT_YET_KNOWN: 38, KNOWN_EARLY: 1, NO_KEY: 0}
    used = make(replaced(early="use"), day=50)
    assert labels(used)[40] == 1
    assert used.excluded[KNOWN_EARLY] == 0


def test_every_row_is_accounted_for_with_labels_from_another_table() -> None:
    for day in (35, 50, 71, 200):
        made = make(day=day)
        assert made.counts["rows"] == 60
        assert sum(count for what, count in made.counts.items() if what != "rows") == 60
        assert sum(made.excluded.values()) == made.counts["excluded"]
        assert sum(made.unused.values()) == made.counts["unused"]


def test_a_dataset_waits_until_the_next_label_is_known_or_changes() -> None:
    assert make(day=50).waits_until == START + 51 * DAY, "payment 21 is 30 days old"
    assert make(day=69.5, rows=payments(30)).waits_until == START + 70 * DAY, "payment 5 is told to be fraud"
    assert make(day=80, rows=payments(30)).waits_until is None


def test_several_matches_of_one_row_count_once_from_the_first_that_is_known() -> None:
    often = chargebacks((3, 50, "a"), (3, 8, "b"), (3, 8, "c"), (4, 35, "a"))
    made = make(replaced(early="use"), late=often, day=36)
    assert labels(made)[3] == 1
    assert made.counts["rows"] == 60


def test_a_row_without_a_key_is_left_out_for_that_reason() -> None:
    rows = payments().with_columns(payment_id=pl.when(pl.col("payment_id") != 7).then("payment_id"))
    made = make(rows=rows)
    assert made.excluded[NO_KEY] == 1
    assert None not in labels(made)


def test_keys_of_other_names_are_matched() -> None:
    late = SOME._replace(frame=SOME.frame.rename({"payment_id": "of"}))
    assert labels(make(replaced(by_key={"of": "payment_id"}), late=late)) == labels(make())


def test_rows_that_wait_are_not_in_the_windows_and_do_not_end_them() -> None:
    split = Split(by="time", train=10 * DAY, validate=timedelta(0), test=5 * DAY)
    late = chargebacks(*((n, n + 3.0, "fraud") for n in range(0, 100, 3)))
    for early in ("wait", "use"):
        made = make(replaced(early=early), late=late, day=90, split=split, rows=payments(100))
        test = made.frame.filter(pl.col("part") == "test")["row.paid_at"]
        assert test.max() == START + 60 * DAY
        train = made.frame.filter(pl.col("part") == "train")["row.paid_at"]
        assert train.max() == START + 25 * DAY, "labels of the train rows were settled when test began"
        assert train.min() == START + 16 * DAY


# -- a value -----------------------------------------------------------------------------------

VERDICT = Label(from_="chargebacks", column="verdict", by_key={"payment_id": "payment_id"})
REVIEWS = chargebacks(
    (1, 5, "ok"), (2, 5, "fraud"), (2, 9, "ok"), (3, 6, "ok"), (3, 6, "ok"), (4, 30, "fraud"), (8, 9, "fraud")
)


def resolved(label: Label, late: SourceTable, day: float) -> Labels:
    declared = msgspec.structs.replace(FRAUD, label=label)
    return resolve(declared, payments(12), PAYMENTS, late, START + day * DAY, "dataset `payments`")


def values(found: Labels) -> dict[int, Any]:
    return {n: value for n, value in enumerate(found.label) if value is not None}


def test_the_value_that_became_known_last_counts() -> None:
    assert values(resolved(VERDICT, REVIEWS, 9)) == {1: "ok", 2: "ok", 3: "ok", 8: "fraud"}
    assert values(resolved(VERDICT, REVIEWS, 8.9)) == {1: "ok", 2: "fraud", 3: "ok"}


def test_a_value_is_known_since_it_was_first_said_and_not_taken_back() -> None:
    again = chargebacks((1, 5, "ok"), (1, 6, "fraud"), (1, 7, "ok"), (1, 9, "ok"))
    assert resolved(VERDICT, again, 20).known[1] == START + 7 * DAY


def test_a_row_that_nobody_judged_has_no_label_and_the_next_verdict_is_waited_for() -> None:
    found = resolved(VERDICT, REVIEWS, 9)
    assert found.label[0] is None
    assert found.known[0] is None
    assert found.changes == START + 30 * DAY


def test_a_verdict_that_was_taken_back_is_no_label() -> None:
    found = resolved(VERDICT, chargebacks((1, 5, "ok"), (1, 6, None), (2, 5, "ok")), 20)
    assert values(found) == {2: "ok"}


def test_an_absence_may_stand_beside_values() -> None:
    label = msgspec.structs.replace(VERDICT, absent=Absent(is_="ok", after=2 * DAY))
    found = resolved(label, REVIEWS, 12)
    assert (found.label[0], found.known[0]) == ("ok", START + 2 * DAY)
    assert (found.label[8], found.known[8], found.settled[8]) == ("fraud", START + 9 * DAY, START + 10 * DAY)


def test_different_values_known_at_one_moment_are_refused() -> None:
    torn = chargebacks((1, 5, "ok"), (1, 5, "fraud"), (2, 5, "ok"))
    with pytest.raises(ContractError, match="1 key of source `chargebacks`") as caught:
        make(VERDICT, late=torn)
    assert caught.value.code == "DA101"


def test_a_contradiction_that_is_not_known_yet_refuses_nothing() -> None:
    torn = chargebacks(
        (1, 5, "ok"),
        (2, 5, "fraud"),
        (1, 80, "ok"),
        (1, 80, "fraud"),
        *((n, 6, "ok") for n in range(9, 20)),
        (3, 7, "fraud"),
        (4, 7, "fraud"),
    )
    assert labels(make(VERDICT, late=torn, day=50))[1] == "ok"


# -- refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (replaced(by_key={"gone": "payment_id"}), "DA022"),
        (replaced(by_key={"payment_id": "gone"}), "DA022"),
        (replaced(by_key={"verdict": "payment_id"}), "DA034"),
        (msgspec.structs.replace(VERDICT, column="gone"), "DA022"),
        (msgspec.structs.replace(VERDICT, column="recorded_at"), "DA038"),
        (msgspec.structs.replace(VERDICT, absent=Absent(is_=0, after=DAY)), "DA102"),
    ],
)
def test_a_label_that_does_not_fit_its_table_is_refused(label: Label, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        make(label)
    assert caught.value.code == code


def test_a_label_without_its_table_is_refused() -> None:
    with pytest.raises(SpecError) as caught:
        make(late=None)
    assert caught.value.code == "DA103"


def test_no_row_has_a_label_before_the_first_is_settled() -> None:
    with pytest.raises(ContractError, match="60 label not yet known") as caught:
        make(day=2)
    assert caught.value.code == "DA039"


def test_a_table_without_rows_says_that_all_are_absent() -> None:
    with pytest.raises(ContractError) as caught:
        make(late=chargebacks())
    assert caught.value.code == "DA040", "one class only"


# -- labels that are known when their row reaches us ---------------------------------------------


ARRIVING = Dataset(
    rows="payments",
    label=Label(column="fraud", known=Known(commit=True)),
    split=Split(by="time", train=20 * DAY, validate=timedelta(0), test=10 * DAY),
    predict_at=Moment(column="paid_at"),
    request=("paid_at", "amount"),
)


def arrived(*taken: float, source: Source = PAYMENTS, label: Label = ARRIVING.label) -> BuiltDataset:
    """A payment a day with its label; they reached us after so many days each, in turn."""
    rows = payments().with_columns(fraud=pl.Series([n % 3 == 0 for n in range(60)]))
    return build(
        msgspec.structs.replace(ARRIVING, label=label),
        "d",
        rows=rows,
        source=source,
        contract=CONTRACT,
        now=START + 100 * DAY,
        committed=days(*(n + taken[n % len(taken)] for n in range(60))),
    )


def test_parts_stand_apart_by_the_shortest_time_that_a_label_took_to_reach_us() -> None:
    made = arrived(5)
    assert made.windows["test"] == "after 2024-02-19T00:00:00.000000Z until 2024-02-29T00:00:00.000000Z"
    assert made.windows["train"] == "after 2024-01-25T00:00:00.000000Z until 2024-02-14T00:00:00.000000Z"
    assert made.unused["label known after the next part begins"] == 0
    mixed = arrived(5, 15)
    assert mixed.windows == made.windows
    assert mixed.unused["label known after the next part begins"] == 5


def test_the_label_of_a_source_that_says_commit_is_no_older_than_its_row() -> None:
    source = Source(load="payments.parquet", event_time="paid_at", known=Known(commit=True))
    said = (Label(column="fraud"), Label(column="fraud", known=Known(lag=DAY)), ARRIVING.label)
    made = [arrived(5, 15, source=source, label=label) for label in said]
    assert all(one.frame.equals(made[0].frame) for one in made)
    assert made[0].frame.equals(arrived(5, 15).frame)


def test_a_label_on_arrival_that_nobody_kept_is_refused() -> None:
    with pytest.raises(SpecError, match="no commit time was given"):
        resolve(ARRIVING, payments().with_columns(fraud=True), PAYMENTS, None, START, "d")


def test_of_labels_that_came_together_the_later_event_counts() -> None:
    told = pl.DataFrame(
        {
            "payment_id": [1, 1, 2, 2],
            "reported_at": days(8, 9, 9, 8),
            "recorded_at": days(10, 10, 10, 10),
            "verdict": ["no", "yes", "yes", "no"],
        }
    )
    label = Label(from_="chargebacks", by_key={"payment_id": "payment_id"}, column="verdict")
    declared = msgspec.structs.replace(FRAUD, label=label)
    late = SourceTable(told, CHARGEBACKS, CONTRACT)
    found = resolve(declared, payments(3), PAYMENTS, late, START + 20 * DAY, "d")
    assert found.label.to_list() == [None, "yes", "yes"]


def test_types_that_do_not_fit_are_told_as_a_contract_calls_them() -> None:
    late = SourceTable(
        pl.DataFrame({"payment_id": ["1"], "reported_at": days(1), "recorded_at": days(1)}),
        CHARGEBACKS,
        CONTRACT,
    )
    with pytest.raises(
        SpecError, match="key `payment_id` is `text`, and row column `payment_id` is `integer`"
    ):
        resolve(FRAUD, payments(3), PAYMENTS, late, START, "d")
    label = msgspec.structs.replace(FRAUD, label=Label(column="paid_at"))
    with pytest.raises(SpecError, match="label `paid_at` is `time`"):
        resolve(label, payments(3), PAYMENTS, None, START, "d")
