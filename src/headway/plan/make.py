"""The planner: a plan is the difference between what is wanted, what is there, and what happened.

Pure: reads nothing but its arguments, so that an explanation cannot differ from the deed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from headway.core import digest
from headway.facts.evidence import Evidence, Outcome
from headway.facts.executions import Execution, Fingerprint
from headway.facts.moves import ANY_DIGEST, EnvironmentState, Hold
from headway.plan.causes import difference, ordered
from headway.plan.foretold import gate_cause
from headway.plan.locked import keeping_out
from headway.plan.plan import LABELS_KNOWN, READ_AGAIN, Cause, Plan, Step, to_json
from headway.spec.graph import Graph, Node


class History(Protocol):
    """What planning asks of the past; a ledger reader answers it."""

    def execution(self, key: str) -> Execution | None:
        """The newest successful execution under this key."""
        ...

    def executions(self, node: str) -> Sequence[Execution]:
        """Successful executions of a node, newest first."""
        ...

    def evidence(self, about: str) -> Sequence[tuple[str, Evidence]]:
        """(fact id, evidence) about an artifact, newest first."""
        ...


class Wanted(NamedTuple):
    """What the product asks for, beside its graph.

    Attributes:
        own: Node -> its fingerprint without inputs, as the working tree has it now.
        gates: Evaluation node -> its gates as written.
        champions: Evaluation node -> node of the model that it judges.
        only: Nodes to look at, with all that they need; empty means all.
        refresh: Nodes to compute again whatever the ledger proves.
        product: The product's name.
        defaults: Node -> dotted field -> its value where the file does not give it.
        barred: Why the environment takes nothing that runs or moves; see `headway.plan.locked`.
        named: Output of another product -> what it is called in words (`commit 3`).
        binding: Gates whose verdict stands and decides here: none where the environment is not protected,
            and none that is judged again.
        unmeasured: Node -> rules about the rows of its result that nobody has measured yet.
    """

    own: Mapping[str, Fingerprint]
    gates: Mapping[str, tuple[str, ...]] = {}
    champions: Mapping[str, str] = {}
    only: Collection[str] = ()
    refresh: Collection[str] = ()
    product: str = ""
    defaults: Mapping[str, Mapping[str, Any]] = {}
    barred: tuple[Cause, ...] = ()
    binding: Collection[str] = ()
    named: Mapping[str, str] = {}
    unmeasured: Mapping[str, tuple[Cause, ...]] = {}


Condition = Callable[[str], str]
"""Artifact digest -> empty when it is whole, else what is wrong with it (`missing`, `changed`)."""


def make(
    *,
    graph: Graph,
    wanted: Wanted,
    history: History,
    state: EnvironmentState,
    condition: Condition,
    now: datetime,
    notices: tuple[str, ...] = (),
) -> Plan:
    """The plan for one environment, with every step's causes.

    Args:
        graph: Every node of the product.
        wanted: Fingerprints, gates and the scope.
        history: The past.
        state: Pointers and holds of the environment.
        condition: Says whether an artifact is still whole.
        now: Decides what expired; not part of the plan's id.
        notices: What a reader should know besides.
    """
    scope = within(graph, wanted.only)
    outputs: dict[str, str] = {}
    steps = []
    for node in graph.nodes:
        if node.name in scope:
            step = _step(node, wanted, history, state, condition, now, outputs)
            outputs |= {node.name: step.output} if step.output else {}
            steps.append(step)
    kept = tuple(keeping_out(step, wanted.barred) for step in _holding(graph, steps))
    bare = Plan("", state.name, state.revision, kept, notices, wanted.product)
    # A step that waits has no key yet: what it is made of counts too, or two plans would pass for one.
    made_of = {step.node: wanted.own[step.node].key(step.node) for step in kept}
    return bare._replace(id=digest.of_value([to_json(bare), made_of]))


def _holding(graph: Graph, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Keep every pointer of a held release where it is: they move together or not at all."""
    held = [step.node for step in steps if step.kind == "endpoint" and _is_held(step)]
    if not held:
        return tuple(steps)
    still = within(graph, held)
    judging = [node.name for node in graph.nodes if node.kind == "evaluation" and still & set(node.needs)]
    still |= within(graph, judging) if judging else set()
    return tuple(step._replace(moves=False) if step.node in still else step for step in steps)


def _is_held(step: Step) -> bool:
    return step.status == "fresh" and not step.moves and bool(step.causes)


def within(graph: Graph, only: Collection[str]) -> set[str]:
    """Names of `only` with everything they need; all nodes when `only` is empty."""
    if not only:
        return {node.name for node in graph.nodes}
    scope = set(only)
    for node in reversed(graph.nodes):
        if node.name in scope:
            scope |= set(node.needs)
    return scope


def _step(
    node: Node,
    wanted: Wanted,
    history: History,
    state: EnvironmentState,
    condition: Condition,
    now: datetime,
    outputs: Mapping[str, str],
) -> Step:
    own = wanted.own[node.name]
    pending = [need for need in node.needs if need not in outputs]
    if pending:
        return _behind(node, own, wanted, history, state, pending)
    fingerprint = Fingerprint(
        config=own.config,
        code=own.code,
        environment=own.environment,
        data=own.data,
        inputs={**own.inputs, **{need: outputs[need] for need in node.needs}},
    )
    key = fingerprint.key(node.name)
    done = history.execution(key)
    if done is None or done.output is None:
        return Step(node.name, node.kind, "stale", _why(node, fingerprint, wanted, history, state), key)
    against = _against(node, done, wanted, condition, now)
    if against:
        return Step(node.name, node.kind, "stale", against, key)
    return _fresh(node, key, done.output, wanted, history, state, now)


