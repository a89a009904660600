"""Start-up is a design property: what each door loads is held to a list."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "deltalake", "duckdb", "fsspec", "httpx", "joblib", "matplotlib", "narwhals", "numpy", "onnx",
    "onnxruntime", "optuna", "pandas", "polars", "prometheus_client", "psycopg", "pyarrow", "pydantic",
    "scipy", "skl2onnx", "sklearn", "sqlalchemy", "starlette", "typer", "uvicorn",
}  # fmt: skip


def loaded(code: str, folder: Path | None = None) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    script = f"import sys, json\n{code}\nprint('\\n' + json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def third_party(modules: set[str]) -> set[str]:
    """Modules that are neither the standard library's nor ours."""
    known = set(sys.stdlib_module_names) | {"headway", "_virtualenv", "__editables_finder", "sitecustomize"}
    return {name for name in modules if name not in known and not name.startswith(("_", "__editable"))}


def test_importing_headway_loads_no_third_party_module() -> None:
    assert third_party(loaded("import headway")) == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["plan", "--help"], ["serve", "--help"]])
def test_help_loads_nothing_heavy_and_no_third_party_module(words: list[str]) -> None:
    code = f"from headway.cli.main import main; main({words!r})"
    assert third_party(loaded(code)) == set()


@pytest.mark.parametrize(
    "module",
    [
        "headway.plan.make",
        "headway.survey.present",
        "headway.spec.load",
        "headway.store.ledger",
        "headway.store.blobs",
        "headway.engine.opened",
        "headway.engine.converge",
        "headway.engine.questions.status",
        "headway.render.progress",
    ],
)
def test_planning_loads_no_data_frame_and_no_server(module: str) -> None:
    assert loaded(f"import {module}") & HEAVY == set()


@pytest.mark.parametrize("module", ["headway.serve.server", "headway.serve.core", "headway.serve.embedded"])
def test_the_data_plane_loads_no_data_frame_and_no_trainer(module: str) -> None:
    heavy = {"polars", "pandas", "pyarrow", "duckdb", "sklearn", "scipy", "skl2onnx", "rich", "ruamel"}
    assert loaded(f"import {module}") & heavy == set()


def test_the_no_op_plan_loads_the_standard_library_and_nothing_else(tmp_path: Path) -> None:
    """A stored plan is printed without the loader, the survey, the ledger's types or any third party."""
    from headway.plan.plan import Plan, Step, encode
    from headway.survey.files import StatCache
    from headway.survey.memo import remember

    file = tmp_path / "headway.yaml"
    file.write_text("product: x\n")
    cache = tmp_path / ".headway" / "cache.db"
    StatCache(cache)
    stored = Plan("a" * 64, "dev", 0, (Step("source.a", "source", "fresh", output="b" * 64),))
    assert remember(cache, "dev", file, 0, None, {}, encode(stored))
    modules = loaded("from headway.cli.main import main; main(['plan'])", tmp_path)
    assert third_party(modules) == set()
    script = "import sys; from headway.cli.main import main; main(['plan']); print([m for m in sys.modules if m.startswith('headway.')])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "nothing to do: 1 node fresh" in done.stdout
    for heavy in (
        "headway.spec.load",
        "headway.store.ledger",
        "headway.survey.closure",
        "headway.engine.apply",
    ):
        assert f"'{heavy}'" not in done.stdout
