"""Feature groups of other products, as their ledgers have them now; reads there, never writes.

An environment reads the environment of the same name in the other product: the commit that it points at, or
pointed at last of the version that is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from headway.engine.groups.foreign_readers import files_that_read
from headway.errors import sharing as errors
from headway.errors.masking import PERSONAL
from headway.facts.artifacts import Artifact
from headway.facts.executions import Execution, Fingerprint
from headway.facts.moves import Move
from headway.spec.load import Loaded, load, load_alone
from headway.spec.neighbours import files_beside, is_shared, product_name
from headway.spec.product import FeatureGroup
from headway.spec.quantities import parse_duration
from headway.store.ledger import SqliteReader
from headway.store.workspace import Workspace
from headway.survey.files import Signature, settled, signature_of
from headway.survey.functions import parameters
from headway.survey.modules import Modules

KIND = "feature_group."
SHARED = "shared"
"""In the facts of a copied commit: whose it is."""
_HEAD = ".head"
"""Of the file beside a ledger that every commit writes; the log of SQLite is touched by readers too."""


class Lent(NamedTuple):
    """A group of another product at the commit that an environment reads.

    Attributes:
        node: The group's node here (`feature_group.weather/hourly`).
        root: The other product's folder.
        commit: Its digest there.
        number: Its number there.
        is_current: Whether the environment there still points at this version.
    """

    node: str
    root: Path
    commit: str
    number: int
    is_current: bool


class Lending(NamedTuple):
    """What a product reads from others in one environment.

    Attributes:
        lent: Node here -> commit there.
        watched: Files that it depends on -> their stat signatures before they were read.
    """

    lent: Mapping[str, Lent] = {}
    watched: Mapping[str, Signature | None] = {}


def lending(loaded: Loaded, environment: str, scope: Collection[str]) -> Lending:
    """The commits that an environment reads from other products.

    Args:
        loaded: The product file.
        environment: The environment, here and there.
        scope: Nodes that are looked at.

    Raises:
        UsageError: The other product's environment never had the version.
        SpecError: It has no feature that a dataset takes.
        EngineError: The other ledger cannot be read.
    """
    shared = {name: group for name, group in loaded.product.feature_groups.items() if is_shared(name)}
    watched = watch(loaded)
    lent = {
        f"{KIND}{name}": _lent(loaded, name, group, environment)
        for name, group in shared.items()
        if f"{KIND}{name}" in scope
    }
    return Lending(lent, watched)


def watch(loaded: Loaded) -> dict[str, Signature | None]:
    """Product files beside, and files, code and ledgers of those that lend, with their stat signatures.

    Files of products that read from this one are among them: what they lose, a plan says.
    """
    reading = files_that_read(loaded.file.parent, loaded.product.name)
    if not loaded.lenders and not reading:
        return {}
    code: dict[str, Signature | None] = {}
    paths = [loaded.file.parent.absolute().parent, *loaded.neighbours, *reading]
    for lender in loaded.lenders.values():
        root, ledger = lender.file.parent, Workspace(lender.file.parent).ledger
        paths += [root / name for name in lender.contracts]
        paths += [ledger, ledger.with_suffix(_HEAD)]
        modules = Modules(root)
        for group in lender.product.feature_groups.values():
            if group.columns is not None:
                parameters(group.columns, modules)  # which tags a feature carries, its code says
        code |= {str(path): signature for path, signature in modules.seen.items()}
    now = time.time_ns()
    return code | {str(path.absolute()): settled(signature_of(path), now) for path in paths}


def with_commits(own: Mapping[str, Fingerprint], lent: Mapping[str, Lent]) -> dict[str, Fingerprint]:
    """Fingerprints with the commit of the other product as what a shared group is made of."""
    return dict(own) | {
        node: replace(own[node], inputs={node: item.commit}) for node, item in lent.items() if node in own
    }


def place_of_lender(loaded: Loaded, group: str) -> tuple[Path, str]:
    """The folder of the product that computes a shared group, and the same as seen from this one."""
    root = loaded.lenders[group.partition("/")[0]].file.parent
    return root, f"../{root.name}"


def without_lenders(file: Path) -> Loaded:
    """A product file when the products that it reads from may be gone; what came from them counts as personal.

    Raises:
        SpecError: The file is wrong in itself.
    """
    picks = [pick for item in load_alone(file).product.datasets.values() for pick in item.features]
    shared = {
        pick.group: FeatureGroup(
            from_=(), key=tuple(pick.by_key), version=pick.version or 1, tags=(PERSONAL,)
        )
        for pick in picks
        if is_shared(pick.group)
    }
    return load(file, shared)


def as_read(execution: Execution, inputs: Mapping[str, Artifact]) -> dict[str, FeatureGroup]:
    """Groups of other products as an execution read them, from what is kept here of them."""
    return {
        node.removeprefix(KIND): FeatureGroup(
            from_=(),
            key=tuple(artifact.meta["key"]),
            version=artifact.meta["version"],
            ttl=_ttl(execution.fingerprint.config.get(f"ttl.{node.removeprefix(KIND)}")),
        )
        for node, artifact in inputs.items()
        if is_shared(node)
    }


def _ttl(written: str | None) -> timedelta | None:
    return None if written is None else parse_duration(written)


def words(reader: SqliteReader, lent: Mapping[str, Lent]) -> dict[str, str]:
    """Digest of a commit of another product -> `commit 3`, for every one that was or is read."""
    found = {}
    for node, item in lent.items():
        there = Workspace(item.root).open_reader()
        read = {done.fingerprint.inputs.get(node, "") for done in reader.executions(node)}
        for digest in read - {"", item.commit}:
            artifact = there.artifact(digest)
            if artifact is not None:
                found[digest] = f"commit {artifact.meta['commit']}"
        found[item.commit] = f"commit {item.number}"
    return found


def notices(loaded: Loaded, lent: Mapping[str, Lent]) -> Iterator[str]:
    """Versions that the other product has left behind: they get no new rows."""
    for node, item in lent.items():
        name = node.removeprefix(KIND)
        if not item.is_current:
            product, _, group = name.partition("/")
            now = loaded.lenders[product].product.feature_groups[group].version
            read = loaded.product.feature_groups[name].version
            yield (
                f"{node} stays at commit {item.number}: `{product}` is at version {now}, "
                f"and version {read} gets no new rows"
            )


def require_released(
    loaded: Loaded, reader: SqliteReader, pointers: Mapping[str, str], environment: str
) -> None:
    """Refuse to move an environment to rows of another product that its environment of this name never had.

    Args:
        loaded: The product file.
        reader: The ledger of this product.
        pointers: Node -> artifact that the environment is about to point at.
        environment: Its name.

    Raises:
        GateError: One of them is made of such rows.
    """
    for name in filter(is_shared, loaded.product.feature_groups):
        digest = pointers.get(f"{KIND}{name}")
        made = reader.made_by(digest) if digest is not None else ()
        commits = {done.fingerprint.inputs.get(f"{KIND}{name}", "") for _, done in made}
        root, folder = place_of_lender(loaded, name)
        there = Workspace(root).open_reader()
        moves = (fact.body for commit in commits for fact, _ in there.moves_to(commit))
        had = any(isinstance(move, Move) and move.environment == environment for move in moves)
        if digest is not None and not had:
            artifact = reader.artifact(digest)
            number = artifact.meta[SHARED]["number"] if artifact is not None else 0
            raise errors.shared_commit_is_not_released(name, number, environment, folder)


def original_of(root: Path, copied: Artifact) -> tuple[Workspace, Artifact] | None:
    """The product beside that computed a copied commit, and the commit there; None where it is gone.

    Args:
        root: The folder of the product that copied it.
        copied: The group here.
    """
    for file in files_beside(root):
        if product_name(file) == copied.meta[SHARED]["product"]:
            there = Workspace(file.parent)
            found = there.open_reader().artifact(copied.meta[SHARED]["commit"])
            return None if found is None else (there, found)
    return None


def _lent(loaded: Loaded, name: str, group: FeatureGroup, environment: str) -> Lent:
    root, folder = place_of_lender(loaded, name)
    reader = Workspace(root).open_reader()
    theirs = KIND + name.partition("/")[2]
    found = _last(reader, theirs, group.version, environment)
    if found is None:
        others = [
            other
            for other in reader.environments()
            if _last(reader, theirs, group.version, other) is not None
        ]
        raise errors.shared_group_has_no_commit(name, group.version, environment, folder, others)
    _refuse_unknown_features(loaded, name, found.meta["features"])
    current = reader.environment(environment).pointers.get(theirs) == found.digest
    return Lent(f"{KIND}{name}", root, found.digest, found.meta["commit"], current)


def _last(reader: SqliteReader, node: str, version: int, environment: str) -> Artifact | None:
    """The newest commit of a version that an environment points at, or pointed at."""
    found = reader.artifact(reader.environment(environment).pointers.get(node, ""))
    if found is not None and found.meta["version"] == version:
        return found
    for fact, _ in reversed(reader.journal(environment)):
        digest = fact.body.after.get(node) if isinstance(fact.body, Move) else None
        earlier = reader.artifact(digest) if digest is not None else None
        if earlier is not None and earlier.meta["version"] == version:
            return earlier
    return None


def _refuse_unknown_features(loaded: Loaded, name: str, known: Collection[str]) -> None:
    for dataset, declared in loaded.product.datasets.items():
        for index, pick in enumerate(declared.features):
            for feature in pick.columns or () if pick.group == name else ():
                if feature not in known:
                    place = loaded.place("datasets", dataset, "features", index)
                    raise errors.shared_feature_is_not_there(name, feature, place, list(known))
