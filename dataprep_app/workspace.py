"""The folder that the app works in: flows, datasets, models and jobs, as files that people can read and move.

::

    loan_default.flow.json      flows, each with what its steps learned in loan_default.learned/
    data/                       uploaded files
    datasets.json               tables that can be put into a flow, by id
    settings.json               what new sessions begin with
    recipes/clean.recipe.json   the library: groups of steps that any flow can take a copy of
    models/  jobs/              one folder each
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from connectors.catalog import sources
from connectors.core.connector import Connector, Context
from flows import recipe_files
from flows.document import Flow, Recipe, Source
from flows.files import load, save, write_whole
from flows.preview import DEFAULT_SAMPLE
from transforms.core.errors import DataprepError, did_you_mean


class WorkspaceError(DataprepError):
    """Something of the workspace is not there or cannot be read."""


@dataclass(frozen=True)
class Dataset:
    """A table that can be put into a flow."""

    id: str
    label: str
    connector: str
    params: Mapping[str, Any] = field(default_factory=dict)
    connection: str | None = None
    added_at: str = ""
    """Time in UTC, ISO 8601."""

    def source(self) -> Source:
        """The dataset as a source of a flow."""
        return Source(connector=self.connector, connection=self.connection, params=dict(self.params))


@dataclass(frozen=True)
class Settings:
    """What a new session begins with."""

    sample_rows: int = DEFAULT_SAMPLE.rows
    """Rows of each dataset that previews are computed on."""
    sample_method: Literal["first", "random"] = "first"


@dataclass(frozen=True)
class FlowFile:
    """A flow of the workspace, for lists."""

    id: str
    name: str
    path: Path
    steps: int
    sources: int
    edited_at: datetime


@dataclass(frozen=True)
class Workspace:
    """A folder with everything the app keeps."""

    folder: Path

    @property
    def data(self) -> Path:
        """The folder of uploaded files."""
        return self.folder / "data"

    @property
    def models(self) -> Path:
        """The folder of models."""
        return self.folder / "models"

    @property
    def jobs(self) -> Path:
        """The folder of jobs."""
        return self.folder / "jobs"

    def recipes(self) -> dict[str, Recipe]:
        """Every recipe of the library that can be read, by id, in the order of their names."""
        found = {}
        for path in (self.folder / "recipes").glob(f"*{recipe_files.SUFFIX}"):
            id = path.name.removesuffix(recipe_files.SUFFIX)
            try:
                found[id] = recipe_files.load(path)
            except DataprepError:
                continue  # whoever asks for it by its id is told what is wrong with it
        return dict(sorted(found.items(), key=lambda each: (each[1].name.lower(), each[0])))

    def recipe(self, id: str) -> Recipe | None:
        """A recipe of the library, if it is there.

        Raises:
            DataprepError: its file cannot be read.
        """
        path = self.recipe_path(id)
        return recipe_files.load(path) if path.exists() else None

    def recipe_path(self, id: str) -> Path:
        """The file of a recipe of the library, there or not."""
        if _slug(id) != id:
            raise WorkspaceError(f"{id!r} is not the id of a recipe.")
        return self.folder / "recipes" / f"{id}{recipe_files.SUFFIX}"

    def datasets(self) -> dict[str, Dataset]:
        """Every dataset, in the order in which they were added."""
        path = self.folder / "datasets.json"
        if not path.exists():
            return {}
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            return {id: Dataset(id=id, **values) for id, values in known.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise WorkspaceError(
                f"{path} cannot be read: {error}. Repair it, or move it away to begin anew."
            ) from error

    def dataset(self, id: str) -> Dataset:
        """A dataset by its id."""
        known = self.datasets()
        if id not in known:
            raise WorkspaceError(f"There is no dataset {id!r}. {did_you_mean(id, known)}".strip())
        return known[id]

    def add_dataset(
        self, label: str, connector: str, params: Mapping[str, Any], connection: str | None = None
    ) -> Dataset:
        """Add a dataset under a free id made of its label."""
        known = self.datasets()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        added = Dataset(_free(_slug(label), known), label, connector, params, connection, now)
        self._write_datasets({**known, added.id: added})
        return added

    def change_dataset(self, id: str, params: Mapping[str, Any]) -> None:
        """Change how a dataset is read; flows that have it already keep their own settings."""
        known = self.datasets()
        changed = Dataset(**{**asdict(self.dataset(id)), "params": dict(params)})
        self._write_datasets({**known, id: changed})

    def remove_dataset(self, id: str) -> None:
        """Remove a dataset from the list; its file stays, since flows may read it."""
        self._write_datasets({each: value for each, value in self.datasets().items() if each != id})

    def open_dataset(self, id: str) -> tuple[Connector, Context]:
        """A dataset as its connector, ready to be read.

        Raises:
            DataprepError: it is not there, or its settings are not valid.
        """
        dataset = self.dataset(id)
        kind = sources()[dataset.connector]
        return kind.model_validate(dict(dataset.params)), Context(self.folder, dataset.connection)

    def settings(self) -> Settings:
        """The settings; what is not set, or cannot be read, is as it is by default."""
        try:
            found = json.loads((self.folder / "settings.json").read_text(encoding="utf-8"))
            return TypeAdapter(Settings).validate_python(found)
        except (OSError, ValueError):
            return Settings()

    def change_settings(self, settings: Settings) -> None:
        """Keep other settings."""
        write_whole(self.folder / "settings.json", json.dumps(asdict(settings), indent=2) + "\n")

    def flows(self) -> list[FlowFile]:
        """Every flow that can be read, the latest edited first."""
        found = []
        for path in self.folder.glob("*.flow.json"):
            try:
                flow = load(path)
            except DataprepError:
                continue  # its page says what is wrong with it
            edited = datetime.fromtimestamp(path.stat().st_mtime)
            id = path.name.removesuffix(".flow.json")
            found.append(FlowFile(id, flow.name, path, len(flow.steps), len(flow.sources), edited))
        return sorted(found, key=lambda each: each.edited_at, reverse=True)

    def flow_path(self, id: str) -> Path:
        """The file of a flow, there or not."""
        if _slug(id) != id:
            raise WorkspaceError(f"{id!r} is not the id of a flow.")
        return self.folder / f"{id}.flow.json"

    def new_flow(self, name: str) -> str:
        """Make an empty flow; its id."""
        taken = {each.name.removesuffix(".flow.json") for each in self.folder.glob("*.flow.json")}
        id = _free(_slug(name), taken)
        save(Flow(name=name), self.flow_path(id))
        return id

    def _write_datasets(self, datasets: Mapping[str, Dataset]) -> None:
        values = {
            id: {name: value for name, value in asdict(each).items() if name != "id"} for id, each in datasets.items()
        }
        write_whole(self.folder / "datasets.json", json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "_", text.lower()).strip("_") or "untitled"


def _free(wish: str, taken: Container[str]) -> str:
    free, number = wish, 2
    while free in taken:
        free, number = f"{wish}_{number}", number + 1
    return free
