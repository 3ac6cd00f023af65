"""``dataprep trust``: the code in a flow, and whether it may run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dataprep_app.commands.flow import given_parameters
from flows.files import load
from flows.parameters import values as parameter_values
from flows.trust import CodeStep, OwnersRecord, code_steps, owner
from transforms.code.source import SWITCH, code_is_off
from transforms.core.errors import DataprepError

DONE, AT_FAULT = 0, 1
WARNING = (
    "Code runs as you: it can read and change your files and use the network. Its limits of time and memory stop "
    "accidents, not somebody who means harm. Trust it only when you know what it does."
)


def trust(given: argparse.Namespace) -> int:
    """Show the code of a flow; trust it when that is wanted, or trust it no more."""
    flow = load(given.flow)
    steps, record = list(code_steps(flow, parameter_values(flow, given_parameters(given.param)))), owner()
    if not steps:
        print(f"{flow.name}: no step runs code.")
        return DONE
    _show(steps, record)
    if given.revoke:
        record.remove(steps)
        print("None of this code is trusted any more.")
        return DONE
    new = [each for each in steps if not record.allows(each.digest)]
    if not new:
        print("All of this code is trusted.")
        return DONE
    print(WARNING)
    if not given.yes and not _agreed(new):
        print("Nothing was changed.")
        return AT_FAULT
    record.add(new, str(given.flow.absolute()))
    print(f"Trusted: {', '.join(each.id for each in new)}. Code that is changed has to be trusted again.")
    if code_is_off():
        print(f"But code is turned off on this machine ({SWITCH}), so it will not run here.")
    return DONE


def trust_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``trust`` takes."""
    parser.add_argument("flow", type=Path, help="a .flow.json file")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the flow")
    parser.add_argument("--yes", action="store_true", help="trust all of its code without being asked")
    parser.add_argument("--revoke", action="store_true", help="trust none of its code any more")


def _show(steps: Sequence[CodeStep], record: OwnersRecord) -> None:
    for each in steps:
        known = "trusted" if record.allows(each.digest) else "not trusted"
        print(f"{each.id}: {each.title}, {known}")
        for number, line in enumerate(each.code.splitlines(), 1):
            print(f"  {number:>3}  {_visible(line)}")
        print()


def _visible(line: str) -> str:
    """A line as it is, but for characters that a terminal would obey and not show."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line.expandtabs())


def _agreed(steps: Sequence[CodeStep]) -> bool:
    if not sys.stdin.isatty():
        raise DataprepError("There is nobody to ask. Look at the code, then trust it with --yes.")
    return input(f"Trust the code of {', '.join(each.id for each in steps)}? [y/N] ").strip().lower() in ("y", "yes")
