"""Units and the one expression language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.spec.expression import ExpressionError, evaluate, holds, names, parse_condition, parse_moment
from headway.spec.quantities import (
    duration_text,
    parse_duration,
    parse_percent,
    parse_rate,
    parse_size,
    percent_text,
    size_text,
)


@given(st.integers(min_value=0, max_value=10**12))
def test_a_duration_survives_its_text(microseconds: int) -> None:
    value = timedelta(microseconds=microseconds)
    assert parse_duration(duration_text(value)) == value


@given(st.integers(min_value=0, max_value=10**15))
def test_a_size_survives_its_text(size: int) -> None:
    assert parse_size(size_text(size)) == size


@given(st.integers(min_value=0, max_value=1000))
def test_a_percentage_survives_its_text(tenths: int) -> None:
    assert parse_percent(percent_text(tenths / 1000)) == pytest.approx(tenths / 1000)


@pytest.mark.parametrize("text", ["", "2", "2 h", "h2", "-2h", "2y", "1e3s", "2hh", "99999999999999d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_rates_say_per_what() -> None:
    assert parse_rate("500/s") == 500
    assert parse_rate("30/m") == 0.5
    assert parse_rate("1 per 2d") == pytest.approx(1 / 172800)
    with pytest.raises(ValueError, match="rate"):
        parse_rate("5")


VALUES = {"roc_auc": 0.7, "champion": 0.72, "mae": 10.0, "worst(slice.roc_auc)": 0.5, "latency_p99": 0.04}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("roc_auc >= 0.65", True),
        ("roc_auc >= champion - 0.01", False),
        ("mae <= champion * 1.02 + 2 * (3 + 4)", True),
        ("worst(slice.roc_auc) >= 0.55", False),
        ("latency_p99 <= 50ms", True),
        ("roc_auc > 70%", False),
        ("-roc_auc < 0", True),
    ],
)
def test_conditions_are_judged(text: str, verdict: bool) -> None:
    assert holds(parse_condition(text), VALUES.__getitem__) is verdict


def test_nothing_can_be_said_about_what_is_not_a_number() -> None:
    assert holds(parse_condition("a >= 1"), lambda name: float("nan")) is None
    assert holds(parse_condition("a / b >= 1"), lambda name: 0.0) is None


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("roc_auc", 7),
        ("roc_auc >>= 1", 9),
        ("roc_auc >= ", 11),
        ("best(x >= 1", 7),
        ("worse(x) > 1", 0),
        ("a ; b", 2),
        ("((((" * 40, 50),
    ],
)
def test_a_fault_in_a_condition_has_its_column(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_condition(text)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("written", "meant"), [("=>", ">="), ("=<", "<="), ("≥", ">="), ("≤", "<="), ("=", "==")]
)
def test_a_comparison_as_it_is_written_elsewhere_is_told_how_it_is_written_here(
    written: str, meant: str
) -> None:
    with pytest.raises(ExpressionError, match=f"did you mean `{meant}`"):
        parse_condition(f"roc_auc {written} 0.6")


def test_a_moment_is_a_column_and_an_offset() -> None:
    assert parse_moment("t - 1h30m").offset == timedelta(hours=-1, minutes=-30)
    assert parse_moment("t").offset == timedelta(0)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_a_named_fault(text: str) -> None:
    try:
        condition = parse_condition(text)
    except ExpressionError:
        return
    assert list(names(condition)) is not None
    evaluate(condition.left, lambda name: 1.0)
