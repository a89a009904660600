"""From marked YAML nodes to declared values, by the types alone; every fault is collected.

How a type is written is decided here once: durations, rates and moments are text with units, a list
of one may be written without brackets where `SCALAR_LISTS` says so.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import msgspec
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from headway.spec.contract import Contract, Expectation
from headway.spec.document import Fault, Path_, describe, dotted, plain, position, scalar
from headway.spec.expression import ExpressionError, parse_condition, parse_moment
from headway.spec.product import (
    Anonymity,
    Dataset,
    Declared,
    Evaluation,
    FeatureGroup,
    FeaturePick,
    Interval,
    Known,
    Label,
    Limits,
    Matter,
    Moment,
    Monitor,
    PolicyRule,
    Product,
    ReleaseStrategy,
    Retention,
    Source,
    Split,
)
from headway.spec.quantities import (
    DURATION,
    INSTANT,
    PERCENT,
    RATE,
    parse_duration,
    parse_instant,
    parse_percent,
    parse_rate,
)

_LONGEST_VERSION = 9
"""Digits of a group's version."""
INVALID: Any = object()
"""Stands for a value that is wrong; a fault was recorded."""

Reader = Callable[["Reading", Node, Path_], Any]


class Reading:
    """Reads one document, and keeps the faults and where each value stood.

    Args:
        file: The file's name, for faults.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.places: dict[Path_, tuple[int, int]] = {}

    def fault(self, node: Node, path: Path_, what: str, hint: str = "", shift: int = 0) -> Any:
        """Record a fault at a node; returns `INVALID`."""
        line, column = position(node)
        self.faults.append(Fault(self.file, line, column + shift, dotted(path), what, hint))
        return INVALID

    def value(self, node: Node, hint: Any, path: Path_) -> Any:
        """A node as a value of a type."""
        self.places[path] = position(node)
        hint = _bare(hint)
        if hint is Any:
            return plain(node)
        if isinstance(hint, type) and issubclass(hint, Declared):
            return self.declared(node, hint, path)
        origin = typing.get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            return self._union(node, hint, path)
        if origin is tuple:
            return self._list(node, typing.get_args(hint)[0], path)
        if origin is dict:
            return self._mapping(node, typing.get_args(hint)[1], path)
        return self._scalar(node, hint, path)

    def declared(self, node: Node, kind: type[Declared], path: Path_) -> Any:
        """A mapping as a declared value; unknown and missing keys are faults."""
        if not isinstance(node, MappingNode):
            return self.fault(
                node, path, f"{describe(node)} where a mapping is expected", f"keys are {_keys(kind)}"
            )
        fields = {item.encode_name: item for item in msgspec.structs.fields(kind)}
        hints = typing.get_type_hints(kind, include_extras=True)
        found: dict[str, Any] = {}
        for key, item in self._pairs(node):
            if key not in fields:
                self._unknown(node, key, fields, path)
                continue
            read = SUGAR.get((kind, key))
            inner = (*path, key)
            self.places[inner] = position(item)
            name = fields[key].name
            found[name] = read(self, item, inner) if read else self.value(item, hints[name], inner)
        missing = [name for name, item in fields.items() if item.required and item.name not in found]
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            self.fault(node, path, f"{names} is missing" if len(missing) == 1 else f"{names} are missing")
        # What is wrong is left out, or stood in for, so that the rest of the file can still be checked.
        whole = STAND_INS.get(kind, {}) | {
            name: value for name, value in found.items() if value is not INVALID
        }
        needed = {item.name for item in fields.values() if item.required}
        return kind(**whole) if needed <= whole.keys() else INVALID

    def _pairs(self, node: MappingNode) -> list[tuple[str, Node]]:
        """Key and value of a mapping; keys that are no text, or stand twice, are faults already."""
        pairs: dict[str, Node] = {}
        for key, item in node.value:
            if isinstance(key, ScalarNode) and key.value:
                pairs.setdefault(str(key.value), item)
        return list(pairs.items())

    def _unknown(self, node: MappingNode, key: str, fields: dict[str, Any], path: Path_) -> None:
        at = next((item for item, _ in node.value if getattr(item, "value", None) == key), node)
        near = difflib.get_close_matches(key, fields, n=1, cutoff=0.6)
        hint = f"did you mean `{near[0]}`?" if near else f"keys are {', '.join(fields)}"
        self.fault(at, (*path, key), f"unknown key `{key[:60]}`", hint)

    def _union(self, node: Node, hint: Any, path: Path_) -> Any:
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        if isinstance(node, ScalarNode) and scalar(node) is None:
            return (
                None if type(None) in typing.get_args(hint) else self.fault(node, path, "nothing stands here")
            )
        structured = [
            option for option in options if isinstance(option, type) and issubclass(option, Declared)
        ]
        if isinstance(node, MappingNode) and structured:
            return self.value(node, structured[0], path)
        mappings = [option for option in options if typing.get_origin(option) is dict]
        if isinstance(node, MappingNode) and mappings:
            return self.value(node, mappings[0], path)
        rest = [option for option in options if option not in structured and option not in mappings]
        if len(rest) > 1 and all(option in _WORDS for option in map(_bare, rest)):
            if isinstance(node, ScalarNode) and any(_fits(scalar(node), option) for option in rest):
                return scalar(node)
            words = " or ".join(_WORDS[option] for option in rest)
            return self.fault(node, path, f"{describe(node)} where {words} is expected")
        if timedelta in rest and float in rest:
            return _amount(self, node, path)
        return self.value(node, (rest or options)[0], path)

    def _list(self, node: Node, hint: Any, path: Path_) -> Any:
        if not isinstance(node, SequenceNode):
            return self.fault(node, path, f"{describe(node)} where a list is expected", "write `[a, b]`")
        values = [self.value(item, hint, (*path, index)) for index, item in enumerate(node.value)]
        return INVALID if any(value is INVALID for value in values) else tuple(values)

    def _mapping(self, node: Node, hint: Any, path: Path_) -> Any:
        if not isinstance(node, MappingNode):
            return self.fault(
                node, path, f"{describe(node)} where a mapping is expected", "write `name: ...`"
            )
        found = {key: self.value(item, hint, (*path, key)) for key, item in self._pairs(node)}
        return {key: value for key, value in found.items() if value is not INVALID}

    def _scalar(self, node: Node, hint: Any, path: Path_) -> Any:
        if not isinstance(node, ScalarNode):
            return self.fault(node, path, f"{describe(node)} where a single value is expected")
        value = scalar(node)
        if typing.get_origin(hint) is Literal:
            return self._choice(node, value, typing.get_args(hint), path)
        if hint is timedelta:
            return self.parsed(node, path, parse_duration, DURATION)
        if not _fits(value, hint):
            return self.fault(node, path, f"{describe(node)} where {_WORDS[hint]} is expected")
        return float(value) if hint is float else value

    def _choice(self, node: Node, value: Any, allowed: tuple[Any, ...], path: Path_) -> Any:
        if value in allowed:
            return value
        near = difflib.get_close_matches(str(value), [str(item) for item in allowed], n=1, cutoff=0.6)
        listed = ", ".join(f"`{item}`" for item in allowed)
        hint = f"did you mean `{near[0]}`?" if near else f"allowed are {listed}"
        return self.fault(node, path, f"{describe(node)} is not allowed here", hint)

    def parsed(self, node: Node, path: Path_, parse: Callable[[str], Any], allowed: str) -> Any:
        """A scalar through one of the parsers of quantities and expressions."""
        if isinstance(node, ScalarNode):
            try:
                return parse(str(node.value))
            except ExpressionError as error:
                return self.fault(node, path, f"{describe(node)}: {error.what}", shift=error.column)
            except ValueError:
                pass
        return self.fault(node, path, f"{describe(node)} where {allowed} is expected")


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "`true` or `false`"}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type: a boolean is no number, a whole number is a number."""
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float if hint is float else hint)


