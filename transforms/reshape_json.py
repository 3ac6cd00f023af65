"""JSON text read into columns, lists and objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.categories import free_names
from transforms.core.columns import TextColumn, taken
from transforms.core.conversion import blank, converted
from transforms.core.dtypes import TypeName
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, Rows
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.json_shapes import KINDS, Shape, Shaped, common_shape, json_text, read_json, shape_of

MOST_FIELDS = 1_000
"""Objects of more fields than this, those of objects inside them included, are refused: keys that are data, likely."""
STEP = re.compile(
    r"""(?P<deep>\.\.)?(?:
        \.?(?P<name>[^.\[\]*'"\s]+) | \.?(?P<any>\*) | \[(?P<place>-?[0-9]{1,9})\] | \[(?P<all>\*)\]
        | \[(?P<from>-?[0-9]{1,9})?:(?P<to>-?[0-9]{1,9})?\] | \['(?P<single>[^']*)'\] | \["(?P<double>[^"]*)"\]
    )""",
    re.VERBOSE,
)

Step = tuple[bool, str | int | slice | None]
"""Whether to look at every depth, and what to take: a key, a place, places, or everything."""


def json_path(text: str) -> tuple[Step, ...]:
    """The steps of a JSON path.

    Raises:
        ValueError: it is not one.
    """
    place, steps = (1 if text.startswith("$") else 0), []
    while place < len(text):
        found = STEP.match(text, place)
        if found is None:
            raise ValueError(
                f"{text!r} cannot be read as a path from {text[place:]!r} on. Write one like $.user.name, "
                "$.items[0].price, $.items[*].id, $['a key'] or $..id."
            )
        part = found.groupdict()
        key = next((part[each] for each in ("name", "single", "double") if part[each] is not None), None)
        what: str | int | slice | None = key
        if part["place"] is not None:
            what = int(part["place"])
        elif key is None and part["any"] is None and part["all"] is None:
            what = slice(*(None if part[each] is None else int(part[each]) for each in ("from", "to")))
        steps.append((part["deep"] is not None, what))
        place = found.end()
    return tuple(steps)


def _valid_path(text: str) -> str:
    json_path(text)
    return text


def matches(document: Any, steps: Iterable[Step]) -> list[Any]:
    """The values that a path leads to, in the order of the document."""
    values = [document]
    for deep, what in steps:
        if deep:
            values = [each for value in values for each in _within(value)]
        values = [each for value in values for each in _taken(value, what)]
    return values


def _within(value: Any) -> Iterator[Any]:
    """A value and all values inside it."""
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _within(each)


def _taken(value: Any, what: str | int | slice | None) -> Iterable[Any]:
    match value, what:
        case dict(), str():
            return [value[what]] if what in value else []
        case dict(), None:
            return value.values()
        case list(), None:
            return value
        case list(), slice():
            return value[what]
        case list(), int():
            return [value[what]] if -len(value) <= what < len(value) else []
        case _:
            return []


def for_each_text(text: pl.Expr, function: Callable[[str], Any], dtype: pl.DataType) -> pl.Expr:
    """What a function gives for each text, of any type, lists and objects too; missing text stays missing."""

    def mapped(texts: pl.Series) -> pl.Series:
        distinct = texts.drop_nulls().unique()
        found = pl.Series([function(each) for each in distinct.to_list()], dtype=dtype)
        numbers = pl.int_range(len(distinct), eager=True)
        places = texts.replace_strict(distinct, numbers, default=None, return_dtype=pl.Int64)
        return found.gather(places)

    return text.map_batches(mapped, return_dtype=dtype, is_elementwise=True)


class ExtractJsonPath(RowTransform):
    """Take the value at a path out of JSON text."""

    id = "extract_json_path"
    title = "Extract with JSON path"
    terms = ("json value", "json query", "jsonpath", "read field of json")
    missing = (
        "Missing and blank text gives a missing value, and so do a path that leads nowhere and a JSON null; text that "
        "is not JSON does too, and is counted."
    )
    examples = (
        Example(
            params={"column": "doc", "path": "$.user.name", "output": "name"},
            before={"doc": ['{"user": {"name": "Zoë"}}', '{"user": {}}', None]},
            after={"doc": ['{"user": {"name": "Zoë"}}', '{"user": {}}', None], "name": ["Zoë", None, None]},
        ),
        Example(
            params={"column": "doc", "path": "$[*].n", "type": "integer", "all_matches": True, "output": "n"},
            before={"doc": ['[{"n": 1}, {"n": null}, {"m": 5}, {"n": 3}]', "[]", None]},
            after={
                "doc": ['[{"n": 1}, {"n": null}, {"m": 5}, {"n": 3}]', "[]", None],
                "n": [[1, None, 3], [], None],
            },
        ),
    )

    column: TextColumn
    """Column of JSON text."""
    path: Annotated[str, Field(min_length=1), AfterValidator(_valid_path)]
    """Where the value is: $.user.name, $.items[0], [-1] the last, [1:3] some, [*] and .* all, ..name at any depth."""
    type: TypeName = "text"
    """Type of the new column; objects and lists are given as JSON text."""
    all_matches: bool = False
    """Give a list of all values that the path leads to, and not only the first."""
    output: NewColumn
    """Name of the new column."""
    on_error: Literal["null", "fail"] = "null"
    """What is not JSON, or not of the type, becomes missing and is counted, or stops the run."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _found(self) -> pl.Expr:
        steps = json_path(self.path)

        def texts(text: str) -> list[str | None]:
            return [json_text(each) for each in matches(read_json(text)[1], steps)]

        def first(text: str) -> str | None:
            return next(iter(texts(text)), None)

        def every(text: str) -> list[str | None] | None:
            return texts(text) if read_json(text)[0] else None

        text = pl.col(self.column).cast(pl.String)
        if self.all_matches:
            return for_each_text(text, every, pl.List(pl.String()))
        return for_each_text(text, first, pl.String())

    def exprs(self) -> Iterator[pl.Expr]:
        found = self._found()
        if self.all_matches:
            made = found.list.eval(converted(pl.element(), pl.String(), self.type))
        else:
            made = converted(found, pl.String(), self.type)
        yield made.alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        text = pl.col(self.column).cast(pl.String)
        lost = ~blank(text) & ~for_each_text(text, lambda each: read_json(each)[0], pl.Boolean())
        if self.type != "text":
            found = self._found()
            if self.all_matches:
                kept = converted(pl.element(), pl.String(), self.type).is_not_null()
                lost |= found.list.eval(pl.element().is_not_null() & ~kept).list.any().fill_null(False)
            else:
                lost |= found.is_not_null() & converted(found, pl.String(), self.type).is_null()
        what = f"became missing: no JSON, or no {self.type} at {self.path}"
        yield Failure(column=self.column, where=lost, what=what, stop=self.on_error == "fail")


class JsonShape(Learned):
    """What the JSON values of a column are made of; none where there was no value."""

    shape: Shape | None


class ParseJson(FittedTransform):
    """Read JSON text into numbers, texts, lists and objects, or into a column of each field."""

    id = "parse_json"
    title = "Parse JSON text"
    terms = ("json to columns", "read json", "json to object", "decode json", "from json", "expand json")
    columns_from_data = True
    missing = (
        "Missing and blank text becomes a missing value, as JSON null does; so does text that is not JSON, which is "
        "counted."
    )
    unseen = (
        "Fields that were not there in the fit are left out, and values of another type than was found become "
        "missing; both are counted, or stop the run."
    )
    examples = (
        Example(
            params={"column": "doc", "form": "columns"},
            before={"id": [1, 2, 3], "doc": ['{"city": "Oslo", "n": 1}', '{"n": 2.5, "city": null}', None]},
            after={"id": [1, 2, 3], "doc_city": ["Oslo", None, None], "doc_n": [1.0, 2.5, None]},
        ),
        Example(
            params={"column": "doc"},
            before={"doc": ['{"tags": ["a", null], "ok": true}', "", None]},
            after={"doc": [{"tags": ["a", None], "ok": True}, None, None]},
        ),
    )

    column: TextColumn
    """Column of JSON text."""
    form: Literal["object", "columns"] = "object"
    """Replace the text by the value it stands for; or by a column of each field of the objects it stands for."""
    fields: dict[str, Literal["integer", "number", "text", "boolean"]] = {}
    """Fields of the objects to read, with their types; all that are found when empty. Text is JSON text where
    there is an object or a list."""
    prefix: str | None = None
    """Put before the names of fields that become columns; the column's name and an underscore when not given."""
    sample: int = Field(10_000, ge=1, le=1_000_000)
    """How many texts, drawn at random, to look at to find the fields and their types."""
    on_error: Literal["null", "fail"] = "null"
    """What is not JSON, or does not fit what was found, becomes missing and is counted, or stops the run."""

    def fit(self, ask: Ask) -> JsonShape:
        if self.fields:
            return JsonShape(
                shape=Shape(kind="object", fields={name: KINDS[each] for name, each in self.fields.items()})
            )
        (rows,) = ask(Rows((self.column,), self.sample))
        texts = rows[self.column].cast(pl.String).drop_nulls().unique(maintain_order=True)
        shape = common_shape(shape_of(read_json(each)[1]) for each in texts)
        if shape is not None and shape.size() > MOST_FIELDS:
            raise StepError(
                f"The objects in column {self.column!r} have {shape.size():,} fields in all, more than the "
                f"{MOST_FIELDS:,} that are read. Name the fields to read, or take values out by a path."
            )
        if self.form == "columns" and shape is not None and shape.kind != "object":
            raise StepError(
                f"Column {self.column!r} holds {shape.kind} values as JSON, not only objects, whose fields become "
                "columns. Read them into one column."
            )
        return JsonShape(shape=shape)

    def _text(self) -> pl.Expr:
        text = pl.col(self.column).cast(pl.String)
        return pl.when(~blank(text)).then(text)

    def apply(self, rows: pl.LazyFrame, learned: JsonShape) -> pl.LazyFrame:
        shape = learned.shape or KINDS["text"]
        value = for_each_text(self._text(), lambda each: Shaped(read_json(each)[1], shape).value, shape.dtype())
        if self.form == "object":
            return rows.with_columns(value.alias(self.column))
        others = [name for name in self._schemas[0] if name != self.column]
        place = self._schemas[0].names().index(self.column)
        prefix = f"{self.column}_" if self.prefix is None else self.prefix
        found = list(shape.fields)
        names = free_names((f"{prefix}{each}" or "empty" for each in found), others)
        fields = (pl.col("__json").struct.field(each).alias(name) for each, name in zip(found, names, strict=True))
        read = rows.with_columns(value.alias("__json")) if found else rows
        return read.select(*map(pl.col, others[:place]), *fields, *map(pl.col, others[place:]))

    def failures(self, learned: JsonShape | None = None) -> Iterator[Failure]:
        if learned is None:
            return
        shape, stop = learned.shape, self.on_error == "fail"
        bad = ~for_each_text(self._text(), lambda each: read_json(each)[0], pl.Boolean())
        yield Failure(column=self.column, where=bad, what="are not JSON, and became missing", stop=stop)
        chosen = bool(self.fields)

        def fits(text: str) -> bool:
            return Shaped(read_json(text)[1], shape, allow_others=chosen).fits

        others = "values" if chosen else "fields or values"
        yield Failure(
            column=self.column,
            where=~for_each_text(self._text(), fits, pl.Boolean()),
            what=f"hold {others} other than were {'asked for' if chosen else 'found in the fit'}, which were left out",
            stop=stop,
        )


TRANSFORMS: tuple[type[Transform], ...] = (ParseJson, ExtractJsonPath)
