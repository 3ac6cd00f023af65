"""The selected column: its statistics, the shape of its values, and steps that suit it.

What the menu of a column and the suggestions open is plain data: a transform with the settings that are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, assert_never

import altair as alt
import polars as pl
import streamlit as st

from dataprep_app.profile import ColumnProfile, Value
from dataprep_app.ui.components.data_grid import brief
from dataprep_app.ui.parts.pending import open_form

MOSTLY_MISSING = 0.5
FEW_CATEGORIES = 20
MANY_CATEGORIES = 50
FAR = 3.0
"""Quartile ranges beyond the quartiles: Tukey's outer fence (Exploratory Data Analysis, 1977)."""
MOST_SUGGESTIONS = 4
MOST_GAPS = 5
"""Columns that are listed of those with missing values."""
KINDS = {"number": "Numbers", "text": "Texts", "boolean": "True or false", "date": "Dates", "time": "Times of day"}
PICTURE = 170
"""Pixels of the picture of the values."""
STYLE = """<style>
.column-facts { columns: 2; column-gap: 1.25rem; margin: 0 !important; padding: 0 !important; }
.column-facts div { font-size: 0.85rem; line-height: 1.65; }
.column-facts div { display: flex; justify-content: space-between; gap: 0.75rem; break-inside: avoid; }
.column-facts dt { opacity: 0.8; white-space: nowrap; }
.column-facts dd { margin: 0; font-variant-numeric: tabular-nums; text-align: right; }
</style>"""

Initial = Mapping[str, Any]

_FIRST: tuple[Any, ...] = (
    {"id": "sort", "label": "Sort"},
    {"id": "filter", "label": "Filter rows"},
    {"id": "rename", "label": "Rename"},
    {"id": "type", "label": "Change type"},
    "-",
)
_LAST: tuple[Any, ...] = (
    {"id": "drop_missing", "label": "Drop rows where it is missing"},
    "-",
    {"id": "drop", "label": "Drop column"},
)
_FILLS = ({"id": "fill_mode", "label": "Fill missing: most frequent"}, {"id": "fill", "label": "Fill missing: a value"})
MENUS: dict[str, tuple[Any, ...]] = {
    "number": (
        *_FIRST,
        {"id": "fill_median", "label": "Fill missing: median"},
        {"id": "fill_mean", "label": "Fill missing: mean"},
        *_LAST[:1],
        "-",
        {"id": "outliers", "label": "Handle outliers"},
        {"id": "scale", "label": "Scale"},
        *_LAST[1:],
    ),
    "text": (
        *_FIRST,
        *_FILLS,
        *_LAST[:1],
        "-",
        {"id": "encode", "label": "Encode as 0 and 1 columns"},
        {"id": "extract", "label": "Extract by pattern"},
        *_LAST[1:],
    ),
    "boolean": (*_FIRST, *_FILLS, *_LAST),
    "date": (*_FIRST, *_FILLS, *_LAST[:1], "-", {"id": "parts", "label": "Extract parts of the date"}, *_LAST[1:]),
    "time": (*_FIRST, *_FILLS, *_LAST),
    "other": (*_FIRST[2:3], *_LAST),
}
"""What can be done with a column, by its kind."""


@dataclass(frozen=True)
class Suggestion:
    """A step that suits a column."""

    label: str
    why: str
    transform: str
    initial: Initial


def form_of(profile: ColumnProfile, action: str) -> tuple[str, Initial]:
    """The step that an action of the column's menu opens, with the settings that are known."""
    name = profile.name
    match action:
        case "sort":
            return "sort_rows", {"by": [{"column": name}]}
        case "filter":
            return "filter_rows", {"condition": _condition(profile)}
        case "rename":
            return "rename_columns", {"mapping": {name: name}}
        case "extract":
            return "extract_regex", {"column": name}
        case _:
            return ON_COLUMNS[action], {"columns": [name]}


ON_COLUMNS = {
    "type": "change_type",
    "fill_median": "impute_median",
    "fill_mean": "impute_mean",
    "fill_mode": "impute_mode",
    "fill": "fill_constant",
    "drop_missing": "drop_missing_rows",
    "outliers": "outlier_iqr",
    "scale": "scale_standard",
    "encode": "one_hot_encode",
    "parts": "extract_date_parts",
    "drop": "drop_columns",
}
"""Transforms whose settings begin with the columns they work on, by action."""


def suggestions(profile: ColumnProfile) -> list[Suggestion]:
    """Steps that suit a column, the most pressing first."""
    return list(_suggested(profile))[:MOST_SUGGESTIONS]