def _bare(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def _keys(kind: type[Declared]) -> str:
    return ", ".join(item.encode_name for item in msgspec.structs.fields(kind))


# -- how single fields are written -----------------------------------------------------------------


def _known(reading: Reading, node: Node, path: Path_) -> Any:
    """`10m` (a lag), `commit`, or a column."""
    if not isinstance(node, ScalarNode) or not isinstance(scalar(node), str):
        return reading.fault(node, path, f"{describe(node)} where a column, a lag or `commit` is expected")
    text = str(node.value)
    if text == "commit":
        return Known(commit=True)
    if text[:1].isdigit():
        lag = reading.parsed(node, path, parse_duration, DURATION)
        return INVALID if lag is INVALID else Known(lag=lag)
    return Known(column=text)


def _moment(reading: Reading, node: Node, path: Path_) -> Moment | Any:
    return reading.parsed(node, path, parse_moment, "a time such as `scheduled_at - 2h`")


def _amount(reading: Reading, node: Node, path: Path_) -> Any:
    """A duration, or a percentage."""
    if isinstance(node, ScalarNode) and str(node.value).endswith("%"):
        return reading.parsed(node, path, parse_percent, PERCENT)
    return reading.parsed(node, path, parse_duration, f"{DURATION}, or {PERCENT},")


def _part(reading: Reading, node: Node, path: Path_) -> Any:
    """A part of a split: a duration, a percentage, or an interval."""
    if isinstance(node, MappingNode):
        return reading.declared(node, Interval, path)
    return _amount(reading, node, path)


def _instant(reading: Reading, node: Node, path: Path_) -> Any:
    """A date or a time, as the text that sorts as time does."""
    return reading.parsed(node, path, parse_instant, INSTANT)


def _same_or_other_names(reading: Reading, node: Node, path: Path_) -> Any:
    """`[a, b]` for `{a: a, b: b}`."""
    if not isinstance(node, SequenceNode):
        return reading.value(node, dict[str, str], path)
    names = reading.value(node, tuple[str, ...], path)
    return INVALID if names is INVALID else {name: name for name in names}


def _rate(reading: Reading, node: Node, path: Path_) -> Any:
    return reading.parsed(node, path, parse_rate, RATE)


def _one_or_several(reading: Reading, node: Node, path: Path_) -> Any:
    if isinstance(node, ScalarNode) and isinstance(scalar(node), str):
        return (str(node.value),)
    return reading.value(node, tuple[str, ...], path)


def _request(reading: Reading, node: Node, path: Path_) -> Any:
    if isinstance(node, ScalarNode) and node.value == "*":
        return None
    return reading.value(node, tuple[str, ...], path)


def _features(reading: Reading, node: Node, path: Path_) -> Any:
    if not isinstance(node, SequenceNode):
        return reading.fault(node, path, f"{describe(node)} where a list is expected", "write `[group.*]`")
    picks = [_pick(reading, item, (*path, index)) for index, item in enumerate(node.value)]
    if any(pick is INVALID for pick in picks):
        return INVALID
    merged = _merged(picks)
    for index, pick in enumerate(merged):  # a fault in a pick is shown where the group is first named
        first = next(
            at for at, one in enumerate(picks) if (one.group, one.prefix) == (pick.group, pick.prefix)
        )
        reading.places[(*path, index)] = position(node.value[first])
    return merged


def _pick(reading: Reading, node: Node, path: Path_) -> Any:
    """`group.*`, `group.feature`, `product/group.*@1`, or a mapping."""
    reading.places[path] = position(node)
    if isinstance(node, MappingNode):
        pick = reading.declared(node, FeaturePick, path)
        return pick if pick is INVALID else _versioned(reading, node, path, pick, pick.group)
    if not isinstance(node, ScalarNode):
        return reading.fault(node, path, f"{describe(node)} where `group.*` or `group.feature` is expected")
    text = str(node.value)
    bare, at, version = text.partition("@")
    group, dot, feature = bare.rpartition(".")
    if not dot or not group or not feature:
        number, dot, wanted = version.partition(".")
        if bare and dot and wanted:
            hint = f"write `{bare[:40]}.{wanted[:40]}@{number[:10]}`"
            return reading.fault(node, path, f"`{text[:60]}` has its version before the feature", hint)
        return reading.fault(
            node, path, f"`{text[:60]}` names no features", "write `group.*` or `group.feature`"
        )
    pick = FeaturePick(group=group, columns=None if feature == "*" else (feature,))
    return _versioned(reading, node, path, pick, f"{group}{at}{version}")


def _versioned(reading: Reading, node: Node, path: Path_, pick: FeaturePick, written: str) -> Any:
    """A pick with the version that stands behind `@`."""
    group, at, version = written.partition("@")
    if not at:
        return pick
    if not (version.isascii() and version.isdigit()) or len(version) > _LONGEST_VERSION:
        what = f"`@{version[:60]}` is no version"
        return reading.fault(node, path, what, "versions are whole numbers: `product/group.*@1`")
    if pick.version not in (None, int(version)):
        return reading.fault(node, path, f"`@{version}` and `version: {pick.version}`", "give one of them")
    return msgspec.structs.replace(pick, group=group, version=int(version))


def _merged(picks: list[FeaturePick]) -> tuple[FeaturePick, ...]:
    """Single features of one group become one pick, so that a group is joined once."""
    merged: list[FeaturePick] = []
    for pick in picks:
        same = [
            item
            for item in merged
            if (item.group, item.version, item.by_key, item.prefix)
            == (pick.group, pick.version, pick.by_key, pick.prefix)
        ]
        if same and same[0].columns is not None and pick.columns is not None:
            joined = msgspec.structs.replace(same[0], columns=(*same[0].columns, *pick.columns))
            merged[merged.index(same[0])] = joined
        else:
            merged.append(pick)
    return tuple(merged)


def _conditions(reading: Reading, node: Node, path: Path_) -> Any:
    """Gates and guards stay text once it is sure that they can be read."""
    if not isinstance(node, SequenceNode):
        return reading.fault(node, path, f"{describe(node)} where a list of conditions is expected")
    for index, item in enumerate(node.value):
        reading.places[(*path, index)] = position(item)
        reading.parsed(item, (*path, index), parse_condition, "a condition such as `roc_auc >= 0.7`")
    return tuple(str(item.value) if isinstance(item, ScalarNode) else "" for item in node.value)


def _expectations(reading: Reading, node: Node, path: Path_) -> Any:
    """Mappings whose further keys are arguments: which ones there are depends on the name."""
    if not isinstance(node, SequenceNode):
        return reading.fault(
            node, path, f"{describe(node)} where a list is expected", "write `- {type: ...}`"
        )
    found = [_expectation(reading, item, (*path, index)) for index, item in enumerate(node.value)]
    # One that is wrong keeps its place, so that the others can be checked where they stand.
    return tuple(Expectation(type="") if item is INVALID else item for item in found)


def _expectation(reading: Reading, node: Node, path: Path_) -> Any:
    reading.places[path] = position(node)
    if not isinstance(node, MappingNode):
        hint = "write `- {type: expect_column_values_to_be_between, column: ..., ...}`"
        return reading.fault(node, path, f"{describe(node)} where a mapping is expected", hint)
    own = {item.encode_name for item in msgspec.structs.fields(Expectation)} - {"arguments"}
    arguments: dict[str, Any] = {}
    kept = []
    for key, item in node.value:
        name = str(getattr(key, "value", ""))
        if name in own:
            kept.append((key, item))
            continue
        reading.places[(*path, name)] = position(item)
        arguments.setdefault(name, plain(item))
    read = reading.declared(MappingNode(node.tag, kept, node.start_mark, node.end_mark), Expectation, path)
    return INVALID if read is INVALID else msgspec.structs.replace(read, arguments=arguments)


SUGAR: dict[tuple[type[Declared], str], Reader] = {
    (Source, "known"): _known,
    (Label, "known"): _known,
    (FeatureGroup, "from"): _one_or_several,
    (Dataset, "predict_at"): _moment,
    (Dataset, "request"): _request,
    (Dataset, "features"): _features,
    (Evaluation, "gates"): _conditions,
    (ReleaseStrategy, "guard"): _conditions,
    (Label, "by_key"): _same_or_other_names,
    (Split, "train"): _part,
    (Split, "validate"): _part,
    (Split, "test"): _part,
    (Interval, "from"): _instant,
    (Interval, "to"): _instant,
    (Matter, "tag"): _one_or_several,
    (Matter, "source"): _one_or_several,
    (Anonymity, "columns"): _one_or_several,
    (Anonymity, "tag"): _one_or_several,
    (Retention, "tag"): _one_or_several,
    (PolicyRule, "in"): _one_or_several,
    (PolicyRule, "on"): _one_or_several,
    (Limits, "rate"): _rate,
    (Monitor, "false_alarms"): _rate,
    (Contract, "expectations"): _expectations,
}
"""Fields that are written in a shorter way than their type."""
STAND_INS: dict[type[Declared], dict[str, Any]] = {
    Product: {"name": "unnamed"},
    Dataset: {"split": Split(by="hash", train=0.7, validate=0.15, test=0.15)},
}
"""What takes the place of a required value that is wrong, where much else would go unchecked without it."""
