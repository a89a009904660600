"""A bundle is whole or refused: every byte, name and signature is checked."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from headway.bundle import write as writing
from headway.bundle.manifest import Answer, Manifest
from headway.bundle.read import open_bundle
from headway.bundle.write import write
from headway.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = b"the workspace's key"
FILES: dict[str, Path | bytes] = {"contract.json": b"{}", "model.onnx": b"onnx bytes"}


def draft(**changes: object) -> Manifest:
    plain = Manifest(
        release="", product="p", endpoint="e", runtime="onnx", answer=Answer(kind="value"), inputs=()
    )
    return msgspec.structs.replace(plain, **changes)


def written(tmp_path: Path, files: dict[str, Path | bytes] | None = None, **changes: object) -> Path:
    manifest = write(tmp_path / "releases", FILES if files is None else files, draft(**changes), KEY)
    return tmp_path / "releases" / manifest.release


def edit_manifest(bundle: Path, change: Callable[[dict], None]) -> None:
    value = json.loads((bundle / "manifest.json").read_text())
    change(value)
    (bundle / "manifest.json").write_text(json.dumps(value))


def code_of(bundle: Path, key: bytes | None = KEY) -> str:
    with pytest.raises(EngineError) as caught:
        open_bundle(bundle, key)
    return caught.value.code


def test_what_was_written_is_what_is_opened(tmp_path: Path) -> None:
    bundle = written(tmp_path)
    manifest = open_bundle(bundle, KEY)
    assert manifest.release == bundle.name
    assert [file.name for file in manifest.files] == ["contract.json", "model.onnx"]
    assert sorted(path.name for path in bundle.iterdir()) == ["contract.json", "manifest.json", "model.onnx"]


def test_a_release_from_before_rows_were_proven_independent_keeps_its_digest(tmp_path: Path) -> None:
    bundle = written(tmp_path)
    assert "rows_independent" not in json.loads((bundle / "manifest.json").read_text())
    assert not open_bundle(bundle, KEY).rows_independent
    assert {written(tmp_path, rows_independent=tried).name for tried in (True, False)}.isdisjoint(
        {bundle.name}
    )


def test_files_may_come_from_paths(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"onnx bytes")
    assert written(tmp_path, {**FILES, "model.onnx": tmp_path / "model"}) == written(tmp_path)


def test_writing_the_same_release_twice_touches_nothing(tmp_path: Path) -> None:
    bundle = written(tmp_path)
    before = bundle.stat()
    assert written(tmp_path) == bundle
    assert bundle.stat() == before
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_writing_a_tainted_release_again_heals_it(tmp_path: Path) -> None:
    bundle = written(tmp_path)
    (bundle / "model.onnx").write_bytes(b"onnx bytez")
    assert written(tmp_path) == bundle
    assert (bundle / "model.onnx").read_bytes() == b"onnx bytes"
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_a_native_model_counts_by_meaning_and_is_still_checked_by_bytes(tmp_path: Path) -> None:
    by_meaning = {"runtime": "native", "meaning": {"model.joblib": "a" * 64}}
    first = written(tmp_path, {"model.joblib": b"packed once"}, **by_meaning)
    second = written(tmp_path, {"model.joblib": b"packed another time"}, **by_meaning)
    assert first == second
    (first / "model.joblib").write_bytes(b"packed oncE")
    assert code_of(first) == "RL503"


def test_the_release_digest_depends_on_every_file_and_field(tmp_path: Path) -> None:
    others = [
        written(tmp_path, {**FILES, "model.onnx": b"other bytes"}),
        written(tmp_path, {**FILES, "card.json": b"{}"}),
        written(tmp_path, endpoint="f"),
        written(tmp_path, nodes={"model.e": "b" * 64}),
    ]
    assert len({bundle.name for bundle in [*others, written(tmp_path)]}) == 5


@pytest.mark.parametrize("data", [b"onnx byteS", b"onnx", b""])
def test_a_changed_file_is_refused(tmp_path: Path, data: bytes) -> None:
    bundle = written(tmp_path)
    (bundle / "model.onnx").write_bytes(data)
    assert code_of(bundle) == "RL503"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    bundle = written(tmp_path)
    (bundle / "model.onnx").unlink()
    assert code_of(bundle) == "RL501"


def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    bundle = written(tmp_path)
    (tmp_path / "same").write_bytes(b"onnx bytes")
    (bundle / "model.onnx").unlink()
    (bundle / "model.onnx").symlink_to(tmp_path / "same")
    assert code_of(bundle) == "RL501"


def test_an_added_file_is_refused(tmp_path: Path) -> None:
    bundle = written(tmp_path)
    (bundle / "sitecustomize.py").write_text("print('hello')")
    assert code_of(bundle) == "RL504"


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/etc/passwd", "", ".", "..", ".x", "manifest.json", "ü", "a\n"]
)
def test_a_name_that_could_leave_the_directory_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EngineError) as caught:
        write(tmp_path, {name: b""}, draft(), KEY)
    assert caught.value.code == "RL505"
    assert list(tmp_path.iterdir()) == []
    bundle = written(tmp_path)
    edit_manifest(bundle, lambda value: value["files"][0].update(name=name))
    assert code_of(bundle) == "RL505"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda value: value.update(endpoint="other"), "RL506"),
        (lambda value: value.update(release="0" * 64), "RL506"),
        (lambda value: value.update(signature="0" * 64), "RL507"),
        (lambda value: value.update(signature="ü"), "RL507"),
        (lambda value: value.update(version=2), "RL502"),
        (lambda value: value.pop("answer"), "RL502"),
        (lambda value: value["files"].append(value["files"][0]), "RL502"),
        (lambda value: value["files"][0].update(sha256="0" * 64), "RL507"),
    ],
)
def test_an_edited_manifest_is_refused(tmp_path: Path, change: Callable[[dict], None], code: str) -> None:
    bundle = written(tmp_path)
    edit_manifest(bundle, change)
    assert code_of(bundle) == code


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[]", b"[" * 100_000])
def test_a_damaged_manifest_is_a_named_error(tmp_path: Path, data: bytes) -> None:
    bundle = written(tmp_path)
    (bundle / "manifest.json").write_bytes(data)
    assert code_of(bundle) == "RL502"


def test_a_directory_without_manifest_is_a_named_error(tmp_path: Path) -> None:
    assert code_of(tmp_path) == "RL501"


def test_another_workspaces_bundle_is_refused(tmp_path: Path) -> None:
    assert code_of(written(tmp_path), b"another key") == "RL507"


def test_without_a_key_a_bundle_without_code_opens(tmp_path: Path) -> None:
    assert open_bundle(written(tmp_path), None).endpoint == "e"


@pytest.mark.parametrize("code", [{"runtime": "native"}, {"on_demand": "p.features"}])
def test_without_a_key_a_bundle_that_runs_code_is_refused(tmp_path: Path, code: dict[str, Any]) -> None:
    bundle = written(tmp_path, **code)
    assert code_of(bundle, None) == "RL508"
    assert open_bundle(bundle, KEY).release == bundle.name


def test_an_empty_key_signs_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        write(tmp_path, FILES, draft(), b"")
    assert caught.value.code == "RL509"


def test_a_place_that_cannot_be_written_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "releases").write_text("a file where the directory should be")
    with pytest.raises(EngineError) as caught:
        written(tmp_path)
    assert caught.value.code == "RL510"


def test_a_crash_while_writing_leaves_no_half_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(writing.durable, "sync_directory", die)
    with pytest.raises(Killed):
        written(tmp_path)
    monkeypatch.undo()
    assert [path for path in (tmp_path / "releases").iterdir() if not path.name.startswith(".")] == []
    assert open_bundle(written(tmp_path), KEY)


def test_two_writers_of_one_release_agree(tmp_path: Path) -> None:
    if os.fork() == 0:
        written(tmp_path)
        os._exit(0)
    bundle = written(tmp_path)
    assert os.wait()[1] == 0
    assert open_bundle(bundle, KEY).release == bundle.name
