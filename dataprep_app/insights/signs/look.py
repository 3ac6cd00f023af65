"""Looks at every column of a sample for what its values seem to be."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.signs.facts import Signs
from dataprep_app.insights.signs.numbers import clock_in_digits, dates_apart, dates_in_digits, numbers_apart
from dataprep_app.insights.signs.personal import personal_numbers, personal_texts
from dataprep_app.insights.signs.same import renamed_columns, same_columns
from dataprep_app.insights.signs.several import several
from dataprep_app.insights.signs.spelling import garbled, shape_of, variants, white_space
from dataprep_app.insights.signs.texts import texts_of
from dataprep_app.insights.signs.written import written
from flows.engines.base import Control


def signs_of(sample: Sample, control: Control, today: date | None = None) -> dict[str, Signs]:
    """What the values of each column seem to be; nested columns and those without a value show no signs.

    Args:
        sample: the rows.
        control: checked between columns.
        today: dates after it are yet to come; by default the date in UTC.

    Raises:
        Cancelled: it was stopped.
    """
    day = today or datetime.now(UTC).date()
    same = same_columns(sample.rows)
    renamed = renamed_columns(sample.rows, same)
    found: dict[str, Signs] = {}
    for name in sample.rows.columns:
        control.check()
        signs = _signs(sample, name, day)
        found[name] = signs.model_copy(update={"same_as": same.get(name, ()), "renamed": renamed.get(name, ())})
    return found


def _signs(sample: Sample, name: str, today: date) -> Signs:
    dtype, table = sample.rows.schema[name], sample.rows
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return _text(table, name)
    if dtype.is_numeric():
        feature = sample.features.get(name)
        spike = feature.spike if feature else None
        apart = numbers_apart(table, name, spike[0] if spike else None)
        signs = Signs(
            rows=table.height, codes=apart.codes, spread=apart.spread, rest_skew=apart.rest_skew, far=apart.far,
            clock=clock_in_digits(table, name),
        )  # fmt: skip
        if dtype.is_integer():
            found = {"personal": personal_numbers(table, name), "dates": dates_in_digits(table, name)}
            return signs.model_copy(update=found)
        return signs
    if dtype in (pl.Date, pl.Datetime):
        apart = dates_apart(table, name, today)
        return Signs(rows=table.height, days=apart.days, future=apart.future, latest=apart.latest)
    return Signs()


def _text(table: pl.DataFrame, name: str) -> Signs:
    texts = texts_of(table, name)
    reads = written(texts)
    around, examples = white_space(texts)
    unread, places, miscoded = garbled(texts)
    values = reads.numbers is not None and reads.numbers.rows > 0.9 * texts.rows
    values = values or (reads.dates is not None and reads.dates.rows > 0.9 * texts.rows)
    return Signs(
        rows=texts.rows,
        distinct=texts.distinct,
        numbers=reads.numbers,
        not_numbers=reads.not_numbers,
        placeholders=texts.placeholders,
        lettered=reads.lettered,
        dates=reads.dates,
        not_dates=reads.not_dates,
        variants=() if values else variants(texts),
        several=None if values else several(texts),
        garbled=unread,
        garbled_examples=places,
        miscoded=miscoded,
        around=around,
        around_examples=examples,
        personal=personal_texts(texts),
        shape=None if reads.numbers or reads.dates else shape_of(texts),
    )
