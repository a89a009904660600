"""Functions on demand, wrong and right: at training, at request time, at the end of the server."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from product import Folder, begin, copy_of, post

ROW = {"distance_km": 31.5, "stops": 7, "weather": "rain"}
FEATURES = """\
from parcels.rates import RATE


def speed(distance_km, stops):
    if len(stops) == 1 and stops[0] == 11:
        raise ValueError("eleven")
    if len(stops) == 1 and stops[0] == 10:
        return stops * float("inf")
    if len(stops) == 1 and stops[0] == 9:
        _wait()
    return RATE * distance_km / stops


def _wait():
    import pathlib
    import time

    pathlib.Path("started").touch()
    time.sleep(1)
"""


@pytest.fixture(scope="session")
def with_features_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("features") / "parcels"
    root.mkdir()
    folder = begin(root)
    folder.edit("headway.yaml", "# on_demand: parcels.features", "on_demand: parcels.features")
    (root / "parcels" / "rates.py").write_text("RATE = 2.0\nUNUSED = 1\n")
    (root / "parcels" / "features.py").write_text(FEATURES)
    done = folder.run("apply")
    assert done.code == 0, done.err
    return root


@pytest.fixture
def with_features(with_features_once: Path, tmp_path: Path) -> Folder:
    return copy_of(with_features_once, tmp_path / "parcels")


def write(folder: Folder, body: str, head: str = "def speed(distance_km, stops):") -> None:
    (folder.root / "parcels" / "features.py").write_text(f"{head}\n    {body}\n")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("return distance_km / (stops - stops)", 6, "is infinite in 600 of 600 rows"),
        ("return distance_km[:-1]", 6, "(599,), expected (600,)"),
        ("return None", 6, "speed"),
        ("raise KeyError('gone')", 6, "KeyError: 'gone'"),
        ("return distance_km * undefined", 6, "parcels/features.py:2"),
    ],
)
def test_a_feature_function_that_fails_is_named_with_its_line(
    with_features: Folder, body: str, code: int, said: str
) -> None:
    before = with_features.pointers()
    write(with_features, body)
    done = with_features.run("apply")
    assert done.code == code
    assert said in done.err
    assert "parcels.features.speed" in done.err
    assert "Traceback" not in done.err
    assert with_features.pointers() == before


def test_a_helper_taken_for_a_feature_is_told_to_begin_with_an_underscore(with_features: Folder) -> None:
    write(with_features, "return x", head="def doubled(x):")
    for command in ("check", "plan", "apply"):
        done = with_features.run(command)
        assert done.code == 6
        assert "parcels/features.py:1:13  parameter `x` of `doubled` is no column" in done.err
        assert "begins with `_`" in done.err


def test_every_line_that_cannot_run_is_named_before_anything_runs(with_features: Folder) -> None:
    write(with_features, "return distanse_km / stops", head="def speed(distanse_km, stops):")
    with_features.edit("parcels/training.py", "import polars as pl", "import polars as pl\nimport lightgbmm")
    for command in ("check", "plan", "apply"):
        done = with_features.run(command)
        assert done.code == 6
        assert "2 lines of the product's code cannot run" in done.err
        assert "parcels/features.py:1:11  parameter `distanse_km` of `speed`" in done.err
        assert "did you mean `distance_km`?" in done.err
        assert "parcels/training.py:7:1  there is no module `lightgbmm`" in done.err
    assert with_features.run("status").code == 0


def test_what_is_made_already_needs_no_library_to_be_promoted(with_features: Folder) -> None:
    with_features.edit("parcels/training.py", "import polars as pl", "import polars as pl\nimport lightgbmm")
    with_features.edit("headway.yaml", "prod: {protected: true}", "prod: {}")
    done = with_features.run("promote", "--from", "dev", "--to", "prod")
    assert done.code == 0, done.err


def test_a_constant_in_another_module_names_itself_and_one_that_is_not_used_runs_nothing(
    with_features: Folder,
) -> None:
    with_features.edit("parcels/rates.py", "UNUSED = 1", "UNUSED = 2  # nobody reads it")
    assert set(with_features.statuses().values()) == {"fresh"}
    with_features.edit("parcels/features.py", "def _wait():", 'def _wait():\n    """Says what it does."""')
    assert set(with_features.statuses().values()) == {"fresh"}
    with_features.edit("parcels/rates.py", "RATE = 2.0", "RATE = 3.0")
    plan = with_features.run("plan")
    assert "code: parcels.rates.RATE" in plan.out
    statuses = with_features.statuses()
    assert (statuses["source.rows"], statuses["dataset.main"], statuses["model.main"]) == (
        "fresh",
        "stale",
        "waiting",
    )
    closure = with_features.run("why", "dataset.main", "--closure")
    assert "parcels.features.speed" in closure.out
    assert "parcels.rates.RATE" in closure.out
    assert "UNUSED" not in closure.out


def test_the_same_answer_in_training_and_serving_and_a_request_that_breaks_the_code_harms_no_other(
    with_features: Folder,
) -> None:
    with with_features.serving() as url:
        for stops in (11, 10):
            status, body = post(f"{url}/predict/main", ROW | {"stops": stops})
            assert status == 500
            assert "eleven" not in body["error"], "the product's own words stay inside"
            assert body["incident"]
        status, body = post(f"{url}/predict/main", ROW)
        assert status == 200
    (entry,) = with_features.run("predictions", "--env", "dev", "--last", "1", "--json").json["predictions"]
    assert entry["features"]["speed"] == pytest.approx(2.0 * 31.5 / 7)


def test_a_request_in_flight_is_answered_before_the_server_ends(with_features: Folder) -> None:
    answers: list[tuple[int, Any]] = []
    process = with_features.start("serve", "--port", "0")
    assert process.stderr is not None
    url = process.stderr.readline().strip().rpartition(" ")[2]
    asking = threading.Thread(
        target=lambda: answers.append(post(f"{url}/predict/main", ROW | {"stops": 9})), daemon=True
    )
    asking.start()
    while not (with_features.root / "started").exists():
        assert asking.is_alive()
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=20)
    asking.join(timeout=5)
    assert process.returncode == 0
    assert "requests in flight are answered" in rest
    assert [status for status, _ in answers] == [200]
    assert len(with_features.run("predictions", "--env", "dev", "--json").json["predictions"]) == 1


def test_a_secret_that_the_code_lets_slip_shows_nowhere(with_features: Folder) -> None:
    planted = "s3cr3t-0f-the-h0use"
    address = "postgresql://reader:0pen-s3same@db.example/rows"
    write(
        with_features,
        f"""import os
    print("connecting with", os.environ["DB_PASSWORD"])
    raise RuntimeError("refused: " + os.environ["DB_PASSWORD"] + " at {address}")""",
    )
    done = with_features.run("apply", DB_PASSWORD=planted)
    assert done.code == 6
    assert "refused: [DB_PASSWORD] at postgresql://reader:[password]@db.example/rows" in done.err
    assert "printed: connecting with [DB_PASSWORD]" in done.err
    write(with_features, "print(__import__('os').environ['DB_PASSWORD'])\n    return stops / distance_km")
    again = with_features.run("apply", DB_PASSWORD=planted)
    assert again.code == 0, again.err
    shown = done.out + done.err + again.out + again.err
    kept = b"".join(
        path.read_bytes() for path in (with_features.root / ".headway").rglob("*") if path.is_file()
    )
    for secret in (planted, "0pen-s3same"):
        assert secret not in shown
        assert planted.encode() not in kept


def test_the_whole_trace_is_printed_when_it_is_asked_for(with_features: Folder) -> None:
    write(with_features, "raise KeyError('gone')")
    done = with_features.run("apply", HEADWAY_DEBUG="1")
    assert done.code == 6
    assert "parcels/features.py" in done.err
    assert "KeyError: 'gone'" in done.err.partition("error[")[0], "the original exception, with its own trace"
