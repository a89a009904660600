"""`headway history GROUP`: every commit of a feature group."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of which group."""
    parser.add_argument("group", help="feature_group.weather_hourly, or weather_hourly")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the commits, newest first."""
    from headway.api.groups import history
    from headway.render.groups import history_json, history_text
    from headway.render.style import Style, is_colourful

    entries = history(options.here(), args.group)
    text = (
        json.dumps(history_json(entries))
        if args.json
        else history_text(entries, Style(is_colourful(sys.stdout)))
    )
    print(text)
    return 0
