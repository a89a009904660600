"""What rules about where data may go, and searches, tell a user."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from headway.errors.families import GateError, SpecError, UsageError

_SHOWN = 5
_WHERE_IT_GOES = "take what the lines begin with out of what reads it, mend its tags, or change the rule"
_MENDS = {
    "k-anonymity": "round or generalise what these columns hold, widen their bins, or leave one of them out",
    "retention": "build the dataset anew with `headway apply`",
}
"""How a rule begins in words -> how what breaks it is mended, where it is not about where data goes."""
_LONGEST = 400


def rules_are_broken(where: str, broken: Sequence[tuple[str, str, Sequence[str]]]) -> GateError:
    """GV001: A rule about where data may go is broken.

    `policies:` in the product file says which tags and sources may reach what. Tags follow lineage: from a
    column of a contract to every feature that reads it, to the datasets, models and endpoints behind it.
    Protected environments refuse what breaks a rule, others warn, unless the rule's `severity` says
    otherwise. Each line shows the way and the place where it begins. Take the column or the source out,
    or, where a feature no longer tells what the tag is about, say so with `clears` and a description.
    A rule of `k_anonymity` is about the rows of a table: too few of them share the same quasi-identifiers, so
    that somebody can be told from them. Its line says how many rows in how many classes, never which. Round or
    generalise what the columns hold, widen their bins, or leave one of them out.

    Args:
        where: What refuses.
        broken: (rule, its place, what breaks it).
    """
    lines = [f"{place}  {rule}: {why}"[:_LONGEST] for rule, place, whys in broken for why in whys]
    more = (f"and {len(lines) - _SHOWN} more",) if len(lines) > _SHOWN else ()
    number = "1 rule is" if len(broken) == 1 else f"{len(broken)} rules are"
    return GateError(
        code="GV001",
        what=f"{number} broken: {'; '.join(rule for rule, _, _ in broken[:_SHOWN])}"[:_LONGEST],
        where=where,
        mend="; ".join(dict.fromkeys(_MENDS.get(rule.split()[0], _WHERE_IT_GOES) for rule, _, _ in broken)),
        evidence=(*lines[:_SHOWN], *more),
    )


def unknown_kind(kind: str, known: Sequence[str]) -> UsageError:
    """GV003: A search asks for a kind of thing that there is none of.

    `headway search` finds sources, columns of contracts, feature groups, single features, datasets, models,
    evaluations and endpoints.
    """
    near = difflib.get_close_matches(kind, known, n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"kinds are {', '.join(known)}"
    return UsageError(code="GV003", what=f"there is no kind `{kind[:60]}`", mend=hint)


def features_are_not_there(unknown: Sequence[tuple[str, str, str]]) -> SpecError:
    """GV002: A note is about a feature that the group does not compute.

    Under `features:` of a feature group stand descriptions and tags of single features, by the names of the
    functions of its module. A tag at a name that is none would protect nothing, in silence.

    Args:
        unknown: (feature, its place, the nearest name or nothing).
    """
    lines = [
        f"{place}  there is no feature `{name[:80]}`" + (f"; did you mean `{near}`?" if near else "")
        for name, place, near in unknown
    ]
    return SpecError(
        code="GV002",
        what=f"`features:` names {'a feature' if len(unknown) == 1 else 'features'} that nothing computes",
        where=unknown[0][1],
        mend="name the functions of the group's module",
        evidence=tuple(lines[:_SHOWN]),
    )


def columns_are_nowhere(unknown: Sequence[tuple[str, str, str]]) -> SpecError:
    """GV004: A rule names a column that nothing in the product has.

    `columns` and `unit` of a rule of `k_anonymity` are names of columns in datasets and feature groups. A column
    that a dataset leaves out may stand there, for a rule may be about several datasets; one that no source, no
    group and no dataset has would be looked for in vain, in silence.

    Args:
        unknown: (column, its place, the nearest name or nothing).
    """
    lines = [
        f"{place}  there is no column `{name[:80]}`" + (f"; did you mean `{near}`?" if near else "")
        for name, place, near in unknown
    ]
    return SpecError(
        code="GV004",
        what=f"`policies:` names {'a column' if len(unknown) == 1 else 'columns'} that nothing has",
        where=unknown[0][1],
        mend="name columns of a source, a feature group or a dataset",
        evidence=tuple(lines[:_SHOWN]),
    )


def rows_have_no_time(found: Sequence[tuple[str, str, str]]) -> SpecError:
    """GV005: A retention is for a dataset whose rows have no time.

    How old a row is counts from its event. Where the source of the rows declares no `event_time`, nobody can say
    which rows are too old, and a rule would keep them for ever in silence. Declare it, or let the rule's `on`
    name other datasets.

    Args:
        found: (dataset, source of its rows, place of that source).
    """
    lines = [
        f"{place}  {node} has its rows from source.{source}, without `event_time`"
        for node, source, place in found
    ]
    return SpecError(
        code="GV005",
        what=f"a retention is for {'a dataset' if len(found) == 1 else 'datasets'} whose rows have no time",
        where=found[0][2],
        mend="declare `event_time` of the source, or name other datasets in the rule's `on`",
        evidence=tuple(lines[:_SHOWN]),
    )
