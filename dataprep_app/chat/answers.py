"""Answers: analyses computed by polars on the rows that are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from dataprep_app.chat.explain import condition as said
from dataprep_app.chat.turn import AnalysisResult, Answer
from dataprep_app.profile import plain
from transforms.core.columns import column
from transforms.core.conditions import Condition

MOST_ROWS = 200
"""Rows of an answer that are given back."""
SHOWN_ROWS = 10
PLOTTED_GROUPS = 30
BINS = 20
EXPRESSIONS: dict[str, Any] = {
    "mean": pl.Expr.mean,
    "median": pl.Expr.median,
    "sum": pl.Expr.sum,
    "min": pl.Expr.min,
    "max": pl.Expr.max,
    "std": pl.Expr.std,
    "var": pl.Expr.var,
}
WORDS = {
    "mean": "average",
    "sum": "total",
    "min": "smallest",
    "max": "largest",
    "std": "standard deviation of",
    "var": "variance of",
    "count_distinct": "distinct values of",
    "mode": "most frequent",
}


def answered(asked: AnalysisResult, rows: pl.DataFrame, basis: str = "") -> AnalysisResult:
    """The analysis with its answer.

    Args:
        asked: what was asked.
        rows: the table that it is about.
        basis: what these rows are, in words; their number by default.
    """
    spec = asked.spec
    kept = rows
    if "where" in spec:
        kept = rows.filter(TypeAdapter(Condition).validate_python(spec["where"]).expr(rows.schema))
    sentence, table = ANALYSES[asked.analysis](spec, rows if asked.analysis == "share" else kept)
    of = basis or f"{rows.height:,} rows"
    if "where" in spec and asked.analysis != "share":
        of = f"{kept.height:,} of {of}, where {said(spec['where'])}"
    cells = {name: [plain(each) for each in table[name].to_list()] for name in table.columns}
    return replace(asked, answer=Answer(sentence, cells, f"Computed on {of}."))


def _present(name: str, rows: pl.DataFrame) -> pl.Expr:
    value = column(name)
    return value.fill_nan(None) if rows.schema[name].is_float() else value


def _measure(each: Mapping[str, Any], rows: pl.DataFrame) -> pl.Expr:
    name, function = each["column"], each["function"]
    if function == "rows":
        return pl.len().alias("rows")
    value = _present(name, rows)
    label = f"{name} {function.replace('_', ' ')}"
    if function == "count_distinct":
        return value.drop_nulls().n_unique().alias(label)
    if function == "mode":
        return value.drop_nulls().mode().sort().first().alias(label)
    found: pl.Expr = EXPRESSIONS[function](value)
    return found.alias(label)


def _query(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    measures = [_measure(each, rows) for each in spec["aggregations"]]
    by = list(spec.get("by", ()))
    if not by:
        found = rows.select(measures)
        parts = [
            f"{_phrase(each)} is {shown(value)}" for each, value in zip(spec["aggregations"], found.row(0), strict=True)
        ]
        return f"The {', the '.join(parts)}.", found
    grouped = rows.group_by([_present(each, rows).alias(each) for each in by]).agg(measures)
    last = grouped.columns[-1]
    if "sort" in spec:
        found = grouped.sort(
            last, *by, descending=[spec["sort"] == "descending", *([False] * len(by))], nulls_last=True
        )
    else:
        found = grouped.sort(by, nulls_last=True)
    found = found.head(int(spec.get("limit", MOST_ROWS)))
    names = ", the ".join(_phrase(each) for each in spec["aggregations"])
    if spec.get("limit") == 1 and found.height:
        top = ", ".join(shown(each) for each in found.row(0)[: len(by)])
        return f"{top}: the {names} is {shown(found.row(0)[-1])}.", found
    cut = f", the first {found.height} of {grouped.height} groups" if found.height < grouped.height else ""
    return f"The {names} by {', '.join(by)}{cut}.", found


def _phrase(each: Mapping[str, Any]) -> str:
    if each["function"] == "rows":
        return "number of rows"
    number = "number of " if each["function"] == "count_distinct" else ""
    return f"{number}{WORDS.get(each['function'], each['function'])} {each['column']}"


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "missing"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and abs(value) < 1e4
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


def _share(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    held = rows.filter(TypeAdapter(Condition).validate_python(spec["where"]).expr(rows.schema)).height
    share = held / rows.height if rows.height else 0.0
    table = pl.DataFrame({"rows": [held], "of": [rows.height], "share": [share]})
    return f"{share:.1%} of the rows: {held:,} of {rows.height:,}, where {said(spec['where'])}.", table


def _values(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    name = spec["column"]
    counted = rows.select(_present(name, rows).alias(name)).group_by(name).len("rows")
    counted = counted.sort("rows", name, descending=[True, False], nulls_last=True)
    distinct = counted.drop_nulls(name).height
    return f"{name} has {distinct:,} distinct value{'' if distinct == 1 else 's'}.", counted.head(MOST_ROWS)


def _missing(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    names = list(spec.get("columns") or rows.columns)
    counts = [int(rows.select(_present(each, rows).null_count()).item()) for each in names]
    table = pl.DataFrame({"column": names, "missing": counts, "share": [each / max(rows.height, 1) for each in counts]})
    table = table.sort("missing", "column", descending=[True, False])
    if len(names) == 1:
        return f"{names[0]} is missing in {counts[0]:,} of {rows.height:,} rows.", table
    gaps = sum(each > 0 for each in counts)
    return f"{gaps} of {len(names)} columns have missing values, {sum(counts):,} cells in all.", table


def _describe(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    names = [each for each in spec.get("columns") or rows.columns if not rows.schema[each].is_nested()]
    by = list(spec.get("by", ()))
    if by:
        numbers = [each for each in names if rows.schema[each].is_numeric()]
        measures = [
            _measure({"column": each, "function": f}, rows) for each in numbers for f in ("mean", "std", "min", "max")
        ]
        return f"{', '.join(names)} by {', '.join(by)}.", rows.group_by(by).agg(pl.len().alias("rows"), *measures).sort(
            by
        )
    lines = []
    for each in names:
        value = rows.select(_present(each, rows).alias(each)).to_series()
        number = value.dtype.is_numeric()
        lines.append(
            {
                "column": each,
                "values": value.len() - value.null_count(),
                "missing": value.null_count(),
                "distinct": value.drop_nulls().n_unique(),
                "mean": value.mean() if number else None,
                "std": value.std() if number else None,
                "min": None if value.min() is None else str(plain(value.min())),
                "median": value.median() if number else None,
                "max": None if value.max() is None else str(plain(value.max())),
            }
        )
    types = {
        "column": pl.String,
        "mean": pl.Float64,
        "std": pl.Float64,
        "median": pl.Float64,
        "min": pl.String,
        "max": pl.String,
    }
    return f"{len(lines)} column{'' if len(lines) == 1 else 's'} described.", pl.DataFrame(
        lines, schema_overrides=types
    )


def _correlation(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    """Pearson's correlation of columns of numbers, on the rows where both are present."""
    numbers = [each for each, dtype in rows.schema.items() if dtype.is_numeric()]
    if "target" in spec:
        target = spec["target"]
        if target not in numbers:
            return f"{target} holds no numbers, so that nothing correlates with it.", pl.DataFrame()
        found = [(each, _pearson(rows, each, target)) for each in numbers if each != target]
        table = pl.DataFrame(
            {"column": [e for e, _ in found], "correlation": [r for _, r in found]},
            schema_overrides={"correlation": pl.Float64},
        )
        table = table.sort(pl.col("correlation").abs(), descending=True, nulls_last=True)
        best = f" Most: {table['column'][0]} ({shown(table['correlation'][0])})." if table.height else ""
        return f"Correlation of the columns of numbers with {target}.{best}", table
    names = list(spec.get("columns") or numbers)
    if len(names) == 2 and set(names) <= set(numbers):
        r = _pearson(rows, names[0], names[1])
        return f"The correlation of {names[0]} and {names[1]} is {shown(r)}.", pl.DataFrame({"correlation": [r]})
    names = [each for each in names if each in numbers]
    columns: dict[str, Sequence[Any]] = {"column": names}
    return "Correlations of the columns of numbers.", pl.DataFrame(
        {**columns, **{b: [_pearson(rows, a, b) for a in names] for b in names}}
    )


