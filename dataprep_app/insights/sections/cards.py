"""The cards of a report: each column in detail, by what it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from dataprep_app.insights.findings import FeatureType
from dataprep_app.insights.sections.card_dates import date_parts
from dataprep_app.insights.sections.card_labels import Labels, labels_of
from dataprep_app.insights.sections.card_levels import counted, frequent, levels_of
from dataprep_app.insights.sections.card_numbers import number_card
from dataprep_app.insights.sections.card_text import characters, important_words, prose
from dataprep_app.insights.sections.facts import Card
from dataprep_app.insights.sections.patterns import text_patterns
from dataprep_app.insights.sections.sample import Sample
from flows.engines.base import Control
from transforms.core.columns import column

MANY = 30
"""Categories with at least so many different values are looked at as text, too: they may be codes or sentences."""

SEVERAL = 1.25
"""Texts of fewer words on average are single words: codes, names, numbers; their frequent values say it all."""


def cards(
    sample: Sample, order: Sequence[str], control: Control, on_column: Callable[[int, str], None]
) -> tuple[Card, ...]:
    """A card of each column, in the order given.

    Args:
        sample: the rows to look at.
        order: names of columns.
        control: stops it between two columns.
        on_column: told the place and the name of each column before it is looked at.
    """
    labels = labels_of(sample)
    found = []
    for place, name in enumerate(order):
        control.check()
        on_column(place, name)
        values = sample.rows.select(column(name).alias("value")).to_series()
        mine = labels if name != sample.target else None
        facts = _facts(values, sample.features[name].summary.type, mine)
        found.append(Card(basis=sample.basis, name=name, target_says=mine.says if mine and facts else "", **facts))
    return tuple(found)


def _facts(values: pl.Series, kind: FeatureType, labels: Labels | None) -> dict[str, Any]:
    """What the card of a column says; nothing of columns that hold no value, or lists and the like."""
    if values.dtype.is_nested() or values.dtype in (pl.Null, pl.Binary, pl.Object) or values.count() == 0:
        return {}
    match kind:
        case "numeric" if values.dtype.is_numeric():
            return number_card(values, labels)
        case "datetime" if values.dtype in (pl.Date, pl.Datetime):
            return {"date_parts": date_parts(values, labels)}
        case "text" if values.dtype in (pl.String, pl.Categorical, pl.Enum):
            return _text(values.cast(pl.String), labels)
        case "binary" | "categorical":
            return _categories(values, labels)
        case _:
            return {}


def _text(values: pl.Series, labels: Labels | None) -> dict[str, Any]:
    """Characters, words and patterns, and the values that are frequent, if any are."""
    levels, other_rows = levels_of(counted(values, labels), least=frequent(values.count()))
    measured = characters(values)
    return {
        "levels": levels,
        "other_rows": other_rows if levels else 0,
        "characters": measured,
        "words": important_words(values, labels) if measured.get("words_mean", 0.0) >= SEVERAL else (),
        "patterns": text_patterns(values),
    }


def _categories(values: pl.Series, labels: Labels | None) -> dict[str, Any]:
    """The most frequent values; of many different texts their pattern, and their words where they are sentences."""
    counts = counted(values, labels)
    levels, other_rows = levels_of(counts)
    found: dict[str, Any] = {"levels": levels, "other_rows": other_rows}
    if counts.height < MANY or counts.schema["value"] != pl.String:
        return found
    texts = values.cast(pl.String)
    found["patterns"] = text_patterns(texts)
    if prose(counts["value"]):
        found |= {"characters": characters(texts), "words": important_words(texts, labels)}
    return found
