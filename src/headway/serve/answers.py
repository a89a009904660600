"""From a model's numbers to what the caller is told. Pure."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from headway.errors import serve as errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from headway.bundle.manifest import Answer
    from headway.contract.verdict import Judged


class Answered(NamedTuple):
    """The answers to n rows, in their order; empty for what the model does not tell.

    Attributes:
        probability: Of the class that the endpoint is about, 0 to 1.
        label: The class decided on.
        value: In the answer's unit.
    """

    probability: Sequence[float] = ()
    label: Sequence[Any] = ()
    value: Sequence[float] = ()

    def rows(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """One object per row, with its prediction's id."""
        if self.value:
            values = zip(self.value, ids, strict=True)
            return [{"value": value, "prediction_id": prediction} for value, prediction in values]
        told = zip(self.probability, self.label, ids, strict=True)
        return [
            {"probability": probability, "label": label, "prediction_id": prediction}
            for probability, label, prediction in told
        ]


class Caveat(NamedTuple):
    """What some rows of a request were answered in spite of.

    Attributes:
        field: The columns, with commas between them.
        rule: The expectation that they break, `unknown_category` where the contract put another one in its place,
            or `default` where they were not sent. Never a value.
        rows: Places of the rows, from 0.
    """

    field: str
    rule: str
    rows: tuple[int, ...]


def caveats(judged: Judged) -> list[Caveat]:
    """What a caller is told of the rows that were let in though they are not as the contract has them."""
    return [
        *(Caveat(", ".join(item.columns), item.expectation, item.rows) for item in judged.warned),
        *(Caveat(item.column, "unknown_category", item.rows) for item in judged.mapped),
        *(Caveat(item.column, "default", item.rows) for item in judged.filled),
    ]


class Teller:
    """Makes what the caller is told of a model's numbers.

    Args:
        answer: What the prediction means.
        about: Place of the class whose probability is told; see `place_of_positive`.
        endpoint: Its name, for messages.
    """

    def __init__(self, answer: Answer, about: int, endpoint: str) -> None:
        self._is_value = answer.kind == "value"
        self._about = about
        self._endpoint = endpoint
        self._classes = answer.classes
        self._threshold = inf if answer.threshold is None else answer.threshold
        places = [*range(len(answer.classes))]
        rivals = places if answer.threshold is None else [place for place in places if place != about]
        self._rivals = rivals or places

    def __call__(self, output: NDArray[np.floating]) -> Answered:
        """What the caller is told.

        Args:
            output: Probabilities (n, k) with columns as `answer.classes`, or values (n,).

        Raises:
            UserCodeError: A number is NaN or infinite (SE016).
        """
        if self._is_value:
            values = output.ravel().tolist()
            _check(values, self._endpoint)
            return Answered(value=values)
        rows, about = output.tolist(), self._about
        probabilities = [row[about] for row in rows]
        _check(probabilities, self._endpoint)
        return Answered(probabilities, [self._label(row) for row in rows])

    def _label(self, row: list[float]) -> Any:
        """The likeliest class; with a threshold, the one asked about as soon as it reaches that."""
        if row[self._about] >= self._threshold:
            return self._classes[self._about]
        rivals = self._rivals
        return self._classes[rivals[0] if len(rivals) == 1 else max(rivals, key=row.__getitem__)]


def place_of_positive(answer: Answer) -> int | None:
    """Which of the classes the endpoint is about; None when it is none of them.

    A class of the same type comes first: `1` and `True` are equal, but not the same label.
    """
    equal = [place for place, found in enumerate(answer.classes) if found == answer.positive]
    same = [place for place in equal if type(answer.classes[place]) is type(answer.positive)]
    return next(iter(same + equal), None)


def _check(numbers: list[float], endpoint: str) -> None:
    if not all(map(isfinite, numbers)):
        row = next(row for row, number in enumerate(numbers) if not isfinite(number))
        raise errors.not_finite(endpoint, row)
