"""``dataprep run``, ``check``, ``schema`` and ``explain``: what is done with a saved flow."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataprep_app.progress import Progress, summary
from flows import memory
from flows.document import Flow
from flows.engines.base import Control
from flows.engines.start import start_engine
from flows.explain import explained
from flows.files import load
from flows.problems import check as checked_flow
from flows.run import Options
from flows.run import run as run_flow
from flows.sampling import Sampling
from flows.spark import scale
from flows.store import LearnedFolder, learned_folder
from flows.trust import EVERYTHING, owner
from transforms.core.dtypes import type_name
from transforms.core.errors import DataprepError, did_you_mean

DONE, AT_FAULT = 0, 1


def run(given: argparse.Namespace) -> int:
    """Run a flow and write its destinations."""
    flow = load(given.flow)
    control = Control()
    signal.signal(signal.SIGTERM, lambda *_: control.cancel())
    remember = LearnedFolder(learned_folder(given.flow))
    parameters = given_parameters(given.param)
    trust = EVERYTHING if given.trust_code else owner()
    checked = checked_flow(flow, given.flow.parent, parameters, remember, trust)
    if not checked.ok:
        return _show_problems(flow, checked.problems, as_json=given.json)
    if given.engine == "polars" and not given.sample:
        for line in memory.warned(flow, checked, given.flow.parent, spill=True):
            print(f"warning: {line}", file=sys.stderr)
    with Progress(sys.stderr, quiet=given.json) as progress:
        options = Options(
            parameters=parameters,
            fit=given.fit,
            purpose=given.purpose,
            sampling=Sampling(given.sample) if given.sample else None,
            only=tuple(given.only),
            rejects=given.rejects,
            remember=remember,
            trust=trust,
            control=control,
            on_event=progress.tell,
        )
        result = run_flow(flow, given.flow.parent, lambda sources, on: start_engine(given.engine, sources, on), options)
    print(json.dumps(result.as_json(), indent=2, ensure_ascii=False) if given.json else summary(result))
    return DONE


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``run`` takes."""
    _with_flow(parser)
    parser.add_argument("--engine", choices=("polars", "spark"), default="polars")
    parser.add_argument(
        "--fit", choices=("reuse", "refit"), default="reuse", help="use what steps learned before, or learn again"
    )
    parser.add_argument(
        "--purpose",
        choices=("training", "scoring"),
        default="training",
        help="scoring passes by steps that are for training only",
    )
    parser.add_argument("--sample", type=int, metavar="ROWS", help="only so many first rows of each source")
    parser.add_argument(
        "--only", action="append", default=[], metavar="DESTINATION", help="write only this destination"
    )
    parser.add_argument(
        "--rejects",
        action="store_true",
        help="write the rows of which a step lost or refused a value, with the reason, beside the first destination",
    )
    parser.add_argument(
        "--trust-code", action="store_true", help="run the Python code in the flow, this time, trusted or not"
    )
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")


def check(given: argparse.Namespace) -> int:
    """Say what is wrong with a flow."""
    flow = load(given.flow)
    remember = LearnedFolder(learned_folder(given.flow))
    checked = checked_flow(flow, given.flow.parent, given_parameters(given.param), remember)
    return _show_problems(flow, checked.problems, as_json=given.json)


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``check`` takes."""
    _with_flow(parser)
    parser.add_argument("--json", action="store_true")


def schema(given: argparse.Namespace) -> int:
    """Show the columns of nodes."""
    flow = load(given.flow)
    found = checked_flow(
        flow, given.flow.parent, given_parameters(given.param), LearnedFolder(learned_folder(given.flow))
    ).prediction
    chosen = given.node or [each for each in found.schemas if "." not in each]
    for each in chosen:
        if each not in found.schemas:
            known = did_you_mean(each, found.schemas) or f"Known: {', '.join(found.schemas)}."
            raise DataprepError(f"The columns of {each!r} are not known. {known}")
    columns = {each: {name: type_name(dtype) for name, dtype in found.schemas[each].items()} for each in chosen}
    if given.json:
        print(json.dumps({each: {"columns": columns[each], "open": each in found.open} for each in chosen}, indent=2))
        return DONE
    for each in chosen:
        print(f"{each}{' (more once it has learned)' if each in found.open else ''}")
        for name, kind in columns[each].items():
            print(f"  {name}: {kind}")
    return DONE


def schema_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``schema`` takes."""
    _with_flow(parser)
    parser.add_argument("node", nargs="*", help="nodes to show; all by default")
    parser.add_argument("--json", action="store_true")


def explain(given: argparse.Namespace) -> int:
    """Show how a flow would run."""
    flow = load(given.flow)
    parameters, remember = given_parameters(given.param), LearnedFolder(learned_folder(given.flow))
    checked = checked_flow(flow, given.flow.parent, parameters, remember)
    if not checked.ok:
        return _show_problems(flow, checked.problems, as_json=False)
    forecast = scale.asked(flow, given) if given.scale else ()
    short = memory.warned(flow, checked, given.flow.parent) if given.engine == "polars" else ()
    for line in (*explained(flow, checked, given.engine), *forecast, *(f"warning: {each}" for each in short)):
        print(line)
    return DONE


def explain_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``explain`` takes."""
    _with_flow(parser)
    parser.add_argument("--engine", choices=("polars", "spark"), default="polars")
    scale.arguments(parser)


def _with_flow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("flow", type=Path, help="a .flow.json file")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the flow")


def _show_problems(flow: Flow, problems: Sequence[Any], *, as_json: bool) -> int:
    errors = [each for each in problems if each.severity == "error"]
    if as_json:
        print(json.dumps({"ok": not errors, "problems": [vars(each) for each in problems]}, indent=2))
    else:
        for each in problems:
            print(f"{each.severity}: {each}", file=sys.stderr if errors else sys.stdout)
        if not errors:
            print(f"{flow.name}: {len(flow.steps)} steps, no error.")
    return AT_FAULT if errors else DONE


def given_parameters(given: Sequence[str]) -> dict[str, str | float]:
    """Parameters as they are written on the command line, ``NAME=VALUE``."""
    pairs: dict[str, str | float] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise DataprepError(f"--param needs NAME=VALUE, found {each!r}.")
        pairs[name] = value
    return pairs
