"""Error classes, one per party that must act; each has its exit code."""

from __future__ import annotations

from typing import ClassVar

from headway.errors.masking import masked, visible


class HeadwayError(Exception):
    """Something a user is told: what happened, where, how to mend it, under a stable code.

    Secrets are taken out of its texts, which may quote what the product's own code said, and what would
    steer a terminal is written out.

    Args:
        code: Stable identifier such as `SP001`; `headway explain CODE` prints its page.
        what: One sentence in the present tense, with the values that matter in backticks.
        where: `file:line:column`, node, column or row it is about; empty when there is none.
        mend: What the reader can do about it, in one sentence.
        evidence: Further lines (one per fault, per row, per check), already bounded in number.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self, *, code: str, what: str, where: str = "", mend: str = "", evidence: tuple[str, ...] = ()
    ) -> None:
        self.code = code
        self.what, self.where, self.mend, *lines = (
            visible(masked(text)) for text in (what, where, mend, *evidence)
        )
        self.evidence = tuple(lines)
        super().__init__(self.what)

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.what}"]
        if self.where:
            lines.append(f"where: {self.where}")
        lines += [f"  {line}" for line in self.evidence]
        if self.mend:
            lines += ["", f"hint: {self.mend}"]
        return "\n".join(lines)


class UsageError(HeadwayError):
    """The command, or a reference in it, is wrong: the person at the keyboard acts."""

    exit_code = 2


class SpecError(HeadwayError):
    """The product file or a contract is wrong: its author acts. Collects every fault."""

    exit_code = 2


class ContractError(HeadwayError):
    """Data breaks its contract: the owner of the data acts."""

    exit_code = 3


class GateError(HeadwayError):
    """Evidence says no, or is not there: the owner of the model acts."""

    exit_code = 3


class EngineError(HeadwayError):
    """An outside system (disk, database, network, library) failed.

    Args:
        retryable: Whether the same call may succeed later without a change.
    """

    exit_code = 4

    def __init__(
        self,
        *,
        code: str,
        what: str,
        where: str = "",
        mend: str = "",
        evidence: tuple[str, ...] = (),
        retryable: bool = False,
    ) -> None:
        super().__init__(code=code, what=what, where=where, mend=mend, evidence=evidence)
        self.retryable = retryable


class ConflictError(HeadwayError):
    """Somebody else moved first: plan again."""

    exit_code = 5


class UserCodeError(HeadwayError):
    """The product's own function failed; the original exception is `__cause__`."""

    exit_code = 6


class BugError(HeadwayError):
    """Headway itself is wrong; the text says how to report it."""

    exit_code = 1
