"""States of files, kept under what they are of: taken again where one is missing or damaged. Light.

Keys of columns that must be unique are large, and most of them are those of an earlier state; so each run of
them is kept once, under its digest.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from headway.contract.keys import Keys, Later
from headway.contract.personal import without_values
from headway.contract.state import State, decode, encode
from headway.core import digest
from headway.errors import ContractError
from headway.spec.contract import Contract

_SMALL = 1 << 14
"""Bytes of keys up to which they stand in the state itself."""
_ALONE, _APART = b"\0", b"\1"


class Shelf(Protocol):
    """Where bytes are kept by name; it gives back what was put, or nothing."""

    def get(self, name: str) -> bytes | None:
        """What was put under a name; None when there is nothing, or not what was put."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is something under a name; `get` may find that it is damaged."""
        ...

    def put(self, name: str, value: bytes) -> None:
        """Keep bytes under a name."""
        ...

    def need(self, name: str) -> None:
        """Say that a name is still of use."""
        ...


class States:
    """The states for one contract.

    Args:
        shelf: Where they are kept.
        asked: Digest of what is asked, as states name it.
        contract: What is asked.
    """

    def __init__(self, shelf: Shelf, asked: str, contract: Contract) -> None:
        self._shelf = shelf
        self._asked = asked
        self._contract = contract
        self._personal: dict[str, State] = {}
        self._runs: dict[int, tuple[bytes, Later]] = {}
        self._is_trusting = True

    def has(self, name: str) -> bool:
        """Whether there is one under a name; it may be damaged."""
        return name in self._personal or self._shelf.has(name)

    def distrust(self) -> None:
        """From now on look at every run of keys before a state is given."""
        self._is_trusting = False

    def put(self, name: str, state: State) -> None:
        """Keep a state; one that cannot do without personal values is never written, and gone after this look."""
        bare = without_values(state, self._contract)
        if bare is None:
            self._personal[name] = state
            return
        state = bare
        if not _has_later(state) and 8 * sum(keys.distinct for keys in state.keys.values()) <= _SMALL:
            self._shelf.put(name, _ALONE + encode(state))
            return
        said = {
            key: replace(keys, runs=tuple(map(self._put_run, keys.runs))) for key, keys in state.keys.items()
        }
        self._shelf.put(name, _APART + encode(replace(state, keys=said)))

    def get(self, name: str) -> State | None:
        """The state that was put under a name; None when it is not there as it was.

        Large runs of keys are read when they are needed; `headway.contract.keys.LostRun` says then that one
        is not there as it was.
        """
        found = self._read(name)
        if found is None or not found[1]:
            return None if found is None else found[0]
        keys = {key: self._with_runs(one) for key, one in found[0].keys.items()}
        whole = {key: one for key, one in keys.items() if one is not None}
        return replace(found[0], keys=whole) if len(whole) == len(keys) else None

    def without_keys(self, name: str) -> State | None:
        """As `get`, to be looked at and not to be merged: its keys are left where they are, as still of use."""
        found = self._read(name)
        if found is None:
            return None
        for run in (run for keys in found[0].keys.values() for run in keys.runs if found[1]):
            self._shelf.need(_run(Later(run)))
        return found[0]

    def _read(self, name: str) -> tuple[State, bool] | None:
        if name in self._personal:
            return self._personal[name], False
        data = self._shelf.get(name)
        if data is None or data[:1] not in (_ALONE, _APART):
            return None
        try:
            state = decode(data[1:])
        except ContractError:
            return None
        return (state, data[:1] == _APART) if state.contract == self._asked else None

    def _put_run(self, run: bytes) -> bytes:
        """What is said of a run; it is written unless it was read, or written, before."""
        if isinstance(run, Later) or not run:
            return bytes(run)
        known = self._runs.get(id(run))
        if known is None:
            said = Later.of(bytes.fromhex(digest.of_bytes(run)), run)
            self._shelf.put(_run(said), run)
            known = self._runs[id(run)] = run, said
        return bytes(known[1])

    def _with_runs(self, keys: Keys) -> Keys | None:
        found: list[bytes] = []
        for said in map(Later, keys.runs):
            said.read = partial(self._read_run, said)
            self._shelf.need(_run(said))
            run = said if self._is_trusting and said else self._read_run(said) if said else b""
            if run is None:
                return None
            found.append(run)
        return replace(keys, runs=tuple(found))

    def _read_run(self, said: Later) -> bytes | None:
        run = self._shelf.get(_run(said))
        if run is not None:
            self._runs[id(run)] = run, said
        return run


def _has_later(state: State) -> bool:
    return any(isinstance(run, Later) for keys in state.keys.values() for run in keys.runs)


def _run(said: Later) -> str:
    return f"run:{said.name.hex()}"


def name_of(*parts: str) -> str:
    """The name of a state: of a file by what is in it and how it is read, of several by their names."""
    return digest.of_bytes(msgspec.json.encode(parts))
