"""What an offer says besides its numbers: each public function is a feature.

The same functions run on the rows of a training set and on the one row of a request. An offer without a
description has no words, and that is a fact of it like another.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Texts = NDArray[np.object_]

NO_WORD = re.compile(r"[^a-z0-9]+")


def plain(description: Texts) -> Texts:
    """The description in small letters, its words apart by single blanks."""
    return np.array([NO_WORD.sub(" ", (text or "").lower()).strip() for text in description], dtype=object)


def words(plain: Texts) -> Numbers:
    """How many words the owner wrote; takes what the function above returns."""
    return np.array([len(text.split()) for text in plain], dtype=np.float64)


def metres_per_room(area: Numbers, rooms: Numbers) -> Numbers:
    """Square metres of a room, in the mean."""
    return area / rooms


def log_area(area: Numbers) -> Numbers:
    """Logarithm of the square metres: rents grow by shares, and more slowly than flats."""
    return np.log(area)
