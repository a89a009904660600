"""Which columns of a table a rule of k-anonymity means, and what sizes of classes say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.engine.governing import Governed, governed, require_sense
from headway.engine.questions.checked import check_file
from headway.engine.revealing import told_of
from headway.errors import SpecError
from headway.facts.anonymity import Measure, Sizes
from headway.facts.evidence import Outcome
from headway.lineage import anonymity
from headway.spec.graph import graph
from headway.spec.load import Loaded, load
from headway.spec.product import Anonymity
from headway.store.workspace import Workspace
from headway.survey.modules import Modules

PRODUCT = """\
product: shop
sources:
  orders: {load: orders.csv, event_time: at, known: 1h, contract: orders.yaml}
  people: {load: people.csv, event_time: since, known: 1h, contract: people.yaml}
feature_groups:
  contact: {version: 1, from: people, key: [customer], columns: quasi_contact}
datasets:
  main:
    rows: orders
    predict_at: at
    label: {column: late, known: 1d}
    request: [at, customer, amount]
    features: [{group: contact, prefix: c_}]
    on_demand: quasi_asked
    split: {by: hash, train: 60%, validate: 20%, test: 20%}
"""
ORDERS = """\
columns:
  at: {type: time}
  customer: {type: text}
  amount: {type: number}
  postcode: {type: text, tags: [quasi_identifier]}
  late: {type: boolean, tags: [outcome]}
"""
PEOPLE = """\
columns:
  since: {type: time}
  customer: {type: text}
  born: {type: date, tags: [quasi_identifier]}
  age: {type: integer, tags: [quasi_identifier]}
