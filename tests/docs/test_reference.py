"""The reference is what the code says: writing it again changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import reference

PAGES = reference.pages()


@pytest.mark.parametrize("name", PAGES)
def test_writing_the_reference_again_changes_nothing(name: str) -> None:
    there = (Path(reference.PAGES) / name).read_text()
    assert there == PAGES[name].rstrip() + "\n", "run `python tools/reference.py` and commit docs/reference"


def test_no_page_of_the_reference_is_left_over() -> None:
    assert {path.name for path in Path(reference.PAGES).iterdir()} == set(PAGES)


@pytest.mark.parametrize("kind", [*reference.PRODUCT, *reference.CONTRACT], ids=lambda kind: kind.__name__)
def test_every_key_is_explained(kind: Any) -> None:
    said = reference.attributes(kind)
    fields = msgspec.structs.fields(kind)
    silent = [
        item.encode_name for item in fields if not reference.meaning(kind, item.name, item.encode_name, said)
    ]
    assert silent == []


def test_every_declared_type_and_every_short_form_is_on_the_page() -> None:
    declared = {kind for kind in vars(reference.product).values() if is_declared(kind)}
    always_short = {reference.product.Declared, reference.product.Known, reference.product.Moment}
    assert set(reference.PRODUCT) == declared - always_short
    assert reference.short_forms() <= set(reference.WORDS)


def is_declared(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, reference.product.Declared)


def test_every_code_is_used_once() -> None:
    codes = [code for code, *_ in reference.constructors()]
    assert sorted(set(codes)) == codes
    assert all(title for _, title, _, _ in reference.constructors())
