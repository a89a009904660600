"""The one error family: what happened, where, and how to mend it.

Classes are split by who must act; wording lives in named constructors, one module per room
(`headway.errors.spec`, `headway.errors.store`, ...), so that a reader finds every sentence that
a user may see, and a test can pin it. Pure: imports nothing but the standard library.
"""

from headway.errors.families import (
    BugError,
    ConflictError,
    ContractError,
    EngineError,
    GateError,
    HeadwayError,
    SpecError,
    UsageError,
    UserCodeError,
)

__all__ = [
    "BugError",
    "ConflictError",
    "ContractError",
    "EngineError",
    "GateError",
    "HeadwayError",
    "SpecError",
    "UsageError",
    "UserCodeError",
]
