"""What a payment is beside its customer's others: each public function is a feature.

The same functions run on the rows of a training set and on the one row of a request. What is not known,
such as the habits of a new customer or the place of an online shop, gives NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Times = NDArray[np.datetime64]

MONDAY = np.datetime64("1970-01-05", "D")
"""Any Monday, to count weekdays from."""
SATURDAY = 5


def hour(paid_at: Times) -> Numbers:
    """Hour of the payment, 0 to 23, UTC."""
    return np.floor((paid_at - paid_at.astype("datetime64[D]")) / np.timedelta64(1, "h"))


def weekend(paid_at: Times) -> Numbers:
    """1 on Saturday and Sunday, else 0."""
    weekday = (paid_at.astype("datetime64[D]") - MONDAY) / np.timedelta64(1, "D") % 7
    return np.where(np.isnan(weekday), np.nan, weekday >= SATURDAY)


def amount_to_mean(amount: Numbers, mean_amount_30d: Numbers) -> Numbers:
    """The amount as a multiple of what the customer paid in the mean of 30 days."""
    return amount / mean_amount_30d


def km_from_usual(x_km: Numbers, y_km: Numbers, usual_x: Numbers, usual_y: Numbers) -> Numbers:
    """Kilometres from where the customer usually pays."""
    return np.hypot(x_km - usual_x, y_km - usual_y)
