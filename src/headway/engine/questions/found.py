"""What stands behind a reference: a digest, a node, a node's pointer, or a prediction id."""

from __future__ import annotations

import contextlib
import difflib
from typing import Any, NamedTuple

import msgspec

from headway.engine.questions.group_history import artifact_of, commit_at, is_commit
from headway.engine.questions.prefixes import Candidate, candidates, is_prefix
from headway.engine.questions.runs import Ran, run_of
from headway.engine.recall import PRODUCT_FILE
from headway.engine.revealing import About, hidden, record_reveal, told_of
from headway.errors import SpecError, UsageError
from headway.errors import engine as errors
from headway.facts.anonymity import measure_of
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.predictions import segments
from headway.predictions.record import Prediction, Refused
from headway.spec.graph import graph
from headway.spec.load import load
from headway.store.workspace import Workspace

KINDS = "a node (`model.delay`), its pointer (`model.delay@prod`), or 6 digits of a digest, a prediction id or a run id"
RUN = "run."


class Found(NamedTuple):
    """An artifact, and the prediction that led to it where the reference named one.

    Attributes:
        made: The newest execution that came out with it; None when none is recorded.
        environments: Those that point at it now.
        about: What its author and lineage say of its node now.
        counted: How large its classes are, for each rule of k-anonymity that was judged on it.
    """

    artifact: Artifact
    prediction: Prediction | None = None
    made: Execution | None = None
    environments: tuple[str, ...] = ()
    about: About = About()
    counted: tuple[Evidence, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented schema of `show --json`."""
        value: dict[str, Any] = msgspec.to_builtins(self.artifact)
        value |= {"made": msgspec.to_builtins(self.made), "environments": list(self.environments)}
        value |= {**self.about._asdict(), "tags": list(self.about.tags)}
        value |= {"k_anonymity": [msgspec.to_builtins(item) for item in self.counted]}
        return (
            value if self.prediction is None else value | {"prediction": msgspec.to_builtins(self.prediction)}
        )


def find(workspace: Workspace, reference: str) -> Found:
    """The artifact that a reference leads to.

    Raises:
        UsageError: Nothing is found under it, several things are, or a run that made not just one artifact.
    """
    found = look_up(workspace, reference)
    return _made_in(workspace, found) if isinstance(found, Ran) else found


def look_up(workspace: Workspace, reference: str) -> Found | Ran:
    """The thing that a reference names: an artifact, a prediction with its release, or a run.

    Raises:
        UsageError: Nothing is found under it, or several things are.
    """
    if reference.startswith(RUN):
        return _begun(workspace, reference, only="run")
    reader = workspace.open_reader()
    if is_commit(reference):
        return Found(artifact_of(reader, commit_at(reader, reference)))
    if is_prefix(reference):
        return _begun(workspace, reference)
    node, at, environment = reference.partition("@")
    digest = None
    if at:
        digest = reader.environment(environment).pointers.get(node)
    else:
        past = reader.executions(node)
        digest = past[0].output if past else None
    artifact = reader.artifact(digest) if digest else None
    if artifact is None:
        raise _nothing(workspace, reference)
    return Found(artifact)


def told(workspace: Workspace, found: Found) -> Found:
    """The same with who made it, who points at it, and what is said of it; without personal values."""
    reader = workspace.open_reader()
    made = reader.made_by(found.artifact.digest)
    states = [reader.environment(name) for name in reader.environments()]
    points = tuple(state.name for state in states if found.artifact.digest in state.pointers.values())
    said = told_of(workspace)
    checks = {item.check: item for _, item in reversed(reader.evidence(found.artifact.digest))}
    return found._replace(
        counted=tuple(item for item in checks.values() if measure_of(item) is not None),
        made=made[0][1] if made else None,
        environments=points,
        about=said.of(made[0][1].node) if made else About(),
        prediction=hidden(found.prediction, said) if found.prediction is not None else None,
    )


def _nothing(workspace: Workspace, reference: str) -> UsageError:
    """Why nothing is found: nothing was applied, the node was never made, or its name is another."""
    reader = workspace.open_reader()
    if reader.sequence() == 0:
        return errors.nothing_is_applied()
    node, at, environment = reference.partition("@")
    declared = _declared(workspace)
    if node in declared:
        product = load(workspace.root / PRODUCT_FILE).product
        known = list(dict.fromkeys([*(product.environments or ("dev",)), *reader.environments()]))
        if at and environment not in known:
            return errors.unknown_environment(environment, known, PRODUCT_FILE)
        moved = bool(at) and bool(reader.environment(environment).pointers)
        return errors.was_never_made(node) if moved or not at else errors.nothing_is_applied(environment)
    near = next(iter(difflib.get_close_matches(node, declared, n=1)), "")
    return errors.unknown_reference(
        reference, f"{KINDS}; did you mean `{near}{at}{environment}`?" if near else KINDS
    )


def _declared(workspace: Workspace) -> list[str]:
    """Nodes of the product file; none where it is wrong, which is another command's to say."""
    with contextlib.suppress(SpecError):
        loaded = load(workspace.root / PRODUCT_FILE)
        return [node.name for node in graph(loaded.product, loaded.contracts).nodes]
    return []


def _begun(workspace: Workspace, reference: str, only: str = "") -> Found | Ran:
    """The one thing whose id begins like this."""
    prefix = reference.removeprefix(RUN)
    begun = candidates(workspace, prefix) if is_prefix(prefix) else []
    found = [item for item in begun if only in ("", item.kind)]
    if len(found) > 1:
        whole = [item for item in found if item.id == prefix]
        if len(whole) != 1:
            raise errors.several_found(reference, [str(item) for item in found])
        found = whole
    thing = _thing(workspace, found[0]) if found else None
    if thing is None:
        raise _nothing(workspace, reference)
    return thing


def _thing(workspace: Workspace, candidate: Candidate) -> Found | Ran | None:
    if candidate.kind == "run":
        return run_of(workspace, candidate.id)
    digest = candidate.id if candidate.prediction is None else candidate.prediction.release
    artifact = workspace.open_reader().artifact(digest)
    return None if artifact is None else Found(artifact, candidate.prediction)


def _made_in(workspace: Workspace, run: Ran) -> Found:
    made = {item.output: item.node for item in run.executions if item.output is not None}
    artifact = workspace.open_reader().artifact(next(iter(made))) if len(made) == 1 else None
    if artifact is None:
        raise errors.run_made_several(run.asked.run, [f"{node} {digest}" for digest, node in made.items()])
    return Found(artifact)


def newest_predictions(
    workspace: Workspace, environment: str, last: int, *, revealed_to: str | None = None
) -> tuple[list[Prediction], int]:
    """The newest predictions of an environment, oldest first, and how many were lost or torn near them.

    Args:
        workspace: Where they are.
        environment: The environment.
        last: How many.
        revealed_to: Who is shown personal values too, which is written down first; None is shown none.
    """
    kept, lost = segments.newest(workspace.serve(environment) / "log", last)
    if revealed_to is not None:
        record_reveal(workspace, environment, revealed_to, len(kept))
        return kept, lost
    told = told_of(workspace)
    return [hidden(item, told) for item in kept], lost


def newest_refused(workspace: Workspace, environment: str, last: int) -> tuple[list[Refused], int]:
    """What contracts refused last in an environment, newest first, and how many records were torn or damaged near it.

    Nothing in it was sent by a caller, so that there is nothing to hide.

    Args:
        workspace: Where it is.
        environment: The environment.
        last: How many records; each stands for one kind of refusal within a short time.
    """
    found, lost = segments.newest_refused(workspace.serve(environment) / "log", last)
    return found[::-1], lost
