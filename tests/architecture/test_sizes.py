"""Size budgets: small modules and small functions, held at the tail, where rot begins."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MODULES = sorted(SOURCE.rglob("*.py"))


def lines(path: Path) -> int:
    return sum(bool(line.strip()) for line in path.read_text().splitlines())


def functions() -> list[tuple[int, str]]:
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                found.append((length, f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"))
    return sorted(found, reverse=True)


def quantile(values: list[int], share: float) -> int:
    return sorted(values)[int(len(values) * share)]


def test_no_module_is_over_600_lines_and_few_are_over_400() -> None:
    sizes = [lines(path) for path in MODULES]
    assert max(sizes) <= 600
    assert quantile(sizes, 0.95) <= 400


def test_no_function_is_over_80_lines_and_few_are_over_35() -> None:
    found = functions()
    assert found[0][0] <= 80, found[0]
    assert quantile([length for length, _ in found], 0.95) <= 35


def test_no_class_has_more_than_12_public_methods() -> None:
    crowded = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                public = [
                    item.name
                    for item in node.body
                    if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")
                ]
                if len(public) > 12:
                    crowded.append(f"{path.name}:{node.lineno} {node.name} has {len(public)}")
    assert crowded == []


@pytest.mark.parametrize("path", sorted((SOURCE / "headway" / "api").glob("*.py")), ids=lambda p: p.name)
def test_the_public_functions_only_delegate(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False)
            body = (node.end_lineno or 0) - node.body[0].lineno + 1 - (len(doc.splitlines()) if doc else 0)
            assert body <= 10, f"{path.name}: {node.name} has {body} lines of body"
