"""What releasing tells a user: promotion, rollback, stop, and what is published."""

from __future__ import annotations

from collections.abc import Sequence

from headway.errors.families import ConflictError, EngineError, GateError, UsageError


def nothing_to_roll_back_to(environment: str, endpoint: str) -> GateError:
    """RL001: There is no earlier release.

    A rollback brings back the release that served before; the first release has none. `headway stop`
    takes it out of service instead.
    """
    return GateError(
        code="RL001",
        what=f"`{endpoint}` has no earlier release in `{environment}`",
        where=f"environment `{environment}`",
        mend=f"`headway stop --env {environment}` takes it out of service",
    )


def nothing_was_released(environment: str, endpoints: Sequence[str], action: str) -> GateError:
    """RL010: Nothing was ever released there, so there is nothing to roll back to or to stop.

    `headway apply` makes an environment's first release; `headway promote` takes it from another one.
    """
    named = ", ".join(f"`{name}`" for name in endpoints[:5])
    return GateError(
        code="RL010",
        what=f"nothing to {action}: {named} never had a release in `{environment}`",
        where=f"environment `{environment}`",
        mend=f"`headway apply --env {environment}` makes the first release",
    )


def nothing_is_held(environment: str, endpoint: str | None = None) -> UsageError:
    """RL002: No hold is there to be lifted.

    Holds come from `rollback` and `stop`; `headway status` lists them.
    """
    on = "" if endpoint is None else f" on `{endpoint}`"
    return UsageError(
        code="RL002",
        what=f"nothing is held{on} in `{environment}`",
        where=f"environment `{environment}`",
        mend="`headway status` lists what is held",
    )


def release_is_held(environment: str, endpoint: str, digest: str, who: str, why: str) -> GateError:
    """RL003: A held release is not promoted.

    Somebody rolled it back or stopped it. Another release, the hold's expiry, or `--unhold` ends it.
    """
    return GateError(
        code="RL003",
        what=f"release `{digest[:12]}` of `{endpoint}` is held in `{environment}` by {who}: {why}",
        where=f"environment `{environment}`",
        mend=f"`headway promote --to {environment} --unhold` lifts the hold first",
    )


def nothing_to_promote(source: str) -> UsageError:
    """RL004: The environment to promote from points at nothing.

    Apply there first: promotion moves pointers, it computes nothing.
    """
    return UsageError(
        code="RL004",
        what=f"environment `{source}` points at nothing yet",
        where=f"environment `{source}`",
        mend=f"run `headway apply --env {source}` first",
    )


def not_an_endpoint(product: str, model: str) -> UsageError:
    """RL005: The product declares no endpoint, so there is nothing to serve or roll back.

    Add one under `endpoints`, naming the model that answers.
    """
    return UsageError(
        code="RL005",
        what=f"product `{product}` declares no endpoint",
        where="headway.yaml",
        mend=f"add `endpoints: {{{model}: {{model: {model}}}}}` to headway.yaml, then run `headway apply`",
    )


def no_release_kept(environment: str, folder: str) -> EngineError:
    """RL006: The ledger cannot be read, and no earlier release lies on disk to go back to.

    Without a ledger, `rollback` works from the routes and releases kept beside the servers.
    """
    return EngineError(
        code="RL006",
        what=f"no earlier release of `{environment}` is kept on disk",
        where=folder,
        mend=f"`headway stop --env {environment}` works without a ledger",
    )


def override_stands(environment: str, action: str, who: str) -> ConflictError:
    """RL007: Something was done to the servers without the ledger, and is not in the journal yet.

    It is journalled before anything else may move; this happens when the ledger cannot be written.
    """
    return ConflictError(
        code="RL007",
        what=f"`{environment}` is overridden ({action} by {who}), which is not in the journal yet",
        where=f"environment `{environment}`",
        mend="make the ledger writable and run the command again",
    )


def release_is_unknown(digest: str) -> EngineError:
    """RL008: The ledger points at a release that it does not hold.

    The ledger was cut or copied in part. `headway apply --refresh` of the endpoint builds the release
    again from the same model.
    """
    return EngineError(
        code="RL008",
        what=f"release `{digest[:12]}` is not in the ledger",
        mend="run `headway apply --refresh endpoint.NAME`",
    )


def which_endpoint(environment: str, names: list[str]) -> UsageError:
    """RL009: Several endpoints are served, and the command names none.

    A rollback concerns one endpoint; name it.
    """
    return UsageError(
        code="RL009",
        what=f"`{environment}` serves several endpoints: {', '.join(names[:5])}",
        mend="name one with --endpoint",
    )


def no_such_endpoint(environment: str, name: str, names: Sequence[str]) -> UsageError:
    """RL011: A command names an endpoint that the environment does not have.

    Endpoints are named as under `endpoints` in the product file, without `endpoint.` before them.
    """
    known = ", ".join(f"`{item}`" for item in names[:5])
    return UsageError(
        code="RL011",
        what=f"`{environment}` has no endpoint `{name[:80]}`",
        where=f"environment `{environment}`",
        mend=f"its endpoints are: {known}",
    )
