"""k-anonymity of tables: which columns are quasi-identifiers, and what the sizes of classes say of a rule; pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from headway.core.wording import count, few
from headway.facts.anonymity import CHECK, LEARNT, Measure, Sizes
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence, Outcome
from headway.lineage.carried import EVERY, WHOLE, Bearing, Columns, bears
from headway.spec.graph import Graph
from headway.spec.load import Loaded
from headway.spec.neighbours import is_shared
from headway.spec.product import Anonymity, PolicyRule

_TABLES = ("dataset", "feature_group")
_NAMED = 6


def words(wanted: Anonymity) -> str:
    """What a rule asks for: `k-anonymity 5 of age, tag quasi_identifier by customer`."""
    about = [*wanted.columns, *(f"tag {tag}" for tag in wanted.tag)]
    return f"{CHECK} {wanted.k} of {', '.join(about)}{_by(wanted.unit or '')}"


def check_of(wanted: Anonymity, columns: Sequence[str]) -> str:
    """The name of the check on one table: `k-anonymity 5 of age, region`."""
    return f"{CHECK} {wanted.k} of {few(columns, _NAMED)}{_by(wanted.unit or '')}"


def _by(unit: str) -> str:
    return f" by {unit}" if unit else ""


# -- which columns ---------------------------------------------------------------------------------


def meant(rule: PolicyRule, graph: Graph) -> list[str]:
    """The tables that a rule is about; the rows of other products' groups are judged there."""
    return [
        node.name
        for node in graph.nodes
        if node.kind in _TABLES
        and not is_shared(node.name.partition(".")[2])
        and any(fnmatchcase(node.name, pattern) for pattern in rule.on)
    ]


def quasi_identifiers(
    wanted: Anonymity, node: str, loaded: Loaded, columns: Columns, there: Collection[str] = ()
) -> tuple[str, ...]:
    """Columns of a table that a rule means, sorted.

    Args:
        wanted: The rule.
        node: The table.
        loaded: The product.
        columns: What its columns carry, as far as the product's text says it.
        there: Columns that it really has, whose names only the data may say.
    """
    starts = _starts(node, loaded)
    named = {start + name for start in starts for name in wanted.columns}
    found = set()
    for name in {*columns, *there} - {WHOLE}:
        tags = [item.tag for item in columns.get(name, ()) or _of_every(name, columns)]
        if not name.endswith(EVERY) and (name in named or any(bears(tags, tag) for tag in wanted.tag)):
            found.add(name)
    return tuple(sorted(found))


def absent(wanted: Anonymity, node: str, loaded: Loaded, found: Collection[str]) -> tuple[str, ...]:
    """Columns that a rule names and a table lacks which has others of them: it would be judged by less than was asked.

    Args:
        wanted: The rule.
        node: The table.
        loaded: The product.
        found: What `quasi_identifiers` found in the table.
    """
    starts = _starts(node, loaded)
    here = {name for name in wanted.columns if any(start + name in found for start in starts)}
    return tuple(name for name in wanted.columns if name not in here) if here else ()


def may_be_under(rule: PolicyRule, node: str, loaded: Loaded, columns: Columns) -> bool:
    """Whether a table has such a column, or may turn out to have one once its data is there."""
    wanted = rule.k_anonymity
    if wanted is None:
        return False
    open_ = [item.tag for name, found in columns.items() if name.endswith(EVERY) for item in found]
    unsure = bool(wanted.columns) and any(name.endswith(EVERY) for name in columns)
    return (
        unsure
        or any(bears(open_, tag) for tag in wanted.tag)
        or bool(quasi_identifiers(wanted, node, loaded, columns))
    )


def _of_every(name: str, columns: Columns) -> Iterator[Bearing]:
    """What columns carry whose names nobody knew, by the prefix under which they come."""
    if name in columns:
        return
    for known, bearings in columns.items():
        if known.endswith(EVERY) and name.startswith(known.removesuffix(EVERY)):
            yield from bearings


