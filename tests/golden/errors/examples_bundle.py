"""One example of every error that a bundle or a route file can give."""

from __future__ import annotations

from headway.errors import bundle

EXAMPLES = {
    "unreadable": lambda: bundle.unreadable("releases/3f9a21/model.onnx", "No such file or directory"),
    "not_a_manifest": lambda: bundle.not_a_manifest(
        "releases/3f9a21/manifest.json", "input data was truncated"
    ),
    "file_changed": lambda: bundle.file_changed(
        "releases/3f9a21", "model.onnx", "5c1f00d2a3b4", "77aa01bb02cc"
    ),
    "file_unknown": lambda: bundle.file_unknown("releases/3f9a21", "notes.txt"),
    "bad_name": lambda: bundle.bad_name("../../etc/passwd"),
    "wrong_release": lambda: bundle.wrong_release("releases/3f9a21", "3f9a21" * 10, "8b11ce" * 10),
    "wrong_signature": lambda: bundle.wrong_signature("releases/3f9a21"),
    "code_not_trusted": lambda: bundle.code_not_trusted("releases/3f9a21", "a native model"),
    "no_key": bundle.no_key,
    "not_written": lambda: bundle.not_written("releases/3f9a21", "No space left on device"),
    "no_route": lambda: bundle.no_route("serving/prod/route.json"),
    "not_a_route": lambda: bundle.not_a_route("serving/prod/route.json", "input data was truncated"),
}
