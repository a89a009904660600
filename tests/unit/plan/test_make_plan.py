"""The planner on hand-made graphs: which step is stale, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headway.facts.evidence import Evidence, Outcome
from headway.facts.executions import Execution, Fingerprint
from headway.facts.moves import ANY_DIGEST, EnvironmentState, Hold
from headway.plan.foretold import refusal
from headway.plan.locked import DIFFERING, UNLOCKED, lock_causes
from headway.plan.make import Wanted, make
from headway.plan.plan import Plan, from_json, to_json
from headway.render.plan import plan_text
from headway.spec.graph import Graph, Node

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GRAPH = Graph(
    nodes=(
        Node(name="source.a", kind="source"),
        Node(name="model.m", kind="model", needs=("source.a",)),
        Node(name="model.m.baseline", kind="baseline", needs=("source.a",)),
        Node(name="evaluation.m", kind="evaluation", needs=("model.m", "model.m.baseline")),
        Node(name="endpoint.m", kind="endpoint", needs=("model.m",)),
    )
)
OWN = {
    "source.a": Fingerprint(data={"a.csv": "1"}),
    "model.m": Fingerprint(config={"params.depth": 3}, code={"m.fit": "f"}),
    "model.m.baseline": Fingerprint(config={"baseline": "majority"}),
    "evaluation.m": Fingerprint(config={"metrics": ["auc"]}),
    "endpoint.m": Fingerprint(),
}


class Past:
    """Executions and evidence kept in lists."""

    def __init__(self) -> None:
        self.runs: list[Execution] = []
        self.proofs: list[tuple[str, Evidence]] = []

    def execution(self, key: str) -> Execution | None:
        return next((run for run in reversed(self.runs) if run.key == key), None)

    def executions(self, node: str) -> list[Execution]:
        return [run for run in reversed(self.runs) if run.node == node]

    def evidence(self, about: str) -> list[tuple[str, Evidence]]:
        return [(fact, item) for fact, item in reversed(self.proofs) if item.about == about]

    def run(self, node: str, own: Fingerprint, output: str, **inputs: str) -> None:
        print_ = Fingerprint(
            config=own.config,
            code=own.code,
            environment=own.environment,
            data=own.data,
            inputs={name.replace("__", "."): digest for name, digest in inputs.items()},
        )
        self.runs.append(
            Execution(
                run="r",
                node=node,
                kind=node.split(".", maxsplit=1)[0],
                fingerprint=print_,
                key=print_.key(node),
                outcome="succeeded",
                started=NOW,
                seconds=1.0,
                output=output,
            )
        )


@pytest.fixture
def past() -> Past:
    past = Past()
    past.run("source.a", OWN["source.a"], "A")
    past.run("model.m", OWN["model.m"], "M", source__a="A")
    past.run("model.m.baseline", OWN["model.m.baseline"], "B", source__a="A")
    past.run("evaluation.m", OWN["evaluation.m"], "E", model__m="M", model__m__baseline="B")
    past.run("endpoint.m", OWN["endpoint.m"], "R", model__m="M")
    return past


ALL = {"source.a": "A", "model.m": "M", "model.m.baseline": "B", "evaluation.m": "E", "endpoint.m": "R"}


def plan(
    past: Past, own: dict[str, Fingerprint] = OWN, pointers: dict[str, str] = ALL, **rest: object
) -> Plan:
    holds = rest.pop("holds", ())
    condition = rest.pop("condition", lambda digest: "")
    state = EnvironmentState(name="dev", revision=3, pointers=pointers, holds=holds)  # type: ignore[arg-type]
    wanted = Wanted(own=own, **rest)  # type: ignore[arg-type]
    return make(graph=GRAPH, wanted=wanted, history=past, state=state, condition=condition, now=NOW)  # type: ignore[arg-type]


def status(plan: Plan) -> dict[str, str]:
    return {step.node: step.status for step in plan.steps}


def causes(plan: Plan, node: str) -> list[tuple[str, str]]:
    step = next(step for step in plan.steps if step.node == node)
    return [(cause.kind, cause.about) for cause in step.causes]


def test_nothing_is_to_do_when_the_ledger_proves_what_the_file_wants(past: Past) -> None:
    assert plan(past).todo == ()


def test_an_empty_ledger_makes_every_node_missing() -> None:
    made = plan(Past(), pointers={})
    assert set(status(made).values()) == {"stale"}
    assert causes(made, "source.a") == [("missing", "source.a")]


def test_a_changed_parameter_names_the_field_with_both_values(past: Past) -> None:
    own = OWN | {"model.m": Fingerprint(config={"params.depth": 4}, code={"m.fit": "f"})}
    made = plan(past, own)
    assert status(made) == {
        "source.a": "fresh",
        "model.m": "stale",
        "model.m.baseline": "fresh",
        "evaluation.m": "waiting",
        "endpoint.m": "waiting",
    }
    cause = made.steps[1].causes[0]
    assert (cause.kind, cause.about, cause.before, cause.after) == ("config", "params.depth", 3, 4)
    assert causes(made, "evaluation.m") == [("upstream", "model.m")]


def test_a_node_with_its_own_cause_behind_a_stale_one_is_stale_and_lists_both(past: Past) -> None:
    own = OWN | {
        "source.a": Fingerprint(data={"a.csv": "2"}),
        "model.m": Fingerprint(config={"params.depth": 3}, code={"m.fit": "g"}),
    }
    made = plan(past, own)
    assert status(made)["model.m"] == "stale"
    assert causes(made, "model.m") == [("code", "m.fit"), ("upstream", "source.a")]


def test_going_back_to_an_earlier_state_runs_nothing_and_moves_the_pointer(past: Past) -> None:
    changed = Fingerprint(data={"a.csv": "2"})
    past.run("source.a", changed, "A2")
    past.run("model.m", OWN["model.m"], "M2", source__a="A2")
    past.run("model.m.baseline", OWN["model.m.baseline"], "B2", source__a="A2")
    past.run("evaluation.m", OWN["evaluation.m"], "E2", model__m="M2", model__m__baseline="B2")
    past.run("endpoint.m", OWN["endpoint.m"], "R2", model__m="M2")
    now_at_two = {node: f"{digest}2" for node, digest in ALL.items()}
    made = plan(past, pointers=now_at_two)
    assert set(status(made).values()) == {"fresh"}
    assert [step.node for step in made.todo] == list(ALL)


def test_an_equal_output_after_a_changed_input_stops_the_change_there(past: Past) -> None:
    past.run("source.a", Fingerprint(data={"a.csv": "same meaning"}), "A")
    made = plan(past, OWN | {"source.a": Fingerprint(data={"a.csv": "same meaning"})})
    assert made.todo == ()


def test_a_damaged_artifact_is_tainted_even_though_its_fingerprint_is_known(past: Past) -> None:
    made = plan(past, condition=lambda digest: "missing" if digest == "M" else "")
    assert causes(made, "model.m") == [("tainted", "missing")]


def test_an_artifact_waits_no_longer_when_its_time_has_come(past: Past) -> None:
    import msgspec

    past.runs[0] = msgspec.structs.replace(past.runs[0], waits_until=NOW - timedelta(seconds=1))
    assert causes(plan(past), "source.a") == [("data", "its time to be read again")]


def test_a_held_release_leaves_every_pointer_of_it_alone(past: Past) -> None:
    hold = Hold(node="endpoint.m", digest="R", who="ops", why="late answers", at=NOW)
    old = {node: f"{digest}0" for node, digest in ALL.items()}
    made = plan(past, pointers=old, holds=(hold,))
    assert made.todo == ()
    assert causes(made, "endpoint.m") == [("policy", "held by ops: late answers")]


def test_a_hold_ends_by_itself(past: Past) -> None:
    hold = Hold(node="endpoint.m", digest=ANY_DIGEST, who="ops", why="x", at=NOW, until=NOW)
    made = plan(past, pointers=ALL | {"endpoint.m": "R0"}, holds=(hold,))
    assert [step.node for step in made.todo] == ["endpoint.m"]


def verdict(gate: str, outcome: Outcome, champion: str = "M") -> tuple[str, Evidence]:
    proof = Evidence(
        check=gate, node="evaluation.m", about="E", outcome=outcome, at=NOW, against={"champion": champion}
    )
    return "fact-1", proof


GATED = {"gates": {"evaluation.m": ("auc >= 0.7",)}, "champions": {"evaluation.m": "model.m"}}


def test_a_new_gate_asks_for_a_judgement_and_runs_nothing(past: Past) -> None:
    made = plan(past, **GATED)
    step = made.steps[3]
    assert (step.status, step.output) == ("stale", "E")
    assert causes(made, "evaluation.m") == [("policy", "gate `auc >= 0.7` is not judged yet")]


def test_a_verdict_against_any_champion_counts_once_the_report_is_in_the_environment(past: Past) -> None:
    past.proofs.append(verdict("auc >= 0.7", Outcome.PASS, champion="older"))
    assert plan(past, **GATED).todo == ()


def test_a_verdict_against_another_champion_does_not_allow_a_move(past: Past) -> None:
    past.proofs.append(verdict("auc >= 0.7", Outcome.PASS, champion="older"))
    made = plan(past, pointers=ALL | {"evaluation.m": "E0"}, **GATED)
    assert causes(made, "evaluation.m") == [("policy", "gate `auc >= 0.7` is not judged yet")]


def test_a_failed_gate_shows_as_policy_with_its_evidence(past: Past) -> None:
    past.proofs.append(verdict("auc >= 0.7", Outcome.FAIL))
    made = plan(past, **GATED)
    assert made.steps[3].causes[0].facts == ("fact-1",)
    assert causes(made, "evaluation.m") == [("policy", "gate `auc >= 0.7`: fail")]
    assert refusal(made) is None


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.NOT_RUN])
def test_a_gate_that_is_known_to_say_no_foretells_the_refusal(past: Past, outcome: Outcome) -> None:
    past.proofs.append(verdict("auc >= 0.7", outcome))
    made = plan(past, pointers=ALL | {"evaluation.m": "E0"}, binding=("auc >= 0.7",), **GATED)
    refused = refusal(made)
    assert refused is not None
    assert refused.evidence == (f"auc >= 0.7: {outcome}",)
    assert f"gate `auc >= 0.7`: {outcome}" in plan_text(made)
    assert "pointer moves" not in plan_text(made)


def test_a_gate_that_passed_foretells_no_refusal(past: Past) -> None:
    past.proofs.append(verdict("auc >= 0.7", Outcome.PASS))
    made = plan(past, pointers=ALL | {"evaluation.m": "E0"}, binding=("auc >= 0.7",), **GATED)
    assert refusal(made) is None
    assert "pointer moves" in plan_text(made)


def test_refresh_makes_a_fresh_node_stale(past: Past) -> None:
    assert causes(plan(past, refresh=("model.m",)), "model.m") == [("policy", "refresh asked for")]


def test_only_looks_at_a_node_and_what_it_needs(past: Past) -> None:
    assert list(status(plan(past, only=("model.m",)))) == ["source.a", "model.m"]


def test_the_id_is_of_the_content_and_survives_json(past: Past) -> None:
    first, second = plan(past), plan(past)
    assert first.id == second.id
    assert from_json(to_json(first)) == first
    assert plan(past, refresh=("model.m",)).id != first.id


def test_one_and_true_and_one_point_zero_are_three_values(past: Past) -> None:
    for value in (True, 3.0):
        own = OWN | {"model.m": Fingerprint(config={"params.depth": value}, code={"m.fit": "f"})}
        assert causes(plan(past, own), "model.m") == [("config", "params.depth")]


def test_a_plan_of_one_product_is_never_taken_for_another_s(past: Past) -> None:
    assert plan(Past(), product="a", pointers={}).id != plan(Past(), product="b", pointers={}).id


def test_two_plans_that_would_make_different_things_have_two_ids() -> None:
    other = OWN | {"model.m": Fingerprint(config={"params.depth": 4})}
    first, second = plan(Past(), pointers={}), plan(Past(), other, pointers={})
    assert first.steps == second.steps, "nothing was ever made, so both say only that"
    assert first.id != second.id


def test_a_field_that_leaves_its_default_shows_the_default_before(past: Past) -> None:
    own = OWN | {"model.m": Fingerprint(config={"params.depth": 3, "request": ["x"]}, code={"m.fit": "f"})}
    made = plan(past, own, defaults={"model.m": {"request": "*"}})
    cause = made.steps[1].causes[0]
    assert (cause.about, cause.before, cause.after) == ("request", "*", ["x"])


def test_a_field_that_goes_back_to_its_default_shows_the_default_after(past: Past) -> None:
    own = OWN | {"model.m": Fingerprint(code={"m.fit": "f"})}
    made = plan(past, own, defaults={"model.m": {"params.depth": 5}})
    cause = made.steps[1].causes[0]
    assert (cause.about, cause.before, cause.after) == ("params.depth", 3, 5)


def test_libraries_without_a_lock_bar_what_would_run_or_move_and_nothing_else(past: Past) -> None:
    barred = lock_causes(["numpy"], {})
    assert refusal(plan(past, barred=barred)) is None, "nothing moves, so nothing is refused"
    made = plan(past, refresh=("model.m",), barred=barred)
    assert causes(made, "source.a") == []
    assert causes(made, "endpoint.m")[-1] == ("policy", UNLOCKED)
    refused = refusal(made)
    assert refused is not None
    assert (refused.code, refused.exit_code) == ("EN005", 3)


def test_a_stored_plan_says_as_well_that_other_libraries_are_installed(past: Past) -> None:
    made = plan(past, pointers={}, barred=lock_causes([], {"numpy": ("2.0.0", "2.1.0")}))
    assert causes(made, "source.a") == [("policy", DIFFERING)]
    refused = refusal(from_json(to_json(made)))
    assert refused is not None
    assert "numpy: locked 2.0.0, installed 2.1.0" in refused.evidence
