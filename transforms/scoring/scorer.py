"""A saved model as a function of prepared rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from transforms.core.categories import category_name
from transforms.core.conversion import parsed
from transforms.core.dtypes import TYPES
from transforms.core.errors import DataprepError
from transforms.scoring.encoding import Encoding
from transforms.scoring.problem import ProblemType
from transforms.scoring.trees import Trees

MODEL, TREES = "model.json", "trees.json"
"""Files of a model: what is known of it, and its trees in XGBoost's own JSON."""
FORMAT = 1
PREDICTION, PROBABILITY = "prediction", "probability"


@dataclass(frozen=True)
class Scorer:
    """What it takes to predict from rows in the form that the model was trained on."""

    encoding: Encoding
    problem: ProblemType
    trees: Trees

    @property
    def chances(self) -> list[str]:
        """Names for the probabilities of the classes, in their order; none for a number."""
        return [category_name(PROBABILITY, each) for each in self.problem.classes]

    @property
    def dtype(self) -> pl.DataType:
        """Type of predictions: that of the target."""
        return TYPES[self.problem.values] if self.problem.classes else pl.Float64()

    def predictions(self, found: np.ndarray) -> pl.Series:
        """What is predicted, from what the trees gave: numbers, or classes in the type of the target."""
        return self.classes(found.argmax(axis=1)) if self.problem.classes else pl.Series(found)

    def classes(self, places: np.ndarray) -> pl.Series:
        """Classes in the type of the target."""
        values = self.problem.values
        text = pl.Series("", [self.problem.classes[each] for each in places], dtype=pl.String)
        return text if values == "text" else text.to_frame().select(parsed(pl.col(""), values)).to_series()


def read_facts(folder: Path) -> dict[str, Any]:
    """What is known of the model in a folder, as JSON.

    Raises:
        DataprepError: there is no model, it is damaged, or a newer version of Dataprep made it.
    """
    try:
        known = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataprepError(f"There is no model in {folder}: {error.filename} is not there. Check the path.") from error
    except (OSError, ValueError) as error:
        raise DataprepError(
            f"The model in {folder} cannot be read: {str(error).splitlines()[0]}. Build it anew."
        ) from error
    if not isinstance(known, dict) or known.get("format") != FORMAT:
        found = known.get("format") if isinstance(known, dict) else None
        raise DataprepError(
            f"The model in {folder} has format {found}; this version of Dataprep reads {FORMAT}. "
            "Upgrade Dataprep, or build the model anew."
        )
    return known


def scorer(encoding: str, problem: str, trees: bytes) -> Scorer:
    """A model from its parts, as JSON.

    Raises:
        DataprepError: one is damaged.
    """
    try:
        known = Encoding.model_validate_json(encoding), ProblemType.model_validate_json(problem)
    except ValidationError as error:
        raise DataprepError(f"The model cannot be read: {str(error).splitlines()[0]}. Build it anew.") from error
    return Scorer(*known, Trees.of_json(trees, known[1].kind, known[0].types))
