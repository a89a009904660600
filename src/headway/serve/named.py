"""Named-field JSON: `{"rows": [{...}]}` or one object in, `{"predictions": [{...}]}` out. Pure.

A prediction says in `warnings` what it was made in spite of; one of a clean row has none.

POST /predict/ENDPOINT. A body is the rows form when it has a list named `rows`; a contract has no
lists, so no single object can be mistaken for it. An `id` beside `rows` is echoed.
"""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any

import msgspec

from headway.contract.verdict import CLEAN
from headway.core.digest import short
from headway.errors import serve as errors
from headway.serve.answers import caveats
from headway.serve.asked import Asked, check_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headway.bundle.manifest import Manifest
    from headway.contract.record import RecordDecoder
    from headway.contract.verdict import Judged
    from headway.errors import HeadwayError
    from headway.serve.answers import Answered


_NO_ROWS = msgspec.Raw(b"")


class _Shape(msgspec.Struct):
    """Just enough of a body to see which form it is."""

    rows: msgspec.Raw = _NO_ROWS


_encode = msgspec.json.Encoder().encode
_shape = msgspec.json.Decoder(_Shape).decode


class NamedForm:
    """Named rows of one release; a `headway.serve.asked.Form`.

    Args:
        manifest: The release.
        record: Its request contract, compiled.
    """

    def __init__(self, manifest: Manifest, record: RecordDecoder) -> None:
        self._told = {"model_name": manifest.endpoint, "model_version": short(manifest.release)}
        self._record = record
        listed: Any = GenericAlias(list, (record.struct,))
        fields = [("rows", listed), ("id", str | None, None)]
        rows: Any = msgspec.defstruct("Rows", fields, forbid_unknown_fields=True)
        self._rows = msgspec.json.Decoder(rows).decode
        self._one = msgspec.json.Decoder(record.struct).decode

    def unit(self, body: bytes, column: str | None) -> str | None:
        """The value by which a body sticks to a release."""
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        rows = value.get("rows", [value]) if isinstance(value, dict) else None
        first = rows[0] if isinstance(rows, list) and rows else None
        holder, name = (value, "id") if column is None else (first, column)
        found = holder.get(name) if isinstance(holder, dict) else None
        return None if found is None else str(found)

    def read(self, body: bytes) -> Asked:
        """The rows of a body, checked by the contract.

        Raises:
            ContractError: The body is not of this form (SE...), or a row breaks the contract (DC004).
        """
        try:
            records, caller = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
            raise self._fault(body, reason) from reason
        if not records:
            raise errors.no_rows()
        return Asked(check_id(caller), records)

    def write(
        self,
        request: str,
        ids: Sequence[str],
        answered: Answered,
        asked: Asked,  # noqa: ARG002 -- Form
        judged: Judged = CLEAN,
    ) -> bytes:
        """One object per row."""
        predictions = answered.rows(ids)
        for field, rule, rows in () if judged is CLEAN else caveats(judged):
            for row in rows:
                predictions[row].setdefault("warnings", []).append({"field": field, "rule": rule})
        return _encode({**self._told, "id": request, "predictions": predictions})

    def _decode(self, body: bytes) -> tuple[list[Any], str | None]:
        if body.startswith(b'{"rows":[') or memoryview(_shape(body).rows)[:1] == b"[":
            asked = self._rows(body)
            return asked.rows, asked.id
        return [self._one(body)], None

    def _fault(self, body: bytes, reason: Exception) -> HeadwayError:
        """Why the body is refused; it is read again without types, to name the field in words."""
        try:
            payload = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return errors.not_json(str(reason))
        if not isinstance(payload, dict):
            return errors.not_json("an object is wanted")
        if isinstance(payload.get("rows"), list):
            return self._record.fault(payload["rows"], str(reason), path="rows")
        return self._record.fault(payload, str(reason))
