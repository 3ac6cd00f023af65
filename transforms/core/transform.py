"""The three shapes a transform can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Self, get_type_hints

import polars as pl
from pydantic import BaseModel, ConfigDict, PrivateAttr

from transforms.core import columns
from transforms.core.errors import InvalidStepError, Problem
from transforms.core.params import Params
from transforms.core.relations import MapRows, Relation
from transforms.core.statistics import Ask

MOST_COMPARISONS = 1_000_000
"""Pairs of names that are compared to tell what a step leaves alone; with more, it is taken to touch all."""


class Learned(BaseModel):
    """What a transform remembers of the data it was fitted on: plain data, never code.

    Fields are numbers, text, lists and mappings of them, and :data:`Table`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, ser_json_inf_nan="constants")


Table = Annotated[pl.DataFrame, "a small table, kept as an Arrow file beside the JSON"]


class Example(BaseModel):
    """A small table before and after: shown in the help, run by the tests on every engine."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    params: dict[str, Any]
    before: dict[str, list[Any]]
    """The first input, column by column."""
    after: dict[str, list[Any]]
    """The (first) output; compared without regard to row order where the step does not define one."""
    others: tuple[dict[str, list[Any]], ...] = ()
    """Further inputs, for transforms that take several."""
    dtypes: dict[str, Any] = {}
    """Polars types of input columns that cannot be told from the values."""

    def tables(self) -> tuple[pl.DataFrame, ...]:
        """The inputs as polars tables."""
        return tuple(
            pl.DataFrame(data, schema_overrides={n: t for n, t in self.dtypes.items() if n in data}, strict=False)
            for data in (self.before, *self.others)
        )


class Failure(BaseModel):
    """Values a step could not handle, as a condition that can be counted.

    A run counts the rows for which ``where`` holds and shows a few of their values; with ``stop`` it
    ends before anything is written.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    column: str
    where: pl.Expr
    """Boolean, over the step's first input."""
    what: str
    """What happened to them: ``"became missing"``, ``"break the rule 'age > 0'"``."""
    stop: bool = False


