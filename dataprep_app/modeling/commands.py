"""``dataprep build`` and ``dataprep predict``: models from the command line."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from connectors.catalog import destinations
from connectors.core.connector import Context
from connectors.core.files import PathDestination
from dataprep_app.modeling.metrics import ClassReport
from dataprep_app.modeling.model import build as build_model
from dataprep_app.modeling.model import load
from dataprep_app.modeling.outcome import QuickResult, Settings
from dataprep_app.modeling.predict import Predictor, WhatIf
from dataprep_app.modeling.training import Training, file_table, rows_of_file, rows_of_flow
from flows.document import Flow
from flows.engines.base import Control
from flows.engines.polars_engine import PolarsEngine
from flows.files import load as load_flow
from flows.placing import commit, discard, partial_path
from flows.sampling import Sampling
from transforms.core.errors import DataprepError

SHOWN = 10
"""Columns of most impact that are printed."""
DONE = 0


def build(given: argparse.Namespace) -> int:
    """Build a model from a table file, or from a step of a flow, and save it."""
    control = _control()
    tell = _teller(quiet=given.json)
    tell(0.0, "reading rows")
    training, built_from, folder = _training(given, control)
    settings = Settings(
        problem=given.problem,
        exclude=tuple(given.exclude),
        time=given.time,
        weights="balanced" if given.balance else "none",
        seed=given.seed,
    )
    stem = Path(given.source.partition(":")[0]).name.partition(".")[0]
    output = given.output or Path(f"{stem}.model")
    model = build_model(
        training,
        settings,
        name=given.name or stem,
        built_from=built_from,
        folder=folder,
        on_progress=tell,
        control=control,
    )
    model.save(output)
    result = model.facts.result
    if given.json:
        _say(json.dumps({"model": str(output), "result": result.model_dump(mode="json")}, indent=2))
    else:
        _say(summary(result))
        _say(f"\nWrote {output}. Predict with:\n  dataprep predict {output} --input FILE -o predictions.csv")
    return DONE


def predict(given: argparse.Namespace) -> int:
    """Predict rows of files, of the flow's own sources, or one row that is given."""
    control = _control()
    predictor = Predictor(load(given.model), control)
    tables = _tables(given.input, control)
    if given.row is not None:
        rows = _row(given.row, predictor)
        found = predictor.what_if(rows, {id: each for id, each in tables.items() if id not in rows})
        _say(json.dumps(found.model_dump(mode="json"), indent=2) if given.json else reasons(found))
        return DONE
    if given.output is None:
        raise DataprepError("Say where predictions go with -o FILE, or give one row with --row.")
    if not (tables and set(tables) >= set(predictor.inputs)) and not (len(predictor.inputs) == 1 and tables):
        tables = {**predictor.sources(given.folder), **tables}
    found_table = predictor.predict(tables)
    write(found_table.table, given.output, control)
    if given.json:
        told = {"output": str(given.output), "rows": found_table.table.height}
        _say(json.dumps({**told, "unreadable": dict(found_table.unreadable)}, indent=2))
    else:
        for column, values in found_table.unreadable.items():
            _say(f"{values:,} values of {column!r} could not be read and count as missing.")
        _say(f"{found_table.table.height:,} rows written to {given.output}")
    return DONE


def build_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``build`` takes."""
    parser.add_argument("source", metavar="FILE|FLOW[:STEP]", help="a table file, or a flow and one of its tables")
    parser.add_argument("--target", required=True, metavar="COLUMN", help="the column to predict")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="where the model goes; by its name if not given"
    )
    parser.add_argument("--name", help="what the model is called")
    parser.add_argument("--problem", choices=("auto", "regression", "classification"), default="auto")
    parser.add_argument("--exclude", action="append", default=[], metavar="COLUMN", help="a column not to learn from")
    parser.add_argument("--time", metavar="COLUMN", help="judge by the latest rows by this column, not by random ones")
    parser.add_argument("--balance", action="store_true", help="let rows of rare classes count for more")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same model")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the flow")
    parser.add_argument("--sample", type=int, metavar="ROWS", help="only so many first rows of each source of the flow")
    parser.add_argument("--json", action="store_true", help="print what came of it as JSON")


def predict_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``predict`` takes."""
    parser.add_argument("model", type=Path, help="the folder of a model")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="[SOURCE=]FILE",
        help="raw rows, for each source of the flow; its own sources where none is given",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a CSV or Parquet file to write")
    parser.add_argument(
        "--row", metavar="JSON", help="one raw row, or one for each source by its name, to be explained"
    )
    parser.add_argument("--folder", type=Path, help="where the flow's relative paths start")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def summary(result: QuickResult) -> str:
    """A result as text."""
    score, problem = result.score, result.problem
    around = f" ({score.interval.low:.3f} to {score.interval.high:.3f})" if score.interval else ""
    lines = [
        f"{problem.target}: {problem.kind}. {problem.reason}",
        result.basis,
        "",
        f"  {score.metric} {score.value:.3f}{around}, no model {score.base:.3f}, normalised {score.normalised:+.3f}",
    ]
    lines += [f"  {each.name}: {each.score:.3f}" for each in result.baselines if each.score is not None]
    if result.classes:
        lines += ["", f"  {'class':24}{'rows':>8}{'precision':>11}{'recall':>9}{'F1':>8}"]
        lines += [f"  {each.name[:23]:24}{each.test_rows:>8,}{_class_shares(each)}" for each in result.classes]
    else:
        lines += ["", "  " + ", ".join(f"{name} {value:.4g}" for name, value in result.metrics.items())]
    lines += ["", f"  impact of columns, on {result.impact_rows:,} rows"]
    lines += [f"  {each.share:7.1%}  {each.column}" for each in result.impact[:SHOWN]]
    lines += ["", *(f"  not used: {name}: {reason}" for name, reason in result.left_out.items())]
    return "\n".join([*lines, *(f"  {each}" for each in result.notes)]).rstrip()


