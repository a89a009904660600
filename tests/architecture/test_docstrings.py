"""Every public thing says what it is; what raises says so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "headway"
MODULES = sorted(SOURCE.rglob("*.py"))


def public(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    found: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = []
    for node in tree.body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += [
                    item
                    for item in node.body
                    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not item.name.startswith("_")
                ]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_module_and_public_thing_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the module has none"
    bare = [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert bare == []


def test_a_package_does_not_import_its_modules() -> None:
    """So that the light half of a room can be loaded without the heavy one."""
    allowed = {SOURCE / "__init__.py", SOURCE / "errors" / "__init__.py"}
    importing = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("__init__.py")
        if path not in allowed and "import" in path.read_text().split('"""')[-1]
    ]
    assert importing == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_public_function_that_raises_our_errors_says_so(path: Path) -> None:
    silent = []
    for node in public(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef) or path.parent.name == "errors":
            continue
        raising = any(
            isinstance(item, ast.Raise)
            and isinstance(item.exc, ast.Call)
            and isinstance(item.exc.func, ast.Attribute)
            and getattr(item.exc.func.value, "id", "").endswith("errors")
            for item in ast.walk(node)
        )
        if raising and "Raises:" not in (ast.get_docstring(node) or ""):
            silent.append(node.name)
    assert silent == []