def _suggested(profile: ColumnProfile) -> Iterator[Suggestion]:
    columns = {"columns": [profile.name]}
    present, distinct = profile.rows - profile.missing, profile.distinct or 0
    if not profile.rows:
        return
    if profile.missing > MOSTLY_MISSING * profile.rows:
        yield Suggestion("Drop the column", "More than half of its values are missing.", "drop_columns", columns)
    if profile.missing and present:
        yield _fill(profile)
    if distinct == 1 and not profile.missing:
        yield Suggestion("Drop the column", "It holds one value only.", "drop_columns", columns)
        return
    if profile.kind == "text" and present > FEW_CATEGORIES and distinct == present:
        yield Suggestion("Drop the column", "No value occurs twice, as in an identifier.", "drop_columns", columns)
    match profile.kind:
        case "number":
            yield from _for_numbers(profile)
        case "text" if 1 < distinct <= FEW_CATEGORIES:
            why = f"It has {distinct} different values; most models need numbers."
            yield Suggestion("Encode as 0 and 1 columns", why, "one_hot_encode", columns)
        case "text" if MANY_CATEGORIES < distinct < present:
            why = f"It has {distinct:,} different values, many of them rare."
            yield Suggestion("Group rare values", why, "group_rare_categories", columns)
        case "date":
            why = "Models cannot use a date as it is."
            yield Suggestion("Extract year, month, day", why, "extract_date_parts", columns)


def _fill(profile: ColumnProfile) -> Suggestion:
    columns = {"columns": [profile.name]}
    why = f"{profile.missing:,} of {profile.rows:,} values are missing."
    if profile.kind == "number":
        return Suggestion("Fill with the median", why, "impute_median", columns)
    if profile.kind == "text":
        return Suggestion("Fill with the most frequent value", why, "impute_mode", columns)
    return Suggestion("Drop rows where it is missing", why, "drop_missing_rows", columns)


def _for_numbers(profile: ColumnProfile) -> Iterator[Suggestion]:
    columns = {"columns": [profile.name]}
    low, high = profile.min, profile.max
    if profile.quartiles and isinstance(low, int | float) and isinstance(high, int | float):
        first, _, third = (float(each) for each in profile.quartiles)
        reach = FAR * (third - first)
        if reach and (high > third + reach or low < first - reach):
            yield Suggestion("Handle outliers", "Some values lie far from the rest.", "outlier_iqr", columns)
    if (profile.distinct or 0) > 2:
        why = "Models that compare distances need columns of one scale."
        yield Suggestion("Scale", why, "scale_standard", columns)


def _condition(profile: ColumnProfile) -> dict[str, Any]:
    """A condition to begin with: one that is valid and keeps about half of the rows."""
    name = profile.name
    match profile.kind:
        case "number" if profile.quartiles:
            return {"column": name, "op": "at_least", "value": profile.quartiles[1]}
        case "text" if profile.top:
            return {"column": name, "op": "equals", "value": profile.top[0][0]}
        case "boolean":
            return {"column": name, "op": "is_true"}
        case "date" if profile.quartiles:
            return {"column": name, "op": "at_least", "value": str(profile.quartiles[1]).replace(" ", "T")}
        case _:
            return {"column": name, "op": "is_present"}


def facts(profile: ColumnProfile) -> list[tuple[str, str]]:
    """The statistics of a column, in words."""
    found = [("Type", profile.type), ("Rows", f"{profile.rows:,}"), ("Missing", _share(profile.missing, profile.rows))]
    found += [("Invalid", _share(profile.invalid, profile.rows))] if profile.invalid else []
    found += [("Distinct", f"{profile.distinct:,}")] if profile.distinct is not None else []
    names = ("Minimum", "25%", "Median", "75%", "Maximum")
    values: tuple[Value | None, ...] = (profile.min, *profile.quartiles, profile.max)
    if len(values) == len(names):
        found += [(name, _said(value)) for name, value in zip(names, values, strict=True)]
    found += [("Mean", _said(profile.mean))] if profile.mean is not None else []
    found += [("Std. deviation", _said(profile.std))] if profile.std is not None else []
    return found


def table_facts(profiles: Collection[ColumnProfile]) -> list[tuple[str, str]]:
    """What can be said of a table as a whole."""
    rows = max((each.rows for each in profiles), default=0)
    found = [("Rows", f"{rows:,}"), ("Columns", f"{len(profiles):,}")]
    kinds = Counter(KINDS.get(each.kind, "Of other types") for each in profiles)
    found += [(name, f"{count:,}") for name, count in kinds.most_common()]
    cells = rows * len(profiles)
    found += [("Missing values", _share(sum(each.missing for each in profiles), cells))]
    found += [("Complete columns", f"{sum(not each.missing for each in profiles):,}")]
    return found


