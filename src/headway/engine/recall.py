"""The no-op path: a plan made earlier, while nothing that it depends on has changed.

Loads sqlite3 and json and little else; the value printed is the very plan that was stored.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from headway.plan.plan import Plan, from_json
from headway.store.sequence import sequence_of
from headway.survey.memo import recall

PRODUCT_FILE = "headway.yaml"


def find_product(folder: Path) -> Path:
    """The nearest `headway.yaml` at or above `folder`.

    Raises:
        UsageError: There is none.
    """
    for place in (folder, *folder.parents):
        if (place / PRODUCT_FILE).is_file():
            return place / PRODUCT_FILE
    from headway.errors.engine import no_product  # late: only a failure needs the words

    raise no_product(str(folder))


def recalled(file: Path, environment: str) -> Plan | None:
    """The stored plan, when every watched file, the ledger and the clock still allow it."""
    state = file.parent / ".headway"
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = recall(state / "cache.db", environment, file, sequence_of(state / "ledger.db"), now)
    return None if text is None else from_json(json.loads(text))
