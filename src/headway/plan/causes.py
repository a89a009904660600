"""Why two fingerprints differ, part by part; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from headway.core import digest
from headway.facts.executions import Fingerprint
from headway.plan.plan import CAUSE_KINDS, Cause


def difference(
    before: Fingerprint,
    after: Fingerprint,
    defaults: Mapping[str, Any] | None = None,
    *,
    ignore_inputs: bool = False,
) -> tuple[Cause, ...]:
    """One cause for every part that was added, removed or changed.

    Args:
        before: What the node was made of.
        after: What it would be made of now.
        defaults: Field -> its value where it is not given; a fingerprint leaves it out then.
        ignore_inputs: Leave out upstream outputs, for a node whose inputs are not known yet.
    """
    causes = [
        *_parts("code", before.code, after.code),
        *_parts("data", before.data, after.data),
        *(_with_default(cause, defaults or {}) for cause in _parts("config", before.config, after.config)),
        *_parts("environment", before.environment, after.environment),
    ]
    if not ignore_inputs:
        causes += _parts("upstream", before.inputs, after.inputs)
    if before.scheme != after.scheme:
        causes.append(Cause("environment", "fingerprint scheme", before.scheme, after.scheme))
    return tuple(causes)


def ordered(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Most severe kind first, then by name."""
    return tuple(sorted(causes, key=lambda cause: (CAUSE_KINDS.index(cause.kind), cause.about)))


def _parts(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Cause]:
    names = sorted(before.keys() | after.keys())
    return [
        Cause(kind, name, before.get(name), after.get(name))
        for name in names
        if (name in before) != (name in after) or not _is_same(before[name], after[name])
    ]


def _with_default(cause: Cause, defaults: Mapping[str, Any]) -> Cause:
    """A field that is given now, or no longer, changed from its default, or to it."""
    default = defaults.get(cause.about)
    if cause.before is None:
        return cause._replace(before=default)
    return cause if cause.after is not None else cause._replace(after=default)


def _is_same(before: Any, after: Any) -> bool:
    """Equal as a fingerprint sees it: `1`, `1.0` and `true` are three values."""
    return before == after and digest.canonical(before) == digest.canonical(after)
