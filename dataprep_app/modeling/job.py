"""Models as jobs: building one, and predicting whole tables with one, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from dataprep_app.modeling.commands import write
from dataprep_app.modeling.model import Model, load
from dataprep_app.modeling.model import build as build_model
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.predict import Predictor
from dataprep_app.modeling.store import BuiltFrom, free_id
from dataprep_app.modeling.training import Training, rows_of_flow
from dataprep_app.workspace import Workspace
from flows.engines.base import Control
from flows.engines.polars_engine import PolarsEngine
from flows.files import load as load_flow
from flows.sampling import Sampling, sampled
from transforms.scoring.problem import require

Arguments = Mapping[str, Any]
Report = Callable[[str, int, int], None]
FLOW_ENDING = ".flow.json"


def build(arguments: Arguments, report: Report, control: Control) -> dict[str, Any]:
    """Build a model from a table of a flow and save it under a free id.

    Args:
        arguments: ``path`` of the flow, ``reference`` of its table, ``target``, ``name`` and ``models``, the folder
            of all models. Optional: ``parameters`` of the flow; ``sampling``, as :meth:`Sampling.as_json` gives it,
            none for all rows; ``problem``, ``exclude``, ``time``, ``weights``, as in :class:`Settings`.
        report: told what is being done, and how much of it.
        control: to stop it from another thread.

    Returns:
        The id of the model, and its score.

    Raises:
        DataprepError: the rows do not make a problem to learn; the text says why.
    """
    path, reference = Path(arguments["path"]), arguments["reference"]
    report("Reading and preparing rows", 0, 0)
    sampling = _sampling(arguments)
    flow = load_flow(path)
    training = rows_of_flow(
        flow,
        path.parent,
        reference,
        arguments["target"],
        parameters=arguments.get("parameters"),
        sampling=sampling,
        control=control,
    )
    built_from = BuiltFrom(
        flow=path.name.removesuffix(FLOW_ENDING), reference=reference, sample_rows=sampling.rows if sampling else None
    )
    return _built(arguments, training, f"{flow.name}: {reference}", built_from, path.parent, report, control)


def build_from_dataset(arguments: Arguments, report: Report, control: Control) -> dict[str, Any]:
    """Build a model from a dataset as it is: as :func:`build`, with ``workspace``, a folder, and ``dataset``, an id."""
    report("Reading rows", 0, 0)
    sampling, id = _sampling(arguments), arguments["dataset"]
    space = Workspace(Path(arguments["workspace"]))
    table = _dataset(space, id, control, sampling)
    require(table, arguments["target"])
    built_from = BuiltFrom(dataset=id, sample_rows=sampling.rows if sampling else None)
    training = Training(table, arguments["target"])
    return _built(arguments, training, space.dataset(id).label, built_from, None, report, control)


def predict(arguments: Arguments, report: Report, control: Control) -> dict[str, Any]:
    """Predict every row and write the rows with their predictions to a file.

    Args:
        arguments: ``model``, its folder; ``workspace``, the folder that the flow's paths are relative to; ``output``,
            the file, whose ending says its format. Optional: ``datasets``, ids of datasets by source of the model,
            to take in the place of the flow's own.
        report: told what is being done.
        control: to stop it from another thread.

    Returns:
        The file, its rows, and by column how many values could not be read and counted as missing.
    """
    space, output = Workspace(Path(arguments["workspace"])), Path(arguments["output"])
    report("Reading the model", 0, 3)
    predictor = Predictor(load(Path(arguments["model"])), control)
    report("Reading rows", 0, 3)
    tables = {source: _dataset(space, id, control) for source, id in arguments.get("datasets", {}).items()}
    if not set(tables) >= set(predictor.inputs):
        tables = {**predictor.sources(space.folder), **tables}
    report("Predicting", 1, 3)
    found = predictor.predict(tables)
    report(f"Writing {found.table.height:,} rows", 2, 3)
    write(found.table, output, control)
    return {"output": str(output), "rows": found.table.height, "unreadable": dict(found.unreadable)}


def _built(
    arguments: Arguments,
    training: Training,
    said: str,
    built_from: BuiltFrom,
    folder: Path | None,
    report: Report,
    control: Control,
) -> dict[str, Any]:
    sampling = _sampling(arguments)
    if sampling is not None:
        how = "the first" if sampling.method == "first" else "random"
        note = f"Built on a sample: {how} {sampling.rows:,} rows of each dataset, or all where there are fewer."
        training = replace(training, notes=(*training.notes, note))
    model = build_model(
        training,
        _settings(arguments),
        name=arguments["name"],
        built_from=said,
        folder=folder,
        on_progress=lambda share, what: report(what.capitalize(), int(share * 100), 100),
        control=control,
    )
    models = Path(arguments["models"])
    id = free_id(models, arguments["name"])
    home = model.save(models / id)
    built_from.write(home)
    return {"model": id, **_told(model)}


def _told(model: Model) -> dict[str, Any]:
    result = model.facts.result
    return {
        "target": result.problem.target,
        "kind": result.problem.kind,
        "metric": result.score.metric,
        "score": result.score.value,
        "base": result.score.base,
        "basis": result.basis,
    }


def _settings(arguments: Arguments) -> Settings:
    known = {name: arguments[name] for name in ("problem", "exclude", "time", "weights") if name in arguments}
    return Settings.model_validate(known)


def _sampling(arguments: Arguments) -> Sampling | None:
    return Sampling(**arguments["sampling"]) if arguments.get("sampling") else None


def _dataset(space: Workspace, id: str, control: Control, sampling: Sampling | None = None) -> pl.DataFrame:
    connector, context = space.open_dataset(id)
    rows = connector.scan(context)
    return PolarsEngine.over({}, control).gather([sampled(rows, sampling) if sampling else rows])[0]
