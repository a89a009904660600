"""What is remembered says nothing without the key: no value, no hash of one, no name, and nothing that was changed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.contract.judging import judge
from headway.contract.kept_states import States
from headway.contract.measuring import asked_of, measure
from headway.contract.state import merge
from headway.errors.store import key_fails
from headway.facts.evidence import Outcome
from headway.spec.contract import Column, Contract
from headway.store.memory import Memory
from headway.store.sealing import Seal

KEY, OTHER = bytes(range(32)), bytes(32)
PLANTED = "ada.lovelace@example.org"
PHONE = 491701234567
PEOPLE = Contract(
    columns={
        "mail": Column(type="text", unique=True, tags=("pii",)),
        "phone": Column(type="integer", unique=True, tags=("pii",)),
    },
    unique=(("mail", "phone"),),
)


class Plain:
    """Keeps what is put as it is."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.held.get(name)

    def put(self, name: str, value: bytes) -> None:
        self.held[name] = value

    def has(self, name: str) -> bool:
        return name in self.held

    def need(self, name: str) -> None:
        """Keeps it anyway."""


def people(*more: str) -> pl.DataFrame:
    mails = [PLANTED, *more]
    return pl.DataFrame({"mail": mails, "phone": [PHONE + place for place in range(len(mails))]})


def hashes() -> list[bytes]:
    """What stands for the planted values where keys are kept."""
    frame = people()
    found = [
        frame["mail"].hash(0),
        frame["phone"].hash(0),
        frame.select(pl.struct("mail", "phone")).to_series().hash(0),
    ]
    return [
        number.to_bytes(8, order) for number in (series[0] for series in found) for order in ("little", "big")
    ]


@pytest.mark.parametrize("small", [1 << 14, -1])
def test_no_hash_of_a_personal_value_lies_in_the_file_and_equal_ones_are_found(
    tmp_path: Path, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "headway.contract.kept_states._SMALL", small
    )  # keys within a state, and apart from it
    found = measure(people("b@example.org"), PEOPLE)
    plain = Plain()
    States(plain, asked_of(PEOPLE), PEOPLE).put("one", found)
    kept = b"".join(plain.held.values())
    assert sum(value in kept for value in hashes()) == 3, "without a seal they would be there"

    with Memory(tmp_path / "states.db", "source.people", lambda: KEY) as memory:
        States(memory, asked_of(PEOPLE), PEOPLE).put("one", found)
    file = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(file) > 1000
    assert not [
        value
        for value in (*hashes(), PLANTED.encode(), *(name.encode() for name in plain.held))
        if value in file
    ]

    with Memory(tmp_path / "states.db", "source.people", lambda: KEY) as memory:
        again = States(memory, asked_of(PEOPLE), PEOPLE).get("one")
        assert again is not None
        both = merge(again, measure(people(), PEOPLE), PEOPLE)
        whole = measure(pl.concat([people("b@example.org"), people()]), PEOPLE)
        results = judge(PEOPLE, both, whole=lambda _: whole).results
    unique = [item for item in results if "unique" in item.expectation]
    assert [(item.outcome, item.unexpected_count) for item in unique] == [(Outcome.FAIL, 2)] * 3


def test_under_another_key_nothing_is_known(tmp_path: Path) -> None:
    with Memory(tmp_path / "states.db", "one", lambda: KEY) as memory:
        memory.put("name", b"value")
    with Memory(tmp_path / "states.db", "one", lambda: OTHER) as memory:
        assert (memory.has("name"), memory.get("name")) == (False, None)
    with Memory(tmp_path / "states.db", "two", lambda: KEY) as memory:
        assert (memory.has("name"), memory.get("name")) == (False, None)
    with Memory(tmp_path / "states.db", "one", lambda: KEY) as memory:
        assert memory.get("name") == b"value"


def test_without_a_key_nothing_is_kept(tmp_path: Path) -> None:
    """As for a second user of a workspace, whose key only the first one reads."""

    def lost() -> bytes:
        raise key_fails("key", "permission denied")

    with Memory(tmp_path / "states.db", "one", lost) as memory:
        memory.put("name", b"value")
        assert (memory.has("name"), memory.get("name")) == (True, b"value")
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=20), st.binary(max_size=200), st.integers(0, 300), st.integers(1, 255))
def test_what_was_sealed_comes_back_and_nothing_else_does(
    name: str, data: bytes, place: int, change: int
) -> None:
    seal = Seal(KEY, "test")
    closed = seal.close(name, data)
    assert seal.open(name, closed) == data
    assert len(closed) == len(data) + 32
    assert closed == Seal(KEY, "test").close(name, data)
    changed = bytearray(closed)
    changed[place % len(closed)] ^= change
    assert seal.open(name, bytes(changed)) is None
    assert seal.open(name + "x", closed) is None
    assert seal.open(name, closed[: place % len(closed)]) is None
    for other in (Seal(OTHER, "test"), Seal(KEY, "other")):
        assert other.open(name, closed) is None
        assert other.name(name) != seal.name(name)
