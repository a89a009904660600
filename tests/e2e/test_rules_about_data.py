"""Tags follow lineage, and rules about where data may go hold: typed as a person types them."""

from __future__ import annotations

from pathlib import Path

import customers as shop
import pytest
from product import Folder, copy_of, lock

WAY = "source.customers: email -> feature_group.contact: mail_length -> dataset.main: mail_length"
NO_PEOPLE = "  - {deny: {tag: pii}, in: model.*}\n"


@pytest.fixture(scope="module")
def opened_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, locked and applied to dev."""
    root = tmp_path_factory.mktemp("shop") / "shop"
    folder = shop.begin(root)
    folder.edit("headway.yaml", "product: shop\n", 'product: shop\nowner: ""\n')
    lock(folder)
    done = folder.run("apply")
    assert done.code == 0, done.err
    return root


@pytest.fixture
def opened(opened_once: Path, tmp_path: Path) -> Folder:
    return copy_of(opened_once, tmp_path / "shop")


def rule(folder: Folder, *rules: str) -> None:
    text = (folder.root / "headway.yaml").read_text()
    head = "" if "policies:" in text else "policies:\n"
    (folder.root / "headway.yaml").write_text(text + head + "".join(rules))


def test_tags_and_descriptions_are_edited_without_a_run_and_without_a_new_digest(opened: Folder) -> None:
    """C19: on every asset, single features and columns too."""
    before = opened.pointers()
    opened.edit("headway.yaml", "tags: [licence:own]", "tags: [licence:own, bought], description: the crm")
    opened.edit("headway.yaml", "tags: [crm]", "tags: [crm, deprecated]")
    opened.edit("headway.yaml", "tags: [weak]", "tags: [strong]")
    opened.edit("headway.yaml", "    rows: orders", "    tags: [gold]\n    rows: orders")
    for name in ("{dataset: main, ", "{model: main, metrics"):
        opened.edit("headway.yaml", name, name.replace("{", "{tags: [gold], description: ours, "))
    opened.edit("headway.yaml", "{model: main}", "{model: main, tags: [gold], description: ours}")
    opened.edit("contracts/customers.yaml", "tags: [pii]", "tags: [pii, mail], description: an address")
    opened.edit("contracts/orders.yaml", "amount: {", "amount: {tags: [money], description: euros, ")
    assert opened.run("plan", "--exit-code").code == 0
    for node in ("source.orders", "dataset.main", "model.main", "endpoint.main"):
        done = opened.run("apply", "--refresh", node)
        assert (done.code, opened.pointers()) == (0, before), node


def test_a_rule_names_the_way_along_lineage_with_file_and_line(opened: Folder) -> None:
    rule(opened, NO_PEOPLE)
    line = 1 + (opened.root / "headway.yaml").read_text().count("\n", 0, -len(NO_PEOPLE))
    done = opened.run("check")
    assert done.code == 3, "an environment of the product would refuse it"
    assert f"{WAY} -> model.main: mail_length carries pii (contracts/customers.yaml:4)" in done.out
    assert f"rule `deny tag pii in model.*` (headway.yaml:{line}): fail" in done.out
    assert "error[GV001]: 1 rule is broken: deny tag pii in model.*" in done.err
    (told,) = opened.run("check", "--json").json["rules"]
    assert (told["outcome"], told["severity"], len(told["broken"])) == ("fail", None, 2)
    assert "through `eager`" not in done.out
    assert "source.customers: age -> feature_group.contact: eager_for_age" in done.out


def test_a_protected_environment_refuses_and_others_warn(opened: Folder) -> None:
    rule(opened, NO_PEOPLE)
    done = opened.run("plan")
    assert done.code == 0
    assert "note: rule `deny tag pii in model.*`" in done.out
    for command in (
        ["plan", "--env", "prod"],
        ["apply", "--env", "prod"],
        ["promote", "--from", "dev", "--to", "prod"],
    ):
        refused = opened.run(*command)
        assert refused.code == 3, refused
        assert "error[GV001]" in refused.err
        assert WAY in refused.err
    assert opened.pointers("prod") == {}


def test_a_feature_that_no_longer_tells_what_the_tag_is_about_clears_it(opened: Folder) -> None:
    rule(opened, NO_PEOPLE)
    opened.edit("headway.yaml", "letters of the address, tags", "letters of the address, clears: [pii], tags")
    opened.edit(
        "headway.yaml",
        "      mail_length",
        "      eager_for_age: {clears: [pii], description: a ratio}\n      mail_length",
    )
    assert opened.run("check").code == 0
    done = opened.run("promote", "--from", "dev", "--to", "prod")
    assert done.code == 0, done.err
    assert opened.pointers("prod") == opened.pointers("dev")


def test_a_missing_licence_or_consent_tag_fails(opened: Folder) -> None:
    """G5: data is taken only from sources that say under which licence, and with whose consent."""
    rule(opened, "  - {require: {tag: [licence, consent]}, on: source.*}\n")
    done = opened.run("apply", "--env", "prod")
    assert done.code == 3
    assert "source.customers does not bear consent (headway.yaml:" in done.err
    assert "source.orders" not in done.err
    opened.edit("headway.yaml", "tags: [licence:own]", "tags: [licence:own, consent]")
    done = opened.run("apply", "--env", "prod")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "deny: {source: 'cust*'}, in: dataset.*",
            "source.customers -> feature_group.contact -> dataset.main",
        ),
        (
            "allow: {source: orders}, in: model.main",
            "source.customers -> feature_group.contact -> dataset.main",
        ),
        ("allow: {tag: licence:CC0}, in: endpoint.*", "the source bears none of licence:CC0"),
        ("require: {tag: consent}, in: model.*", "the source does not bear consent"),
        (
            "deny: {tag: pii}, on: source.*",
            "source.customers: email carries pii (contracts/customers.yaml:4)",
        ),
        ("deny: {tag: crm}, in: endpoint.*", "feature_group.contact -> "),
    ],
)
def test_each_kind_of_rule_finds_what_breaks_it(opened: Folder, written: str, said: str) -> None:
    rule(opened, f"  - {{{written}, severity: refuse}}\n")
    for command in ("check", "plan", "apply"):
        done = opened.run(command, "--refresh", "dataset.main") if command != "check" else opened.run(command)
        assert done.code == 3, done
        assert said in done.err


def test_a_rule_that_only_warns_keeps_nothing_out(opened: Folder) -> None:
    rule(opened, "  - {deny: {tag: pii}, in: model.*, severity: warn}\n")
    assert opened.run("check").code == 0
    assert opened.run("apply", "--env", "prod").code == 0
    assert "note: rule `deny tag pii in model.*`" in opened.run("plan", "--env", "prod").out


def test_how_a_release_stands_under_each_rule_is_kept_with_it_and_told_by_lineage(opened: Folder) -> None:
    """D4: the result of the rules is evidence about the release; a second apply writes nothing."""
    rule(
        opened,
        "  - {deny: {source: scraped}, in: dataset.*}\n  - {deny: {tag: pii}, in: model.*, severity: warn}\n",
    )
    assert opened.run("apply").code == 0
    told = opened.run("lineage", "endpoint.main").out
    assert "check: policy: deny source scraped in dataset.*: pass" in told
    assert "check: policy: deny tag pii in model.*: warn 2 broken" in told
    size = (opened.root / ".headway" / "ledger.db").stat().st_size
    checks = opened.run("lineage", "endpoint.main", "--json").json["vertices"][0]["checks"]
    assert opened.run("apply").code == 0
    assert opened.run("lineage", "endpoint.main", "--json").json["vertices"][0]["checks"] == checks
    assert (opened.root / ".headway" / "ledger.db").stat().st_size == size


def test_what_reads_a_deprecated_thing_is_told(opened: Folder) -> None:
    opened.edit("headway.yaml", "tags: [crm]", "tags: [crm, deprecated]")
    told = "note: dataset.main reads what is old: feature_group.contact is deprecated (headway.yaml:"
    assert told in opened.run("plan").out
    assert told in opened.run("check").out


def test_a_note_about_a_feature_that_is_not_there_is_a_fault(opened: Folder) -> None:
    opened.edit("headway.yaml", "      mail_length:", "      mail_lenght:")
    for command in ("check", "plan", "apply"):
        done = opened.run(command)
        assert done.code == 2
        assert "there is no feature `mail_lenght`; did you mean `mail_length`?" in done.err
        assert "error[GV002]" in done.err


def test_a_function_that_cannot_be_read_is_taken_to_read_everything(opened: Folder) -> None:
    """A decorated function may take its parameters from anywhere: coarser, never blind."""
    opened.edit(
        "shop/contact.py", "def eager(visits)", "def same(f):\n    return f\n\n\n@same\ndef eager(visits)"
    )
    rule(opened, "  - {deny: {tag: pii}, in: dataset.*}\n")
    opened.edit("headway.yaml", "features: [contact.*]", "features: [contact.eager]")
    done = opened.run("check")
    assert "source.customers: email -> feature_group.contact: " in done.out
    assert done.code == 3


# -- rules about rows ------------------------------------------------------------------------------

FEW = "k-anonymity 5 of tag quasi_identifier on dataset.*"


def among(folder: Folder, k: int, about: str = "tag: quasi_identifier") -> None:
    rule(folder, f"  - {{k_anonymity: {{k: {k}, {about}}}, on: dataset.*}}\n")


@pytest.fixture
def told(opened: Folder) -> Folder:
    """The shop, its column `age` tagged: a feature of a group and one of `on_demand:` are computed from it."""
    opened.edit(
        "contracts/customers.yaml", "tags: [pii]}\n  visits", "tags: [pii, quasi_identifier]}\n  visits"
    )
    return opened


def test_k_anonymity_is_measured_without_building_the_dataset_anew(told: Folder) -> None:
    """D5: the rule came after the dataset; it is judged on the rows that are there."""
    before = told.pointers()
    among(told, 5)
    done = told.run("plan")
    assert f"dataset.main           stale\n      policy: rule `{FEW}` is not measured yet" in done.out
    refused = told.run("promote", "--from", "dev", "--to", "prod")
    assert refused.code == 3, "what nobody has counted does not pass"
    assert "dataset.main: its rows are not counted yet" in refused.err
    done = told.run("apply", "--json")
    assert (done.code, done.json["executed"], told.pointers()) == (0, [], before)
    assert told.run("plan", "--exit-code").code == 0
    size = (told.root / ".headway" / "ledger.db").stat().st_size
    assert told.run("apply").code == 0
    assert (told.root / ".headway" / "ledger.db").stat().st_size == size, "what is known is not counted again"


def test_a_table_without_a_column_that_the_rule_names_is_not_judged_by_the_others(told: Folder) -> None:
    """`age` itself is in no dataset here; what is computed from it would go unseen."""
    among(told, 2, "columns: [eager, age]")
    assert told.run("apply").code == 0
    done = told.run("plan", "--env", "prod")
    assert done.code == 3
    assert "dataset.main: it has no column `age`; name what is computed from that" in done.err


def test_a_forbidden_tag_that_is_nearly_another_is_said(told: Folder) -> None:
    rule(told, "  - {deny: {tag: pi}, in: model.*}\n")
    assert "nothing bears `pi`; did you mean `pii`?" in told.run("check").out


def test_rows_that_stand_out_are_refused_with_their_number_and_never_their_values(told: Folder) -> None:
    among(told, 5)
    assert told.run("apply").code == 0
    counted = "classes of eager_for_age have fewer than 5 rows"
    for command in (
        ["plan", "--env", "prod"],
        ["apply", "--env", "prod"],
        ["promote", "--from", "dev", "--to", "prod"],
    ):
        done = told.run(*command)
        assert done.code == 3, command
        assert f"error[GV001]: 1 rule is broken: {FEW}" in done.err
        assert counted in done.err
        assert "hint: round or generalise what these columns hold, widen their bins, or leave" in done.err
    assert told.pointers("prod") == {}
    assert "is broken: dataset.main: " in told.run("plan").out
    (evidence,) = told.run("show", "dataset.main", "--json").json["k_anonymity"]
    assert evidence["outcome"] == "fail"
    kept = evidence["values"]
    assert (kept["columns"], kept["unit"], kept["missing"]) == (["eager_for_age"], "", [])
    assert set(kept["sizes"]) == {"rows", "train"}
    assert set(kept["sizes"]["rows"]) == {"rows", "classes", "smallest", "small"}
    assert all(isinstance(number, int) for line in kept["sizes"]["rows"]["small"] for number in line)
    assert "k-anonymity 5 of eager_for_age: fail (" in told.run("show", "dataset.main").out
    told_by_lineage = told.run("lineage", "endpoint.main").out
    assert "check: k-anonymity 5 of eager_for_age: fail smallest class" in told_by_lineage
    assert f"check: policy: {FEW}: fail 1 broken: dataset.main: " in told_by_lineage


def test_another_k_is_judged_by_what_was_counted(told: Folder) -> None:
    """`plan` foretells it, with no apply between."""
    among(told, 500, "columns: eager")
    assert told.run("apply").code == 0
    assert told.run("plan", "--env", "prod").code == 3
    told.edit("headway.yaml", "k: 500", "k: 5")
    done = told.run("plan", "--env", "prod")
    assert (done.code, "is broken" in done.out) == (0, False)
    done = told.run("promote", "--from", "dev", "--to", "prod")
    assert done.code == 0, done.err
    told.edit("headway.yaml", "columns: eager", "columns: [eager, amount]")
    assert "is not measured yet" in told.run("plan", "--env", "prod").out


def test_a_mended_feature_lets_the_release_go_out(told: Folder) -> None:
    told.edit("shop/contact.py", "return eager / age", "return eager * 0.0 + age // 30")
    among(told, 5)
    done = told.run("apply", "--env", "prod")
    assert done.code == 0, done.err
    assert told.pointers("prod")


def test_people_are_counted_where_the_rule_says_whose_a_row_is(told: Folder) -> None:
    """An age is that of one customer here, however many orders he made; a decade is that of several."""
    told.edit("shop/contact.py", "return eager / age", "return eager * 0.0 + age")
    among(told, 2)
    told.edit("headway.yaml", "k: 2, ", "k: 2, unit: customer, ")
    done = told.run("apply", "--env", "prod")
    assert done.code == 3
    assert "fewer than 2 different values of customer" in done.err
    told.edit("shop/contact.py", "eager * 0.0 + age", "eager * 0.0 + age // 10")
    assert told.run("apply", "--env", "prod").code == 0


def test_a_rule_about_rows_that_only_warns_keeps_nothing_out(told: Folder) -> None:
    rule(told, "  - {k_anonymity: {k: 5, tag: quasi_identifier}, on: dataset.*, severity: warn}\n")
    done = told.run("apply", "--env", "prod")
    assert done.code == 0, done.err
    assert "is broken: dataset.main: " in told.run("plan", "--env", "prod").out


def test_the_rows_of_a_feature_group_are_looked_at_too(told: Folder) -> None:
    rule(told, "  - {k_anonymity: {k: 2, columns: eager_for_age}, on: feature_group.*, severity: refuse}\n")
    done = told.run("apply")
    assert done.code == 3
    assert "feature_group.contact: " in done.err
    assert "classes of eager_for_age have fewer than 2 rows" in done.err


def test_check_says_which_rule_about_rows_waits_and_which_holds_for_nothing(told: Folder) -> None:
    among(told, 5)
    among(told, 5, "tag: quasi")
    done = told.run("check")
    assert done.code == 0
    assert ": not run\n  it is measured when dataset.main is made" in done.out
    nothing = "it holds for nothing: no table of dataset.* has a column that carries quasi"
    assert f": not applicable\n  {nothing}" in done.out
    assert nothing in told.run("plan").out
    assert nothing in [item["note"] for item in told.run("check", "--json").json["rules"]]
