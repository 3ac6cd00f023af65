"""A model that was built, as a step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from transforms.core.columns import column as exactly
from transforms.core.errors import DataprepError, InvalidStepError, Problem, did_you_mean
from transforms.core.statistics import Ask
from transforms.core.transform import Example, FittedTransform, Learned, Table
from transforms.scoring.scorer import PREDICTION, PROBABILITY, TREES, Scorer, read_facts, scorer

SAMPLE = "sample"
"""Stands for a small model that comes with Dataprep: whether a loan is approved, by income and city."""
Output = Literal["prediction", "probability", "probabilities", "explanation"]
REASONS = 3
"""Columns that an explanation names: those that did most."""
EXPLANATION = pl.List(pl.Struct({"column": pl.String(), "amount": pl.Float64()}))


class AppliedModel(Learned):
    """The model as it was when the step was fitted: everything that a prediction needs, and no code."""

    name: str
    built_at: str
    encoding: dict[str, Any]
    """How columns become numbers."""
    problem: dict[str, Any]
    """What is predicted."""
    trees: Table
    """The trees, in XGBoost's JSON, as the one value of a column ``trees``."""

    @property
    def scorer(self) -> Scorer:
        """The model at work."""
        return _opened(json.dumps(self.encoding), json.dumps(self.problem), self.trees["trees"][0])