def table_panel(profiles: Mapping[str, ColumnProfile]) -> None:
    """Draw what is said while no column is chosen: the table as a whole, and where values are missing."""
    with st.container(border=True):
        numbers, gaps, hint = st.columns([4, 4, 3], gap="medium")
        with numbers:
            st.text("All columns")
            _facts(table_facts(profiles.values()))
        with gaps:
            missing = sorted((each for each in profiles.values() if each.missing), key=lambda each: -each.missing)
            st.caption("Most missing values" if missing else "No value is missing.")
            if missing:
                most = [(each.name, each.missing) for each in missing[:MOST_GAPS]]
                _counts(most, "Column", "Missing", max(missing[0].rows, 1))
        with hint:
            st.caption("Choose a column to see its statistics and the steps that suit it.")


def column_panel(flow_id: str, profile: ColumnProfile, *, usable: bool = True) -> None:
    """Draw the panel; no step is suggested for a column that is only there while a step is tried."""
    with st.container(border=True):
        numbers, shape, steps = st.columns([4, 4, 3], gap="medium")
        with numbers:
            st.text(profile.name)
            _facts(facts(profile))
        with shape:
            st.caption("Most frequent values" if profile.top else "Distribution")
            _shape(profile)
        with steps:
            st.caption("Suggested steps")
            if usable:
                _suggest(flow_id, profile)
            else:
                st.caption("Add the step that makes this column to go on with it.")


def _suggest(flow_id: str, profile: ColumnProfile) -> None:
    found = suggestions(profile)
    for place, each in enumerate(found):
        st.button(
            each.label,
            help=each.why,
            key=f"suggested:{flow_id}:{place}",
            width="stretch",
            on_click=open_form,
            args=(flow_id, each.transform, dict(each.initial)),
        )
    if not found:
        st.caption("Nothing stands out in this column.")


def _facts(found: Sequence[tuple[str, str]]) -> None:
    lines = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(said)}</dd></div>" for name, said in found)
    st.html(f"{STYLE}<dl class='column-facts'>{lines}</dl>")


def _shape(profile: ColumnProfile) -> None:
    match profile.kind:
        case "number" | "date":
            _histogram(profile)
        case "text" | "boolean":
            _counts(profile.top, "Value", "Rows", max(profile.rows, 1))
        case "time" | "other":
            st.caption("There is no picture of such values.")
        case _:
            assert_never(profile.kind)


def _counts(found: Sequence[tuple[str, int]], name: str, count: str, most: int) -> None:
    rows = pl.DataFrame(found, schema={name: pl.String, count: pl.Int64}, orient="row")
    bar = st.column_config.ProgressColumn(format="localized", min_value=0, max_value=most)
    st.dataframe(rows, hide_index=True, column_config={count: bar}, placeholder="(empty)")


def _histogram(profile: ColumnProfile) -> None:
    if not profile.histogram:
        st.caption("There is no value.")
        return
    low, high = _place(profile.min), _place(profile.max)
    count = len(profile.histogram)
    width = (high - low) / count or 1.0
    edges = [low + place * width for place in range(count + 1)]
    bars = pl.DataFrame({"from": edges[:-1], "to": edges[1:], "rows": profile.histogram})
    if profile.kind == "date":
        bars = bars.with_columns(pl.from_epoch((pl.col("from", "to") * 1_000).cast(pl.Int64), "ms"))
    across = alt.X("from", type="quantitative", bin="binned")
    if profile.kind == "date":
        across = alt.X("from", type="temporal")
    chart = (
        alt.Chart(bars.to_pandas())
        .mark_bar(binSpacing=1)
        .encode(
            x=across.axis(title=None, tickCount=4, labelOverlap=True, grid=False),
            x2="to",
            y=alt.Y("rows", type="quantitative", axis=alt.Axis(title="Rows", tickCount=3)),
            tooltip=["from", "to", "rows"],
        )
        .properties(height=PICTURE)
    )
    st.altair_chart(chart, width="stretch")


def _place(value: Value | None) -> float:
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment.timestamp() if moment.tzinfo else (moment - datetime(1970, 1, 1)).total_seconds()
    return float(value or 0)


def _said(value: Value | None) -> str:
    return value[:19] if isinstance(value, str) else brief(value)


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.1%})" if part else "0"
