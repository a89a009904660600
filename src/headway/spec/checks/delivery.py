"""What does not fit together in endpoints, monitors, runbooks, schedules and places."""

from __future__ import annotations

import re

from headway.spec.checks.models import check_condition
from headway.spec.checks.scene import Scene
from headway.spec.document import Path_
from headway.spec.product import Endpoint, Monitor, ReleaseStrategy, Secret

STRATEGIES: dict[str, tuple[str, ...]] = {
    "all_at_once": (),
    "canary": ("steps", "guard", "alpha", "deadline", "then"),
    "shadow": ("percent", "for", "guard", "alpha", "then"),
    "blue_green": ("guard", "alpha", "deadline", "then", "for"),
    "ab": ("percent", "for", "guard", "alpha", "deadline", "then"),
}
"""Strategy of a release -> the options that it reads."""
DRIFT = ("features", "predictions")
STALENESS = ("model", "features")
STEPS = ("retrain", "roll_back", "stop")
"""What a runbook can do, besides `notify: ADDRESS`."""

_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")
_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALL = 100


def check_delivery(scene: Scene) -> None:
    """Add what neither the types nor the names say of delivery."""
    for name, endpoint in scene.product.endpoints.items():
        _endpoint(scene, ("endpoints", name), endpoint)
    for index, monitor in enumerate(scene.product.monitors):
        _monitor(scene, ("monitors", index), monitor)
    _runbooks(scene)
    for index, schedule in enumerate(scene.product.schedules):
        scene.positive(("schedules", index, "every"), schedule.every)
    _places(scene)


def _endpoint(scene: Scene, path: Path_, endpoint: Endpoint) -> None:
    scene.positive((*path, "limits", "rate"), endpoint.limits.rate)
    scene.positive((*path, "limits", "timeout"), endpoint.limits.timeout)
    model = scene.product.models.get(endpoint.model)
    request = scene.request_of(model.dataset) if model is not None else None
    if endpoint.unit is not None and request is not None:
        scene.check.refer((*path, "unit"), endpoint.unit, request, "column of the request")
    _release(scene, (*path, "release"), endpoint.release)


def _release(scene: Scene, path: Path_, release: ReleaseStrategy) -> None:
    check, reads = scene.check, STRATEGIES[release.strategy]
    for option in ("guard", "alpha", "deadline", "then", "percent", "for"):
        if option not in reads and check.written((*path, option)):
            hint = f"it reads {', '.join(f'`{key}`' for key in reads)}" if reads else "it has no options"
            check.fault((*path, option), f"`{option}` does nothing with strategy {release.strategy}", hint)
    scene.positive((*path, "deadline"), release.deadline)
    scene.positive((*path, "for"), release.for_)
    if release.percent is not None and not 0 < release.percent <= _ALL:
        check.fault((*path, "percent"), f"{release.percent:g} percent", "above 0, at most 100")
    for index, guard in enumerate(release.guard):
        check_condition(scene, (*path, "guard", index), guard, ("stable",))


def _monitor(scene: Scene, path: Path_, monitor: Monitor) -> None:
    check = scene.check
    if monitor.drift is not None:
        check.refer((*path, "drift"), monitor.drift, DRIFT, "drift")
    elif check.written((*path, "false_alarms")):
        check.fault((*path, "false_alarms"), "`false_alarms` without `drift`", "age raises none; take it out")
    if monitor.staleness is not None:
        check.refer((*path, "staleness"), monitor.staleness, STALENESS, "staleness")
    elif check.written((*path, "max_age")):
        check.fault((*path, "max_age"), "`max_age` without `staleness`", "name what may grow old")
    scene.positive((*path, "false_alarms"), monitor.false_alarms)
    scene.positive((*path, "max_age"), monitor.max_age)


def _runbooks(scene: Scene) -> None:
    for name, steps in scene.product.runbooks.items():
        path = ("runbooks", name)
        if scene.check.refer(path, name, ("drift", "staleness"), "kind of alarm"):
            watched = any(getattr(monitor, name) is not None for monitor in scene.product.monitors)
            if not watched and not scene.check.broken(("monitors",)):
                scene.check.fault(
                    path, f"a runbook for {name}, and no monitor of it", f"declare a monitor of {name}"
                )
        for index, step in enumerate(steps):
            if isinstance(step, str):
                scene.check.refer((*path, index), step, STEPS, "step")


def _places(scene: Scene) -> None:
    """Secrets are named, never written."""
    product = scene.product
    places: list[tuple[Path_, str | Secret | None]] = [
        (("store",), product.store),
        (("objects",), product.objects),
        (("online",), product.online),
    ]
    places += [(("sources", name, "load"), source.load) for name, source in product.sources.items()]
    for path, place in places:
        if isinstance(place, Secret):
            if not _SECRET.fullmatch(place.secret):
                scene.check.fault((*path, "secret"), "this is no name of a secret", "write `{secret: NAME}`")
        elif place is not None and _PASSWORD.search(place):
            hint = "keep it where secrets are kept, and write `{secret: NAME}`"
            scene.check.fault(path, "a password stands here", hint)
