"""YAML with positions: a document as a tree of marked nodes, with bounds on what is read.

Uses the node tree of ruamel.yaml (YAML 1.2: `yes` and `on` are text), and builds no Python objects
from tags.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

LARGEST = 1_000_000
"""Bytes; a product file is written by people."""
MOST_NODES = 100_000
"""Nodes once aliases are followed; beyond that the file is an attack or a mistake."""

Path_ = tuple[str | int, ...]


class Fault(NamedTuple):
    """One thing that is wrong with a file.

    Attributes:
        line: From 1; 0 when the file as a whole is meant.
        column: From 1.
        path: Where in the document (`sources.flights.load`).
        what: What is wrong, with the value found.
        hint: What is allowed, or the nearest name.
    """

    file: str
    line: int
    column: int
    path: str
    what: str
    hint: str = ""


def compose(path: Path, shown: str) -> tuple[Node | None, list[Fault]]:
    """The tree of a YAML file, or what keeps it from being read.

    Args:
        path: The file.
        shown: Its name in faults.
    """

    def fault(what: str, hint: str, line: int = 0, column: int = 0) -> tuple[None, list[Fault]]:
        return None, [Fault(shown, line, column, "", what, hint)]

    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            return fault(f"the file has {len(data):,} bytes", f"at most {LARGEST:,} are read")
        text = data.decode("utf-8-sig")
    except OSError as error:
        return fault(f"the file cannot be read: {error.strerror}", "check its name and its mode")
    except UnicodeDecodeError as error:
        return fault(f"byte {error.start} is not UTF-8", "save the file as UTF-8")
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return fault(f"this is not YAML: {error.problem or error.context}", "mend the syntax", *place)
    except (YAMLError, ValueError, RecursionError) as error:
        return fault(f"this is not YAML: {str(error).splitlines()[0][:200]}", "mend the syntax")
    if root is None:
        return fault("the file is empty", "`headway init` writes a first one")
    if _count(root, 0) > MOST_NODES:
        return fault("its aliases expand without end", "write the values out")
    return root, []


def _count(node: Node, seen: int) -> int:
    """Nodes with aliases followed, up to the bound."""
    stack = [node]
    while stack and seen <= MOST_NODES:
        current = stack.pop()
        seen += 1
        if isinstance(current, MappingNode):
            stack += [part for pair in current.value for part in pair]
        elif isinstance(current, SequenceNode):
            stack += current.value
    return seen


def position(node: Node) -> tuple[int, int]:
    """Line and column of a node, from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def plain(node: Node) -> Any:
    """A node as a JSON value: text, number, boolean, null, list or mapping with text keys."""
    if isinstance(node, ScalarNode):
        return scalar(node)
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.value]
    return {str(scalar(key)): plain(value) for key, value in node.value}


def scalar(node: ScalarNode) -> Any:
    """A scalar as YAML 1.2 resolves it; other tags stay text."""
    kind = node.tag.rpartition(":")[2] if isinstance(node.tag, str) else str(node.tag).rpartition(":")[2]
    text = node.value
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return _integer(text)
    if kind == "float":
        return _number(text)
    return text


def _integer(text: str) -> int | str:
    try:
        return int(text.replace("_", ""), 0) if not text.lstrip("+-").startswith("0") or "x" in text or "o" in text else int(text)
    except ValueError:
        return text


def _number(text: str) -> float | str:
    try:
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan").replace("_", ""))
    except ValueError:
        return text


def describe(node: Node) -> str:
    """What was found, for an error: bounded, and never a whole block."""
    if isinstance(node, ScalarNode):
        text = str(node.value)
        return f"`{text[:60]}`" if text else "nothing"
    return "a list" if isinstance(node, SequenceNode) else "a mapping"
