"""What a wrong answer costs the passenger."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]

MISSED_MINUTES = 15.0
"""Lost by a passenger who was not warned of a late flight."""
ALARM_MINUTES = 5.0
"""Lost by a passenger who was warned in vain."""


def cost(label: Labels, prediction: Numbers) -> float:
    """Mean minutes lost per flight, when passengers are warned as soon as a warning pays off.

    Args:
        label: 1 if the flight left late, else 0; (n,).
        prediction: Probability that it does; (n,).
    """
    warned = prediction >= ALARM_MINUTES / (ALARM_MINUTES + MISSED_MINUTES)
    missed = (label == 1) & ~warned
    in_vain = (label == 0) & warned
    return float(np.mean(MISSED_MINUTES * missed + ALARM_MINUTES * in_vain))


cost.direction = "lower"  # ty: ignore[missing-attribute]
