"""Batch predictions that were made: which rows went in, who answered, what came out."""

from __future__ import annotations

from msgspec import Struct, field


class Predicted(Struct, frozen=True, kw_only=True, tag="batch"):
    """One batch of rows was answered, and its output stands.

    Attributes:
        run: Id of the run; the prediction log has it as the request of every prediction.
        batch: Its name in the product file.
        release: Digest of the release that answered.
        rows: How many were read: `kept` + `rejected`.
        rejected: Rows that break the request contract, which were set aside.
        read: File of the rows -> digest of its content, at most 100; empty where there are no files.
        to: The output, relative to the product.
        output: blake3 of its bytes.
        rejected_output: blake3 of the file with the rejected rows; None where none is written.
        looked_up: `group (online)`, `group (snapshot)`, `group (missing)` -> rows whose features came from there.
        seconds: Wall time.
        warned: Expectation of the request contract that only warns -> rows that were answered and break it.
        mapped: Column -> values of unknown categories that were mapped.
    """

    run: str
    batch: str
    environment: str
    endpoint: str
    release: str
    who: str
    rows: int
    kept: int
    rejected: int
    to: str
    output: str
    seconds: float
    rejected_output: str | None = None
    read: dict[str, str] = field(default_factory=dict)
    looked_up: dict[str, int] = field(default_factory=dict)
    warned: dict[str, int] = field(default_factory=dict)
    mapped: dict[str, int] = field(default_factory=dict)
