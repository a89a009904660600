"""One call of every constructor in `headway.errors.engine`."""

from headway.errors import engine

EXAMPLES = {
    "nothing_is_applied": lambda: engine.nothing_is_applied("prod"),
    "was_never_made": lambda: engine.was_never_made("model.delay"),
    "plan_is_old": lambda: engine.plan_is_old("prod", 4, 5),
    "artifact_is_unknown": lambda: engine.artifact_is_unknown("dataset.delay", "ab" * 32),
    "unknown_node": lambda: engine.unknown_node("model.dely", ["model.delay", "source.flights"]),
    "unknown_environment": lambda: engine.unknown_environment("prd", ["dev", "prod"], "headway.yaml:6"),
    "libraries_are_unlocked": lambda: engine.libraries_are_unlocked("prod", ["numpy", "scikit-learn"]),
    "libraries_differ": lambda: engine.libraries_differ("prod", {"scikit-learn": ("1.8.0", "1.9.1")}),
    "gates_refuse": lambda: engine.gates_refuse(
        "prod", [("roc_auc >= 0.9", "fail", "0.742")], "evaluation.delay"
    ),
    "not_built_yet": lambda: engine.not_built_yet([("monitors", "headway.yaml:48")]),
    "system_refuses": lambda: engine.system_refuses(OSError(28, "No space left on device", "/tmp/headway-1")),
    "unexpected": lambda: engine.unexpected(ZeroDivisionError("division by zero")),
    "no_product": lambda: engine.no_product("/somewhere"),
    "missing_extra": lambda: engine.missing_extra("polars", "data"),
    "unknown_reference": lambda: engine.unknown_reference("abc", "a node or a digest"),
    "module_fails": lambda: engine.module_fails("delay.training", ImportError("No module named 'x'")),
    "function_is_missing": lambda: engine.function_is_missing("delay.training:fitt", ["fit", "np"]),
    "not_repeatable": lambda: engine.not_repeatable("source.flights", "source"),
    "again_fails": lambda: engine.again_fails("model.delay", ["No module named 'xgboost'"]),
    "model_depends_on_its_process": lambda: engine.model_depends_on_its_process(
        "model.delay", ["delay.training"], "12 of 300 answers differ"
    ),
    "code_ended_the_run": lambda: engine.code_ended_the_run("model.delay", SystemExit("no data today")),
    "ledger_is_behind": lambda: engine.ledger_is_behind("prod", 11, 0),
    "several_found": lambda: engine.several_found(
        "01a1fd",
        [
            f"run 01a1fd36-7450-76fc-916d-ddd76e8d24c{n}  apply to prod at 2026-03-01T10:00:00Z"
            for n in range(6)
        ],
    ),
    "run_made_several": lambda: engine.run_made_several(
        "01a1fd36-7450-76fc-916d-ddd76e8d24c4", ["model.delay " + "ab" * 32, "evaluation.delay " + "cd" * 32]
    ),
}
