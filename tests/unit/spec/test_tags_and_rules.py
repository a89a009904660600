"""Tags and rules in the product file: each mistake is a fault with its place, and tags make nothing anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.spec.graph import graph
from headway.spec.load import load

FULL = Path(__file__).parent / "full"
PRODUCT = (FULL / "headway.yaml").read_text()
RULES = [
    ("{deny: {tag: pii}}", "policies[0]: neither `in` nor `on`"),
    (
        "{in: model.*}",
        "policies[0]: a rule with nothing to hold; give one of `deny`, `allow`, `require`, `k_anonymity`",
    ),
    ("{deny: {tag: a}, allow: {tag: b}, in: '*'}", "policies[0]: a rule with `deny` and `allow`"),
    ("{deny: {tag: pii}, in: model.*, on: model.*}", "policies[0]: both `in` and `on`"),
    ("{deny: {}, in: model.*}", "policies[0].deny: no `tag`, no `source`"),
    ("{deny: {tag: a, source: b}, in: model.*}", "policies[0].deny: both `tag` and `source`"),
    ("{deny: {tag: [a, a]}, in: model.*}", "deny.tag[1]: `a` stands here twice"),
    ("{deny: {tag: 'p i i'}, in: model.*}", "deny.tag[0]: `p i i` is no tag; write a word such as `pii`"),
    ("{deny: {source: x}, on: model.*}", "policies[0].on: `on` with sources; a source flows into a node"),
    ("{require: {source: x}, in: model.*}", "require.source: a source cannot be required"),
    ("{deny: {tag: pii}, in: modl.*}", "policies[0].in[0]: `modl.*` names no node; did you mean `model.*`?"),
    ("{deny: {tag: pii}, in: model.dely}", "there is no model `dely`; did you mean `delay`?"),
    ("{deny: {tag: pii}, in: model.*, severity: block}", "severity: `block` is not allowed here"),
    ("{deny: {tags: pii}, in: model.*}", "unknown key `tags`; did you mean `tag`?"),
    ("{k_anonymity: {k: 1, tag: a}, on: dataset.*}", "k_anonymity.k: `k: 1`; every row is alone among 1"),
    (
        "{k_anonymity: {k: 0, tag: a}, on: dataset.*}",
        "k_anonymity.k: `k: 0`; write a whole number from 2 to 1,000",
    ),
    (
        "{k_anonymity: {k: 1001, tag: a}, on: dataset.*}",
        "k_anonymity.k: `k: 1001`; write a whole number from 2",
    ),
    (
        "{k_anonymity: {k: 2.5, tag: a}, on: dataset.*}",
        "k_anonymity.k: `2.5` where a whole number is expected",
    ),
    ("{k_anonymity: {tag: a}, on: dataset.*}", "k_anonymity: `k` is missing"),
    (
        "{k_anonymity: {k: 5}, on: dataset.*}",
        "k_anonymity: no quasi-identifiers; name `columns`, or the `tag`",
    ),
    ("{k_anonymity: {k: 5, columns: [a, a]}, on: dataset.*}", "columns[1]: `a` stands here twice"),
    ("{k_anonymity: {k: 5, tag: 'a b'}, on: dataset.*}", "k_anonymity.tag[0]: `a b` is no tag"),
    (
        "{k_anonymity: {k: 5, tag: a}, in: model.*}",
        "in: `in` with `k_anonymity`; rows are looked at in a table",
    ),
    (
        "{k_anonymity: {k: 5, tag: a}}",
        "policies[0]: `k_anonymity` without `on`; rows are looked at in a table",
    ),
    (
        "{k_anonymity: {k: 5, tag: a}, on: model.*}",
        "on[0]: `model.*` is no table; rows are looked at in `dataset.*`",
    ),
    ("{k_anonymity: {k: 5, tag: a}, on: dataset.dely}", "there is no dataset `dely`; did you mean `delay`?"),
    ("{k_anonymity: {k: 5, tag: a}, deny: {tag: a}, on: dataset.*}", "a rule with `deny` and `k_anonymity`"),
    ("{k_anonymity: {k: 5, colums: a}, on: dataset.*}", "unknown key `colums`; did you mean `columns`?"),
    ("{k_anonymity: {k: 5, tag: a}, on: batch.nightly}", "on[0]: there is no batch `nightly`"),
    ("{deny: {tag: a}, in: batch.*}", "in[0]: `batch.*` names no node"),
    ("{retention: {keep: 0d}, on: dataset.*}", "retention.keep: nothing at all; give more than zero"),
    ("{retention: {keep: long}, on: dataset.*}", "retention.keep: `long` where"),
    ("{retention: {keep: -3d}, on: dataset.*}", "retention.keep: `-3d` where"),
    ("{retention: {tag: pii}, on: dataset.*}", "retention: `keep` is missing"),
    ("{retention: {keep: 1d, tag: 'a b'}, on: dataset.*}", "retention.tag[0]: `a b` is no tag"),
    (
        "{retention: {keep: 1d}, in: dataset.*}",
        "in: `in` with `retention`; say what is kept: `on: dataset.*`",
    ),
    ("{retention: {keep: 1d}}", "policies[0]: `retention` without `on`"),
    (
        "{retention: {keep: 1d}, on: source.*}",
        "on[0]: `source.*` with `retention`; name `dataset.*` or `endpoint.*`",
    ),
    ("{retention: {keep: 1d}, on: '*'}", "on[0]: `*` with `retention`; name `dataset.*` or `endpoint.*`"),
    ("{retention: {keep: 1d}, on: dataset.*, severity: refuse}", "severity: `severity` with `retention`"),
    (
        "{retention: {keep: 1d}, k_anonymity: {k: 2, tag: a}, on: dataset.*}",
        "with `k_anonymity` and `retention`",
    ),
]
NOTES = [
    ("tags: [pii, pii]", "weather_hourly.tags[1]: `pii` stands here twice"),
    ("tags: pii", "weather_hourly.tags: `pii` where a list is expected"),
    ('tags: ["licence:"]', "`licence:` is no tag"),
    ("features: {gust: {clears: [pii]}}", "features.gust.clears: a tag is cleared, and nothing says why"),
    ("features: {gust: {tag: [pii]}}", "unknown key `tag`; did you mean `tags`?"),
]


def product(folder: Path, text: str) -> Path:
    shutil.copytree(FULL / "contracts", folder / "contracts", dirs_exist_ok=True)
    (folder / "headway.yaml").write_text(text)
    return folder / "headway.yaml"


@pytest.mark.parametrize(("rule", "said"), RULES)
def test_a_rule_that_says_nothing_certain_is_a_fault_with_its_line(
    tmp_path: Path, rule: str, said: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load(product(tmp_path, f"{PRODUCT}\npolicies:\n  - {rule}\n"))
    (line,) = [line for line in caught.value.evidence if said in line]
    assert line.startswith(f"headway.yaml:{PRODUCT.count(chr(10)) + 3}:")


@pytest.mark.parametrize(("note", "said"), NOTES)
def test_a_tag_that_is_none_is_a_fault(tmp_path: Path, note: str, said: str) -> None:
    text = PRODUCT.replace("weather_hourly: {version: 1,", f"weather_hourly: {{version: 1, {note},")
    with pytest.raises(SpecError) as caught:
        load(product(tmp_path, text))
    assert any(said in line for line in caught.value.evidence), caught.value.evidence


def test_a_wrong_tag_of_a_column_is_placed_in_the_contract(tmp_path: Path) -> None:
    file = product(tmp_path, PRODUCT)
    contract = tmp_path / "contracts" / "flights.yaml"
    contract.write_text(contract.read_text().replace("carrier: {", "carrier: {tags: [1 2], "))
    with pytest.raises(SpecError) as caught:
        load(file)
    assert any("contracts/flights.yaml:" in line and "is no tag" in line for line in caught.value.evidence)


PLACES = (
    "flights: {load:",
    "weather_hourly: {version:",
    "delay:\n    rows:",
    "delay:\n    dataset:",
    "delay:\n    model: delay\n    metrics",
    "delay:\n    model: delay\n    release",
)


@pytest.mark.parametrize("place", PLACES)
def test_tags_and_descriptions_of_every_asset_are_no_part_of_what_it_is_made_of(
    tmp_path: Path, place: str
) -> None:
    """C19: metadata is mutable."""
    tags, words = ["pii", "licence:CC-BY-4.0", "süß"], "What people say: a lot"
    assert PRODUCT.count(place) == 1
    before = load(product(tmp_path, PRODUCT))
    said = f"tags: {json.dumps(tags, ensure_ascii=False)}, description: {json.dumps(words)}"
    head, _, rest = place.partition("\n")
    edited = (
        place.replace("{", f"{{{said}, ")
        if "{" in place
        else f"{head}\n    {said.replace(', description', chr(10) + '    description')}\n{rest}"
    )
    after = load(product(tmp_path, PRODUCT.replace(place, edited)))
    assert after.product != before.product
    for one, two in zip(
        graph(before.product, before.contracts).nodes,
        graph(after.product, after.contracts).nodes,
        strict=True,
    ):
        assert (one.config, one.code, one.files, one.needs) == (two.config, two.code, two.files, two.needs)
