"""The most memory that this program held, without what the program that started it had held before."""

from __future__ import annotations

import re
import resource
from pathlib import Path

_KIB = 1024


def peak_mb() -> float:
    """MiB at its peak: Linux's own mark of this program; elsewhere what `getrusage` says."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if found is not None:
            return int(found[1]) / _KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB
