"""For how long the nodes of a product may keep rows and predictions; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from headway.core.clock import from_text, to_text
from headway.core.wording import count
from headway.facts.evidence import Evidence, Outcome
from headway.lineage.carried import Columns, bears
from headway.spec.graph import Graph, Node
from headway.spec.load import Loaded
from headway.spec.product import PolicyRule, Retention
from headway.spec.quantities import duration_text, parse_duration

_KEEPERS = ("dataset", "endpoint")
KEY = "retention"
"""What a dataset's fingerprint calls it, and how the check's name begins."""


class Limit(NamedTuple):
    """For how long a node may keep what it has.

    Attributes:
        keep: The shortest time that a rule gives it.
        rule: That rule, in words.
        place: Where it stands, `file:line`.
        event: Of a dataset, the column of its rows that says when they happened.
    """

    keep: timedelta
    rule: str
    place: str
    event: str = ""

    def __str__(self) -> str:
        return f"{self.rule}, {self.place}"


def words(wanted: Retention) -> str:
    """What a rule asks for: `retention 365d of tag pii`."""
    of = f" of {', '.join(f'tag {tag}' for tag in wanted.tag)}" if wanted.tag else ""
    return f"retention {duration_text(wanted.keep)}{of}"


def idle(rule: PolicyRule, wanted: Retention) -> str:
    """Why a rule that no node is under holds for nothing."""
    carrying = f" carries {' or '.join(wanted.tag)}" if wanted.tag else " is there"
    return f"it holds for nothing: nothing of {', '.join(rule.on)}{carrying}"


def meant(rule: PolicyRule, loaded: Loaded, graph: Graph, carried: Mapping[str, Columns]) -> list[str]:
    """The nodes that a rule is for, in the order of the graph."""
    wanted = rule.retention
    return [
        node.name
        for node in graph.nodes
        if wanted is not None
        and node.kind in _KEEPERS
        and any(fnmatchcase(node.name, pattern) for pattern in rule.on)
        and (not wanted.tag or any(bears(_tags(node.name, loaded, carried), tag) for tag in wanted.tag))
    ]


def _tags(node: str, loaded: Loaded, carried: Mapping[str, Columns]) -> set[str]:
    """Tags of all that a node keeps: the rows of a dataset keep also what the model does not get."""
    kind, _, name = node.partition(".")
    beside = [f"source.{loaded.product.datasets[name].rows}"] if kind == "dataset" else []
    columns = (carried.get(item, {}) for item in (node, *beside))
    return {bearing.tag for found in columns for bearings in found.values() for bearing in bearings}


def limits(loaded: Loaded, graph: Graph, carried: Mapping[str, Columns]) -> dict[str, Limit]:
    """Node -> for how long it may keep what it has; those under no rule are left out."""
    found: dict[str, Limit] = {}
    for index, rule in enumerate(loaded.product.policies):
        if rule.retention is None:
            continue
        item = Limit(
            rule.retention.keep,
            f"{words(rule.retention)} on {', '.join(rule.on)}",
            loaded.place("policies", index),
        )
        for node in meant(rule, loaded, graph, carried):
            own = item._replace(event=_event(node, loaded))
            found[node] = min(found.get(node, own), own)
    return found


def _event(node: str, loaded: Loaded) -> str:
    kind, _, name = node.partition(".")
    if kind != "dataset":
        return ""
    return loaded.product.sources[loaded.product.datasets[name].rows].event_time or ""


def timeless(loaded: Loaded, nodes: Collection[str]) -> list[tuple[str, str, str]]:
    """(dataset, source of its rows, place of that source) where rows have no time to count from."""
    found = []
    for node in nodes:
        kind, _, name = node.partition(".")
        if kind == "dataset" and not _event(node, loaded):
            rows = loaded.product.datasets[name].rows
            found.append((node, rows, loaded.place("sources", rows)))
    return found


# -- what a dataset says of it ----------------------------------------------------------------------


def identity(node: Node, limits: Mapping[str, Limit]) -> dict[str, Any]:
    """What a retention adds to what a node is made of: which rows are left out of a dataset."""
    return (
        {KEY: duration_text(limits[node.name].keep)} if node.kind == "dataset" and node.name in limits else {}
    )


def keep_of(config: Mapping[str, Any]) -> timedelta | None:
    """For how long a dataset of this fingerprint keeps a row."""
    return parse_duration(config[KEY]) if KEY in config else None


def verdict(
    config: Mapping[str, Any], node: str, oldest: datetime | None, left_out: int, now: datetime
) -> tuple[Evidence, ...]:
    """What a dataset that was built under a retention shows of it; the same rows may be built with and without one.

    Args:
        config: What the dataset is made of.
        node: The dataset.
        oldest: The oldest event in it.
        left_out: Rows that were too old.
        now: The present.
    """
    if KEY not in config or oldest is None:
        return ()
    evidence = Evidence(
        check=f"{KEY} {config[KEY]}",
        node=node,
        about="",
        outcome=Outcome.PASS,
        at=now,
        observed=f"{count(left_out, 'row')} left out, the oldest event is of {to_text(oldest)[:16]}Z",
        wanted=f"no event older than {config[KEY]}",
        values={"keep": config[KEY], "oldest": to_text(oldest), "left_out": left_out},
    )
    return (evidence,)


class Said(NamedTuple):
    """What a dataset shows of the retention that it was built under."""

    keep: timedelta
    oldest: datetime


def said(evidence: Iterable[tuple[str, Evidence]]) -> Said | None:
    """The shortest retention that a dataset was built under, and its oldest event; None where there was none.

    Args:
        evidence: (fact id, evidence) about the dataset.
    """
    found = [item.values for _, item in evidence if item.check.startswith(f"{KEY} ")]
    told = [Said(parse_duration(values["keep"]), from_text(values["oldest"])) for values in found]
    return min(told, default=None)
