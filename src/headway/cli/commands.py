"""Every command, in the order in which `headway --help` lists them: name, module, one line.

A plain table: the help page and the dispatch import no command.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """One verb of the command line; its module has `arguments(parser)` and `run(args)`."""

    name: str
    module: str
    line: str


COMMANDS = (
    Command("init", "headway.cli.init", "write a first product into an empty folder"),
    Command("check", "headway.cli.check", "read the product file and its contracts; list every fault"),
    Command("plan", "headway.cli.plan", "what is out of date, and why; changes nothing"),
    Command("apply", "headway.cli.apply", "compute what is missing, judge it, move the pointers"),
    Command("why", "headway.cli.why", "why one node is, or is not, out of date"),
    Command("status", "headway.cli.status", "what each environment points at, serves and holds"),
    Command("show", "headway.cli.show", "one artifact, node or prediction in full"),
    Command("log", "headway.cli.log", "the journal of every pointer move; --verify checks its chain"),
    Command("diff", "headway.cli.diff", "how two environments, or two commits of a group, differ"),
    Command("history", "headway.cli.history", "every commit of a feature group: who, when, which rows"),
    Command("group", "headway.cli.group", "restore the rows of a feature group's earlier commit"),
    Command("lineage", "headway.cli.lineage", "where a thing came from, and what came of it"),
    Command(
        "search", "headway.cli.search", "find features, sources and models, here and in the products beside"
    ),
    Command("validate", "headway.cli.validate", "judge a source's rows, or a file's, by their contract"),
    Command("profile", "headway.cli.profile", "look at a table, and propose a contract that it passes"),
    Command("contract", "headway.cli.contract", "which contract holds which feature; or import a suite"),
    Command("promote", "headway.cli.promote", "point one environment at what another points at"),
    Command("rollback", "headway.cli.rollback", "bring back the release before, at once"),
    Command("stop", "headway.cli.stop", "take an endpoint out of service, at once"),
    Command("serve", "headway.cli.serve", "answer requests with an environment's releases"),
    Command("predict", "headway.cli.predict", "answer a batch of rows with an environment's release"),
    Command("predictions", "headway.cli.predictions", "the prediction log"),
    Command("test", "headway.cli.test", "compare logged features with the same computed again"),
    Command("reproduce", "headway.cli.reproduce", "make a model again from its pinned inputs, and compare"),
    Command("gc", "headway.cli.gc", "remove from the disk what nothing refers to, and what is too old"),
    Command("explain", "headway.cli.explain", "the page of an error code"),
    Command("demo", "headway.cli.demo", "the whole loop on real flights, in a fresh folder"),
)


def find(name: str) -> Command | None:
    """The command called `name`."""
    return next((command for command in COMMANDS if command.name == name), None)
