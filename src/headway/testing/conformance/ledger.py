"""What a ledger must do, one suite per port. Subclass them, and give the fixture `make_ledger`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import pytest

from headway.errors import ConflictError, UsageError
from headway.facts.moves import EnvironmentState
from headway.store.ports import EnvironmentReader, LedgerReader, LedgerWriter
from headway.testing.conformance import samples


class Reader(LedgerReader, EnvironmentReader, Protocol):
    """Facts, pointers and the journal, read only."""


class Ledger(NamedTuple):
    """The two doors of one ledger."""

    reader: Reader
    writer: LedgerWriter


MakeLedger = Callable[[], Ledger]
"""Opens a ledger; each call within one test opens the same one, as another process would."""


class FactConformance:
    """Facts are appended, numbered and found; a subclass needs a fixture `make_ledger`."""

    def test_an_empty_ledger_answers_every_question(self, make_ledger: MakeLedger) -> None:
        """Before anything was written there is nothing, and no error."""
        reader = make_ledger().reader
        assert reader.sequence() == 0
        assert (list(reader.facts()), list(reader.executions("model.delay"))) == ([], [])
        assert reader.execution("ab" * 32) is None
        assert reader.artifact("ab" * 32) is None
        assert list(reader.evidence("ab" * 32)) == []

    def test_facts_are_numbered_from_one_in_order(self, make_ledger: MakeLedger) -> None:
        """And a reader opened before sees what is written after."""
        ledger = make_ledger()
        before = make_ledger().reader
        assert before.sequence() == 0
        first = ledger.writer.record(samples.made("a"), samples.execution())
        second = ledger.writer.record(samples.evidence())
        assert [fact.seq for fact in (*first, *second)] == [1, 2, 3]
        assert list(before.facts()) == [*first, *second]
        assert before.sequence() == 3  # noqa: PLR2004

    def test_facts_are_chosen_by_kind_place_and_number(self, make_ledger: MakeLedger) -> None:
        """Kinds, after and limit hold together."""
        reader, writer = make_ledger()
        writer.record(samples.made("a"), samples.evidence(), samples.made("b"), samples.execution())
        assert [fact.seq for fact in reader.facts(kinds=["artifact"])] == [1, 3]
        assert [fact.seq for fact in reader.facts(kinds=["artifact", "evidence"], after=1, limit=1)] == [2]
        assert list(reader.facts(limit=0)) == []

    def test_one_wrong_fact_records_none(self, make_ledger: MakeLedger) -> None:
        """All of a record, or nothing of it."""
        reader, writer = make_ledger()
        with pytest.raises(AttributeError):
            writer.record(samples.made("a"), None)  # ty: ignore[invalid-argument-type]
        assert reader.sequence() == 0
        assert [fact.seq for fact in writer.record(samples.made("a"))] == [1]

    def test_a_failed_execution_is_recorded_and_never_reused(self, make_ledger: MakeLedger) -> None:
        """It is a fact, and no answer."""
        reader, writer = make_ledger()
        failed = samples.execution(output=None)
        writer.record(failed)
        assert (reader.execution(failed.key), list(reader.executions(failed.node))) == (None, [])
        assert [fact.body for fact in reader.facts(kinds=["execution"])] == [failed]

    def test_executions_come_newest_first(self, make_ledger: MakeLedger) -> None:
        """By node and by key."""
        reader, writer = make_ledger()
        older, newer = samples.execution(output="m1"), samples.execution(output="m2")
        writer.record(older, newer, samples.execution("model.other"))
        assert list(reader.executions("model.delay")) == [newer, older]
        assert reader.execution(older.key) == older

    def test_an_artifact_is_found_by_any_prefix_that_is_its_own(self, make_ledger: MakeLedger) -> None:
        """The newest making of it counts; two artifacts under one prefix are a usage error."""
        reader, writer = make_ledger()
        one, two = "abcdef" + "1" * 58, "abcdef" + "2" * 58
        writer.record(samples.made(digest=one), samples.made(digest=two), samples.made(digest=one, rows=5))
        found = reader.artifact("abcdef1")
        assert found is not None
        assert (found.digest, found.meta) == (one, {"rows": 5})
        assert reader.artifact("abcdef3") is None
        with pytest.raises(UsageError):
            reader.artifact("abcdef")

    def test_evidence_is_found_by_what_it_is_about(self, make_ledger: MakeLedger) -> None:
        """Newest first, with the id of its fact."""
        reader, writer = make_ledger()
        old, new = samples.evidence(observed="0.6"), samples.evidence(observed="0.7")
        facts = writer.record(old, new, samples.evidence("m2"))
        assert list(reader.evidence(samples.digest_of("m1"))) == [(facts[1].id, new), (facts[0].id, old)]


class MoveConformance:
    """Pointers move by compare-and-swap and are journalled; needs a fixture `make_ledger`."""

    def test_an_environment_that_never_moved_points_at_nothing(self, make_ledger: MakeLedger) -> None:
        """Revision 0, and it is not listed."""
        reader = make_ledger().reader
        assert reader.environment("prod") == EnvironmentState(name="prod")
        assert list(reader.environments()) == []
        assert list(reader.journal()) == []
        reader.verify()

    def test_a_move_sets_pointers_holds_and_head(self, make_ledger: MakeLedger) -> None:
        """What it does not name stays; what it takes away is gone."""
        reader, writer = make_ledger()
        writer.move(samples.move(reader.environment("prod"), {"a": "1", "b": "2"}))
        held = (samples.hold(),)
        writer.move(samples.move(reader.environment("prod"), {"b": "2", "c": "3"}, holds=held))
        state = reader.environment("prod")
        assert (state.revision, state.pointers, state.holds) == (2, {"b": "2", "c": "3"}, held)
        assert [found for _, found in reader.journal("prod")][-1] == state.head
        reader.verify()

    def test_environments_move_apart_in_one_journal(self, make_ledger: MakeLedger) -> None:
        """Each has its own revisions; the journal holds both, oldest first."""
        reader, writer = make_ledger()
        for name in ("prod", "dev", "prod"):
            state = reader.environment(name)
            writer.move(samples.move(state, {"a": str(state.revision)}))
        assert list(reader.environments()) == ["dev", "prod"]
        assert [fact.seq for fact, _ in reader.journal()] == [1, 2, 3]
        assert [fact.seq for fact, _ in reader.journal("prod")] == [1, 3]
        reader.verify()

    @pytest.mark.parametrize("revision", [0, 1, 3])
    def test_a_move_for_another_revision_is_refused(self, make_ledger: MakeLedger, revision: int) -> None:
        """And names the revision that is there."""
        reader, writer = make_ledger()
        writer.move(samples.move(reader.environment("prod"), {"a": "1"}))
        stale = samples.move(
            EnvironmentState(name="prod", revision=revision - 1, pointers={"a": "1"}), {"a": "2"}
        )
        with pytest.raises(ConflictError, match="revision 1"):
            writer.move(stale)
        assert reader.environment("prod").pointers == {"a": "1"}
        assert reader.sequence() == 1

    def test_a_move_from_another_pointer_is_refused(self, make_ledger: MakeLedger) -> None:
        """Although the revision is right; nothing is written."""
        reader, writer = make_ledger()
        writer.move(samples.move(reader.environment("prod"), {"a": "1"}))
        for there in ({"a": "9"}, {}, {"a": "1", "b": "1"}):
            wrong = samples.move(EnvironmentState(name="prod", revision=1, pointers=there), {"a": "2"})
            with pytest.raises(ConflictError):
                writer.move(wrong)
        assert reader.environment("prod").revision == 1
        reader.verify()


class LeaseConformance:
    """One holder at a time; needs a fixture `make_ledger`."""

    def test_a_lease_that_is_held_names_its_holder(self, make_ledger: MakeLedger) -> None:
        """Another name is free meanwhile, and so is this one afterwards."""
        one, two = make_ledger().writer, make_ledger().writer
        with one.lease("environment-prod", "ada: apply"):
            with (
                pytest.raises(ConflictError, match="ada: apply"),
                two.lease("environment-prod", "bob: apply"),
            ):
                pass
            with two.lease("environment-dev", "bob: apply"):
                pass
        with two.lease("environment-prod", "bob: apply"):
            pass

    def test_a_lease_ends_with_its_block_however_that_ends(self, make_ledger: MakeLedger) -> None:
        """An error inside lets go too."""
        one, two = make_ledger().writer, make_ledger().writer
        with pytest.raises(ZeroDivisionError), one.lease("table-weather", "ada"):
            raise ZeroDivisionError
        with two.lease("table-weather", "bob"):
            pass