"""
CONTACT = "def years(age):\n    return age\n\n\ndef decade(age):\n    return age // 10\n"
ASKED = "def per_year(amount, c_years):\n    return amount / c_years\n"
FRAME = "columns: quasi_contact", 'frame: "quasi_contact:compute"'


def shop(root: Path, rule: str, **edits: tuple[str, str]) -> tuple[Loaded, Governed]:
    """The shop under one rule, with `before, after` edits of its product file."""
    text = PRODUCT
    for before, after in edits.values():
        assert before in text
        text = text.replace(before, after)
    files = {
        "orders.yaml": ORDERS,
        "people.yaml": PEOPLE,
        "quasi_contact.py": CONTACT,
        "quasi_asked.py": ASKED,
    }
    for name, content in files.items():
        (root / name).write_text(content)
    (root / "headway.yaml").write_text(f"{text}policies:\n  - {rule}\n")
    loaded = load(root / "headway.yaml")
    found = governed(loaded, graph(loaded.product, loaded.contracts), Modules(root))
    require_sense(loaded, found)
    return loaded, found


def columns(found: tuple[Loaded, Governed], node: str = "dataset.main", *there: str) -> tuple[str, ...]:
    loaded, ruled = found
    wanted = loaded.product.policies[0].k_anonymity
    assert wanted is not None
    return anonymity.quasi_identifiers(wanted, node, loaded, ruled.carried[node], there)


BY_TAG = "{k_anonymity: {k: 5, tag: quasi_identifier}, on: [dataset.*, feature_group.*]}"


def test_a_tag_makes_everything_one_that_is_computed_from_it(tmp_path: Path) -> None:
    found = shop(tmp_path, BY_TAG)
    assert columns(found) == ("c_decade", "c_years", "per_year")
    assert columns(found, "feature_group.contact") == ("decade", "years")


def test_a_column_is_found_under_the_prefix_that_a_dataset_gives_it(tmp_path: Path) -> None:
    found = shop(
        tmp_path, "{k_anonymity: {k: 5, columns: [years, amount]}, on: [dataset.*, feature_group.*]}"
    )
    assert columns(found) == ("amount", "c_years")
    assert columns(found, "feature_group.contact") == ("years",)


def test_a_feature_that_clears_the_tag_is_none(tmp_path: Path) -> None:
    note = "columns: quasi_contact, features: {decade: {clears: [quasi_identifier], description: ten years}}"
    found = shop(tmp_path, BY_TAG, note=("columns: quasi_contact", note))
    assert columns(found) == ("c_years", "per_year")


def test_a_personal_column_that_a_dataset_leaves_out_is_none_there(tmp_path: Path) -> None:
    """Then the rule is about the columns that are left; where none is, it says that it holds for nothing."""
    found = shop(tmp_path, "{k_anonymity: {k: 5, columns: [postcode, amount]}, on: dataset.main}")
    assert columns(found) == ("amount",)
    _, ruled = shop(tmp_path, "{k_anonymity: {k: 5, columns: [postcode]}, on: dataset.main}")
    (rule,) = ruled.judged
    assert rule.outcome is Outcome.NOT_APPLICABLE
    assert rule.note == "it holds for nothing: no table of dataset.main has a column `postcode`"


def test_the_label_and_a_time_that_is_sent_may_be_one(tmp_path: Path) -> None:
    found = shop(tmp_path, "{k_anonymity: {k: 5, tag: outcome, columns: at}, on: dataset.*}")
    assert columns(found) == ("at", "late")


def test_a_tag_that_nobody_carries_is_told(tmp_path: Path) -> None:
    _, ruled = shop(tmp_path, "{k_anonymity: {k: 5, tag: quasi}, on: dataset.*}")
    (rule,) = ruled.judged
    assert (rule.outcome, rule.unmeasured) == (Outcome.NOT_APPLICABLE, ())
    assert rule.note == "it holds for nothing: no table of dataset.* has a column that carries quasi"


def test_a_rule_waits_until_its_tables_are_made(tmp_path: Path) -> None:
    _, ruled = shop(tmp_path, BY_TAG)
    (rule,) = ruled.judged
    assert (rule.outcome, rule.unmeasured) == (Outcome.NOT_RUN, ("feature_group.contact", "dataset.main"))
    assert rule.rule == "k-anonymity 5 of tag quasi_identifier on dataset.*, feature_group.*"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("columns: [age, amuont]", "headway.yaml:17  there is no column `amuont`; did you mean `amount`?"),
        (
            "columns: age, unit: custmer",
            "headway.yaml:17  there is no column `custmer`; did you mean `customer`?",
        ),
        ("columns: zzzzzz", "headway.yaml:17  there is no column `zzzzzz`"),
    ],
)
def test_a_column_that_nothing_has_is_a_fault_with_its_line(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        shop(tmp_path, f"{{k_anonymity: {{k: 5, {written}}}, on: dataset.*}}")
    assert caught.value.code == "GV004"
    assert caught.value.evidence == (said,)


def test_a_file_that_is_written_ahead_of_this_version_is_not_looked_through(tmp_path: Path) -> None:
    shop(tmp_path, BY_TAG)
    file = tmp_path / "headway.yaml"
    rule = "{k_anonymity: {k: 5, columns: amount}, on: dataset.*}"
    file.write_text(f"{PRODUCT}monitors:\n  - {{drift: features}}\npolicies:\n  - {rule}\n")
    assert check_file(file).not_built


def test_a_wrong_rule_hides_nothing_of_what_is_personal(tmp_path: Path) -> None:
    """Commands that only read what was made mask by the tags, whatever else is wrong with the rules."""
    with pytest.raises(SpecError):
        shop(tmp_path, "{k_anonymity: {k: 5, columns: zzzzzz}, on: dataset.*}")
    assert told_of(Workspace(tmp_path)).columns


def test_features_whose_names_only_the_data_says_are_met_once_it_is_there(tmp_path: Path) -> None:
    """A `frame:` function is taken to read everything: each of its features carries the tag."""
    found = shop(tmp_path, BY_TAG, frame=FRAME, asked=("    on_demand: quasi_asked\n", ""))
    assert columns(found) == ()
    assert found[1].judged[0].outcome is Outcome.NOT_RUN, "it may turn out to have one"
    assert columns(found, "dataset.main", "customer", "amount", "c_years", "c_place") == (
        "c_place",
        "c_years",
    )


def test_the_same_columns_are_met_whether_or_not_the_text_says_their_names(tmp_path: Path) -> None:
    """Otherwise a second apply would measure anew what the first has measured."""
    told = shop(
        tmp_path,
        BY_TAG,
        note=("columns: quasi_contact", f"{FRAME[1]}, features: {{years: {{}}}}"),
        asked=("    on_demand: quasi_asked\n", ""),
    )
    assert columns(told, "dataset.main", "customer", "amount", "c_years", "c_place") == ("c_place", "c_years")


def test_the_rows_of_another_product_are_judged_there(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    shop(tmp_path / "shop", BY_TAG)
    reader = tmp_path / "reader"
    reader.mkdir()
    text = """\
