"""What of YAML a product file may use: the core schema of YAML 1.2.2 (section 10.3.2), and nothing that hides.

A file that announces YAML 1.1 is read by the same rules: `yes` stays text, whatever its directive says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

DEEPEST = 40
"""Levels of nesting."""

_NULL = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_LONGEST_NUMBER = 100
_SHOWN = 60
_CORE = ("null", "bool", "int", "float", "str", "map", "seq")


class Forbidden(NamedTuple):
    """Something that YAML allows and a product file does not."""

    node: Node
    place: tuple[str | int, ...]
    what: str
    hint: str


def resolve(text: str) -> Any:
    """A value without quotes: null, boolean, whole number in 64 bits, finite number, else text."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        whole = int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        return whole if -(2**63) <= whole < 2**63 else text
    if _NUMBER.fullmatch(text):
        number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return number if math.isfinite(number) else text
    return text


def forbidden(root: Node) -> Iterator[Forbidden]:
    """Everything in a tree that a product file may not hold; each place once, however often it is an alias."""
    stack: list[tuple[Node, tuple[str | int, ...]]] = [(root, ())]
    seen: set[int] = set()
    while stack:
        node, place = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if len(place) > DEEPEST:
            yield Forbidden(node, place[:3], f"nested more than {DEEPEST} deep", "write it flatter")
            continue
        yield from _tag(node, place)
        if isinstance(node, MappingNode):
            yield from _keys(node, place)
            stack += [(item, (*place, str(key.value)[:_SHOWN])) for key, item in node.value]
        elif isinstance(node, SequenceNode):
            stack += [(item, (*place, index)) for index, item in enumerate(node.value)]
        elif isinstance(node, ScalarNode) and node.style is None and _unkept(node.value):
            what = f"`{node.value[:_SHOWN]}` is no number that can be kept"
            yield Forbidden(node, place, what, "finite numbers, whole ones in 64 bits")


def _tag(node: Node, place: tuple[str | int, ...]) -> Iterator[Forbidden]:
    """A tag that somebody wrote: not the one that the value's own form gives."""
    tag = str(node.tag)
    kind = tag.rpartition(":")[2]
    quoted = isinstance(node, ScalarNode) and node.style is not None
    renamed = (
        isinstance(node, ScalarNode)
        and not quoted
        and kind == "str"
        and not isinstance(resolve(node.value), str)
    )
    if renamed or (quoted and kind != "str") or (kind not in _CORE and not _is_implicit(node, kind)):
        yield Forbidden(node, place, f"the tag `{tag[:_SHOWN]}`", "values carry no tags here")


def _is_implicit(node: Node, kind: str) -> bool:
    """Whether a form of YAML 1.1 or a merge key gave the tag, which is read as text here."""
    return isinstance(node, ScalarNode) and node.style is None and kind in ("merge", "value", "timestamp")


def _keys(node: MappingNode, place: tuple[str | int, ...]) -> Iterator[Forbidden]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        name = str(key.value) if isinstance(key, ScalarNode) else ""
        if not name:
            yield Forbidden(key, place, "a key that is no text", "keys are plain text")
        elif name == "<<" and key.style is None:
            yield Forbidden(key, place, "merge keys (`<<`) are not part of YAML 1.2", "write the values out")
        elif name in first:
            hint = f"line {first[name]} has it already; keep one of them"
            yield Forbidden(key, (*place, name), f"`{name[:_SHOWN]}` stands here twice", hint)
        else:
            first[name] = key.start_mark.line + 1


def _unkept(text: str) -> bool:
    """Whether text has the form of a number, and is none that can be kept."""
    return bool(_INTEGER.fullmatch(text) or _NUMBER.fullmatch(text)) and isinstance(resolve(text), str)
