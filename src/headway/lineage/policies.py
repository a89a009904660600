"""A product's rules about where data may go, judged along lineage; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from headway.core.wording import few
from headway.facts.evidence import Outcome
from headway.lineage import anonymity, retention
from headway.lineage.carried import Bearing, Columns, bears
from headway.spec.graph import Graph
from headway.spec.load import Loaded
from headway.spec.neighbours import across, is_shared
from headway.spec.product import Anonymity, Matter, PolicyRule, Product

_BATCH = "batch."
DEPRECATED = "deprecated"
"""A tag with a meaning of its own: whatever reads such a thing is told, without a rule."""


class Breach(NamedTuple):
    """One node that breaks a rule.

    Attributes:
        why: What breaks it, with the way along lineage and the place in the file.
    """

    node: str
    why: str


class Judged(NamedTuple):
    """A rule, judged on the whole product.

    Attributes:
        rule: In words: `deny tag pii in model.*`.
        place: Where it stands, `file:line`.
        outcome: `pass`, `fail`, `not applicable` where no node is meant, or `not run` while a table is not measured.
        breaches: Node by node, in the order of the graph.
        severity: `refuse`, `warn`, or nothing where the environment decides.
        unmeasured: Tables whose rows were not looked at yet.
        note: What a reader should know besides.
    """

    rule: str
    place: str
    outcome: Outcome
    breaches: tuple[Breach, ...]
    severity: str
    reason: str
    unmeasured: tuple[str, ...] = ()
    note: str = ""

    def refuses(self, *, protected: bool) -> bool:
        """Whether an environment refuses what breaks it."""
        stern = self.severity == "refuse" or (not self.severity and protected)
        return self.outcome is Outcome.FAIL and stern


def judge(loaded: Loaded, graph: Graph, carried: Mapping[str, Columns]) -> tuple[Judged, ...]:
    """Every rule of a product, judged.

    Args:
        loaded: The product file.
        graph: Its nodes.
        carried: What `headway.lineage.carried` found.
    """
    return tuple(
        _judged(rule, loaded.place("policies", index), loaded, graph, carried)
        for index, rule in enumerate(loaded.product.policies)
    )


def deprecated(graph: Graph, carried: Mapping[str, Columns]) -> tuple[Breach, ...]:
    """Every node that reads something that bears the tag `deprecated`."""
    found = []
    for node in graph.nodes:
        read = {
            item.origin: item
            for bearings in carried.get(node.name, {}).values()
            for item in bearings
            if item.tag == DEPRECATED and item.chain[0][0] in node.needs
        }
        found += [
            Breach(node.name, f"{origin} is deprecated ({item.place})") for origin, item in read.items()
        ]
    return tuple(found)


def words(rule: PolicyRule) -> str:
    """A rule in words."""
    if rule.k_anonymity is not None:
        return f"{anonymity.words(rule.k_anonymity)} on {', '.join(rule.on)}"
    if rule.retention is not None:
        return f"{retention.words(rule.retention)} on {', '.join(rule.on)}"
    verb, matter = _said(rule)
    kind, names = ("tag", matter.tag) if matter.tag else ("source", matter.source)
    where, patterns = ("in", rule.in_) if rule.in_ else ("on", rule.on)
    return f"{verb} {kind} {', '.join(names)} {where} {', '.join(patterns)}"


def _said(rule: PolicyRule) -> tuple[str, Matter]:
    for verb, matter in (("deny", rule.deny), ("allow", rule.allow), ("require", rule.require)):
        if matter is not None:
            return verb, matter
    raise AssertionError("a rule of a file without faults that is not about rows has one of three")


def _judged(
    rule: PolicyRule, place: str, loaded: Loaded, graph: Graph, carried: Mapping[str, Columns]
) -> Judged:
    if rule.k_anonymity is not None:
        return of_rows(rule, rule.k_anonymity, place, _tables(rule, loaded, graph, carried))
    if rule.retention is not None:
        under = bool(retention.meant(rule, loaded, graph, carried))
        note = "" if under else retention.idle(rule, rule.retention)
        outcome = Outcome.PASS if under else Outcome.NOT_APPLICABLE
        return Judged(words(rule), place, outcome, (), "", rule.reason, note=note)
    patterns = rule.in_ or rule.on
    meant = [
        node.name
        for node in graph.nodes
        if node.kind != "baseline" and any(fnmatchcase(node.name, pattern) for pattern in patterns)
    ]
    breaches: list[Breach] = []
    for node in meant:
        columns = carried.get(node, {})
        whys = _own(rule, node, columns, loaded) if rule.on else _along(rule, node, columns, loaded, graph)
        breaches += [Breach(node, why) for why in dict.fromkeys(whys)]
    outcome = Outcome.FAIL if breaches else Outcome.PASS if meant else Outcome.NOT_APPLICABLE
    note = _mistyped(rule, carried)
    return Judged(words(rule), place, outcome, tuple(breaches), rule.severity or "", rule.reason, note=note)


def _mistyped(rule: PolicyRule, carried: Mapping[str, Columns]) -> str:
    """A forbidden tag that nothing bears, where another one is nearly called so; empty for a rule that only prevents."""
    tags = rule.deny.tag if rule.deny is not None else ()
    borne = {item.tag for columns in carried.values() for found in columns.values() for item in found}
    for tag in tags:
        near = anonymity.nearest(tag, borne) if not bears(borne, tag) else ""
        if near:
            return f"nothing bears `{tag}`; did you mean `{near}`?"
    return ""


def of_rows(
    rule: PolicyRule,
    wanted: Anonymity,
    place: str,
    unmeasured: Sequence[str],
    measured: Mapping[str, str] = {},
) -> Judged:
    """A rule about the rows of tables, as far as they were measured.

    Args:
        rule: The rule.
        wanted: Its k-anonymity.
        place: Where it stands.
        unmeasured: Tables that it is about and that nobody looked at.
        measured: Table -> why it breaks the rule; empty where it keeps it.
    """
    breaches = tuple(Breach(node, f"{node}: {why}") for node, why in measured.items() if why)
    outcome = Outcome.PASS if measured else Outcome.NOT_APPLICABLE
    outcome = Outcome.FAIL if breaches else Outcome.NOT_RUN if unmeasured else outcome
    note = f"it is measured when {few(unmeasured)} is made" if unmeasured else ""
    if not unmeasured and not measured:
        later = "outputs of batches are judged by `headway predict`"
        note = (
            later if any(pattern.startswith(_BATCH) for pattern in rule.on) else anonymity.idle(wanted, rule)
        )
    severity = rule.severity or ""
    return Judged(words(rule), place, outcome, breaches, severity, rule.reason, tuple(unmeasured), note)


def _tables(rule: PolicyRule, loaded: Loaded, graph: Graph, carried: Mapping[str, Columns]) -> list[str]:
    """Tables that a rule is about, as far as the product's text says."""
    nodes = anonymity.meant(rule, graph)
    return [node for node in nodes if anonymity.may_be_under(rule, node, loaded, carried.get(node, {}))]


