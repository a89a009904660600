"""What a status says of an endpoint without a release, and of an environment that nobody can know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headway.bundle.route import Endpoint, Override, Route
from headway.engine.questions.status import EnvironmentStatus, Status, status_of
from headway.facts.moves import EnvironmentState, Move
from headway.release.publish import publish
from headway.render.status import status_text
from headway.store.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = Endpoint(name="main", releases=())


def told(**words: Any) -> str:
    route = Route(product="p", environment="dev", revision=3, head="", endpoints=(EMPTY,))
    state = EnvironmentState(name="dev", revision=3)
    return status_text(Status("p", (EnvironmentStatus(state, False, {}, route, None)._replace(**words),)))


def test_an_endpoint_without_a_first_release_is_not_called_stopped() -> None:
    assert "serves main: nothing released yet" in told(unreleased=("main",))
    assert "serves main: stopped" in told()


def test_where_the_ledger_cannot_be_read_nothing_is_made_up() -> None:
    unknown: dict[str, Any] = {"is_known": False, "state": EnvironmentState(name="dev")}
    said = told(**unknown)
    assert "dev at revision unknown\n  what it points at is unknown" in said
    assert "points at nothing" not in said
    assert "serves main: no release; the ledger knows whether it was stopped" in said
    assert "the ledger is at" not in said
    override = Override(
        environment="dev", over=3, action="stop", who="ada", why="", at="", endpoints=(EMPTY,)
    )
    assert "serves main: stopped" in told(**unknown, override=override)


def test_the_journal_tells_a_stop_from_a_beginning(tmp_path: Path) -> None:
    file = tmp_path / "headway.yaml"
    file.write_text("product: p\nowner: o\ngoal: g\n")
    workspace = Workspace(tmp_path)
    moved(workspace, 1, {"model.main": "a" * 64})
    assert status_of(file).environments[0].unreleased == ("main",)
    moved(workspace, 2, {"endpoint.main": "b" * 64})
    moved(workspace, 3, {}, {"endpoint.main": "b" * 64})
    assert status_of(file).environments[0].unreleased == ()


def moved(
    workspace: Workspace, revision: int, after: dict[str, str], before: dict[str, str] | None = None
) -> None:
    """A move in the ledger, and the route that carries it."""
    move = Move(
        environment="dev",
        revision=revision,
        action="apply",
        who="ada",
        why="",
        at=datetime.now(UTC),
        before=before or {},
        after=after,
    )
    workspace.open_writer().move(move)
    state = workspace.open_reader().environment("dev")
    publish(
        product="p",
        endpoints=(EMPTY,),
        state=EnvironmentState(name="dev", revision=state.revision, head=state.head),
        artifact=lambda _: None,
        blobs=workspace.blobs(),
        directory=workspace.serve("dev"),
        key=workspace.key(),
    )
