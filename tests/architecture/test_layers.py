"""The floors of the house (DESIGN section 2) hold: a package imports only from lower floors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base", "misc"}


def test_the_import_contract_is_kept() -> None:
    command = [
        str(Path(sys.executable).parent / "lint-imports"),
        "--no-cache",
        "--config",
        str(ROOT / ".importlinter"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_no_module_is_named_after_nothing() -> None:
    found = [path for path in (ROOT / "src").rglob("*.py") if path.stem in FORBIDDEN_NAMES]
    assert found == []
