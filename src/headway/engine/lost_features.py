"""Foretells from the code's text alone which features a group is about to lose under the same version."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from headway.core.wording import few
from headway.engine.groups.foreign_readers import foreign_readers
from headway.engine.groups.log import meaning
from headway.survey.faults import features, is_plain
from headway.survey.modules import Modules

if TYPE_CHECKING:
    from headway.engine.opened import Opened
    from headway.spec.graph import Graph


def lost_features(opened: Opened, scope: Collection[str]) -> Iterator[str]:
    """What `apply` will refuse (ST107), with everything downstream that counts on those features.

    Only of `columns:` groups whose functions are just what the module's text says: what a `frame:`
    function returns is known when it has run. Code that made a table of this version before may come
    back, whatever came after it.

    Args:
        opened: The product.
        scope: Nodes that the plan looks at.
    """
    modules = Modules(opened.root)
    for name, group in opened.loaded.product.feature_groups.items():
        node = f"feature_group.{name}"
        if group.columns is None or node not in scope:
            continue
        made = [done for done in opened.reader.executions(node) if done.output is not None]
        if not made or meaning(opened.own[node]) in {meaning(done.fingerprint) for done in made}:
            continue
        module, artifact = modules.find(group.columns), opened.reader.artifact(made[0].output or "")
        if module is None or not is_plain(module) or artifact is None:
            continue
        gone = [item for item in artifact.meta["features"] if item not in features(module)]
        if gone and artifact.meta["version"] == group.version:
            one = len(gone) == 1
            yield (
                f"apply will refuse {node} (ST107): {few([f'`{item}`' for item in gone])} {'is' if one else 'are'} "
                f"gone in version {group.version}{readers(opened.graph, node, _abroad(opened, name, gone))}; "
                f"set `version: {group.version + 1}`, or bring {'it' if one else 'them'} back"
            )


def _abroad(opened: Opened, group: str, gone: Collection[str]) -> list[str]:
    """Datasets, models and endpoints of other products that read one of these features."""
    found: dict[str, None] = {}
    for reader in foreign_readers(opened.root, opened.loaded.product.name):
        taken = reader.pick.columns
        if reader.group == group and (taken is None or set(taken) & set(gone)):
            found |= dict.fromkeys((reader.dataset, *reader.behind))
    return list(found)


def readers(graph: Graph, node: str, abroad: Collection[str] = ()) -> str:
    """`, which dataset.x and model.x read`: datasets, models and endpoints behind a node, in words.

    Args:
        graph: The product's nodes.
        node: What they read.
        abroad: Readers in other products.
    """
    behind = {node}
    for item in graph.nodes:
        if behind & set(item.needs):
            behind.add(item.name)
    kinds = ("dataset", "model", "endpoint")
    found = [item.name for item in graph.nodes if item.name in behind and item.kind in kinds]
    found += abroad
    return f", which {few(found)} {'reads' if len(found) == 1 else 'read'}" if found else ""
