"""Moves that people ask for, on hand-made journals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headway.errors import GateError, UsageError
from headway.facts.moves import ANY_DIGEST, EnvironmentState, Move
from headway.release.history import earlier_release, replay
from headway.release.moves import Request, lift, promote, roll_back, stop

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ASK = Request("ops", "late answers", NOW)
END = "endpoint.m"


class Ledger:
    """An environment that takes moves as a ledger would."""

    def __init__(self) -> None:
        self.moves: list[Move] = []

    @property
    def state(self) -> EnvironmentState:
        pointers = [after for _, after in replay(self.moves)]
        holds = self.moves[-1].holds if self.moves else ()
        return EnvironmentState(
            name="prod", revision=len(self.moves), pointers=pointers[-1] if pointers else {}, holds=holds
        )

    def apply(self, **after: str) -> None:
        wanted = {name.replace("__", "."): digest for name, digest in after.items()}
        before = {node: self.state.pointers[node] for node in wanted if node in self.state.pointers}
        self.moves.append(
            Move(
                environment="prod",
                revision=len(self.moves) + 1,
                action="apply",
                who="ci",
                why="",
                at=NOW,
                before=before,
                after=wanted,
                holds=self.state.holds,
            )
        )

    def ask(self, move: Move) -> None:
        assert move.revision == len(self.moves) + 1
        self.moves.append(move)


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.apply(model__m="M1", endpoint__m="R1")
    ledger.apply(model__m="M2", endpoint__m="R2")
    ledger.apply(evaluation__m="E2")
    ledger.apply(model__m="M3", endpoint__m="R3")
    return ledger


def test_a_rollback_brings_back_every_pointer_of_the_release_before(ledger: Ledger) -> None:
    ledger.ask(roll_back(ledger.state, ledger.moves, END, ASK))
    assert ledger.state.pointers == {"model.m": "M2", END: "R2", "evaluation.m": "E2"}
    assert [hold.digest for hold in ledger.state.holds] == ["R3"]


def test_a_second_rollback_goes_one_further_back(ledger: Ledger) -> None:
    ledger.ask(roll_back(ledger.state, ledger.moves, END, ASK))
    ledger.ask(roll_back(ledger.state, ledger.moves, END, ASK))
    assert ledger.state.pointers[END] == "R1"
    assert [hold.digest for hold in ledger.state.holds] == ["R3", "R2"]


def test_after_a_new_release_a_rollback_goes_to_the_one_rolled_back_to(ledger: Ledger) -> None:
    ledger.ask(roll_back(ledger.state, ledger.moves, END, ASK))
    ledger.apply(endpoint__m="R4")
    assert (earlier_release(ledger.moves, END) or {})[END] == "R2"


def test_a_first_release_has_nothing_to_go_back_to() -> None:
    ledger = Ledger()
    ledger.apply(endpoint__m="R1")
    with pytest.raises(GateError, match="no earlier release"):
        roll_back(ledger.state, ledger.moves, END, ASK)


def test_a_stop_takes_the_pointer_away_and_holds_everything(ledger: Ledger) -> None:
    ledger.ask(stop(ledger.state, ledger.moves, [END], ASK))
    assert END not in ledger.state.pointers
    assert [hold.digest for hold in ledger.state.holds] == [ANY_DIGEST]


def test_after_a_stop_a_rollback_brings_back_what_was_stopped_and_lifts_the_stop(ledger: Ledger) -> None:
    ledger.ask(stop(ledger.state, ledger.moves, [END], ASK))
    ledger.ask(roll_back(ledger.state, ledger.moves, END, ASK))
    assert ledger.state.pointers[END] == "R3"
    assert ledger.state.holds == ()


def test_lifting_a_hold_moves_no_pointer(ledger: Ledger) -> None:
    ledger.ask(stop(ledger.state, ledger.moves, [END], ASK))
    move = lift(ledger.state, END, ASK)
    assert (move.before, move.after, move.holds) == ({}, {}, ())


def test_lifting_nothing_is_a_mistake_worth_saying(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="nothing is held"):
        lift(ledger.state, END, ASK)


def test_a_promotion_names_only_the_pointers_that_change(ledger: Ledger) -> None:
    move = promote(ledger.state, {"model.m": "M3", END: "R9"}, ASK, ("fact-1",))
    assert (move.before, move.after, move.evidence) == ({END: "R3"}, {END: "R9"}, ("fact-1",))


def test_where_nothing_was_released_there_is_nothing_to_roll_back_to_or_to_stop() -> None:
    ledger = Ledger()
    ledger.apply(dataset__m="D1")
    with pytest.raises(GateError, match=r"nothing to roll back to: `endpoint\.m` never had a release"):
        roll_back(ledger.state, ledger.moves, END, ASK)
    with pytest.raises(GateError, match=r"nothing to stop: `endpoint\.m` never had a release in `prod`"):
        stop(ledger.state, ledger.moves, [END], ASK)
