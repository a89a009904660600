"""What reading the feature groups of other products tells a user."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from headway.errors.families import EngineError, GateError, SpecError, UsageError

_SHOWN = 5


def shared_group_has_no_commit(
    group: str, version: int, environment: str, folder: str, others: Sequence[str]
) -> UsageError:
    """EN101: The other product has no rows of the group in the environment of the same name.

    `prod` reads what the other product's `prod` points at, or pointed at last of the version that is asked
    for; `dev` reads its `dev`. So nothing that nobody released there gets into a release here. Apply or
    promote in the other product's folder first. An environment of which it knows nothing is declared in its
    product file.

    Args:
        group: `product/group`.
        version: The version that is read.
        environment: The environment that is planned here.
        folder: The other product's folder, as seen from here.
        others: Its environments that have such a commit.
    """
    there = f" (there is one in {', '.join(f'`{name}`' for name in others[:_SHOWN])})" if others else ""
    bring = (
        f"`headway promote --from {others[0]} --to {environment}`"
        if others
        else f"`headway apply --env {environment}`"
    )
    return UsageError(
        code="EN101",
        what=f"`{environment}` of the product in `{folder}` never pointed at version {version} of `{group}`{there}",
        where=f"feature group `{group}`",
        mend=f"in `{folder}` run {bring}",
    )


def shared_feature_is_not_there(group: str, feature: str, place: str, known: Sequence[str]) -> SpecError:
    """EN102: A dataset takes a feature that the other product's group does not have.

    Which features a group of another product has, the commit says that its environment of the same name
    points at. A feature that is only in its working tree is there once the other product applied it.
    """
    near = difflib.get_close_matches(feature, known, n=1, cutoff=0.5)
    listed = ", ".join(f"`{name}`" for name in known[:_SHOWN])
    return SpecError(
        code="EN102",
        what=f"`{group}` has no feature `{feature[:60]}`",
        where=place,
        mend=f"did you mean `{near[0]}`?" if near else f"it has {listed}",
    )


def shared_group_has_another_key(
    group: str, key: Sequence[str], rows: Sequence[str], folder: str
) -> SpecError:
    """EN103: The rows of another product's group have another key than its product file says.

    The file in the other folder was changed and not applied, or the key changed with a version, and an
    older one is read here.
    """
    return SpecError(
        code="EN103",
        what=f"the rows of `{group}` have the key {', '.join(rows)}, its product file says {', '.join(key)}",
        where=f"feature group `{group}`",
        mend=f"run `headway apply` in `{folder}`, or read the version that its file declares",
    )


def shared_rows_fail(group: str, folder: str, reason: str) -> EngineError:
    """EN104: The rows of another product's group cannot be read.

    They are checked against the digests in that product's ledger. Files that are missing or damaged there
    are made again there. What was copied before stays, and releases go on with it.
    """
    return EngineError(
        code="EN104",
        what=f"the rows of `{group}` cannot be read: {reason[:300]}",
        where=folder,
        mend=f"run `headway apply` in `{folder}`, then again here",
    )


def group_is_of_another_product(reference: str, folder: str, command: str) -> UsageError:
    """EN105: A command would make rows that another product makes.

    A group of another product is read, not written, here: its rows are restored and reproduced where they
    are computed.
    """
    return UsageError(
        code="EN105",
        what=f"`{reference}` is computed by another product",
        mend=f"run `headway {command}` in `{folder}`",
    )


def shared_commit_is_not_released(group: str, number: int, environment: str, folder: str) -> GateError:
    """EN106: A promotion would bring rows of another product into an environment that never had them there.

    The release was made of a commit that the other product's environment of the same name never pointed at.
    `prod` reads `prod`: promote there first, then here.
    """
    return GateError(
        code="EN106",
        what=f"`{environment}` of the product in `{folder}` never pointed at commit {number} of `{group}`",
        where=f"environment `{environment}`",
        mend=f"promote in `{folder}` to `{environment}` first, or apply here with `--env {environment}`",
    )