# -- what flows in -------------------------------------------------------------------------------


def _along(rule: PolicyRule, node: str, columns: Columns, loaded: Loaded, graph: Graph) -> Iterator[str]:
    """Why what flows into a node breaks a rule."""
    verb, matter = _said(rule)
    if verb == "deny" and matter.tag:
        yield from _denied(matter.tag, columns)
        return
    for name, way, place, tags in _origins(node, loaded, graph):
        short = name.rpartition("/")[2]  # a source is called the same wherever its rows go
        named = any(fnmatchcase(name, pattern) or fnmatchcase(short, pattern) for pattern in matter.source)
        if matter.source and named == (verb == "deny"):
            yield f"{way} ({place})"
        elif verb == "allow" and matter.tag and not any(bears(tags, tag) for tag in matter.tag):
            yield f"{way}: the source bears none of {', '.join(matter.tag)} ({place})"
        elif verb == "require":
            missing = [tag for tag in matter.tag if not bears(tags, tag)]
            if missing:
                yield f"{way}: the source does not bear {', '.join(missing)} ({place})"


def _denied(tags: Sequence[str], columns: Columns) -> Iterator[str]:
    """The shortest way of each forbidden tag from each thing that bears it."""
    shortest: dict[tuple[str, str], Bearing] = {}
    for bearing in (item for bearings in columns.values() for item in bearings):
        if any(bears((bearing.tag,), tag) for tag in tags):
            known = shortest.setdefault((bearing.tag, bearing.origin), bearing)
            if len(bearing.chain) < len(known.chain):
                shortest[bearing.tag, bearing.origin] = bearing
    for bearing in shortest.values():
        yield f"{bearing.way} carries {bearing.tag} ({bearing.place})"


