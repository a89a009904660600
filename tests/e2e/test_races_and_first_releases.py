"""Rollbacks that others race, publications that fail, and environments that never had a release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from product import Folder

from headway.bundle import route
from headway.core.clock import SystemClock
from headway.engine.delivery import serving
from headway.errors import ConflictError
from headway.facts.moves import Move
from headway.release.moves import Request
from headway.store.ledger import SqliteWriter
from headway.store.workspace import Workspace


class Overtaken(SqliteWriter):
    """A writer before whose every move somebody else moves the same environment, `times` times in all."""

    times = 0

    def move(self, move: Move):  # noqa: ANN201
        if type(self).times:
            type(self).times -= 1
            state = Workspace(self.path.parent.parent).open_reader().environment(move.environment)
            super().move(
                Move(
                    environment=state.name,
                    revision=state.revision + 1,
                    action="apply",
                    who="rival",
                    why="",
                    at=SystemClock().now(),
                    holds=state.holds,
                )
            )
        return super().move(move)


class Raced(Workspace):
    """A workspace in which every writer is overtaken."""

    def open_writer(self) -> SqliteWriter:
        return Overtaken(self.ledger, self.state / "leases")


@pytest.fixture
def twice_released(applied: Folder) -> Folder:
    applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    assert applied.run("apply", "--env", "prod").code == 0
    return applied


def ask() -> Request:
    return Request("ops", "late answers", SystemClock().now())


def test_a_rollback_that_others_overtake_is_planned_again_and_stays_in_the_ledger(
    twice_released: Folder,
) -> None:
    Overtaken.times = 3
    workspace = Raced(twice_released.root)
    ended = serving.roll_back(workspace, "prod", None, ask())
    assert ended.override is None
    assert ended.move is not None
    state = workspace.open_reader().environment("prod")
    assert state.revision == ended.move.revision
    directory = workspace.serve("prod")
    assert not (directory / route.OVERRIDE).exists()
    assert route.read(directory, workspace.key()).revision == state.revision


def test_a_rollback_that_always_comes_too_late_is_a_conflict_and_no_override(twice_released: Folder) -> None:
    Overtaken.times = 10_000
    workspace = Raced(twice_released.root)
    try:
        with pytest.raises(ConflictError):
            serving.roll_back(workspace, "prod", None, ask())
    finally:
        Overtaken.times = 0
    assert not (workspace.serve("prod") / route.OVERRIDE).exists()


def test_an_override_whose_journalling_is_overtaken_is_journalled_all_the_same(
    twice_released: Folder,
) -> None:
    assert twice_released.run("rollback", "--env", "prod", "--without-ledger").code == 0
    Overtaken.times = 2
    move = serving.settle(Raced(twice_released.root), "prod")
    assert move is not None
    assert move.action == "override"
    assert not (twice_released.root / ".headway" / "serve" / "prod" / route.OVERRIDE).exists()


def test_a_rollback_that_cannot_be_published_reaches_the_servers_by_an_override(
    twice_released: Folder,
) -> None:
    kept = twice_released.root / ".headway" / "serve" / "prod" / "kept"
    present = route.read(kept.parent, Workspace(twice_released.root).key())
    target = kept / f"{present.revision + 1:08d}.json"
    target.mkdir()  # the rename onto it fails, as on a disk that refuses
    (target / "in the way").touch()
    done = twice_released.run("rollback", "--env", "prod")
    assert done.code == 0, done.err
    assert "published by an override" in done.out
    released = twice_released.pointers("prod")["endpoint.main"]
    (target / "in the way").unlink()
    target.rmdir()
    assert served(twice_released) == [released]
    after = twice_released.run("apply", "--env", "prod")
    assert after.code == 0, after.err
    assert twice_released.pointers("prod")["endpoint.main"] == released
    held = [hold["digest"] for hold in status(twice_released)["holds"]]
    assert released not in held, "what was rolled back to is not held"


def served(folder: Folder) -> list[str]:
    return status(folder)["served"]["main"]


def status(folder: Folder) -> dict[str, Any]:
    found = folder.run("status", "--json").json["environments"]
    return next(item for item in found if item["name"] == "prod")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rollback",), "nothing to roll back to"),
        (("rollback", "--endpoint", "main"), "nothing to roll back to"),
        (("rollback", "--without-ledger"), "nothing to roll back to"),
        (("stop",), "nothing to stop"),
        (("stop", "--without-ledger"), "nothing to stop"),
    ],
)
def test_before_a_first_release_there_is_nothing_to_take_back(
    fresh: Folder, words: tuple[str, ...], said: str
) -> None:
    done = fresh.run(words[0], "--env", "prod", *words[1:])
    assert done.code == 3, done.err
    assert said in done.err
    assert "`endpoint.main`" in done.err
    assert "`prod`" in done.err
    assert "headway apply --env prod" in done.err


def test_an_endpoint_that_is_not_there_is_a_mistake_of_the_command(applied: Folder) -> None:
    done = applied.run("rollback", "--env", "prod", "--endpoint", "mian")
    assert done.code == 2
    assert "`prod` has no endpoint `mian`" in done.err
    assert "`main`" in done.err


def test_lifting_what_is_not_held_names_the_environment(applied: Folder) -> None:
    done = applied.run("promote", "--to", "prod", "--unhold")
    assert done.code == 2
    assert "nothing is held in `prod`" in done.err


def test_a_rollback_writes_a_lost_route_again(twice_released: Folder) -> None:
    directory = twice_released.root / ".headway" / "serve" / "prod"
    (directory / route.ROUTE).unlink()
    done = twice_released.run("rollback", "--env", "prod")
    assert done.code == 0, done.err
    assert route.read(directory, Workspace(Path(twice_released.root)).key()).revision == 3
