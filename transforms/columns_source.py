"""Columns that say where rows come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem
from transforms.core.relations import Relation
from transforms.core.transform import Example, TableTransform

Fact = Literal["file_name", "file_path", "row_in_file", "modified_at", "dataset_name"]


class AddSourceInfo(TableTransform):
    """Add where each row comes from: the file, its place in it, when the file was changed.

    It stands directly behind an import, since only that knows. Files are told apart when the import reads
    several, from a folder or by a pattern.
    """

    id = "add_source_info"
    title = "Add source information"
    terms = ("file name", "filename column", "source file", "row number in file", "provenance", "dataset name")
    missing = "No column of the table is looked at. A fact that the source does not have, such as the file of a \
database table, is missing."
    examples = (
        Example(
            params={"fields": ["file_name"], "read": True},
            before={"sales": [120, None], "file_name": ["may.csv", "june.csv"]},
            after={"sales": [120, None], "file_name": ["may.csv", "june.csv"]},
        ),
    )

    fields: tuple[Fact, ...] = Field(default=("file_name",), min_length=1)
    """What to add: the name of the file, its whole path, the row in it (from 1, a header not counted), when the file
    was changed last (UTC), or what the table is called in the flow."""
    prefix: str = ""
    """Put before the names of the columns, such as ``source_``."""
    read: bool = Field(default=False, exclude_if=lambda read: not read, json_schema_extra={"widget": "hidden"})
    """Whether the source is read with these columns already; set when the flow is made ready to run."""

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        if not self.read:
            yield Problem("The rows do not come straight from an import.", "Move this step directly behind one.")

    def plan(self, *tables: Relation, learned: None = None) -> Relation | tuple[Relation, ...]:
        return tables[0]

    def lineage(self, learned: None = None) -> Mapping[str, frozenset[str]] | None:
        return {}


TRANSFORMS = (AddSourceInfo,)
