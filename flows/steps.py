"""From a step of the document to a transform that is ready to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from flows.document import Step
from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from flows.parameters import ParameterError, Value, substitute
from transforms.catalog import UnknownTransform, catalog
from transforms.core.errors import DataprepError, Problem, did_you_mean
from transforms.core.relations import Source
from transforms.core.transform import Learned, Transform


class InvalidFlowError(DataprepError):
    """A flow that cannot run as it is; ``problems`` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def transform_of(id: str, step: Step, values: Mapping[str, Value]) -> Transform:
    """The transform a step describes, its settings upgraded, parameters filled in and checked.

    Raises:
        InvalidFlowError: the transform is unknown, or the settings are not valid.
    """
    try:
        kind = catalog()[step.transform]
    except UnknownTransform as error:
        raise InvalidFlowError([Problem(str(error), step=id, field="transform")]) from error
    if step.version > kind.version:
        found = (
            f"The step was made by a newer version ({step.version}) of {kind.title!r} than this one ({kind.version})."
        )
        raise InvalidFlowError([Problem(found, "Upgrade Dataprep.", "version", id)])
    try:
        params = substitute(step.params, values)
        return kind.model_validate(kind.upgrade(params, step.version) if step.version < kind.version else params)
    except ParameterError as error:
        raise InvalidFlowError([Problem(str(error), step=id)]) from error
    except ValidationError as error:
        raise InvalidFlowError(list(setting_problems(error, kind, id))) from error


def setting_problems(error: ValidationError, kind: type[Transform], id: str = "") -> Iterator[Problem]:
    """What is wrong with settings, a sentence for each, in the words of the form."""
    for each in error.errors():
        field = str(each["loc"][0]) if each["loc"] else ""
        match each["type"]:
            case "extra_forbidden":
                hint = did_you_mean(field, kind.model_fields) or f"It has: {', '.join(kind.model_fields)}."
                yield Problem(f"{kind.title!r} has no setting {field!r}.", hint, field, id)
            case "missing":
                yield Problem(f"{kind.title!r} needs {field!r}.", _first_sentence(kind, field), field, id)
            case "value_error":
                yield Problem(str(each["ctx"]["error"]), "", field, id)
            case _:
                found = f"{field!r} cannot be {each['input']!r}: {each['msg'][0].lower()}{each['msg'][1:]}."
                yield Problem(found, _first_sentence(kind, field), field, id)


def number_problem(kind: type[Transform], inputs: int, id: str) -> Problem | None:
    """Whether a step has as many inputs as its transform takes."""
    names = kind.inputs
    if names[-1] == "*":
        least = len(names)
        if inputs >= least:
            return None
        return Problem(
            f"{kind.title!r} takes {least} tables or more, found {inputs}.", "Connect another.", "inputs", id
        )
    if inputs == len(names):
        return None
    wanted = f"{len(names)} tables ({', '.join(names)})" if len(names) > 1 else "1 table"
    return Problem(f"{kind.title!r} takes {wanted}, found {inputs}.", "Connect or disconnect.", "inputs", id)


def output_schemas(step: Transform, schemas: Sequence[pl.Schema], learned: Learned | None) -> dict[str, pl.Schema]:
    """The columns of each output of a bound step, by running it on no rows."""
    engine = PolarsEngine.over({str(i): schema.to_frame() for i, schema in enumerate(schemas)})
    planned = step.plan(*(Source(str(i)) for i in range(len(schemas))), learned=learned)
    outputs = planned if isinstance(planned, tuple) else (planned,)
    return {name: engine.schema(each) for name, each in zip(step.output_names, outputs, strict=True)}


def fitted_on_nothing(step: Transform, schemas: Sequence[pl.Schema], folder: Path = Path()) -> Learned | None:
    """What a bound step learns from empty tables: enough to know its columns, unless those come from data."""
    engine = PolarsEngine.over({str(i): schema.to_frame() for i, schema in enumerate(schemas)})
    return step.fit(Asking(engine, [Source(str(i)) for i in range(len(schemas))], folder))


def _first_sentence(kind: type[Transform], field: str) -> str:
    return kind.field_help(field).split("\n")[0]
