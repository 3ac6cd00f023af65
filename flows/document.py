"""The flow document: what a saved flow says, and nothing about how it runs.

A node is named by its id. Wiring is ``inputs`` only: ``"clean"`` is the first output of the node
``clean``, ``"split.test"`` the output ``test`` of the node ``split``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

FORMAT = 1


def _slug(id: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", id):
        raise ValueError(
            f"{id!r} is not an id: use small letters, digits, '_' and '-', beginning with a letter or digit."
        )
    return id


Id = Annotated[str, AfterValidator(_slug)]
"""A stable, readable name of a node: small letters, digits, ``_`` and ``-``."""


class Node(BaseModel):
    """Part of a flow."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Parameter(Node):
    """A value that a run may be given, used as ``${name}`` in any setting."""

    type: Literal["number", "string", "datetime", "pattern"] = "string"
    """What it may hold; a pattern is a regular expression."""
    default: int | float | str
    """Its value when a run gives none."""
    help: str = ""
    """What it is for."""


class SourceFacts(Node):
    """Columns that say where the rows of a source come from (:mod:`flows.source_info`)."""

    columns: Mapping[str, str]
    """Names of columns by fact."""
    dataset: str
    """What the table is called in the flow."""


class Source(Node):
    """Where rows come from."""

    connector: str
    """Id of the connector."""
    connection: str | None = None
    """Name of a connection, for sources that need one; never a secret."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Settings of the connector."""
    note: str = ""
    """What people should know of it."""
    facts: SourceFacts | None = Field(default=None, exclude_if=lambda facts: facts is None)
    """Facts to read it with, where a step of the flow asks for them."""


class Step(Node):
    """One transform, wired to its inputs."""

    transform: str
    """Id of the transform."""
    version: int = 1
    """Version of the transform that the params were written for."""
    inputs: tuple[str, ...]
    """Nodes whose rows it takes, in the order of the transform's inputs."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Settings of the transform."""
    disabled: bool = False
    """Passes its first input through unchanged."""
    note: str = ""
    """What people should know of it."""


class Recipe(Node):
    """A group of steps under one name, used as one step (``saved_recipe``) wherever it is wanted."""

    name: str
    """What people call it."""
    version: int = Field(default=1, ge=1)
    """Raised whenever it is saved for use elsewhere in another form."""
    parameters: Mapping[str, Parameter] = Field(default_factory=dict)
    """Values that each use may give, used as ``${name}`` in the steps."""
    inputs: tuple[Id, ...] = Field(min_length=1)
    """Names of the tables it takes; its steps refer to them as to nodes."""
    steps: Mapping[Id, Step]
    """Its steps, wired to its inputs and to each other."""
    outputs: Mapping[Id, str] = Field(min_length=1)
    """What comes out, by name: a step, or an output of one; the first is the one meant by default."""
    note: str = ""
    """What people should know of it."""

    @model_validator(mode="after")
    def _names_are_used_once(self) -> Self:
        both = [each for each in self.inputs if each in self.steps or self.inputs.count(each) > 1]
        if both:
            raise ValueError(f"Two things in the recipe {self.name!r} are called {both[0]!r}: rename one.")
        for reference in (*self.outputs.values(), *(each for step in self.steps.values() for each in step.inputs)):
            if node_of(reference) not in self.steps and reference not in self.inputs:
                raise ValueError(f"The recipe {self.name!r} has no step or input {node_of(reference)!r}.")
        return self


class Analysis(Node):
    """A look at the rows of a node."""

    analysis: str
    input: str
    params: dict[str, Any] = Field(default_factory=dict)
    note: str = ""


class Destination(Node):
    """Where the rows of a node go."""

    input: str
    """The node whose rows are written."""
    connector: str
    """Id of the destination's connector."""
    connection: str | None = None
    """Name of a connection, for destinations that need one; never a secret."""
    params: dict[str, Any] = Field(default_factory=dict)
    """Settings of the destination."""
    note: str = ""


class Flow(Node):
    """A graph of sources, steps and destinations. Every edit returns a new flow."""

    format: Literal[1] = 1
    name: str = "Untitled flow"
    parameters: Mapping[str, Parameter] = Field(default_factory=dict)
    sources: Mapping[Id, Source] = Field(default_factory=dict)
    steps: Mapping[Id, Step] = Field(default_factory=dict)
    analyses: Mapping[Id, Analysis] = Field(default_factory=dict)
    destinations: Mapping[Id, Destination] = Field(default_factory=dict)
    recipes: Mapping[Id, Recipe] = Field(default_factory=dict)
    """Groups of steps that steps of the flow use."""
    layout: Mapping[str, tuple[int, int]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ids_are_used_once(self) -> Self:
        seen: set[str] = set()
        for id in (*self.sources, *self.steps, *self.analyses, *self.destinations):
            if id in seen:
                raise ValueError(f"Two nodes have the id {id!r}: rename one.")
            seen.add(id)
        return self

    def __contains__(self, id: object) -> bool:
        return id in self.sources or id in self.steps or id in self.analyses or id in self.destinations

    def users(self, id: str) -> Iterator[str]:
        """Ids of the nodes that take rows from a node."""
        yield from (each for each, step in self.steps.items() if id in map(node_of, step.inputs))
        yield from (each for each, analysis in self.analyses.items() if node_of(analysis.input) == id)
        yield from (each for each, destination in self.destinations.items() if node_of(destination.input) == id)


def node_of(reference: str) -> str:
    """The node a reference names: ``"split"`` of ``"split.test"``."""
    return reference.partition(".")[0]


def output_of(reference: str) -> str | None:
    """The output a reference names; ``None`` for the first."""
    return reference.partition(".")[2] or None
