"""What does not fit in tags, in notes on features, and in rules about where data may go."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping

from headway.errors.masking import PERSONAL
from headway.spec.checks.scene import SHOWN, Scene
from headway.spec.contract import Contract
from headway.spec.document import Path_
from headway.spec.product import Anonymity, Matter, PolicyRule, Retention
from headway.spec.references import Check

TAG = re.compile(r"[A-Za-z][\w.-]{0,62}(:[\w.+/-]{1,126})?")
"""A word, or a word with a value: `pii`, `licence:CC-BY-4.0`."""
_TAG_HINT = "write a word such as `pii`, or one with a value such as `licence:CC-BY-4.0`"
_SECTIONS = {
    "source": "sources",
    "feature_group": "feature_groups",
    "dataset": "datasets",
    "model": "models",
    "evaluation": "evaluations",
    "endpoint": "endpoints",
}
"""Kind of node, as a pattern begins -> its section of the product file."""
_TABLES = _SECTIONS | {"batch": "batches"}
"""The same for rules that are about rows: those of a batch's output too."""
_VERBS = ("deny", "allow", "require")
_KEYS = (*_VERBS, "k_anonymity", "retention")
_ROWS = ("dataset", "feature_group", "batch")
"""Kinds of node whose rows are looked at."""
_KEEPERS = ("dataset", "endpoint")
"""Kinds of node that a retention is for."""
MOST = 1000
"""The largest `k`: of larger classes the sizes are not kept."""
_WILD = "*?["


def check_policies(scene: Scene) -> None:
    """Add what neither the types nor the names say of tags and policies."""
    for section in _SECTIONS.values():
        for name, declared in getattr(scene.product, section).items():
            check_tags(scene.check, (section, name, "tags"), declared.tags)
    for name, group in scene.product.feature_groups.items():
        for feature, note in group.features.items():
            path = ("feature_groups", name, "features", feature)
            check_tags(scene.check, (*path, "tags"), note.tags)
            check_tags(scene.check, (*path, "clears"), note.clears)
            if note.clears and not note.description.strip():
                hint = "say in `description` why what it is computed from cannot be told from it"
                scene.check.fault((*path, "clears"), "a tag is cleared, and nothing says why", hint)
    for index, rule in enumerate(scene.product.policies):
        _rule(scene, ("policies", index), rule)
    _slices(scene)


def check_column_tags(contract: Contract, check: Check) -> None:
    """Add what does not fit in the tags of a contract's columns."""
    for name, column in contract.columns.items():
        check_tags(check, ("columns", name, "tags"), column.tags)


def check_tags(check: Check, path: Path_, tags: Collection[str]) -> None:
    """Refuse what is no tag, and a tag that stands twice."""
    seen: set[str] = set()
    for index, tag in enumerate(tags):
        if not TAG.fullmatch(tag):
            check.fault((*path, index), f"`{tag[:SHOWN]}` is no tag", _TAG_HINT)
        elif tag in seen:
            check.fault((*path, index), f"`{tag[:SHOWN]}` stands here twice", "keep one of them")
        seen.add(tag)


def _rule(scene: Scene, path: Path_, rule: PolicyRule) -> None:
    check = scene.check
    said = [key for key in _KEYS if getattr(rule, key) is not None]
    if len(said) != 1 and not any(check.broken((*path, key)) for key in _KEYS):
        what = f"a rule with {' and '.join(f'`{key}`' for key in said) or 'nothing to hold'}"
        check.fault(path, what, "give one of `deny`, `allow`, `require`, `k_anonymity`, `retention`")
    for key, patterns in (("in", rule.in_), ("on", rule.on)):
        for index, pattern in enumerate(patterns):
            known = _SECTIONS if rule.k_anonymity is None else _TABLES
            _pattern(scene, (*path, key, index), pattern, known)
    if rule.k_anonymity is not None:
        _anonymity(scene, path, rule, rule.k_anonymity)
        return
    if rule.retention is not None:
        _retention(scene, path, rule, rule.retention)
        return
    if bool(rule.in_) == bool(rule.on) and not (check.broken((*path, "in")) or check.broken((*path, "on"))):
        what = "both `in` and `on`" if rule.in_ else "neither `in` nor `on`"
        check.fault(path, what, "`in: model.*` follows lineage, `on: source.*` looks at the node itself")
    for verb in _VERBS:
        matter = getattr(rule, verb)
        if matter is None:
            continue
        _matter(scene, (*path, verb), verb, matter)
        if matter.source and rule.on:
            hint = "a source flows into a node: use `in`"
            check.fault((*path, "on"), "`on` with sources", hint)