def reasons(found: WhatIf) -> str:
    """One prediction as text."""
    lines = [f"{found.prediction}"]
    lines += [f"  {chance:7.1%}  {name}" for name, chance in found.probabilities.items()]
    lines += [
        "",
        f"  {found.start:+9.3f}  where all rows start{f', towards {found.towards!r}' if found.towards else ''}",
    ]
    lines += [f"  {each.amount:+9.3f}  {each.column} = {each.value}" for each in found.contributions[:SHOWN]]
    return "\n".join(lines)


def write(table: pl.DataFrame, path: Path, control: Control | None = None) -> None:
    """Write a table to a file of the format that its name says, whole or not at all.

    Raises:
        DataprepError: no such format is known, or the file cannot be written.
    """
    kinds = [each for each in destinations().values() if issubclass(each, PathDestination)]
    kind = next((each for each in kinds if path.name.lower().endswith(each.suffix)), None)
    if kind is None:
        raise DataprepError(f"{path} cannot be written: name it {' or '.join(f'*{each.suffix}' for each in kinds)}.")
    destination = kind.model_validate({"path": str(path.absolute())})
    destination.check(Context(path.parent), table.schema)
    draft = partial_path(path)
    try:
        PolarsEngine.over({}, control).gather([destination.sink(table.lazy(), draft)])
        commit(draft, path)
    finally:
        discard(draft)


def _training(given: argparse.Namespace, control: Control) -> tuple[Training, str, Path | None]:
    path, _, step = (given.source, "", "") if Path(given.source).exists() else given.source.rpartition(":")
    path = path or given.source
    if not path.endswith(".json"):
        return rows_of_file(Path(path), given.target, control), given.source, None
    flow = load_flow(Path(path))
    reference = step or _last(flow)
    training = rows_of_flow(
        flow,
        Path(path).parent,
        reference,
        given.target,
        parameters=_pairs(given.param, "--param"),
        sampling=Sampling(given.sample) if given.sample else None,
        control=control,
    )
    return training, f"{flow.name}: {reference}", Path(path).parent


def _last(flow: Flow) -> str:
    """The table of the flow that nothing takes rows from."""
    ends = [id for id in (*flow.sources, *flow.steps) if not any(each in flow.steps for each in flow.users(id))]
    if len(ends) != 1:
        raise DataprepError(f"The flow ends in {', '.join(ends) or 'nothing'}. Say which table to use: FLOW:STEP.")
    return ends[0]


def _tables(given: Sequence[str], control: Control) -> dict[str, pl.DataFrame]:
    tables = {}
    for each in given:
        source, equals, file = each.partition("=")
        tables[source if equals else "table"] = file_table(Path(file if equals else each), control)
    return tables


def _row(text: str, predictor: Predictor) -> dict[str, Mapping[str, Any]]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataprepError(f"--row needs JSON, found {text!r}: {error.msg}.") from error
    if not isinstance(found, dict):
        raise DataprepError(f"--row needs a JSON object, found {text!r}.")
    if all(isinstance(each, dict) for each in found.values()):
        return found
    if len(predictor.inputs) > 1:
        raise DataprepError(
            f"The model takes rows of {', '.join(predictor.inputs)}: give --row as {{SOURCE: {{COLUMN: VALUE}}}}."
        )
    return {next(iter(predictor.inputs)): found}


def _pairs(given: Sequence[str], option: str) -> dict[str, str | float]:
    pairs: dict[str, str | float] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise DataprepError(f"{option} needs NAME=VALUE, found {each!r}.")
        pairs[name] = value
    return pairs


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _control() -> Control:
    control = Control()
    signal.signal(signal.SIGTERM, lambda *_: control.cancel())
    return control


def _teller(*, quiet: bool) -> Callable[[float, str], None]:
    """Progress on stderr: a line for each kind of work."""
    last = ""

    def tell(share: float, what: str) -> None:
        nonlocal last
        if not quiet and what != last:
            last = what
            sys.stderr.write(f"{share:7.0%}  {what}\n")
            sys.stderr.flush()

    return tell


def _class_shares(each: ClassReport) -> str:
    shown = ["-" if value is None else f"{value:.2f}" for value in (each.precision, each.recall, each.f1)]
    return f"{shown[0]:>11}{shown[1]:>9}{shown[2]:>8}"