class Transform(Params):
    """One step of a flow: subclass :class:`RowTransform`, :class:`FittedTransform` or :class:`TableTransform`."""

    id: ClassVar[str]
    """Stable name in saved flows; never changes once released."""
    version: ClassVar[int] = 1
    """Raised whenever saved params need an :meth:`upgrade`."""
    title: ClassVar[str]
    """What the menu says."""
    terms: ClassVar[tuple[str, ...]] = ()
    """Other words people search for."""
    inputs: ClassVar[tuple[str, ...]] = ("table",)
    """Names of the tables it takes; ``"*"`` as the last name stands for one or more."""
    outputs: ClassVar[tuple[str, ...]] = ("table",)
    training_only: ClassVar[bool] = False
    """Left out when the flow prepares rows for prediction."""
    changes_rows: ClassVar[bool] = False
    """Rows may come or go."""
    columns_from_data: ClassVar[bool] = False
    """Which columns come out is known only after fitting."""
    runs_code: ClassVar[bool] = False
    """Runs code that people wrote, its setting ``code``: refused until the owner trusts it (`flows.trust`)."""
    missing: ClassVar[str]
    """What happens to null and NaN, a sentence."""
    unseen: ClassVar[str] = ""
    """What happens, after fitting, to values that were not there before; a sentence."""
    examples: ClassVar[tuple[Example, ...]] = ()

    _schemas: tuple[pl.Schema, ...] = PrivateAttr(())

    @classmethod
    def upgrade(cls, params: dict[str, Any], version: int) -> dict[str, Any]:
        """Rewrite params saved by an older ``version`` of this transform."""
        return params

    @classmethod
    def learned_type(cls) -> type[Learned] | None:
        """The class of what ``fit`` returns, read off its annotation; ``None`` when it learns nothing."""
        found = get_type_hints(cls.fit).get("return")
        return found if isinstance(found, type) and issubclass(found, Learned) else None

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the tables that come out; the first is the one meant when a flow names only the step."""
        return self.outputs

    def bind(self, *schemas: pl.Schema) -> Self:
        """The step with its columns named, ready to be fitted and planned.

        Raises:
            InvalidStepError: a column is missing or of the wrong type, or the settings do not fit the tables.
        """
        step, problems = self.try_bind(*schemas)
        errors = [each for each in problems if each.severity == "error"]
        if errors:
            raise InvalidStepError(errors)
        return step

    def try_bind(self, *schemas: pl.Schema) -> tuple[Self, list[Problem]]:
        """Like :meth:`bind`, but returns the problems."""
        step, problems = self.bound(schemas)
        if step is self:
            step = self.model_copy()
        step._schemas = schemas
        if not problems:
            problems = list(step.check(*schemas))
        return step, problems

    def check(self, *schemas: pl.Schema) -> Iterable[Problem]:
        """Further problems of bound settings with the tables, beyond columns that are missing or mistyped."""
        return ()

    def fit(self, ask: Ask) -> Learned | None:
        """Ask the engine for statistics and keep what :meth:`plan` needs."""
        return None

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        """The output table in terms of the inputs; one relation for each of ``output_names``."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def failures(self, learned: Any = None) -> Iterable[Failure]:
        """Values that the step loses or refuses: counted in every run, never silent."""
        return ()

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        """Input columns by output column; ``None`` when every output may depend on every column read."""
        return None

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """Those of some columns that the bound step may read, change or make, known before it has learned.

        The others come out as they went in, in the same rows unless the step ``changes_rows``. A step
        can only know a column by a name in its settings, and names what it makes after that or after
        another of its settings; so what is meant is any column whose name is, begins with, or is part
        of a text among them, or holds the name of a column among them.
        """
        columns = frozenset(columns)
        texts = frozenset(each for each in _texts(self.model_dump()) if each)
        named, starts, together = texts & columns, tuple(texts), "\0".join(texts)
        others = columns - named
        if len(named) * len(others) > MOST_COMPARISONS:
            return columns
        return named | {
            each
            for each in others
            if each in together or each.startswith(starts) or any(text in each for text in named)
        }

    def looks_at(self, columns: Iterable[str], learned: Any = None) -> frozenset[str]:
        """Those of some columns that the bound step looks at: what it touches, and what its expressions name.

        They may name more than the settings do, such as every column of a row that a number is drawn for.
        """
        named = (self.lineage(learned) or {}).values()
        return self.touched(columns).union(*named)

    def dtype(self, column: str, table: int = 0) -> pl.DataType:
        """The type of an input column of the bound step."""
        return self._schemas[table][column]

    def present(self, column: str) -> pl.Expr:
        """A column of the bound step with NaN as null."""
        value = columns.column(column)
        return value.fill_nan(None) if self.dtype(column).is_float() else value


class RowTransform(Transform):
    """Looks at one row at a time, so it may run on any piece of a table.

    Override :meth:`exprs`, or :meth:`apply` when rows or columns go away.
    """

    missing: ClassVar[str] = "Missing values stay missing."

    def exprs(self) -> Iterable[pl.Expr]:
        """Columns to add or replace."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        """The rows after the step."""
        return rows.with_columns(self.exprs())

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        return MapRows(tables[0], self)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return _lineage(self.exprs()) if type(self).apply is RowTransform.apply else None


class FittedTransform(Transform):
    """Learns from the whole table first, then looks at one row at a time."""

    missing: ClassVar[str] = "Missing values are left out of the fit and stay missing."

    def exprs(self, learned: Any) -> Iterable[pl.Expr]:
        """Columns to add or replace."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def apply(self, rows: pl.LazyFrame, learned: Any) -> pl.LazyFrame:
        """The rows after the step."""
        return rows.with_columns(self.exprs(learned))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        return MapRows(tables[0], self, learned)

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return _lineage(self.exprs(learned)) if type(self).apply is FittedTransform.apply else None


class TableTransform(Transform):
    """Needs to see rows together: joins, groups, sorts, windows."""


def _texts(value: Any) -> Iterator[str]:
    """Every text inside plain settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _texts(pair)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)


def _lineage(expressions: Iterable[pl.Expr]) -> dict[str, frozenset[str]]:
    pairs: Iterator[tuple[str, frozenset[str]]] = (
        (each.meta.output_name(), frozenset(each.meta.root_names())) for each in expressions
    )
    return dict(pairs)