def _anonymity(scene: Scene, path: Path_, rule: PolicyRule, wanted: Anonymity) -> None:
    """A `k` that means something, quasi-identifiers, and tables whose rows are here."""
    check, at = scene.check, (*path, "k_anonymity")
    _only_on(scene, path, rule, "k_anonymity", "rows are looked at in a table")
    if not 1 < wanted.k <= MOST:
        hint = "every row is alone among 1" if wanted.k == 1 else f"write a whole number from 2 to {MOST:,}"
        check.fault((*at, "k"), f"`k: {wanted.k}`", hint)
    if (
        not wanted.columns
        and not wanted.tag
        and not any(check.broken((*at, key)) for key in ("columns", "tag"))
    ):
        check.fault(at, "no quasi-identifiers", "name `columns`, or the `tag` that they carry")
    if wanted.columns:
        scene.distinct((*at, "columns"), wanted.columns, "column")
    check_tags(check, (*at, "tag"), wanted.tag)
    for index, pattern in enumerate(rule.on):
        kind, _, name = pattern.partition(".")
        if kind in _SECTIONS and kind not in _ROWS:
            hint = "rows are looked at in `dataset.*`, `feature_group.*` and `batch.*`"
            check.fault((*path, "on", index), f"`{pattern[:SHOWN]}` is no table", hint)
        elif name in scene.shared:
            what = f"the rows of `{pattern[:SHOWN]}` are another product's"
            check.fault(
                (*path, "on", index), what, "write the rule there, or on the dataset that reads them here"
            )


def _only_on(scene: Scene, path: Path_, rule: PolicyRule, key: str, why: str) -> None:
    """Refuse a rule about what a node holds that follows lineage, or names no node."""
    if rule.in_:
        scene.check.fault((*path, "in"), f"`in` with `{key}`", f"{why}: `on: dataset.*`")
    elif not rule.on and not scene.check.broken((*path, "on")):
        scene.check.fault(path, f"`{key}` without `on`", f"{why}: `on: dataset.*`")


def _retention(scene: Scene, path: Path_, rule: PolicyRule, wanted: Retention) -> None:
    """A time to keep, and things that have one."""
    check, at = scene.check, (*path, "retention")
    _only_on(scene, path, rule, "retention", "say what is kept")
    scene.positive((*at, "keep"), wanted.keep)
    check_tags(check, (*at, "tag"), wanted.tag)
    if rule.severity is not None:
        hint = "a retention refuses nothing: rows are left out, and `headway gc` removes"
        check.fault((*path, "severity"), "`severity` with `retention`", hint)
    for index, pattern in enumerate(rule.on):
        kind = pattern.partition(".")[0]
        if pattern == "*" or (kind in _SECTIONS and kind not in _KEEPERS):
            hint = "name `dataset.*` or `endpoint.*`; sources and feature groups keep what was read for them"
            check.fault((*path, "on", index), f"`{pattern[:SHOWN]}` with `retention`", hint)


def _matter(scene: Scene, path: Path_, verb: str, matter: Matter) -> None:
    check = scene.check
    if bool(matter.tag) == bool(matter.source) and not check.broken(path):
        check.fault(
            path, "both `tag` and `source`" if matter.tag else "no `tag`, no `source`", "give one of them"
        )
    check_tags(check, (*path, "tag"), matter.tag)
    if verb == "require" and matter.source:
        hint = "`allow` says which sources may flow in"
        check.fault((*path, "source"), "a source cannot be required", hint)


def _pattern(scene: Scene, path: Path_, pattern: str, sections: Mapping[str, str]) -> None:
    """A node, or a pattern of nodes; a name without a wildcard must be declared."""
    check = scene.check
    kind, dot, name = pattern.partition(".")
    if pattern == "*":
        return
    if kind not in sections or not dot or not name:
        near = difflib.get_close_matches(kind, sections, n=1, cutoff=0.6)
        hint = f"did you mean `{near[0]}.*`?" if near else f"kinds are {', '.join(sections)}"
        check.fault(path, f"`{pattern[:SHOWN]}` names no node", hint)
    elif not any(sign in name for sign in _WILD):
        declared = getattr(scene.product, sections[kind])
        if not (kind == "feature_group" and name in scene.shared):
            check.refer(path, name, declared, kind.replace("_", " "))


def _slices(scene: Scene) -> None:
    """Refuse a slice for each value of a personal column: the report would name them."""
    for name, evaluation in scene.product.evaluations.items():
        model = scene.product.models.get(evaluation.model)
        dataset = scene.product.datasets.get(model.dataset) if model is not None else None
        contract = scene.contract_of(dataset.rows) if dataset is not None else None
        for index, by in enumerate(evaluation.slices.by if evaluation.slices is not None else ()):
            column = contract.columns.get(by) if contract is not None and isinstance(by, str) else None
            if column is not None and PERSONAL in column.tags:
                what = f"`{str(by)[:SHOWN]}` is tagged {PERSONAL}, and a slice is named by its value"
                hint = "slice by bins of a number, or by another column"
                scene.check.fault(("evaluations", name, "slices", "by", index), what, hint)