def _starts(node: str, loaded: Loaded) -> set[str]:
    """How a column's name may begin in a table: with the prefix of a group, or at once."""
    kind, _, name = node.partition(".")
    picks = loaded.product.datasets[name].features if kind == "dataset" else ()
    return {"", *(pick.prefix for pick in picks)}


def columns_there(artifact: Artifact) -> list[str]:
    """Columns of a table that its artifact names: inputs of a model, keys and features of a group."""
    meta = artifact.meta
    inputs = [item["name"] for item in meta.get("inputs", ())]
    return [*inputs, *meta.get("key", ()), *meta.get("features", ())]


def unknown(loaded: Loaded, carried: Mapping[str, Columns]) -> list[tuple[str, str, str]]:
    """(column, place, nearest name) of columns in rules that nothing in the product has.

    Nothing is said where a table has columns that only its data names: the measure says it then.
    """
    known = {name for columns in carried.values() for name in columns if name}
    if any(name.endswith(EVERY) for name in known):
        return []
    found = []
    for index, rule in enumerate(loaded.product.policies):
        wanted = rule.k_anonymity
        for at, name in _columns_in(wanted) if wanted is not None else ():
            if name not in known:
                place = loaded.place("policies", index, "k_anonymity", *at)
                found.append((name, place, nearest(name, known)))
    return found


def _columns_in(wanted: Anonymity) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from ((("columns", index), name) for index, name in enumerate(wanted.columns))
    if wanted.unit is not None:
        yield ("unit",), wanted.unit


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant; empty when none is near."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)), "")


# -- what it says ----------------------------------------------------------------------------------


def idle(wanted: Anonymity, rule: PolicyRule) -> str:
    """Why a rule that no table is under holds for nothing."""
    what = [f"a column {few([f'`{name}`' for name in wanted.columns])}"] if wanted.columns else []
    what += [f"a column that carries {' or '.join(wanted.tag)}"] if wanted.tag else []
    return f"it holds for nothing: no table of {', '.join(rule.on)} has {' or '.join(what)}"


def said(wanted: Anonymity, measure: Measure) -> str:
    """Why a table breaks a rule; empty when it keeps it."""
    if measure.missing:
        return (
            f"nothing is measured: its rows have no column {few([f'`{name}`' for name in measure.missing])}"
        )
    return next(
        (text for part, sizes in measure.sizes.items() if (text := _of_part(wanted, measure, part, sizes))),
        "",
    )


def _of_part(wanted: Anonymity, measure: Measure, part: str, sizes: Sizes) -> str:
    classes, rows = sizes.below(wanted.k)
    if not classes:
        return ""
    where = f" in `{part}`" if part == LEARNT else ""
    fewer = f"different values of {measure.unit}" if measure.unit else "rows"
    have = "has" if classes == 1 else "have"
    return (
        f"{classes:,} of {count(sizes.classes, 'class')} of "
        f"{few(measure.columns, _NAMED)}{where} {have} fewer than {wanted.k:,} {fewer}: "
        f"{rows:,} of {count(sizes.rows, 'row')}, the smallest class {sizes.smallest:,}"
    )


def seen(measure: Measure) -> str:
    """What was counted, in a few words."""
    sizes = measure.sizes.get("rows")
    if sizes is None:
        return ""
    return f"smallest class {sizes.smallest:,} of {count(sizes.classes, 'class')}, {count(sizes.rows, 'row')}"


def verdict(wanted: Anonymity, measure: Measure, node: str, about: str, now: datetime) -> Evidence:
    """What a measure says of a rule, as evidence about a table.

    Args:
        wanted: The rule.
        measure: What was counted.
        node: The table.
        about: Digest of its rows.
        now: The present.
    """
    why = said(wanted, measure)
    outcome = Outcome.FAIL if why else Outcome.PASS
    if measure.missing:
        outcome = Outcome.NOT_RUN
    elif not measure.sizes["rows"].rows:
        outcome = Outcome.NOT_APPLICABLE
    return Evidence(
        check=check_of(wanted, measure.columns),
        node=node,
        about=about,
        outcome=outcome,
        at=now,
        observed=seen(measure),
        wanted=f"every class >= {wanted.k}",
        reason=why,
        values=msgspec.to_builtins(measure),
    )
