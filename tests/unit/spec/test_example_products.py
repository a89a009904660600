"""The four products that the grammar must hold pass, and say what a later version will build."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.spec.built import not_built
from headway.spec.load import load

ROOT = Path(__file__).parents[3]
LATER = {
    "flights": [],
    "phishing": [],
    "fraud": [],
    "rents": [],
}


@pytest.mark.parametrize("name", sorted(LATER))
def test_an_example_loads_and_names_what_is_not_built_yet(name: str) -> None:
    found = not_built(load(ROOT / "examples" / name / "headway.yaml"))
    assert [part for part, _ in found] == LATER[name]
    assert all(place.startswith("headway.yaml:") for _, place in found)


def test_the_whole_grammar_is_read_beside_the_contracts_it_names(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "unit" / "examples" / "full_grammar.yaml", tmp_path / "headway.yaml")
    shutil.copytree(ROOT / "examples" / "flights" / "contracts", tmp_path / "contracts")
    assert len(not_built(load(tmp_path / "headway.yaml"))) == 5


LABELLED = """product: x
sources: {{a: {{load: m:f{time}}}, b: {{load: m:g, event_time: t, known: commit}}}}
datasets:
  d: {{rows: a, label: {{{label}}}, request: [z], split: {{by: hash, train: 70%, validate: 15%, test: 15%}}}}
"""


@pytest.mark.parametrize("label", ["column: y, known: commit", "from: b, by_key: [k], column: y"])
def test_a_label_may_be_known_when_it_reaches_us(tmp_path: Path, label: str) -> None:
    (tmp_path / "headway.yaml").write_text(LABELLED.format(label=label, time=", event_time: t"))
    assert not_built(load(tmp_path / "headway.yaml")) == []


@pytest.mark.parametrize(
    ("label", "time", "said"),
    [
        ("column: y, known: {column: x}", ", event_time: t", "where a column, a lag or `commit` is expected"),
        ("column: y, known: commit", "", "`commit`, and the rows have no time"),
        ("column: y, known: 1d", "", "a lag after the event, and the rows have no time"),
        (
            "from: b, by_key: [k], column: y, known: commit",
            ", event_time: t",
            "`known` of a label `from` a source",
        ),
    ],
)
def test_a_label_that_nobody_can_say_is_known_is_a_fault(
    tmp_path: Path, label: str, time: str, said: str
) -> None:
    (tmp_path / "headway.yaml").write_text(LABELLED.format(label=label, time=time))
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "headway.yaml")
    assert said in str(caught.value)


@pytest.mark.parametrize("value", ["true", "5", "x", "[1]"])
def test_a_mapping_that_may_be_left_out_is_still_a_mapping(tmp_path: Path, value: str) -> None:
    text = (ROOT / "tests" / "unit" / "spec" / "full" / "headway.yaml").read_text()
    start = text.index("    slices: {")
    end = text.index("\n", start)
    (tmp_path / "headway.yaml").write_text(f"{text[:start]}    slices: {value}{text[end:]}")
    shutil.copytree(ROOT / "tests" / "unit" / "spec" / "full" / "contracts", tmp_path / "contracts")
    with pytest.raises(SpecError, match="1 fault") as caught:
        load(tmp_path / "headway.yaml")
    assert "evaluations.delay.slices" in str(caught.value)


def test_a_contract_under_a_name_that_no_file_can_have_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "headway.yaml").write_text(
        f"product: x\nsources: {{a: {{load: a.parquet, contract: {'c' * 300}}}}}\n"
    )
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "headway.yaml")
    assert "is not there" in str(caught.value)
