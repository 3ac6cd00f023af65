"""Models of a workspace: a folder each, with what the app knows of where the model came from.

::

    models/loan_default/            see :mod:`dataprep_app.modeling.model`
    models/loan_default/built.json  the flow and the sample it was built from
"""

from __future__ import annotations

import json
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from dataprep_app.modeling.model import ModelFacts
from flows.files import write_whole
from flows.placing import discard
from transforms.core.errors import DataprepError
from transforms.scoring.facts import Facts
from transforms.scoring.scorer import MODEL

BUILT = "built.json"


class BuiltFrom(Facts):
    """Where a model came from, for links."""

    flow: str | None = None
    """Id of the flow in the workspace."""
    reference: str | None = None
    """The table of the flow."""
    dataset: str | None = None
    """Id of the dataset, for a model built without a flow."""
    sample_rows: int | None = None
    """Rows of each source it was built from; all without it."""

    def write(self, folder: Path) -> None:
        """Put it beside the model."""
        write_whole(folder / BUILT, self.model_dump_json(indent=1) + "\n")


@dataclass(frozen=True)
class SavedModel:
    """A model of the workspace, without its trees."""

    id: str
    folder: Path
    facts: ModelFacts
    built_from: BuiltFrom

    @property
    def age(self) -> float:
        """When its file was written: changes when it is built anew."""
        return (self.folder / MODEL).stat().st_mtime


def models(folder: Path) -> list[SavedModel]:
    """Every model that can be read, the latest built first; ``folder`` is the folder of all models."""
    found = []
    for each in folder.glob(f"*/{MODEL}"):
        if each.parent.name.startswith("."):
            continue  # half-written
        try:
            found.append(_read(each.parent))
        except DataprepError:
            continue  # its page says what is wrong with it
    return sorted(found, key=lambda each: (each.facts.built_at, each.id), reverse=True)


def saved(folder: Path, id: str) -> SavedModel:
    """A model by its id.

    Raises:
        DataprepError: there is none, or it cannot be read.
    """
    return _read(_home(folder, id))


def remove(folder: Path, id: str) -> None:
    """Delete a model for good."""
    discard(_home(folder, id))


def free_id(folder: Path, name: str) -> str:
    """The id of a new model of that name."""
    wish = re.sub(r"[^a-z0-9_-]+", "_", name.lower()).strip("_") or "model"
    return _free(wish, {each.name for each in folder.glob("*")}, "_")


def free_name(folder: Path, wish: str) -> str:
    """A name that no model has yet."""
    return _free(wish, {each.facts.name for each in models(folder)}, " ")


def _free(wish: str, taken: Container[str], space: str) -> str:
    free, number = wish, 2
    while free in taken:
        free, number = f"{wish}{space}{number}", number + 1
    return free


def _home(folder: Path, id: str) -> Path:
    home = folder / id
    if not id or Path(id).name != id or not (home / MODEL).is_file():
        raise DataprepError(f"There is no model {id!r}. It may have been deleted.")
    return home


def _read(home: Path) -> SavedModel:
    try:
        facts = ModelFacts.model_validate_json((home / MODEL).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise DataprepError(f"The model {home.name!r} cannot be read: {first}. Build it anew.") from error
    return SavedModel(home.name, home, facts, _built_from(home))


def _built_from(home: Path) -> BuiltFrom:
    """An older model, or one put there by hand, has no such file; a damaged one costs a link, not the model."""
    try:
        return BuiltFrom.model_validate(json.loads((home / BUILT).read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return BuiltFrom()
