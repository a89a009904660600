"""Kill -9 at every durable step, and at random moments: the ledger stays valid and apply converges."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headway.store.workspace import Workspace
from headway.testing.plain import FILE

SCRIPT = Path(__file__).with_name("plain_apply.py")
FIRST = {"value.raw", "value.left", "value.right", "value.joined", "value.tail"}


def run(
    root: Path, version: str, step: str = "none", phase: str = "before", number: int = 1
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(root), version, step, phase, str(number)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def values(root: Path) -> dict[str, object]:
    """What the environment points at, read back from the blobs."""
    workspace = Workspace(root)
    reader, blobs = workspace.open_reader(), workspace.blobs()
    found = {}
    for node, digest in reader.environment("dev").pointers.items():
        artifact = reader.artifact(digest)
        assert artifact is not None
        found[node] = json.loads(blobs.read(artifact.file(FILE).digest))
    reader.verify()
    return found


def left_over(root: Path) -> list[str]:
    """Half-written things below the workspace: a kill leaves some, the next apply none."""
    state = root / ".headway"
    half = [
        *state.glob("tmp/*"),
        *state.glob("blobs/incoming/*"),
        *state.glob(".key.*"),
        *state.rglob("*.partial"),
    ]
    marks = [path for path in state.glob("blobs/unsynced/*") if not Workspace(root).blobs().exists(path.name)]
    return [str(path.relative_to(state)) for path in (*half, *marks)]


def clean_build(root: Path, version: str) -> dict[str, object]:
    done = run(root, version)
    assert done.returncode == 0, done.stderr
    return values(root)


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return clean_build(tmp_path_factory.mktemp("clean"), "2")


POINTS = [
    (step, phase, number)
    for step, numbers in {
        "put": (1, 3, 5),
        "record": (1, 2, 4, 6),
        "sync": (1,),
        "move": (1,),
        "publish": (1,),
    }.items()
    for number in numbers
    for phase in ("before", "after")
]


@pytest.mark.parametrize(("step", "phase", "number"), POINTS)
def test_apply_converges_after_a_kill_at_a_durable_step(
    tmp_path: Path, wanted: dict[str, object], step: str, phase: str, number: int
) -> None:
    """On an environment that already stands: its old pointers stay valid until the move is made."""
    old = clean_build(tmp_path, "1")
    killed = run(tmp_path, "2", step, phase, number)
    if killed.returncode == 0:
        pytest.skip("this run has fewer such steps")
    assert killed.returncode == -signal.SIGKILL
    assert values(tmp_path) in (old, wanted), "all pointers moved together, or none did"
    again = run(tmp_path, "2")
    assert again.returncode == 0, again.stderr
    assert values(tmp_path) == wanted
    assert left_over(tmp_path) == []
    assert run(tmp_path, "2").stdout.strip() == "", "a further apply does nothing"


def test_apply_converges_after_fifty_kills_at_random_moments(
    tmp_path: Path, wanted: dict[str, object]
) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    print(f"seed {seed}")
    old = clean_build(tmp_path, "1")
    command = [sys.executable, str(SCRIPT), str(tmp_path), "2", "none", "before", "1"]
    for _ in range(50):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + chance.uniform(0.0, 0.25)
        while time.monotonic() < deadline and process.poll() is None:
            pass
        process.kill()
        process.wait()
        assert values(tmp_path) in (old, wanted)
    assert run(tmp_path, "2").returncode == 0
    assert values(tmp_path) == wanted
    assert left_over(tmp_path) == []