def _origins(node: str, loaded: Loaded, graph: Graph) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(name, way, place, tags) of every source that flows into a node, of other products too."""
    for name in _behind(node, graph, "source"):
        way = " -> ".join(_way(f"source.{name}", node, graph))
        yield name, way, loaded.place("sources", name), loaded.product.sources[name].tags
    for group in filter(is_shared, _behind(node, graph, "feature_group")):
        product, _, there = group.partition("/")
        lender = loaded.lenders.get(product)
        if lender is None:
            continue  # only its rows are known: the folder beside is not looked into
        way = " -> ".join(_way(f"feature_group.{group}", node, graph))
        for name in lender.product.feature_groups[there].from_:
            begins = across(f"source.{name}", product)
            place = f"../{lender.file.parent.name}/{lender.place('sources', name)}"
            yield f"{product}/{name}", f"{begins} -> {way}", place, lender.product.sources[name].tags


def _behind(node: str, graph: Graph, kind: str) -> list[str]:
    """Names of the nodes of a kind that flow into a node, or are it, in the order of the file."""
    found, waiting = {node}, [node]
    while waiting:
        for need in graph.node(waiting.pop()).needs:
            if need not in found:
                found.add(need)
                waiting.append(need)
    return [item.name.partition(".")[2] for item in graph.nodes if item.kind == kind and item.name in found]


def _way(start: str, end: str, graph: Graph) -> list[str]:
    """The shortest way from a source down to a node."""
    before: dict[str, str] = {end: ""}
    waiting = [end]
    for node in waiting:
        for need in graph.node(node).needs:
            if need not in before:
                before[need] = node
                waiting.append(need)
    way, here = [start], start
    while before[here]:
        here = before[here]
        way.append(here)
    return way


# -- the node itself -----------------------------------------------------------------------------


def _own(rule: PolicyRule, node: str, columns: Columns, loaded: Loaded) -> Iterator[str]:
    """Why the tags that are given to a node, or to a column of it, break a rule."""
    verb, matter = _said(rule)
    if verb == "deny":
        given = {name: [item for item in found if len(item.chain) == 1] for name, found in columns.items()}
        yield from _denied(matter.tag, {name: tuple(found) for name, found in given.items()})
        return
    tags, place = _tags(node, loaded.product, loaded)
    held = [tag for tag in matter.tag if bears(tags, tag)]
    if verb == "allow" and not held:
        yield f"{node} bears none of {', '.join(matter.tag)} ({place})"
    elif verb == "require" and len(held) < len(matter.tag):
        missing: Iterable[str] = (tag for tag in matter.tag if tag not in held)
        yield f"{node} does not bear {', '.join(missing)} ({place})"


def _tags(node: str, product: Product, loaded: Loaded) -> tuple[tuple[str, ...], str]:
    kind, _, name = node.partition(".")
    section = f"{kind}s"
    return getattr(product, section)[name].tags, loaded.place(section, name)
