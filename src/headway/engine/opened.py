"""A product opened for planning: its file, its graph, its working tree, its past."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headway.core.clock import SystemClock, to_text
from headway.core.wording import few
from headway.engine import anonymity, contract_promises, governing, retention
from headway.engine.condition import Conditions
from headway.engine.governing import Governed
from headway.engine.groups import foreign_readers, restored
from headway.engine.groups import shared as shared_groups
from headway.engine.groups.shared import Lending
from headway.engine.lost_features import lost_features
from headway.engine.missing_files import missing_files
from headway.engine.standing_in import standing_in
from headway.errors import engine as errors
from headway.errors import survey as survey_errors
from headway.facts.executions import Fingerprint
from headway.facts.moves import EnvironmentState
from headway.lineage.retention import identity
from headway.plan.locked import lock_causes
from headway.plan.make import Wanted, make, valid_until, within
from headway.plan.plan import Cause, Plan, encode
from headway.spec.expression import mentions
from headway.spec.graph import Graph, graph
from headway.spec.load import Loaded, load
from headway.spec.references import LATENCIES
from headway.store.workspace import Workspace
from headway.survey import memo
from headway.survey.files import StatCache
from headway.survey.modules import Modules
from headway.survey.present import Present, survey

if TYPE_CHECKING:
    from headway.store.ledger import SqliteReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What planning needs, read once.

    Attributes:
        conditions: Says which stored artifacts are whole, by one stat each.
        own: Node -> fingerprint without inputs, as the working tree has it now.
        governed: The product under its own rules.
        lending: What is read from other products; None until an environment is chosen, see `within_environment`.
    """

    root: Path
    file: Path
    loaded: Loaded
    graph: Graph
    workspace: Workspace
    present: Present
    reader: SqliteReader
    conditions: Conditions
    own: dict[str, Fingerprint]
    governed: Governed
    lending: Lending | None = None


def open_product(file: Path) -> Opened:
    """Read a product file, its working tree and its ledger; writes only the disposable cache.

    Raises:
        SpecError: The file or a contract is wrong; every fault is listed.
        UserCodeError: The product's code cannot be parsed.
        EngineError: The ledger cannot be read.
    """
    root = file.parent
    loaded = load(file)
    nodes = graph(loaded.product, loaded.contracts)
    workspace = Workspace(root)
    cache = StatCache(workspace.cache)
    present = survey(nodes, root, file, loaded.product.lock, cache, also=tuple(loaded.contracts))
    reader = workspace.open_reader()
    governed = governing.governed(loaded, nodes, Modules(root), reader)
    governing.require_sense(loaded, governed)
    own = {
        node.name: Fingerprint(
            config=node.config | identity(node, governed.limits),
            code=dict(present.closures[node.name].parts) if node.name in present.closures else {},
            environment=dict(present.environment.get(node.name, {})),
            data={path: present.data.get(path) or "missing" for path in node.files},
        )
        for node in nodes.nodes
    }
    blobs = workspace.blobs()
    return Opened(
        root=root,
        file=file,
        loaded=loaded,
        graph=nodes,
        workspace=workspace,
        present=present,
        reader=reader,
        conditions=Conditions(reader, blobs, cache, workspace.state / "tables"),
        own=own,
        governed=governed,
    )


def within_environment(opened: Opened, environment: str, only: Collection[str] = ()) -> Opened:
    """The product with the commits of other products that an environment reads, looked up once.

    Raises:
        UsageError: Another product never had such a commit in its environment of this name.
        SpecError: It has no feature that is taken here.
        EngineError: Its ledger cannot be read.
    """
    if opened.lending is not None:
        return opened
    found = shared_groups.lending(opened.loaded, environment, within(opened.graph, only))
    return replace(opened, own=shared_groups.with_commits(opened.own, found.lent), lending=found)


def wanted(opened: Opened, only: Collection[str] = (), refresh: Collection[str] = ()) -> Wanted:
    """What the product asks for in a scope.

    Raises:
        UsageError: `only` or `refresh` names a node that is not declared.
    """
    known = [node.name for node in opened.graph.nodes]
    for name in (*only, *refresh):
        if name not in known:
            raise errors.unknown_node(name, known)
    evaluations = opened.loaded.product.evaluations
    return Wanted(
        own=opened.own,
        gates={f"evaluation.{name}": declared.gates for name, declared in evaluations.items()},
        champions={f"evaluation.{name}": f"model.{declared.model}" for name, declared in evaluations.items()},
        only=tuple(only),
        refresh=tuple(refresh),
        product=opened.loaded.product.name,
        defaults={node.name: node.defaults for node in opened.graph.nodes},
    )


