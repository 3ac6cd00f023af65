"""A group of steps used as one."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem
from transforms.core.relations import Relation
from transforms.core.transform import Example, TableTransform


class SavedRecipe(TableTransform):
    """Apply a saved group of steps as one step.

    The steps are kept in the flow under the name of the recipe, with a version, so that a flow runs without
    anything beside it. Before anything else is done with the flow, the step is replaced by those of the recipe
    (:mod:`flows.recipes`), each with the name of this step before its own; what is left of it hands on the
    tables that come out.
    """

    id = "saved_recipe"
    title = "Saved recipe"
    terms = ("macro", "subflow", "sub-flow", "template", "reusable steps", "group of steps")
    inputs = ("*",)
    missing = "As in the steps of the recipe."
    examples = (
        Example(
            params={"recipe": "tidy_names", "tables": ["tidy"]},
            before={"name": ["Ann", None]},
            after={"name": ["Ann", None]},
        ),
    )

    recipe: str = Field(min_length=1, json_schema_extra={"widget": "recipe"})
    """The recipe: one of the flow, by its id."""
    parameters: dict[str, int | float | str] = Field(default={}, json_schema_extra={"widget": "recipe_parameters"})
    """Values for the parameters of the recipe; those that are not given have the default of the recipe."""
    tables: tuple[str, ...] = Field(default=(), exclude_if=operator.not_, json_schema_extra={"widget": "hidden"})
    """Names of the tables that come out; given when the steps take the place of this one."""
    trouble: str = Field(default="", exclude_if=operator.not_, json_schema_extra={"widget": "hidden"})
    """Why the steps could not take the place of this one."""

    @property
    def output_names(self) -> tuple[str, ...]:
        return self.tables or self.outputs

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        if not self.tables:
            advice = "" if self.trouble else "Choose another."
            yield Problem(self.trouble or f"The flow has no recipe {self.recipe!r}.", advice, "recipe")

    def lineage(self, learned: None = None) -> Mapping[str, frozenset[str]] | None:
        return {}

    def plan(self, *tables: Relation, learned: None = None) -> Relation | tuple[Relation, ...]:
        return tables


TRANSFORMS = (SavedRecipe,)
