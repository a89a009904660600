"""What YAML would change or drop without a word is a fault with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headway.errors import SpecError
from headway.spec.load import load
from headway.spec.plain_yaml import resolve


def faults(tmp_path: Path, text: str) -> str:
    (tmp_path / "headway.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "headway.yaml")
    return "\n".join(caught.value.evidence)


OPTIONS = "product: x\nsources:\n  a: {load: m:f, options: {o: %s}}\n"


def test_a_file_that_announces_an_older_yaml_cannot_unprotect_an_environment(tmp_path: Path) -> None:
    text = "%YAML 1.1\n---\nproduct: x\nenvironments: {prod: {protected: yes}}\n"
    assert "headway.yaml:4:34  environments.prod.protected: `yes` where `true` or `false`" in faults(
        tmp_path, text
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{deep: {k: 1, k: 2}}", "headway.yaml:3:45  sources.a.options.o.deep.k: `k` stands here twice"),
        ("{<<: {k: 1}}", "merge keys (`<<`) are not part of YAML 1.2"),
        (".nan", "headway.yaml:3:31  sources.a.options.o: `.nan` is no number that can be kept"),
        ("[1, -.inf]", "sources.a.options.o[1]: `-.inf` is no number that can be kept"),
        ("1e999", "`1e999` is no number that can be kept"),
        ("9" * 30, "is no number that can be kept"),
        ("9" * 5000, "is no number that can be kept"),
        ("!!python/object:os.system x", "the tag `tag:yaml.org,2002:python/object:os.system`"),
        ("!local x", "the tag `!local`"),
        ("!!str 7", "the tag `tag:yaml.org,2002:str`"),
        ('!!int "7"', "the tag `tag:yaml.org,2002:int`"),
        ("{[1]: x}", "a key that is no text"),
        ("{a: " * 60 + "1" + "}" * 60, "nested more than 40 deep"),
    ],
    ids=range(13),
)
def test_what_would_be_kept_otherwise_than_written_is_a_fault(tmp_path: Path, value: str, said: str) -> None:
    assert said in faults(tmp_path, OPTIONS % value)


def test_an_alias_says_its_fault_once(tmp_path: Path) -> None:
    text = OPTIONS % "{one: &n [.inf], two: *n, three: *n}"
    assert faults(tmp_path, text).count("no number") == 1


def test_aliases_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "headway.yaml").write_text(OPTIONS % "{one: &n [1], two: *n}")
    assert load(tmp_path / "headway.yaml").product.sources["a"].options == {"o": {"one": [1], "two": [1]}}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'product: "\\UFFFFFFFF"\n', "this is not YAML"),
        (b"owner: x\nproduct: a\0b\n", "headway.yaml:2:1  this is not YAML: unacceptable character"),
        (b"product: x\nsources:\n\ta: 1\n", "indent with spaces, not with tabs"),
        (b"product: x\n---\nproduct: y\n", "another document"),
        (b"product: *nope\n", "headway.yaml:1:10  this is not YAML: found undefined alias"),
    ],
    ids=range(5),
)
def test_text_that_is_no_yaml_is_refused_with_its_line(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in faults(tmp_path, data.decode())


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "headway.yaml")
    with pytest.raises(SpecError, match="1 fault") as caught:
        load(tmp_path / "headway.yaml")
    assert "this is no file" in str(caught.value)


def test_plain_values_are_those_of_the_core_schema() -> None:
    read = {
        text: resolve(text)
        for text in ("yes", "on", "012", "0x1F", "0o17", "1_000", "2013-01-01", "~", ".5", "1e3")
    }
    assert read == {
        "yes": "yes",
        "on": "on",
        "012": 12,
        "0x1F": 31,
        "0o17": 15,
        "1_000": "1_000",
        "2013-01-01": "2013-01-01",
        "~": None,
        ".5": 0.5,
        "1e3": 1000.0,
    }


def test_a_boolean_is_no_bound_of_a_column(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("columns:\n  a: {type: number, min: true}\n")
    text = "product: x\nsources: {a: {load: a.parquet, contract: c.yaml}}\n"
    assert "c.yaml:2:26  columns.a.min: `true` where a number or text is expected" in faults(tmp_path, text)
