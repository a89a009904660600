"""A release in the caller's own process: the answers of the server, without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from headway.errors import serve as errors
from headway.serve.core import Core, Request
from headway.serve.watch import serve_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class EmbeddedModel:
    """One release, answering named rows exactly as `POST /predict/ENDPOINT` does; nothing is logged.

    Args:
        directory: The bundle.
        key: The workspace's key; None only for a bundle that runs no code.

    Raises:
        EngineError: The bundle is refused (RL5..) or cannot serve (SE1..).
    """

    def __init__(self, directory: Path, key: bytes | None) -> None:
        self._core = Core(serve_bundle(directory, key))
        (self.endpoint,) = self._core.serving.endpoints
        self._release = self._core.serving.endpoints[self.endpoint].variants[0].release
        columns = self._release.contract.columns
        self._integers = {name for name, column in columns.items() if column.type == "integer"}

    @property
    def release(self) -> str:
        """Digest of the release, 64 hexadecimal digits."""
        return self._release.digest

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields of a row."""
        return self._release.manifest.request

    def predict(self, rows: Iterable[Mapping[str, Any]] | Any) -> list[dict[str, Any]]:
        """Answer rows.

        Args:
            rows: Dictionaries, or a Polars or pandas frame; times are aware datetimes or RFC 3339
                text, a missing value is None or NaN.

        Returns:
            Per row `probability` and `label`, or `value`; `prediction_id`; and `warnings`, a list of `field` and
            `rule`, where it was answered in spite of something.

        Raises:
            ContractError: A row breaks the contract (DC004), or there is none (SE010).
            UserCodeError: The product's own code failed (FE...), or the model answered no finite
                number (SE016).
        """
        try:
            body = msgspec.json.encode({"rows": self._rows(rows)}, enc_hook=_plain)
        except (TypeError, ValueError, OverflowError, RecursionError) as reason:
            raise errors.not_json(str(reason)) from reason
        reply = self._core.answer(Request("POST", f"/predict/{self.endpoint}", body))
        return msgspec.json.decode(reply.body)["predictions"]

    def _rows(self, rows: Any) -> list[Any]:
        """Rows of whatever can give them; frames are known by their methods, so that none is imported."""
        if hasattr(rows, "to_dicts"):
            return rows.to_dicts()
        if hasattr(rows, "to_dict"):
            return [self._whole(row) for row in rows.to_dict(orient="records")]
        return list(rows)

    def _whole(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with its integers, which pandas holds as floats as soon as one of them is missing."""
        integers = self._integers
        return {
            name: int(value)
            if name in integers and isinstance(value, float) and value.is_integer()
            else value
            for name, value in row.items()
        }


def _plain(value: Any) -> Any:
    """What JSON can say of a value that it does not know: numpy scalars, pandas' times and nulls."""
    if isinstance(value, np.generic):
        return value.item()
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"a value of type {type(value).__name__} cannot be sent")
