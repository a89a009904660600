"""What planning and the engine tell a user."""

from __future__ import annotations

from collections.abc import Sequence

from headway.errors.families import (
    BugError,
    ConflictError,
    EngineError,
    GateError,
    SpecError,
    UsageError,
    UserCodeError,
)

_SHOWN = 5
_LONGEST = 200
NO_VERDICT = "no verdict"
"""What is seen of a gate that nobody judged since it was written."""


def _cut(value: object, longest: int = _LONGEST) -> str:
    flat = " ".join(str(value).split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"


def _nearest(name: str, known: Sequence[str]) -> list[str]:
    from difflib import get_close_matches  # late: this module is on the way of every command

    return get_close_matches(name, known, n=1, cutoff=0.5)


def _nearest_nodes(name: str, known: Sequence[str]) -> list[str]:
    """Nodes whose own name is the one given, with another kind or none; else the one that is most alike."""
    own = name.rpartition(".")[2].casefold()
    same = [node for node in known if node.partition(".")[2].casefold() == own]
    if same:
        return same[:_SHOWN]
    alike = _nearest(own, [node.partition(".")[2] for node in known])
    return _nearest(name, known) or [node for node in known if node.partition(".")[2] in alike][:1]


def plan_is_old(environment: str, planned: int, present: int) -> ConflictError:
    """EN001: The environment moved between planning and applying.

    Somebody else applied, promoted or rolled back in the meantime, so the plan no longer says what
    would happen. Nothing was moved. Plan again: what was computed so far is kept and is not
    computed twice.
    """
    return ConflictError(
        code="EN001",
        what=f"environment `{environment}` moved from revision {planned} to {present} since the plan was made",
        where=f"environment `{environment}`",
        mend="run `headway plan` again, then `headway apply`",
    )


def artifact_is_unknown(node: str, digest: str) -> EngineError:
    """EN002: An execution names an artifact that the ledger does not hold.

    The ledger was cut or copied without its facts. `headway apply --refresh NODE` computes the
    artifact again.
    """
    return EngineError(
        code="EN002",
        what=f"artifact `{digest[:12]}` of `{node}` is not in the ledger",
        where=f"node `{node}`",
        mend=f"run `headway apply --refresh {node}`",
    )


def unknown_node(name: str, known: Sequence[str]) -> UsageError:
    """EN003: A command names a node that the product does not declare.

    Nodes are written `kind.name`, as `headway plan` prints them: `source.flights`,
    `model.delay`, `model.delay.baseline`.
    """
    near = _nearest_nodes(name, known)
    listed = " or ".join(f"`{item}`" for item in near)
    hint = f"did you mean {listed}?" if near else f"nodes are: {', '.join(sorted(known)[:_SHOWN])}, ..."
    return UsageError(code="EN003", what=f"there is no node `{name}`", mend=hint)


def unknown_environment(name: str, known: Sequence[str], where: str) -> UsageError:
    """EN004: A command names an environment that the product does not declare.

    Environments are declared in the product file, so that a typing mistake never makes a new one.
    """
    near = _nearest(name, known)
    listed = ", ".join(f"`{item}`" for item in known)
    hint = f"did you mean `{near[0]}`?" if near else f"declared are {listed};"
    return UsageError(
        code="EN004",
        what=f"environment `{name}` is not declared",
        where=where,
        mend=f"{hint} a new one is `{name}: {{}}` under `environments`",
    )


def libraries_are_unlocked(environment: str, unlocked: Sequence[str]) -> GateError:
    """EN005: A protected environment refuses code whose libraries no lock file pins.

    Without a lock nobody can build the same environment again, so a release could not be explained
    or reproduced. Write a lock beside the product file (hashed `requirements.txt`, `uv.lock`,
    `pylock.toml` or `poetry.lock`), or name one with `lock:`.
    """
    shown = ", ".join(f"`{name}`" for name in unlocked[:_SHOWN])
    more = f" and {len(unlocked) - _SHOWN} more" if len(unlocked) > _SHOWN else ""
    return GateError(
        code="EN005",
        what=f"`{environment}` is protected, and {shown}{more} are in no lock file",
        where=f"environment `{environment}`",
        mend="write a hashed lock beside headway.yaml (`uv pip compile --generate-hashes --no-header"
        " requirements.in -o requirements.txt`), or name a pinned file with `lock:`;"
        " `headway why NODE --closure` lists what a node's code needs",
    )


def libraries_differ(environment: str, differing: dict[str, tuple[str, str]]) -> GateError:
    """EN006: The libraries installed are not those of the lock file.

    What runs here would not be what the lock says, so a protected environment refuses it. Install
    the locked versions, or lock the installed ones.
    """
    items = sorted(differing.items())[:_SHOWN]
    evidence = tuple(f"{name}: locked {locked}, installed {here}" for name, (locked, here) in items)
    return GateError(
        code="EN006",
        what=f"{len(differing)} libraries installed here are not the locked ones",
        where=f"environment `{environment}`",
        mend="install what the lock file says, or write the lock file again",
        evidence=evidence,
    )


def gates_refuse(
    environment: str, refused: Sequence[tuple[str, str, str]], evaluation: str = "EVALUATION"
) -> GateError:
    """EN007: The evidence does not allow the move.

    A protected environment moves only when every gate passes or does not apply; a gate that could
    not be judged does not pass. Nothing was moved: the release that served before still serves. `promote`
    computes nothing: a gate that was changed since the last `headway apply` has no verdict until the next one.

    Args:
        environment: Its name.
        refused: (gate, outcome, what was seen).
        evaluation: The first node whose gates do not admit.
    """
    evidence = tuple(
        f"{gate}: {outcome} ({seen})" if seen else f"{gate}: {outcome}" for gate, outcome, seen in refused
    )
    unjudged = any(outcome == "not run" and seen == NO_VERDICT for _, outcome, seen in refused)
    mend = (
        "`headway apply` judges gates that are new or were changed, for protected environments too; then promote"
        if unjudged
        else f"`headway why {evaluation} --env {environment}` shows the figures; mend the model or the data, or"
        " change the gate (a champion that cannot be judged any more needs its gate taken out for one release)"
    )
    return GateError(
        code="EN007",
        what=f"`{environment}` keeps its pointers: {len(refused)} {'gate does' if len(refused) == 1 else 'gates do'} not admit",
        where=f"environment `{environment}`",
        mend=mend,
        evidence=evidence[:_SHOWN],
    )


def not_built_yet(parts: Sequence[tuple[str, str]]) -> SpecError:
    """EN008: The product file uses parts that this version does not build.

    The grammar is accepted so that a file can be written for what comes, and `headway check` passes;
    applying it would leave those parts undone in silence, so it is refused instead.

    Args:
        parts: (path in the file, where it stands as file:line).
    """
    evidence = tuple(f"{path} ({where})" if where else path for path, where in parts)
    return SpecError(
        code="EN008",
        what=f"not built yet: {len(parts)} parts of the product file",
        where=parts[0][1] if parts else "",
        mend="take these parts out until a later version builds them",
        evidence=evidence[:20],
    )


def unexpected(error: BaseException) -> BugError:
    """EN009: Headway itself failed.

    This is a fault of ours. The ledger is whole, and the pointers are where they were. Please report
    the text with the trace that `HEADWAY_DEBUG=1` prints.
    """
    return BugError(
        code="EN009",
        what=f"Headway failed: {type(error).__name__}: {_cut(error, 300)}",
        mend="run it again with HEADWAY_DEBUG=1 for the trace, and report both",
    )


def no_product(folder: str) -> UsageError:
    """EN010: There is no product file here.

    Headway looks for `headway.yaml` in this directory and those above it.
    """
    return UsageError(
        code="EN010",
        what="no `headway.yaml` found",
        where=folder,
        mend="change to the product's directory, or run `headway init`",
    )


def missing_extra(package: str, extra: str) -> UsageError:
    """EN011: A part of Headway that is not installed is needed.

    The core installs without data frames and web servers; what a command needs besides comes with
    an extra.
    """
    return UsageError(
        code="EN011",
        what=f"`{package}` is not installed",
        mend=f"pip install 'headway[{extra}]'",
    )


def unknown_reference(reference: str, kinds: str) -> UsageError:
    """EN012: Nothing is found under a reference.

    References are a node (`model.delay`), a digest or its first 6 digits, a prediction id, or a
    node's pointer (`model.delay@prod`).
    """
    return UsageError(
        code="EN012",
        what=f"nothing is found under `{_cut(reference, 80)}`",
        mend=f"give {kinds}",
    )


def module_fails(module: str, error: BaseException) -> UserCodeError:
    """EN013: A module of the product cannot be imported.

    Importing it raised. Importing it by hand in the product's directory shows the whole trace.
    """
    return UserCodeError(
        code="EN013",
        what=f"module `{module}` fails to import: {type(error).__name__}: {_cut(error)}",
        where=f"module `{module}`",
        mend=f"run `python -c 'import {module}'` in the product's directory",
    )


def function_is_missing(reference: str, names: Sequence[str]) -> UserCodeError:
    """EN014: A module of the product has no such function.

    The product file names it as `module:function`.
    """
    near = _nearest(reference.partition(":")[2], names)
    return UserCodeError(
        code="EN014",
        what=f"there is no function `{reference}`",
        where=f"module `{reference.partition(':')[0]}`",
        mend=f"did you mean `{near[0]}`?" if near else "write the function, or name another",
    )


def not_repeatable(reference: str, kind: str) -> UsageError:
    """EN015: A result cannot be made again from pinned inputs.

    Feature groups, datasets, models and baselines can: everything that they are made of is kept. A
    source reads the outside world; an endpoint's release is packed from artifacts.
    """
    return UsageError(
        code="EN015",
        what=f"`{reference}` is a {kind}, which is not made from pinned inputs alone",
        mend="name a model, a dataset or a feature group",
    )


def again_fails(reference: str, lines: Sequence[str]) -> EngineError:
    """EN016: A recorded result cannot be made again here.

    Its archived code failed in a clean process: often because a library that it needs is not installed,
    or has another version.
    """
    return EngineError(
        code="EN016",
        what=f"making `{reference}` again fails",
        where="a clean process with the archived code",
        mend="install the libraries that `headway show` lists for it",
        evidence=tuple(_cut(line) for line in lines[:_SHOWN]),
    )


def model_depends_on_its_process(model: str, modules: Sequence[str], difference: str) -> UserCodeError:
    """EN017: A native model with the product's own classes answers otherwise from its archived code.

    Such a model is released with the code that it was trained with, in a module tree of its own. Loaded
    from there it has to answer as it did in training. It does not when its classes keep state outside of the
    model (a module's global that training changed), read files beside the code, or look their module up
    by name while they answer.
    """
    return UserCodeError(
        code="EN017",
        what=f"`{model}`, loaded with its archived code, answers otherwise than in training: {_cut(difference)}",
        where=f"module {', '.join(f'`{name}`' for name in modules[:_SHOWN])}",
        mend="keep everything that the model learns in attributes of its own objects",
    )


def code_ended_the_run(node: str, failure: SystemExit) -> UserCodeError:
    """EN018: The product's code asked Python to exit.

    `sys.exit` in a function of the product would end the whole command, and with a code that means
    something else. Raise an exception instead: it is named with its file and line.
    """
    return UserCodeError(
        code="EN018",
        what=f"the code of `{node}` called sys.exit({_cut(failure.code, 100)!r})",
        where=f"node `{node}`",
        mend="raise an exception instead",
    )


def ledger_is_behind(environment: str, published: int, present: int) -> GateError:
    """EN019: The servers carry a later revision than the ledger knows.

    The ledger was removed, or replaced by an older copy: moves are missing from its end, which its own
    chain cannot show. Restore the newest copy of `.headway/ledger.db`.
    """
    return GateError(
        code="EN019",
        what=f"`{environment}` is published at revision {published}, and the ledger ends at {present}",
        where=".headway/ledger.db",
        mend="restore the newest copy of the ledger",
    )


def system_refuses(error: OSError) -> EngineError:
    """EN020: The operating system refuses something that any program needs.

    The disk is full where output or temporary files go, too many files are open, a device is gone. The
    ledger is whole, and the pointers are where they were.
    """
    return EngineError(
        code="EN020",
        what=f"the operating system refuses: {error.strerror or type(error).__name__}",
        where=_cut(error.filename or "", 300),
        mend="make room, or give what is missing, then run the command again",
        retryable=True,
    )


def several_found(reference: str, found: Sequence[str]) -> UsageError:
    """EN021: A reference begins several ids.

    Predictions, runs and artifacts may be named by the first digits of their id, six or more, as long as
    only one begins with them. Ids of one minute have their first digits in common, for they begin with the time.
    """
    more = ("and more",) if len(found) > _SHOWN else ()
    return UsageError(
        code="EN021",
        what=f"several things begin with `{_cut(reference, 80)}`",
        mend="give more digits",
        evidence=(*found[:_SHOWN], *more),
    )


def run_made_several(run: str, made: Sequence[str]) -> UsageError:
    """EN022: A run is named where one artifact is asked for, and it made several, or none.

    Name one of the artifacts by its digest; `headway show run.ID` lists them all.
    """
    some = f"{len(made)} artifacts" if made else "nothing"
    return UsageError(
        code="EN022",
        what=f"run `{run[:40]}` made {some}",
        mend="name one artifact by its digest"
        if made
        else f"`headway show run.{run[:40]}` says how it ended",
        evidence=(*made[:_SHOWN], *(("and more",) if len(made) > _SHOWN else ())),
    )


def nothing_is_applied(environment: str = "") -> UsageError:
    """EN023: Nothing was applied yet, so that there is nothing to look at.

    Results, their lineage, predictions and servers come of an apply. `headway apply` makes what the
    product file declares and points `dev` at it; `--env NAME` points another environment at it, and
    `headway promote` lets one environment take what another has.
    """
    place = f" to `{environment}`" if environment else ""
    option = f" --env {environment}" if environment else ""
    return UsageError(
        code="EN023",
        what=f"nothing was applied{place} yet",
        where=f"environment `{environment}`" if environment else "",
        mend=f"run `headway apply{option}`",
    )


def was_never_made(node: str) -> UsageError:
    """EN024: A node is declared, and was never made.

    It was added to the product file after the last apply, or what it needs failed.
    """
    return UsageError(
        code="EN024",
        what=f"`{node}` is declared, and was never made",
        where=f"node `{node}`",
        mend=f"run `headway apply`; `headway why {node}` says what it waits for",
    )