def plan(
    opened: Opened,
    environment: str,
    only: Collection[str] = (),
    refresh: Collection[str] = (),
    now: datetime | None = None,
) -> Plan:
    """The plan for one environment, remembered for the no-op path when it looks at everything.

    Args:
        opened: The product.
        environment: Its name.
        only: Nodes to look at, with what they need; empty means all.
        refresh: Nodes to compute again.
        now: Decides what expired; None means this moment.

    Raises:
        UsageError: The environment, `only` or `refresh` names something that is not declared.
        UserCodeError: The code of a step that would run cannot run.
    """
    check_environment(opened, environment)
    opened = within_environment(opened, environment, only)
    lending = opened.lending or Lending()
    now = now if now is not None else SystemClock().now()
    state = opened.reader.environment(environment)
    asked = wanted(opened, only, refresh)
    scope = within(opened.graph, only)
    asked = asked._replace(
        binding=_binding(opened, environment), named=shared_groups.words(opened.reader, lending.lent)
    )

    aged = retention.past(opened.workspace, opened.reader, state, opened.governed.limits, now)

    def with_rules(governed: Governed, unmeasured: Mapping[str, tuple[Cause, ...]]) -> Plan:
        ruled = replace(opened, governed=governed)
        return make(
            graph=opened.graph,
            wanted=asked._replace(barred=_barred(ruled, environment, scope), unmeasured=unmeasured),
            history=opened.reader,
            state=state,
            condition=opened.conditions,
            now=now,
            notices=(*_notices(ruled, state, scope), *map(str, aged)),
        )

    made = with_rules(opened.governed, {})
    if anonymity.is_asked_for(opened.loaded.product):  # which tables that is about, only the plan itself says
        governed = anonymity.standing(opened, made)
        made = with_rules(governed, anonymity.unmeasured(governed, made))
    _refuse_what_cannot_run(opened, made)
    if not only and not refresh:
        runs = [opened.reader.execution(step.key) for step in made.steps if step.key]
        changes = valid_until(state, [run for run in runs if run is not None], now)
        aging = retention.next_end(opened.workspace, opened.reader, state, opened.governed.limits, now)
        ends = min((end for end in (changes, aging) if end is not None), default=None)
        memo.remember(
            opened.workspace.cache,
            environment,
            opened.file,
            opened.reader.sequence(),
            to_text(ends) if ends else None,
            {**opened.present.watched, **opened.conditions.watched, **lending.watched},
            encode(made),
        )
    return made


def _refuse_what_cannot_run(opened: Opened, made: Plan) -> None:
    """A fresh step needs no code, so that a machine without its libraries can still promote it."""
    found = [opened.present.faults.get(step.node, ()) for step in made.steps if not step.output]
    faults = dict.fromkeys(fault for faults in found for fault in faults)
    if faults:
        raise survey_errors.code_cannot_run(list(faults))


def check_environment(opened: Opened, environment: str) -> None:
    """Refuse an environment that is not declared.

    Raises:
        UsageError: It is not.
    """
    declared = tuple(opened.loaded.product.environments) or ("dev",)
    if environment not in declared:
        raise errors.unknown_environment(environment, declared, str(opened.file))


def is_protected(opened: Opened, environment: str) -> bool:
    """Whether the environment's pointers move only through gates."""
    declared = opened.loaded.product.environments.get(environment)
    return declared is not None and declared.protected


def _stand_ins(opened: Opened) -> list[str]:
    """Sources that could not be read, and the version that is used instead."""
    nodes = [f"source.{name}" for name in opened.loaded.product.sources]
    found = standing_in(opened.reader, nodes)
    return [
        f"{node} could not be read: its last good version of {read} is used" for node, read in found.items()
    ]


def _native(opened: Opened, pointers: Mapping[str, str]) -> list[str]:
    """Models that answer in their native form, and why: slower, and never in silence."""
    said = []
    for name in opened.loaded.product.models:
        artifact = opened.reader.artifact(pointers.get(f"model.{name}", ""))
        if artifact is not None and artifact.meta.get("runtime") == "native":
            why, dependence = (artifact.meta.get(key, "") for key in ("why_native", "dependence"))
            alone = f"; each request has a call of its own, since {dependence}" if dependence else ""
            said.append(f"model.{name} serves natively: {why}{alone}")
    return said


def _barred(opened: Opened, environment: str, scope: Collection[str]) -> tuple[Cause, ...]:
    protected = is_protected(opened, environment)
    causes = governing.barring(opened.governed, scope, protected=protected)
    if not protected:
        return causes
    return lock_causes(opened.present.unlocked, opened.present.differing) + causes


def _binding(opened: Opened, environment: str) -> set[str]:
    """Gates that decide here by a verdict that is known; a latency that failed is measured again."""
    if not is_protected(opened, environment):
        return set()
    evaluations = opened.loaded.product.evaluations.values()
    return {gate for declared in evaluations for gate in declared.gates if not mentions(gate, LATENCIES)}


def _notices(opened: Opened, state: EnvironmentState, scope: Collection[str]) -> tuple[str, ...]:
    notices: list[Any] = [*_stand_ins(opened), *_native(opened, state.pointers)]
    notices += missing_files(opened.root, opened.loaded.product, scope, opened.present.data)
    notices += lost_features(opened, scope)
    notices += contract_promises.notices(opened, scope)
    notices += map(str, restored.newest(opened.reader, scope))
    notices += foreign_readers.notices(opened.loaded)
    notices += shared_groups.notices(opened.loaded, (opened.lending or Lending()).lent)
    notices += governing.notices(opened.governed, scope, protected=is_protected(opened, state.name))
    if is_protected(opened, state.name):
        return tuple(notices)  # what would be a note elsewhere is a refusal here
    if opened.present.unlocked:
        shown, names = few(opened.present.unlocked), opened.present.environment
        node = max(names, key=lambda name: len(set(names[name]) & set(opened.present.unlocked)))
        listed = f"headway why {node} --closure"
        notices.append(
            f"no lock file pins {shown}; a protected environment refuses that (`{listed}` lists them)"
        )
    if opened.present.differing:
        pairs = sorted(opened.present.differing.items())
        shown = few([f"{name} {here} (locked {locked})" for name, (locked, here) in pairs])
        notices.append(f"installed libraries differ from the lock file: {shown}")
    return tuple(notices)
