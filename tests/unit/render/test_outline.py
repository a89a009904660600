"""What a person reads of JSON values: nothing raw, nothing endless, nothing empty."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headway.render.outline import outline

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_a_short_mapping_is_one_line_and_names_in_it_stay_as_they_are() -> None:
    assert outline({"metrics": {"roc_auc": 0.856151711, "cost": 3}}) == ["metrics: roc_auc 0.856152, cost 3"]


def test_equal_things_are_a_table_without_columns_that_say_nothing() -> None:
    assert outline(
        {"inputs": [{"name": "a", "type": "number", "x": None}, {"name": "bb", "type": "text"}]}
    ) == [
        "inputs: 2",
        "  name  type",
        "  a     number",
        "  bb    text",
    ]
    assert outline(
        {"agreement": {"seen": {"rows": 1000, "ok": True}, "drawn": {"rows": 5, "ok": False}}}
    ) == [
        "agreement:",
        "         rows   ok",
        "  seen   1,000  true",
        "  drawn  5      false",
    ]


def test_long_lists_say_how_much_there_is_besides() -> None:
    assert outline({"label_classes": list(range(600))})[0].endswith("10, 11 and 588 more")
    assert outline({"rows": [{"a": n} for n in range(99)]})[-1] == "  and 69 more"


def test_what_is_empty_is_left_out_and_digests_are_short() -> None:
    digest = "d5a840245accec66ef9d7dc04267b6002a85ef115f6a98b19e863ff8b2980204"
    assert outline({"a": "", "b": [], "c": {"d": {}}, "code": digest, "n": 0}) == [
        "code: d5a840245acc",
        "n: 0",
    ]


@given(st.dictionaries(st.text(min_size=1, max_size=8), JSON, max_size=4))
def test_any_value_can_be_shown_in_bounded_lines(value: dict[str, Any]) -> None:
    assert all(len(line) < 4000 for line in outline(value))
