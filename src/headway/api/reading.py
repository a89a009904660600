"""Reading what is and what was: why, status, log, diff, show, lineage, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from headway.engine.questions.explaining import Explained
    from headway.engine.questions.found import Found
    from headway.engine.questions.runs import Ran
    from headway.engine.questions.status import Status
    from headway.engine.questions.tracing import Traced
    from headway.facts.fact import Fact
    from headway.predictions.record import Prediction, Refused
    from headway.store.journal import Sealed


def why(folder: Path, node: str, environment: str = "dev") -> Explained:
    """Why a node is, or is not, out of date; with its code closure."""
    from headway.engine.opened import open_product
    from headway.engine.questions.explaining import explain
    from headway.engine.recall import find_product

    return explain(open_product(find_product(folder)), node, environment)


def status(folder: Path) -> Status:
    """What each environment points at, serves and holds."""
    from headway.engine.questions.status import status_of
    from headway.engine.recall import find_product

    return status_of(find_product(folder))


def log(folder: Path, environment: str | None = None) -> list[tuple[Fact, str]]:
    """(move, hash) of the journal, oldest first."""
    from headway.engine.delivery.serving import workspace_at

    return list(workspace_at(folder, environment).open_reader().journal(environment))


def verify(folder: Path) -> Sealed:
    """Recompute the ledger's hash chain; the result says how far it reaches."""
    from headway.engine.delivery.serving import verify_journal, workspace_at

    return verify_journal(workspace_at(folder))


def is_untouched(folder: Path) -> bool:
    """Whether no environment ever pointed at anything: the product is declared, and nothing more."""
    from headway.engine.delivery.serving import workspace_at

    return not workspace_at(folder).open_reader().environments()


def diff(folder: Path, first: str, second: str) -> list[tuple[str, str, str]]:
    """(node, digest in the first, digest in the second) where two environments differ."""
    from headway.engine.delivery.serving import workspace_at

    reader = workspace_at(folder, first, second).open_reader()
    one, two = reader.environment(first).pointers, reader.environment(second).pointers
    nodes = sorted(one.keys() | two.keys())
    return [(node, one.get(node, ""), two.get(node, "")) for node in nodes if one.get(node) != two.get(node)]


def show(folder: Path, reference: str) -> Found:
    """The artifact behind a reference, and the prediction where the reference names one."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions.found import find

    return find(workspace_at(folder), reference)


def look_up(folder: Path, reference: str) -> Found | Ran:
    """What a reference names: an artifact, a prediction, or a run (`run.ID`)."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions.found import Found, look_up, told

    workspace = workspace_at(folder)
    found = look_up(workspace, reference)
    return told(workspace, found) if isinstance(found, Found) else found


def says_what_is_personal(folder: Path) -> bool:
    """Whether the product file can say which values are personal; where it cannot, none is shown."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.revealing import told_of

    return told_of(workspace_at(folder)).columns is not None


def personal_columns(folder: Path, node: str) -> set[str]:
    """Columns of a node that carry the tag `pii`, by themselves or because of what they are computed from."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.revealing import told_of

    return told_of(workspace_at(folder)).personal(node)


def lineage(folder: Path, reference: str, *, down: bool = False) -> Traced:
    """Where a thing came from, or what came of it."""
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions.tracing import trace

    return trace(workspace_at(folder), reference, down=down)


def predictions(
    folder: Path, environment: str, last: int, *, reveal: bool = False, who: str = ""
) -> tuple[list[Prediction], int]:
    """The newest predictions of an environment, and how many records were lost or torn near them.

    Args:
        folder: Where to look for the product.
        environment: Its name.
        last: How many.
        reveal: With the values of columns that carry `pii`; the ledger keeps who looked.
        who: Who looks; this user where it is left out.
    """
    from headway.core.who import who as present
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions.found import newest_predictions

    workspace = workspace_at(folder, environment)
    return newest_predictions(
        workspace, environment, last, revealed_to=(who or present()) if reveal else None
    )


def refused(folder: Path, environment: str, last: int) -> tuple[list[Refused], int]:
    """What contracts refused last in an environment, newest first, and how many records were torn or damaged near it.

    Args:
        folder: Where to look for the product.
        environment: Its name.
        last: How many records.
    """
    from headway.engine.delivery.serving import workspace_at
    from headway.engine.questions.found import newest_refused

    return newest_refused(workspace_at(folder, environment), environment, last)
