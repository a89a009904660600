"""YAML with positions: a document as a tree of marked nodes, with bounds on what is read.

Uses the node tree of ruamel.yaml, and builds no Python objects from tags; what values mean, and what of
YAML is refused, is said in `headway.spec.plain_yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from headway.spec.plain_yaml import forbidden, resolve

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
        if path.exists() and not path.is_file():
            return fault("this is no file", "name a file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            return fault("the file has too many bytes", f"at most {LARGEST:,} are read")
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
        tab = "\t" in text.split("\n")[place[0] - 1][: place[1]] if mark else False
        hint = "indent with spaces, not with tabs" if tab else "mend the syntax"
        return fault(f"this is not YAML: {error.problem or error.context}", hint, *place)
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        return fault(f"this is not YAML: {str(error).splitlines()[0][:200]}", "mend the syntax", line, 1)
    if root is None:
        is_product = path.name == "headway.yaml"
        proposed = "declare its `columns:`; `headway profile SOURCE` proposes them"
        return fault("the file is empty", "`headway init` writes a first one" if is_product else proposed)
    if _count(root, 0) > MOST_NODES:
        return fault("its aliases expand without end", "write the values out")
    return root, [
        Fault(shown, *position(found.node), dotted(found.place), found.what, found.hint)
        for found in forbidden(root)
    ]


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
    return {str(key.value): plain(value) for key, value in node.value}


def scalar(node: ScalarNode) -> Any:
    """A scalar as YAML 1.2 resolves it, whatever version the file announces; in quotes it is text."""
    return resolve(node.value) if node.style is None else node.value


def dotted(path: Path_) -> str:
    """`sources.flights.load`, `gates[2]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def describe(node: Node) -> str:
    """What was found, for an error: bounded, and never a whole block."""
    if isinstance(node, ScalarNode):
        text = str(node.value)
        return f"`{text[:60]}`" if text else "nothing"
    return "a list" if isinstance(node, SequenceNode) else "a mapping"
