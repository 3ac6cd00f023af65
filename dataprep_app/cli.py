"""``dataprep``: flows from the command line, without a browser.

Exit codes: 0 done, 1 the flow or its data is at fault (the text says what to do), 2 wrong use of the
command, 130 cancelled.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from flows.engines.base import Cancelled
from transforms.core.errors import DataprepError

DONE, AT_FAULT, CANCELLED = 0, 1, 130
COMMANDS = {
    "run": ("commands.flow", "Run a flow and write its destinations."),
    "check": ("commands.flow", "Say what is wrong with a flow, without running it."),
    "schema": ("commands.flow", "Show the columns of each node, without running the flow."),
    "explain": ("commands.flow", "Show how a flow would run."),
    "learned": ("commands.learned", "Show, compare or change what the steps of a flow learned."),
    "trust": ("commands.trust", "Show the Python code in a flow, and trust it or not."),
    "recipe": ("commands.recipe", "List, show, save and use recipes: groups of steps used as one."),
    "catalog": ("commands.catalog", "List the transforms, or explain one."),
    "app": ("commands.workspace", "Open the app in the browser."),
    "chat": ("chat.commands", "Say in words what to do with a table, or ask about it."),
    "insights": ("insights.commands", "Report on the quality of a table, and on what it tells of a target."),
    "build": ("modeling.commands", "Build a quick model and judge it on rows it never saw."),
    "predict": ("modeling.commands", "Predict rows with a model."),
    "bundle": ("commands.bundle", "Pack a flow for spark-submit."),
    "sample": ("commands.workspace", "Write sample loan files and a flow that prepares them."),
}
"""The module of each command, which has a function of its name and one that adds its arguments, and its help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = parsed(sys.argv[1:] if arguments is None else arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    try:
        return command(given)
    except (Cancelled, KeyboardInterrupt):
        print("Cancelled. Nothing was written.", file=sys.stderr, flush=True)
        os._exit(CANCELLED)  # the polars query that was left behind must not hold up the exit
    except DataprepError as error:
        print(error, file=sys.stderr)
        return AT_FAULT
    except BrokenPipeError:
        sys.stderr.close()
        return DONE


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments, read by the command that they name; the modules of the others are not imported."""
    parser = argparse.ArgumentParser(prog="dataprep", description="Prepare data: the same flow here and on Spark.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    chosen = next((each for each in arguments if not each.startswith("-")), None)
    for name, (place, help) in COMMANDS.items():
        sub = commands.add_parser(name, help=help, description=help)
        if name == chosen:
            module = import_module(f"dataprep_app.{place}")
            getattr(module, f"{name}_arguments")(sub)
            sub.set_defaults(command=getattr(module, name))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
