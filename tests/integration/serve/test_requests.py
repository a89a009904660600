"""Every request gets the right answer, or a refusal that names what is wrong with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.serve.core import Core, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

ROW = {"scheduled_at": "2026-01-01T12:00:00Z", "origin": "JFK", "distance": 2.0, "seats": None}
FIELDS = {"scheduled_at": "BYTES", "origin": "BYTES", "distance": "FP64", "seats": "INT64"}


def row(**changes: Any) -> dict[str, Any]:
    return ROW | changes


def tensors(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "shape": [len(rows)], "datatype": datatype, "data": [item[name] for item in rows]}
        for name, datatype in FIELDS.items()
    ]


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def told(reply: Reply, status: int = 200) -> dict[str, Any]:
    assert reply.status == status, reply.body
    return msgspec.json.decode(reply.body)


def refusal(reply: Reply, status: int = 400) -> str:
    value = told(reply, status)
    assert {"error", "code"} <= set(value) <= {"error", "code", "faults"}
    assert "Traceback" not in value["error"]
    assert len(reply.body) < 8000  # ten faults at most
    return value["error"]


def get(core: Core, path: str, method: str = "GET") -> Reply:
    return core.handle(Request(method, path))


def test_all_faults_of_a_request_are_told_with_what_each_field_takes(ask: Callable[..., Reply]) -> None:
    wrong = row(seats="7", origin="XXX", DISTANCE=1.0)
    del wrong["distance"]
    value = told(ask({"rows": [row(), wrong]}), 400)
    assert [fault["field"] for fault in value["faults"]] == [
        "rows[1].DISTANCE",
        "rows[1].origin",
        "rows[1].seats",
    ]
    assert "no such field; did you mean `distance`?" in value["error"]
    assert "`seats` takes an integer" in value["error"]
    many = told(ask({"rows": [wrong] * 100}), 400)
    assert len(many["faults"]) == 10


# -- right answers -----------------------------------------------------------------------------


def test_named_rows_are_answered_with_what_was_known_at_the_moment(ask: Callable[..., Reply]) -> None:
    """Two hours before noon the wind of 09:00 is known; before 11:10 the rain of 11:00 is not."""
    rows = [
        row(),
        row(scheduled_at="2026-01-01T13:09:59Z"),
        row(scheduled_at="2026-01-01T13:10:00Z"),
        row(scheduled_at="2026-01-01T14:10:00+01:00"),
    ]
    predictions = told(ask({"rows": rows}))["predictions"]
    expected = [sigmoid(1), sigmoid(1), sigmoid(4), sigmoid(4)]
    assert [item["probability"] for item in predictions] == pytest.approx(expected, abs=1e-6)
    assert [item["label"] for item in predictions] == [True] * 4


def test_one_object_is_answered_as_rows_of_one(ask: Callable[..., Reply]) -> None:
    one, rows = told(ask(row())), told(ask({"rows": [row()]}))
    assert one["predictions"][0]["probability"] == rows["predictions"][0]["probability"]


def test_the_answer_names_release_request_and_predictions(served: Core, ask: Callable[..., Reply]) -> None:
    reply = ask({"id": "mine", "rows": [row(), row()]})
    value = told(reply)
    release = served.serving.endpoints["delay"].route.releases[0].release
    ids = [item["prediction_id"] for item in value["predictions"]]
    assert (value["model_name"], value["model_version"], value["id"]) == ("delay", release[:12], "mine")
    assert dict(reply.headers)[b"headway-prediction-id"].decode() == ids[0]
    assert ids == sorted(set(ids)) or len(set(ids)) == 2
    assert told(ask(row()))["id"] != told(ask(row()))["id"]


def test_tensors_are_answered_as_named_rows_are(ask: Callable[..., Reply]) -> None:
    rows = [row(), row(scheduled_at="2026-01-01T14:00:00Z", seats=7)]
    value = told(ask({"id": "mine", "inputs": tensors(*rows)}, "/v2/models/delay/infer"))
    named = told(ask({"rows": rows}))["predictions"]
    outputs = {output["name"]: output for output in value["outputs"]}
    assert outputs["probability"] == {
        "name": "probability",
        "shape": [2],
        "datatype": "FP64",
        "data": [item["probability"] for item in named],
    }
    assert (outputs["label"]["datatype"], outputs["label"]["data"]) == ("BOOL", [True, True])
    assert value["id"] == "mine"
    assert value["parameters"]["prediction_id"] == outputs["prediction_id"]["data"][0]


def test_tensors_may_be_nested_and_outputs_picked(ask: Callable[..., Reply]) -> None:
    inputs = tensors(row(), row())
    for tensor in inputs:
        tensor.update(
            shape=[2, 1], data=[[value] for value in tensor["data"]], parameters={"content_type": "x"}
        )
    body = {"inputs": inputs, "outputs": [{"name": "label"}], "parameters": {"a": 1}}
    assert [output["name"] for output in told(ask(body, "/v2/models/delay/infer"))["outputs"]] == ["label"]


@pytest.mark.parametrize("version", ["full", 12, 6])
def test_a_version_is_a_release_digest_or_its_first_digits(
    served: Core, ask: Callable[..., Reply], version: int | str
) -> None:
    release = served.serving.endpoints["delay"].route.releases[0].release
    named = release[:version] if isinstance(version, int) else release
    told(ask({"inputs": tensors(row())}, f"/v2/models/delay/versions/{named}/infer"))
    assert told(get(served, f"/v2/models/delay/versions/{named}/ready")) == {"name": "delay", "ready": True}


@pytest.mark.parametrize("path", ["/predict/delay/", "/v2/models/delay/infer/"])
def test_a_trailing_slash_is_answered_without_redirect(ask: Callable[..., Reply], path: str) -> None:
    told(ask({"inputs": tensors(row())} if "v2" in path else row(), path))


def test_metadata_says_what_the_protocol_wants(served: Core) -> None:
    assert told(get(served, "/v2"))["name"] == "headway"
    assert told(get(served, "/v2"))["models"] == ["delay"]
    assert told(get(served, "/v2/")) == told(get(served, "/v2"))
    assert told(get(served, "/v2/health/live")) == {"live": True}
    assert told(get(served, "/v2/health/ready")) == {"live": True, "ready": True}
    model = told(get(served, "/v2/models/delay"))
    assert {item["name"]: item["datatype"] for item in model["inputs"]} == FIELDS
    assert [item["name"] for item in model["outputs"]] == ["probability", "label", "prediction_id"]
    assert model["platform"] == "onnx_onnxv1"
    assert model["parameters"]["runtime"] == "onnx"
    assert model["parameters"]["release"].startswith(model["versions"][0])


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"distance": "2"}, "rows[0].distance"),
        ({"distance": -1}, "rows[0].distance"),
        ({"distance": 1e9}, "rows[0].distance"),
        ({"distance": None}, "rows[0].distance"),
        ({"origin": "LGA"}, "rows[0].origin"),
        ({"seats": 1.5}, "rows[0].seats"),
        ({"seats": True}, "rows[0].seats"),
        ({"seats": 2**70}, "rows[0].seats"),
        ({"scheduled_at": "yesterday"}, "rows[0].scheduled_at"),
        ({"scheduled_at": "2026-01-01T12:00:00"}, "rows[0].scheduled_at"),
        ({"scheduled_at": 5}, "rows[0].scheduled_at"),
        ({"distanze": 1.0}, "distanze"),
        ({"größe": 1.0}, "größe"),
        ({"\ud83d\ude80".encode("utf-16", "surrogatepass").decode("utf-16"): 1.0}, "rows[0]."),
        ({"x" * 100_000: 1.0}, "rows[0].xxx"),
    ],
)
def test_a_row_that_breaks_the_contract_is_refused_by_field(
    ask: Callable[..., Reply], change: dict[str, Any], says: str
) -> None:
    assert says in refusal(ask({"rows": [row(**change)]}))
    assert says.removeprefix("rows[0].") in refusal(ask(row(**change)))


def test_a_missing_field_is_refused(ask: Callable[..., Reply]) -> None:
    short = {name: value for name, value in row().items() if name != "origin"}
    assert "rows[1].origin" in refusal(ask({"rows": [row(), short]}))
    inputs = [tensor for tensor in tensors(row()) if tensor["name"] != "origin"]
    assert "origin" in refusal(ask({"inputs": inputs}, "/v2/models/delay/infer"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"[1, 2]",
        b'"rows"',
        b"{",
        b'{"rows": [',
        b'{"rows": []}',
        b'{"rows": {}}',
        b'{"rows": null}',
        b'{"rows": [null]}',
        b'{"rows": [[]]}',
        b'{"rows": [{}], "x": 1}',
        b"\xff\xfe\x00",
        b'{"rows": [{"origin": "\xff"}]}',
        b'{"rows": [{"distance": NaN}]}',
        b'{"rows": [{"distance": Infinity}]}',
        b'{"rows": [{"distance": 1e999}]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"rows":' + b"[" * 100_000,
        b'{"rows": [{"origin": ' + b"[" * 100_000,
        b'{"inputs": ' + b"[" * 100_000,
        b"\x00" * 1000,
    ],
)
def test_a_body_that_is_no_request_is_refused(ask: Callable[..., Reply], body: bytes) -> None:
    refusal(ask(body))
    refusal(ask(body, "/v2/models/delay/infer"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"datatype": "FP32"}, "datatype"),
        ({"datatype": "FP8"}, "datatype"),
        ({"shape": [2]}, "data"),
        ({"shape": [-1]}, "data"),
        ({"shape": []}, "shape"),
        ({"shape": [1, 2]}, "shape"),
        ({"data": []}, "data"),
        ({"data": [["JFK"]]}, "origin"),
        ({"data": ["JFK", "JFK"], "shape": [2]}, "length"),
        ({"name": "orgin"}, "origin"),
        ({"name": "distance", "datatype": "FP64"}, "twice"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(
    ask: Callable[..., Reply], change: dict[str, Any], says: str
) -> None:
    inputs = tensors(row())
    inputs[1].update(change)
    assert says in refusal(ask({"inputs": inputs}, "/v2/models/delay/infer"))


def test_tensors_without_rows_and_unknown_outputs_are_refused(ask: Callable[..., Reply]) -> None:
    refusal(ask({"inputs": []}, "/v2/models/delay/infer"))
    refusal(ask({"inputs": tensors()}, "/v2/models/delay/infer"))
    body = {"inputs": tensors(row()), "outputs": [{"name": "probabilty"}]}
    assert "`probability`" in refusal(ask(body, "/v2/models/delay/infer"))


def test_an_endless_id_is_refused(ask: Callable[..., Reply]) -> None:
    refusal(ask({"id": "x" * 201, "rows": [row()]}))
    refusal(ask({"id": 7, "rows": [row()]}))
    refusal(ask({"id": "x" * 201, "inputs": tensors(row())}, "/v2/models/delay/infer"))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/predict/dealy", "`delay`"),
        ("/v2/models/dealy/infer", "`delay`"),
        ("/v2/models/delay/versions/000000/infer", "version"),
        ("/v2/models/delay/versions//infer", "version"),
        ("/predict", "nothing"),
        ("/", "nothing"),
        ("", "nothing"),
        ("/v2/models/delay/infer/x", "nothing"),
        ("/v2/../../etc/passwd", "nothing"),
        ("/" + "x" * 100_000, "nothing"),
    ],
)
def test_an_unknown_path_is_refused_with_the_nearest(ask: Callable[..., Reply], path: str, says: str) -> None:
    assert says in refusal(ask(row(), path), 404)


@pytest.mark.parametrize(("method", "path"), [("GET", "/predict/delay"), ("DELETE", "/v2/models/delay")])
def test_a_wrong_method_is_refused_with_the_right_one(served: Core, method: str, path: str) -> None:
    reply = get(served, path, method)
    refusal(reply, 405)
    assert b"allow" in dict(reply.headers)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("", 200),
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("\x00", 415),
    ],
)
def test_only_json_in_utf_8_is_taken(ask: Callable[..., Reply], kind: str, status: int) -> None:
    assert ask(row(), content_type=kind).status == status


def test_a_compressed_body_is_refused(ask: Callable[..., Reply]) -> None:
    refusal(ask(row(), content_encoding="gzip"), 415)


# -- failures ----------------------------------------------------------------------------------


def test_a_failing_feature_is_an_incident_of_one_line(
    ask: Callable[..., Reply], caplog: pytest.LogCaptureFixture
) -> None:
    value = told(ask(row(distance=13.0)), 500)
    assert "unlucky" not in value["error"]
    (line,) = caplog.messages
    assert value["incident"] in line
    assert "unlucky" in line
    assert "\n" not in line


def test_code_that_wants_to_end_the_process_ends_its_own_request_only(
    ask: Callable[..., Reply], caplog: pytest.LogCaptureFixture
) -> None:
    value = told(ask(row(distance=19.0)), 500)
    assert value["incident"] in caplog.text
    assert ask(row()).status == 200


def test_an_answer_that_is_no_number_is_an_incident_with_the_reason(
    ask: Callable[..., Reply], caplog: pytest.LogCaptureFixture
) -> None:
    """EWR has no weather, and this model has no way with missing numbers."""
    value = told(ask({"rows": [row(), row(origin="EWR")]}), 500)
    assert "row 1" in value["error"]
    assert value["incident"] in caplog.text


# -- anything ----------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from([*FIELDS, "rows", "inputs", "id"]) | st.text(), inner)
    ),
    max_leaves=10,
)
PATHS = st.sampled_from(["/predict/delay", "/v2/models/delay/infer"])


@given(body=st.binary(), path=PATHS)
def test_any_bytes_are_refused_and_never_fail(ask: Callable[..., Reply], body: bytes, path: str) -> None:
    refusal(ask(body, path))


@given(body=JSON, path=PATHS)
def test_any_json_is_refused_and_never_fails(ask: Callable[..., Reply], body: object, path: str) -> None:
    refusal(ask(body, path))


@given(change=st.dictionaries(st.sampled_from([*FIELDS]) | st.text(), JSON, min_size=1))
def test_any_change_of_a_row_is_answered_or_refused(
    ask: Callable[..., Reply], change: dict[str, Any]
) -> None:
    reply = ask({"rows": [row(**change)]})
    assert reply.status in (200, 400)
