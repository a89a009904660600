"""`headway group restore GROUP@N`: bring back the rows of an earlier commit."""

from __future__ import annotations

import argparse
import json

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which verb, and on what."""
    parser.add_argument("verb", choices=["restore"], help="restore: a new commit with the rows of an old one")
    parser.add_argument("reference", help="weather_hourly@3, or weather_hourly@2026-03-01T12:00")
    options.reason(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Restore, and say what changed by it."""
    from headway.api.groups import restore

    done = restore(options.here(), args.reference, why=args.why)
    if args.json:
        print(json.dumps(done.to_json()))
        return 0
    new, old = done.commit, done.source
    if done.is_new:
        print(
            f"commit {new.number} of {new.node} holds the rows of commit {old.number}: "
            f"{new.added:,} added, {new.updated:,} updated, {new.deleted:,} deleted"
        )
    else:
        print(f"the rows of commit {old.number} are those of commit {new.number}, the newest: no new commit")
    options.hint("next: headway plan, then headway apply")
    return 0
