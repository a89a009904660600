"""Claims: what a live process holds is left alone, what a dead one left is swept."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from headway.bundle import durable
from headway.core import claim
from headway.core.ids import uuid7
from headway.store.workspace import Workspace


def killed_while(work: Callable[[ExitStack], None]) -> None:
    """Run `work` in a child that is killed while it holds what it has entered."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with ExitStack() as stack:
                work(stack)
                os.write(writing, b".")
                signal.pause()
        finally:
            os._exit(1)
    os.close(writing)
    said = os.read(reading, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    assert said == b"."


def test_a_folder_in_use_is_left_alone_and_a_dead_process_s_is_swept(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)

    def work(stack: ExitStack) -> None:
        folder = stack.enter_context(workspace.scratch())
        (folder / "model").mkdir()
        (folder / "model" / "half").write_bytes(b"...")

    killed_while(work)
    assert len(claim.entries(workspace.state / "tmp")) == 1
    with workspace.scratch() as mine:
        (mine / "file").touch()
        assert workspace.sweep() == 1
        assert claim.entries(workspace.state / "tmp") == [mine]
        assert (mine / "file").exists()
    assert claim.entries(workspace.state / "tmp") == []


def test_two_processes_at_once_sweep_nothing_of_each_other(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    reading, writing = os.pipe()
    go, ready = os.pipe()
    child = os.fork()
    if child == 0:
        kept = False
        try:
            with workspace.scratch() as folder:
                os.write(writing, str(folder).encode())
                os.read(go, 1)
                kept = folder.is_dir()
        finally:
            os._exit(0 if kept else 1)
    os.close(writing)
    theirs = Path(os.read(reading, 1000).decode())
    with workspace.scratch() as mine:
        assert workspace.sweep() == 0
        assert theirs.is_dir()
        assert mine.is_dir()
        os.write(ready, b".")
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def test_a_symbolic_link_is_neither_followed_nor_removed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    place = tmp_path / "tmp"
    place.mkdir()
    (place / uuid7()).symlink_to(outside)
    (place / uuid7()).symlink_to(outside / "precious")
    inner = place / uuid7()
    inner.mkdir()
    (inner / "link").symlink_to(outside)
    assert claim.sweep(claim.entries(place)) == 1, "only the folder that holds a link"
    assert (outside / "precious").exists()
    assert len(claim.entries(place)) == 2


def test_a_place_that_is_a_link_is_not_looked_into(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    (tmp_path / "tmp").symlink_to(elsewhere)
    assert claim.entries(tmp_path / "tmp") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_user_s_folder_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / uuid7()
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    assert claim.sweep([theirs]) == 0
    assert theirs.is_dir()


def test_a_pipe_and_what_is_gone_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert claim.sweep([tmp_path / "pipe", tmp_path / "gone"]) == 0
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_half_a_bundle_and_half_a_route_of_a_dead_process_are_swept_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / ("ab" * 32)
    target.mkdir()
    (tmp_path / ".partial").touch()
    (tmp_path / ".notes.partial").touch()

    def work(stack: ExitStack) -> None:
        folder = stack.enter_context(durable.folder_beside(target))
        (folder / "model.onnx").touch()
        stack.enter_context(claim.new_file(lambda: durable.beside(tmp_path / "route.json")))

    killed_while(work)
    assert len(list(tmp_path.iterdir())) == 5
    with durable.folder_beside(target) as mine:
        assert durable.sweep(tmp_path) == 2
        assert mine.is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {target.name, ".partial", ".notes.partial"}


def test_makers_and_sweepers_racing_lose_nothing(tmp_path: Path) -> None:
    """A sweeper that runs without a pause never takes what a live maker holds."""
    child = os.fork()
    if child == 0:
        try:
            while True:
                claim.sweep(claim.entries(tmp_path))
        finally:
            os._exit(1)
    try:
        for turn in range(300):
            with claim.new_folder(lambda: tmp_path / uuid7()) as folder:
                (folder / "inside").write_text(str(turn))
                assert (folder / "inside").read_text() == str(turn)
            with claim.new_file(lambda: tmp_path / uuid7()) as (path, file):
                file.write(b"x")
                assert path.read_bytes() == b"x"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