product: reader
sources: {orders: {load: orders.parquet, event_time: at, known: 1h}}
datasets:
  main:
    rows: orders
    predict_at: at
    label: {column: late, known: 1d}
    request: [at, customer]
    features: [shop/contact.*@1]
    split: {by: hash, train: 60%, validate: 20%, test: 20%}
policies:
  - {k_anonymity: {k: 5, tag: quasi_identifier}, on: PATTERN}
"""
    (reader / "headway.yaml").write_text(text.replace("PATTERN", "feature_group.shop/contact"))
    with pytest.raises(SpecError) as caught:
        load(reader / "headway.yaml")
    (line,) = caught.value.evidence
    assert "the rows of `feature_group.shop/contact` are another product's; write the rule there" in line
    (reader / "headway.yaml").write_text(text.replace("PATTERN", '"*"'))
    loaded = load(reader / "headway.yaml")
    nodes = graph(loaded.product, loaded.contracts)
    ruled = governed(loaded, nodes, Modules(reader))
    assert anonymity.meant(loaded.product.policies[0], nodes) == ["dataset.main"]
    assert columns((loaded, ruled)) == ("decade", "years"), "the tag comes across"


# -- what the sizes say ----------------------------------------------------------------------------


def sizes(*small: tuple[int, int, int], rows: int = 100, classes: int = 20) -> Sizes:
    return Sizes(
        rows=rows, classes=classes, smallest=min((size for size, _, _ in small), default=7), small=small
    )


def measure(unit: str = "", **parts: Sizes) -> Measure:
    return Measure(columns=("age", "region"), unit=unit, sizes=parts)


FIVE = Anonymity(k=5, columns=("age", "region"))


def test_a_class_of_k_rows_is_large_enough() -> None:
    assert anonymity.said(FIVE, measure(rows=sizes((5, 3, 15), (6, 1, 6)))) == ""


def test_small_classes_are_counted_and_not_named() -> None:
    said = anonymity.said(FIVE, measure(rows=sizes((1, 2, 2), (4, 1, 4), (5, 9, 45))))
    assert (
        said == "3 of 20 classes of age, region have fewer than 5 rows: 6 of 100 rows, the smallest class 1"
    )


def test_what_a_model_learns_from_is_looked_at_by_itself() -> None:
    """A split may leave one of six alike in the training part."""
    said = anonymity.said(FIVE, measure(rows=sizes((6, 1, 6)), train=sizes((1, 1, 1), rows=60, classes=9)))
    assert said == (
        "1 of 9 classes of age, region in `train` has fewer than 5 rows: 1 of 60 rows, the smallest class 1"
    )


def test_with_a_unit_people_are_counted() -> None:
    said = anonymity.said(FIVE, measure("customer", rows=sizes((1, 2, 50))))
    assert said == (
        "2 of 20 classes of age, region have fewer than 5 different values of customer: 50 of 100 rows, "
        "the smallest class 1"
    )


def test_what_could_not_be_measured_never_passes() -> None:
    said = anonymity.said(FIVE, Measure(columns=("age",), missing=("age",)))
    assert said == "nothing is measured: its rows have no column `age`"
