"""What `validate`, `profile` and `contract import` tell a user."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from headway.errors.families import ContractError, SpecError, UsageError

_SHOWN = 5
_LISTED = 20
_LONGEST = 200


def _cut(value: object) -> str:
    flat = " ".join(str(value).split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def no_such_table(name: str, sources: Sequence[str]) -> UsageError:
    """US301: A command names a table that is neither a source of the product nor a file.

    `headway validate` and `headway profile` take the name of a source (`flights`), or a file, a folder
    or a pattern (`data/flights.parquet`, `'exports/*.csv'`), relative to where you stand.
    """
    near = difflib.get_close_matches(name, sources, n=1, cutoff=0.5)
    listed = ", ".join(f"`{source}`" for source in sources[:_SHOWN])
    hint = f"did you mean `{near[0]}`?" if near else f"sources are {listed}" if sources else "name a file"
    return UsageError(
        code="US301", what=f"`{_cut(name)}` is neither a source of the product nor a file here", mend=hint
    )


def nothing_to_judge_by(what: str) -> UsageError:
    """US302: There is no contract that says what a table must be.

    No source that reads this file has a `contract:`. Name one with `--contract FILE`, or let
    `headway profile` propose one.
    """
    return UsageError(
        code="US302",
        what=f"nothing says what {_cut(what)} must be",
        mend="name a contract with --contract FILE; `headway profile ... --write contracts/NAME.yaml` proposes one",
    )


def contract_is_there(path: str) -> UsageError:
    """US303: A contract would be written over a file that exists.

    What people wrote into a contract is never replaced by a proposal. Write to another file and compare
    them, or remove the old one yourself.
    """
    return UsageError(
        code="US303",
        what=f"`{_cut(path)}` exists already, and is left as it is",
        where=_cut(path),
        mend="write to another file and compare the two, or remove the old one first",
    )


def suite_cannot_be_read(path: str, reason: str) -> UsageError:
    """US304: A file is no expectation suite of Great Expectations.

    A suite is a JSON object with `expectations`, a list of objects that each have a name (`type`, or
    `expectation_type` in 0.x) and `kwargs`. A validation result, a checkpoint or a whole
    configuration is not one; export the suite itself.
    """
    return UsageError(
        code="US304",
        what=f"this is no expectation suite: {_cut(reason)}",
        where=_cut(path),
        mend="give the JSON file of one suite, as Great Expectations 0.x or 1.x stores it",
    )


def suite_is_not_honoured(path: str, refused: Sequence[str], mapped: int) -> ContractError:
    """DC101: Some expectations of a suite cannot be honoured by a contract.

    A suite that was imported must judge as it did before, so nothing is left out in silence: what cannot
    be honoured is listed with the reason, and nothing is written. `--like DATA` says of which type the
    columns are where the suite does not; `--partial` takes the others, and lists these in the contract.
    """
    more = (f"… and {len(refused) - _LISTED} more",) if len(refused) > _LISTED else ()
    return ContractError(
        code="DC101",
        what=f"{len(refused)} of {len(refused) + mapped} expectations cannot be honoured; nothing was written",
        where=_cut(path),
        evidence=(*map(_cut, refused[:_LISTED]), *more),
        mend="mend them in the suite, say the types with `--like DATA`, or take the others with `--partial`",
    )


def suite_is_missing(path: str, reason: str) -> UsageError:
    """US305: The file of a suite is not there, or cannot be read.

    The path is relative to where you stand.
    """
    return UsageError(
        code="US305",
        what=f"the suite `{_cut(path)}` cannot be read: {_cut(reason)}",
        where=_cut(path),
        mend="name the JSON file of one suite of Great Expectations",
    )


def suite_says_nothing(path: str) -> ContractError:
    """DC102: A suite holds nothing from which a contract can be made.

    A contract declares columns with their types; no column that the suite names has a type that is
    known. `--like DATA` takes the columns' types from data.
    """
    return ContractError(
        code="DC102",
        what="no expectation of the suite says what a column is",
        where=_cut(path),
        mend="say the types of its columns with `--like DATA`",
    )


def table_is_nothing(what: str) -> ContractError:
    """DC103: A table has no columns, so no contract can be proposed from it.

    The file is empty, or a function returned no rows and named no columns.
    """
    return ContractError(
        code="DC103", what="the table has no columns", where=_cut(what), mend="give it rows, or another file"
    )


def contract_breaks_promises(file: str, node: str, version: int, changes: Sequence[str]) -> SpecError:
    """DC104: A changed contract breaks what it promised, under the same version.

    Who reads a source relies on its contract: on columns, their types and what they may hold. To drop or
    retype a column, to narrow what is allowed, or to expect more is breaking; another column that has a
    default, and wider bounds, are not. Count `version` up, so that the change is meant; `headway plan`
    names the readers downstream. A contract that the source had before may come back as it was.
    """
    more = (f"… and {len(changes) - _SHOWN} more",) if len(changes) > _SHOWN else ()
    return SpecError(
        code="DC104",
        what=f"the contract of `{node}` breaks its version {version} and is not a new one",
        where=_cut(file),
        evidence=(*map(_cut, changes[:_SHOWN]), *more),
        mend=f"write `version: {version + 1}` into it if readers can live with that, or take the change back",
    )
