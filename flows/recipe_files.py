"""Recipe files: one recipe as JSON, so that other flows can take a copy of it."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from flows.document import FORMAT, Flow, Recipe
from flows.files import dumps, write_whole
from flows.migrations import migrated
from transforms.core.errors import DataprepError

SUFFIX = ".recipe.json"
_ID = "recipe"


class RecipeFileError(DataprepError):
    """A recipe file cannot be read."""


def load(path: Path) -> Recipe:
    """Read a recipe of this or any earlier format.

    Raises:
        RecipeFileError: the file is not there, is not JSON or is no recipe; the text names the place.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise RecipeFileError(f"There is no recipe file {path}. Check the path.") from None
    except UnicodeDecodeError as error:
        raise RecipeFileError(f"{path} is not UTF-8 text, so it is no recipe: {error.reason}.") from error


def parse(text: str, name: str = "the text") -> Recipe:
    """Read a recipe from JSON text; ``name`` is what errors call it."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecipeFileError(
            f"{name} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise RecipeFileError(f"{name} is no recipe: it has no 'format' number.")
    format, recipe = document["format"], {key: value for key, value in document.items() if key != "format"}
    if format > FORMAT:
        raise RecipeFileError(
            f"{name} has format {format}; this version of Dataprep reads up to {FORMAT}. Upgrade Dataprep."
        )
    try:
        # Its steps are those of a flow, and grow old as they do.
        return Flow.model_validate(migrated({"format": format, "recipes": {_ID: recipe}})).recipes[_ID]
    except ValidationError as error:
        where = "; ".join(
            f"{'.'.join(map(str, each['loc'][2:])) or 'recipe'}: {each['msg']}" for each in error.errors()
        )
        raise RecipeFileError(f"{name} is not a valid recipe: {where}") from error


def save(recipe: Recipe, path: Path) -> None:
    """Write a recipe; a crash leaves either the old file or the new one, whole."""
    write_whole(path, to_json(recipe))


def to_json(recipe: Recipe) -> str:
    """A recipe as the text of its file."""
    return dumps({"format": FORMAT, **recipe.model_dump(mode="json")}) + "\n"
