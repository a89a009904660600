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