def _behind(
    node: Node,
    own: Fingerprint,
    wanted: Wanted,
    history: History,
    state: EnvironmentState,
    pending: Sequence[str],
) -> Step:
    """A node whose inputs are not known yet: stale when it has a cause of its own, else waiting."""
    previous = _previous(node, history, state)
    if previous is None:
        return Step(node.name, node.kind, "stale", (Cause("missing", node.name),))
    defaults = wanted.defaults.get(node.name, {})
    causes = difference(previous.fingerprint, own, defaults, ignore_inputs=True)
    status = "stale" if causes else "waiting"
    waits = tuple(Cause("upstream", need, previous.fingerprint.inputs.get(need)) for need in pending)
    return Step(node.name, node.kind, status, ordered(causes + waits))


def _why(
    node: Node, fingerprint: Fingerprint, wanted: Wanted, history: History, state: EnvironmentState
) -> tuple[Cause, ...]:
    previous = _previous(node, history, state)
    if previous is None:
        return (Cause("missing", node.name),)
    causes = difference(previous.fingerprint, fingerprint, wanted.defaults.get(node.name, {}))
    causes = tuple(_in_words(cause, wanted.named) for cause in causes)
    return ordered(causes) or (Cause("missing", node.name),)


def _in_words(cause: Cause, named: Mapping[str, str]) -> Cause:
    """A cause that names what came from another product as its own ledger counts it."""
    if cause.kind != "upstream":
        return cause
    before, after = (named.get(value or "", value) for value in (cause.before, cause.after))
    return cause._replace(before=before, after=after)


def _previous(node: Node, history: History, state: EnvironmentState) -> Execution | None:
    """The execution that a change is measured against: what the environment points at, else the newest."""
    past = history.executions(node.name)
    pointed = state.pointers.get(node.name)
    return next((run for run in past if run.output == pointed), past[0] if past else None)


def _against(
    node: Node, done: Execution, wanted: Wanted, condition: Condition, now: datetime
) -> tuple[Cause, ...]:
    """Why a result with the right fingerprint may still not be used."""
    causes = []
    wrong = condition(done.output or "")
    if wrong:
        causes.append(Cause("tainted", wrong, done.output, None, (done.output or "",)))
    if done.waits_until is not None and done.waits_until <= now:
        about = READ_AGAIN if node.kind == "source" else LABELS_KNOWN
        causes.append(Cause("data", about, done.waits_until.isoformat(), None))
    if node.name in wanted.refresh:
        causes.append(Cause("policy", "refresh asked for", done.output, None))
    return ordered(causes)


def _fresh(
    node: Node,
    key: str,
    output: str,
    wanted: Wanted,
    history: History,
    state: EnvironmentState,
    now: datetime,
) -> Step:
    moves = state.pointers.get(node.name) != output
    held = hold_on(state, node.name, output, now)
    if held is not None and moves:
        why = f"held by {held.who}: {held.why}"
        return Step(node.name, node.kind, "fresh", (Cause("policy", why, output),), key, output)
    causes, unjudged = _gates(node, output, wanted, history, state, now, moves=moves)
    unmeasured = wanted.unmeasured.get(node.name, ())
    status = "stale" if unjudged or unmeasured else "fresh"
    return Step(node.name, node.kind, status, causes + unmeasured, key, output, moves)


def _gates(
    node: Node,
    output: str,
    wanted: Wanted,
    history: History,
    state: EnvironmentState,
    now: datetime,
    *,
    moves: bool,
) -> tuple[tuple[Cause, ...], bool]:
    """Gates that say no or have no verdict, and whether any has none."""
    gates = wanted.gates.get(node.name, ())
    if not gates:
        return (), False
    champion = state.pointers.get(wanted.champions[node.name], "") if moves else None
    judged = verdicts(history.evidence(output), champion, now)
    causes = [Cause("policy", f"gate `{gate}` is not judged yet") for gate in gates if gate not in judged]
    unjudged = bool(causes)
    for gate in gates:
        if gate not in judged:
            continue
        fact, verdict = judged[gate]
        if verdict.outcome in (Outcome.FAIL, Outcome.NOT_RUN):
            causes.append(gate_cause(gate, verdict, fact, refuses=gate in wanted.binding))
    return tuple(causes), unjudged


def verdicts(
    evidence: Sequence[tuple[str, Evidence]], champion: str | None, now: datetime
) -> dict[str, tuple[str, Evidence]]:
    """Gate -> its newest valid verdict (fact id, evidence).

    Args:
        evidence: What is known about an evaluation, newest first.
        champion: Digest that the verdict must have been compared with (empty: no champion);
            None accepts any, which is right for a report that is already in the environment.
        now: Expired evidence does not count.
    """
    found: dict[str, tuple[str, Evidence]] = {}
    for fact, item in evidence:
        if "champion" not in item.against or (item.expires is not None and item.expires <= now):
            continue
        if champion is None or item.against["champion"] == champion:
            found.setdefault(item.check, (fact, item))
    return found


def hold_on(state: EnvironmentState, node: str, output: str, now: datetime) -> Hold | None:
    """The hold that keeps `output` from `node` at this moment."""
    for hold in state.holds:
        ended = hold.until is not None and hold.until <= now
        if hold.node == node and hold.digest in (output, ANY_DIGEST) and not ended:
            return hold
    return None


def valid_until(state: EnvironmentState, executions: Sequence[Execution], now: datetime) -> datetime | None:
    """The first moment at which the passing of time alone may change the plan."""
    ends = [hold.until for hold in state.holds if hold.until is not None]
    ends += [run.waits_until for run in executions if run.waits_until is not None]
    return min((end for end in ends if end > now), default=None)