def _pearson(rows: pl.DataFrame, first: str, second: str) -> float | None:
    pair = rows.select(_present(first, rows).alias("a"), _present(second, rows).alias("b")).drop_nulls()
    found = pair.select(pl.corr("a", "b")).item() if pair.height > 1 else None
    return None if found is None or found != found else float(found)


def _rows(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    limit = int(spec.get("limit", SHOWN_ROWS))
    found = rows
    for each in spec.get("sort", ()):
        found = found.sort(each["column"], descending=each["descending"], nulls_last=True)
    found = found.sample(min(limit, found.height), seed=0) if spec.get("random") else found.head(limit)
    return f"{found.height:,} of {rows.height:,} rows.", found.head(MOST_ROWS)


def _schema(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    from transforms.core.dtypes import type_name

    table = pl.DataFrame({"column": rows.columns, "type": [type_name(each) for each in rows.schema.values()]})
    return f"{rows.height:,} rows, {rows.width} columns.", table


def _plot(spec: Mapping[str, Any], rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    """The points of a chart."""
    x, y, kind = spec["x"], spec.get("y"), spec["kind"]
    if kind == "histogram" and rows.schema[x].is_numeric():
        counted = rows.select(_present(x, rows).alias(x)).drop_nulls().to_series().hist(bin_count=BINS)
        return f"How {x} is spread.", counted.select(pl.col("breakpoint").alias(x), pl.col("count").alias("rows"))
    if kind in ("histogram", "bar"):
        measure = {"column": y, "function": spec.get("function", "mean")} if y else {"column": None, "function": "rows"}
        _, found = _query({"aggregations": [measure], "by": [x], "sort": "descending", "limit": PLOTTED_GROUPS}, rows)
        return f"The {_phrase(measure)} by {x}.", found
    chosen = [each for each in (x, y, spec.get("color")) if each]
    found = rows.select(dict.fromkeys(chosen)).drop_nulls().head(2_000)
    return f"{', '.join(chosen)}, {found.height:,} points.", found.sort(x) if kind == "line" else found


ANALYSES = {
    "query": _query,
    "share": _share,
    "values": _values,
    "missing": _missing,
    "describe": _describe,
    "correlation": _correlation,
    "rows": _rows,
    "schema": _schema,
    "plot": _plot,
}