class ApplyModel(FittedTransform):
    """Predict with a model that was built before.

    The rows have to be in the form that the model was trained on: after the same steps. The model is read when the
    step is fitted and kept with what the step learned; a model that is built anew is taken when it is fitted again.
    """

    id = "apply_model"
    title = "Apply saved model"
    terms = ("predict", "score", "prediction", "inference", "batch prediction")
    missing = "Missing values have a branch of their own in the trees, so that every row gets a prediction."
    unseen = "A category that was not there in training counts as missing."
    examples = (
        Example(
            params={"model": SAMPLE},
            before={"income": [20_000.0, 90_000.0, None], "city": ["Oslo", "Oslo", "Bonn"]},
            after={
                "income": [20_000.0, 90_000.0, None],
                "city": ["Oslo", "Oslo", "Bonn"],
                "prediction": ["no", "yes", "yes"],
            },
        ),
    )

    model: str = Field(min_length=1, json_schema_extra={"widget": "model"})
    """The folder of the model, such as ``models/loan_default``, relative to the flow; ``sample`` for a small one that
    comes with Dataprep and tells whether a loan is approved, by ``income`` and ``city``."""
    outputs_wanted: tuple[Output, ...] = Field(default=("prediction",), min_length=1, alias="outputs")
    """What to add: the prediction, how probable it is, the probability of every class, or the columns that did most
    for it with what each added (in units of the target, or of log-odds)."""
    prefix: str = ""
    """Put before the names of the new columns."""

    def fit(self, ask: Ask) -> AppliedModel:
        folder = Path(__file__).parent / "scoring" / SAMPLE if self.model == SAMPLE else ask.folder / self.model
        try:
            known = read_facts(folder)
            learned = AppliedModel(
                name=str(known["name"]),
                built_at=str(known["built_at"]),
                encoding=known["encoding"],
                problem=known["result"]["problem"],
                trees=pl.DataFrame({"trees": [(folder / TREES).read_bytes()]}),
            )
            found = learned.scorer
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise InvalidStepError(
                [Problem(f"The model in {folder} is damaged.", "Build it anew.", "model")]
            ) from error
        except DataprepError as error:
            raise InvalidStepError([Problem(str(error), field="model")]) from error
        problems = list(self._problems(found))
        if problems:
            raise InvalidStepError(problems)
        return learned

    def apply(self, rows: pl.LazyFrame, learned: AppliedModel) -> pl.LazyFrame:
        found, dtypes = learned.scorer, self._columns(learned.scorer)
        given = pl.struct(map(exactly, found.encoding.names))

        def predicted(values: pl.Series) -> pl.Series:
            made = self._predicted(found, values.struct.unnest())
            return pl.DataFrame(dict(zip(dtypes, made, strict=True)), dtypes).to_struct(values.name)

        made = given.map_batches(predicted, return_dtype=pl.Struct(dtypes), is_elementwise=True)
        return rows.with_columns(made.alias("__predicted")).unnest("__predicted")

    def lineage(self, learned: AppliedModel | None = None) -> Mapping[str, frozenset[str]] | None:
        if learned is None:
            return None
        names = frozenset(learned.scorer.encoding.names)
        return dict.fromkeys(self._columns(learned.scorer), names)

    def touched(self, columns: Any) -> frozenset[str]:
        return frozenset(columns)  # which the model reads is known once it is opened

    def _columns(self, model: Scorer) -> dict[str, pl.DataType]:
        """The new columns."""
        types: dict[Output, dict[str, pl.DataType]] = {
            "prediction": {PREDICTION: model.dtype},
            "probability": {PROBABILITY: pl.Float64()},
            "probabilities": dict.fromkeys(model.chances, pl.Float64()),
            "explanation": {"explanation": EXPLANATION},
        }
        return {f"{self.prefix}{name}": dtype for each in self.outputs_wanted for name, dtype in types[each].items()}

    def _problems(self, model: Scorer) -> Iterator[Problem]:
        schema = self._schemas[0]
        for each in model.encoding.columns:
            if each.name not in schema:
                found = f"There is no column {each.name!r}, which the model was trained on."
                yield Problem(found, did_you_mean(each.name, schema) or "Prepare the rows as for training.", "model")
                continue
            try:
                each.check(schema[each.name])
            except DataprepError as error:
                yield Problem(str(error), field="model")
        if not model.problem.classes and {"probability", "probabilities"} & set(self.outputs_wanted):
            yield Problem(
                f"The model predicts the number {model.problem.target!r}, so there are no probabilities.",
                "Take them out.",
                "outputs",
            )
        for name in self._columns(model):
            if name in schema:
                yield Problem(f"The table has a column {name!r} already.", "Give the new ones a prefix.", "prefix")

    def _predicted(self, model: Scorer, rows: pl.DataFrame) -> list[Any]:
        matrix = model.encoding.matrix(rows)
        found = model.trees.predict(matrix)
        made: dict[Output, list[Any]] = {"prediction": [model.predictions(found)]}
        if model.problem.classes:
            made["probability"] = [found.max(axis=1) if len(found) else np.zeros(0)]
            made["probabilities"] = [found[:, i] for i in range(found.shape[1])]
        if "explanation" in self.outputs_wanted:
            made["explanation"] = [_explained(model, matrix, found)]
        return [each for output in self.outputs_wanted for each in made[output]]


def _explained(model: Scorer, matrix: np.ndarray, found: np.ndarray) -> pl.Series:
    """For each row, the columns that did most for its prediction, that with most first."""
    names = model.encoding.names
    if not len(matrix):
        return pl.Series(dtype=EXPLANATION)
    amounts = model.encoding.by_column(model.trees.reasons(matrix))
    rows = np.arange(len(matrix))
    if model.problem.kind == "binary":
        chosen = amounts[:, 0] * np.where(found.argmax(axis=1) == 1, 1.0, -1.0)[:, None]
    else:
        chosen = amounts[rows, found.argmax(axis=1) if model.problem.classes else 0]
    most = np.argsort(-np.abs(chosen), axis=1, kind="stable")[:, :REASONS]
    told: Sequence[list[dict[str, Any]]] = [
        [{"column": names[place], "amount": float(values[place])} for place in places]
        for values, places in zip(chosen, most, strict=True)
    ]
    return pl.Series(told, dtype=EXPLANATION)


@lru_cache(maxsize=8)
def _opened(encoding: str, problem: str, trees: bytes) -> Scorer:
    return scorer(encoding, problem, trees)


TRANSFORMS = (ApplyModel,)
