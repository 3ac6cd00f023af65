"""``dataprep``: flows from the command line, without a browser.

Exit codes: 0 done, 1 the flow or its data is at fault (the text says what to do), 2 wrong use of the
command, 130 cancelled.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dataprep_app.chat.commands import add_commands as add_chat_commands
from dataprep_app.insights.commands import add_commands as add_insights_commands
from dataprep_app.modeling.commands import add_commands as add_model_commands
from dataprep_app.progress import Progress, summary
from dataprep_app.sample import write_sample
from dataprep_app.workspace import Workspace
from flows.document import Flow
from flows.engines.base import Cancelled, Control
from flows.engines.start import start_engine
from flows.explain import explained
from flows.files import load
from flows.problems import check
from flows.run import Options, run
from flows.sampling import Sampling
from flows.spark.bundle import bundle
from flows.store import LearnedFolder, learned_folder
from transforms import reference
from transforms.core.dtypes import type_name
from transforms.core.errors import DataprepError, did_you_mean

DONE, AT_FAULT, CANCELLED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = _parser().parse_args(arguments)
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


def _run(given: argparse.Namespace) -> int:
    flow = load(given.flow)
    control = Control()
    signal.signal(signal.SIGTERM, lambda *_: control.cancel())
    remember = LearnedFolder(learned_folder(given.flow))
    parameters = _parameters(given.param)
    checked = check(flow, given.flow.parent, parameters, remember)
    if not checked.ok:
        return _show_problems(flow, checked.problems, as_json=given.json)
    with Progress(sys.stderr, quiet=given.json) as progress:
        options = Options(
            parameters=parameters,
            fit=given.fit,
            purpose=given.purpose,
            sampling=Sampling(given.sample) if given.sample else None,
            only=tuple(given.only),
            remember=remember,
            control=control,
            on_event=progress.tell,
        )
        result = run(flow, given.flow.parent, lambda sources, on: start_engine(given.engine, sources, on), options)
    print(json.dumps(result.as_json(), indent=2, ensure_ascii=False) if given.json else summary(result))
    return DONE


def _check(given: argparse.Namespace) -> int:
    flow = load(given.flow)
    checked = check(flow, given.flow.parent, _parameters(given.param), LearnedFolder(learned_folder(given.flow)))
    return _show_problems(flow, checked.problems, as_json=given.json)


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


def _schema(given: argparse.Namespace) -> int:
    flow = load(given.flow)
    found = check(
        flow, given.flow.parent, _parameters(given.param), LearnedFolder(learned_folder(given.flow))
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


def _explain(given: argparse.Namespace) -> int:
    flow = load(given.flow)
    parameters, remember = _parameters(given.param), LearnedFolder(learned_folder(given.flow))
    checked = check(flow, given.flow.parent, parameters, remember)
    if not checked.ok:
        return _show_problems(flow, checked.problems, as_json=False)
    for line in explained(flow, checked, given.engine):
        print(line)
    return DONE


def _catalog(given: argparse.Namespace) -> int:
    if given.json:
        print(json.dumps(reference.as_json(), indent=2, ensure_ascii=False))
    elif given.id:
        print(reference.help_text(given.id))
    else:
        print(reference.listing())
    return DONE


def _bundle(given: argparse.Namespace) -> int:
    flow = load(given.flow)
    script = bundle(flow, learned_folder(given.flow), given.output)
    print(f"Wrote {given.output} and {script}. Run it with:")
    print(f"  spark-submit --py-files {given.output} {script} --folder {given.flow.parent.absolute()}")
    return DONE


def _sample(given: argparse.Namespace) -> int:
    flow = write_sample(given.folder, rows=given.rows)
    print(f"Wrote two loan files and {flow}. Run it with:")
    print(f"  dataprep run {flow}")
    return DONE


def _app(given: argparse.Namespace) -> int:
    from dataprep_app.ui.server import serve

    if not Workspace(given.folder).flows():
        write_sample(given.folder)
    print(f"Dataprep works in {given.folder.absolute()} and is at http://{given.address}:{given.port} (Ctrl+C ends it)")
    serve(given.folder, port=given.port, address=given.address, browser=not given.no_browser)
    return DONE


def _parameters(given: Sequence[str]) -> dict[str, str | float]:
    pairs: dict[str, str | float] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise DataprepError(f"--param needs NAME=VALUE, found {each!r}.")
        pairs[name] = value
    return pairs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dataprep", description="Prepare data: the same flow here and on Spark.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=function)
        return sub

    def with_flow(sub: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sub.add_argument("flow", type=Path, help="a .flow.json file")
        sub.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the flow")
        return sub

    each = with_flow(command("run", _run, "Run a flow and write its destinations."))
    each.add_argument("--engine", choices=("polars", "spark"), default="polars")
    each.add_argument(
        "--fit", choices=("reuse", "refit"), default="reuse", help="use what steps learned before, or learn again"
    )
    each.add_argument(
        "--purpose",
        choices=("training", "scoring"),
        default="training",
        help="scoring passes by steps that are for training only",
    )
    each.add_argument("--sample", type=int, metavar="ROWS", help="only so many first rows of each source")
    each.add_argument("--only", action="append", default=[], metavar="DESTINATION", help="write only this destination")
    each.add_argument("--json", action="store_true", help="print what happened as JSON")
    each = with_flow(command("check", _check, "Say what is wrong with a flow, without running it."))
    each.add_argument("--json", action="store_true")
    each = with_flow(command("schema", _schema, "Show the columns of each node, without running the flow."))
    each.add_argument("node", nargs="*", help="nodes to show; all by default")
    each.add_argument("--json", action="store_true")
    each = with_flow(command("explain", _explain, "Show how a flow would run."))
    each.add_argument("--engine", choices=("polars", "spark"), default="polars")
    each = command("catalog", _catalog, "List the transforms, or explain one.")
    each.add_argument("id", nargs="?", help="a transform to explain")
    each.add_argument("--json", action="store_true", help="everything, with the JSON schema of the settings")
    each = command("app", _app, "Open the app in the browser.")
    each.add_argument("folder", nargs="?", type=Path, default=Path("dataprep-workspace"), help="the folder to work in")
    each.add_argument("--port", type=int, default=8501)
    each.add_argument(
        "--address", default="127.0.0.1", help="the network address to listen on; this machine only by default"
    )
    each.add_argument("--no-browser", action="store_true", help="do not open the browser")
    add_chat_commands(command)
    add_insights_commands(command)
    add_model_commands(command)
    each = command("bundle", _bundle, "Pack a flow for spark-submit.")
    each.add_argument("flow", type=Path)
    each.add_argument("-o", "--output", type=Path, default=Path("job.zip"))
    each = command("sample", _sample, "Write sample loan files and a flow that prepares them.")
    each.add_argument("folder", type=Path, nargs="?", default=Path("sample"))
    each.add_argument("--rows", type=int, default=10_000, help="number of loans")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
