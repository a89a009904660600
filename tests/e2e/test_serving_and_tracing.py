"""Serve over HTTP, trace a prediction, reproduce a model."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import Any

import pytest
from product import HEADWAY, Folder, post

ROW = {"distance_km": 31.5, "stops": 7, "weather": "rain"}


def test_a_prediction_is_answered_logged_and_traced(applied: Folder) -> None:
    with applied.serving("prod") as url:
        status, body = post(f"{url}/predict/main", ROW)
        assert status == 200
        assert body["model_version"] == applied.pointers("prod")["endpoint.main"][:12]
        prediction = body["predictions"][0]
        assert 0 <= prediction["probability"] <= 1
        tensors = [
            {"name": "distance_km", "shape": [1], "datatype": "FP64", "data": [31.5]},
            {"name": "stops", "shape": [1], "datatype": "INT64", "data": [7]},
            {"name": "weather", "shape": [1], "datatype": "BYTES", "data": ["rain"]},
        ]
        status, inferred = post(f"{url}/v2/models/main/infer", {"id": "my-id", "inputs": tensors})
        assert (status, inferred["id"]) == (200, "my-id")
        outputs = {item["name"]: item["data"][0] for item in inferred["outputs"]}
        assert outputs["probability"] == pytest.approx(prediction["probability"])
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as reply:
            assert b"headway" in reply.read()
    traced = applied.run("lineage", prediction["prediction_id"])
    assert traced.code == 0, traced.err
    for word in (
        "prediction",
        "endpoint.main",
        "model.main",
        "dataset.main",
        "source.rows",
        "gate roc_auc >= 0.6: pass",
        "by tester",
    ):
        assert word in traced.out
    assert "endpoint.main" in applied.run("lineage", "source.rows", "--down").out
    logged = applied.run("predictions", "--env", "prod", "--json").json
    assert len(logged["predictions"]) == 2
    assert logged["lost"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (ROW | {"stops": "7"}, "stops"),
        (ROW | {"stops": None}, "stops"),
        (ROW | {"weather": "fog"}, "weather"),
        (ROW | {"wether": "rain"}, "wether"),
        ({"stops": 7}, "distance_km"),
        (ROW | {"distance_km": -1}, "distance_km"),
    ],
)
def test_a_request_that_breaks_the_contract_is_told_its_field(serving: str, body: Any, field: str) -> None:
    status, answer = post(f"{serving}/predict/main", body)
    assert status == 400
    assert field in answer["error"]
    assert "Traceback" not in answer["error"]


@pytest.mark.parametrize(
    ("path", "raw", "kind", "expected"),
    [
        ("/predict/main", b"{", "application/json", 400),
        ("/predict/main", b'{"distance_km": NaN, "stops": 1, "weather": "dry"}', "application/json", 400),
        ("/predict/main", b"\xff\xfe", "application/json", 400),
        ("/predict/main", b"a=1", "application/x-www-form-urlencoded", 415),
        ("/predict/mian", b"{}", "application/json", 404),
        ("/v2/models/main/infer", b'{"inputs": []}', "application/json", 400),
    ],
)
def test_a_hostile_request_gets_a_four_hundred(
    serving: str, path: str, raw: bytes, kind: str, expected: int
) -> None:
    status, answer = post(f"{serving}{path}", None, raw, kind)
    assert status == expected
    assert answer["error"]


@pytest.fixture(scope="module")
def serving(applied_once: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from product import copy_of

    folder = copy_of(applied_once, tmp_path_factory.mktemp("serving") / "parcels")
    with folder.serving("prod") as url:
        yield url


def test_releases_are_swapped_under_load_without_a_failed_request(applied: Folder) -> None:
    with applied.serving("prod") as url:
        seen: list[tuple[int, str]] = []
        end = threading.Event()

        def ask() -> None:
            while not end.is_set():
                status, body = post(f"{url}/predict/main", ROW)
                seen.append((status, body.get("model_version", "")))

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            first = applied.pointers("prod")["endpoint.main"][:12]
            applied.edit("headway.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
            assert applied.run("apply", "--env", "prod").code == 0
            second = applied.pointers("prod")["endpoint.main"][:12]
            while (200, second) not in seen[-1:]:
                assert thread.is_alive()
            assert applied.run("rollback", "--env", "prod").code == 0
            while (200, first) not in seen[-1:]:
                assert thread.is_alive()
            assert applied.run("stop", "--env", "prod").code == 0
            while seen[-1][0] != 503:
                assert thread.is_alive()
        finally:
            end.set()
            thread.join()
    answered = [version for status, version in seen if status == 200]
    assert {first, second} == set(answered)
    assert {status for status, _ in seen} == {200, 503}, "nothing but answers, and after the stop 503"


def test_the_embedded_model_answers_as_the_server_does(applied: Folder, serving: str) -> None:
    import subprocess
    import sys

    code = f"import json, headway; print(json.dumps(headway.load('parcels@prod').predict([{ROW!r}])))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=applied.root, capture_output=True, text=True, check=True
    )
    _, body = post(f"{serving}/predict/main", ROW)
    embedded, served = json.loads(done.stdout)[0], body["predictions"][0]
    assert (embedded["probability"], embedded["label"]) == (served["probability"], served["label"])


def test_one_bundle_is_served_without_a_workspace(applied: Folder) -> None:
    import shutil

    digest = applied.pointers("prod")["endpoint.main"]
    bundle = applied.root.parent / "bundle"
    shutil.copytree(applied.root / ".headway" / "serve" / "prod" / "releases" / digest, bundle)
    process = Folder(applied.root.parent).start("serve", "--bundle", str(bundle), "--port", "0")
    try:
        assert process.stderr is not None
        url = process.stderr.readline().strip().rpartition(" ")[2]
        assert post(f"{url}/predict/main", ROW)[0] == 200
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_a_model_is_reproduced_in_a_clean_process(applied: Folder) -> None:
    done = applied.run("reproduce", "model.main")
    assert done.code == 0, done.err
    assert "equal" in done.out


def test_a_model_that_does_not_repeat_itself_is_found_out(applied: Folder) -> None:
    applied.edit(
        "parcels/training.py",
        "C=params['learning_rate']",
        "C=__import__('secrets').randbelow(1000) / 1000 + 0.01",
    )
    assert applied.run("apply").code == 0
    done = applied.run("reproduce", "model.main")
    assert done.code == 3
    assert "does not repeat itself" in done.out


def test_two_servers_do_not_share_a_port(applied: Folder) -> None:
    with applied.serving("prod") as url:
        done = applied.run("serve", "--env", "prod", "--port", url.rpartition(":")[2])
    assert done.code == 4
    assert "port" in done.err


def test_the_command_is_there() -> None:
    assert HEADWAY.exists()


def test_a_dataset_without_code_of_its_own_is_reproduced_too(applied: Folder) -> None:
    assert "equal" in applied.run("reproduce", "dataset.main").out


def test_a_model_that_serves_natively_says_so_in_the_plan(applied: Folder) -> None:
    applied.edit("headway.yaml", "    seed: 7", "    seed: 7\n    serve_as: native")
    assert applied.run("apply").code == 0
    told = applied.run("plan").out
    assert "note: model.main serves natively" in told
    is_independent = applied.run("show", "model.main", "--json").json["meta"]["rows_independent"]
    assert ("each request has a call of its own, since" in told) is not is_independent
    with applied.serving("dev") as url:
        assert post(f"{url}/predict/main", ROW)[0] == 200
        with urllib.request.urlopen(f"{url}/v2/models/main", timeout=10) as reply:
            assert json.load(reply)["parameters"]["rows_independent"] is is_independent


@pytest.mark.parametrize(
    "node",
    ["source.rows", "dataset.main", "model.main", "model.main.baseline", "evaluation.main", "endpoint.main"],
)
def test_every_kind_of_result_is_shown_for_people_and_in_full_as_json(applied: Folder, node: str) -> None:
    done = applied.run("show", node)
    assert done.code == 0
    assert f"{node}, made 20" in done.out
    assert "in use in dev, prod" in done.out
    assert not any(mark in done.out for mark in ('{"', '["', "[{", "null")), "no raw JSON"
    assert f"headway why {node}" in done.err
    whole = applied.run("show", node, "--json").json
    assert whole["made"]["output"] == whole["digest"]
    assert whole["environments"] == ["dev", "prod"]
