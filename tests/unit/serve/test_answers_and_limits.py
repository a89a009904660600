"""What a model's numbers mean, how fast one may ask, and what is counted."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from headway.bundle.manifest import Answer
from headway.errors import UserCodeError
from headway.serve.answers import Answered, Teller, place_of_positive
from headway.serve.meters import BOUNDS, Label, Meters
from headway.serve.rate_limit import TokenBucket


def probability(**changes: Any) -> Answer:
    plain = Answer(kind="probability", positive=True, classes=(False, True))
    return msgspec.structs.replace(plain, **changes)


def label(row: list[float], answer: Answer) -> Any:
    about = place_of_positive(answer)
    assert about is not None
    return Teller(answer, about, "delay")(np.array([row])).label[0]


@pytest.mark.parametrize(("share", "expected"), [(0.29, False), (0.3, True), (0.31, True)])
def test_the_class_asked_about_is_the_label_from_its_threshold_on(share: float, expected: object) -> None:
    assert label([1 - share, share], probability(threshold=0.3)) is expected


def test_without_a_threshold_the_likeliest_class_is_the_label() -> None:
    three = probability(positive="late", classes=("early", "late", "on time"))
    assert label([0.2, 0.3, 0.5], three) == "on time"
    assert (
        label([0.2, 0.3, 0.5], probability(positive="late", classes=three.classes, threshold=0.3)) == "late"
    )
    assert (
        label([0.2, 0.3, 0.5], probability(positive="late", classes=three.classes, threshold=0.4))
        == "on time"
    )


def test_a_model_of_one_class_answers_that_class() -> None:
    assert label([1.0], probability(classes=(True,), threshold=0.5)) is True


@pytest.mark.parametrize(
    ("positive", "classes", "expected"),
    [(1, (0, 1), 1), (True, (False, True), 1), (True, (0, 1), 1), (1, (True, 1), 1), ("x", (0, 1), None)],
)
def test_the_class_asked_about_is_found_by_type_first(
    positive: Any, classes: tuple[Any, ...], expected: int | None
) -> None:
    assert place_of_positive(probability(positive=positive, classes=classes)) == expected


def test_a_value_is_told_as_it_is() -> None:
    answered = Teller(Answer(kind="value"), 0, "rents")(np.array([1.5, -2.0]))
    assert answered == Answered(value=[1.5, -2.0])
    assert answered.rows(["a", "b"]) == [
        {"value": 1.5, "prediction_id": "a"},
        {"value": -2.0, "prediction_id": "b"},
    ]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_never_told(number: float) -> None:
    for output, answer in (
        (np.array([1.0, number]), Answer(kind="value")),
        (np.array([[0.5, 0.5], [1.0, number]]), probability()),
    ):
        with pytest.raises(UserCodeError) as caught:
            Teller(answer, 1, "rents")(output)
        assert caught.value.code == "SE016"
        assert "row 1" in caught.value.what


def test_a_bucket_takes_one_seconds_requests_at_once_and_then_the_rate() -> None:
    bucket = TokenBucket(4.0, now=0.0)
    assert [bucket.take(0.0) for _ in range(5)] == [0, 0, 0, 0, 0.25]
    assert bucket.take(0.25) == 0
    assert bucket.take(0.25) == 0.25
    assert [bucket.take(9.0) for _ in range(5)] == [0, 0, 0, 0, 0.25]


def test_a_rate_below_one_still_takes_a_request() -> None:
    bucket = TokenBucket(0.5, now=0.0)
    assert bucket.take(0.0) == 0
    assert bucket.take(0.0) == 2


def test_requests_are_counted_by_label_and_bucket() -> None:
    meters = Meters()
    for seconds in (0.0001, 0.0002, 99.0):
        meters.record(Label("delay", "3f9a21", 200), seconds, 2)
    (meter,) = meters.requests.values()
    assert (meter.count, meter.rows, meter.buckets[:2], meter.buckets[len(BOUNDS)]) == (3, 6, [1, 1], 1)
