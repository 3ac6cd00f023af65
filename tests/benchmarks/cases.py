"""Flows that are timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows import edits
from flows.document import Destination, Flow, Source
from flows.files import save

TEN_STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("filled", "impute_mean", {"columns": ["annual_income", "dti"]}),
    ("clipped", "outlier_threshold", {"columns": ["loan_amount"], "min": 500, "max": 35_000, "fix": "clip"}),
    ("encoded", "one_hot_encode", {"columns": ["purpose"]}),
    ("scaled", "scale_standard", {"columns": ["interest_rate"]}),
    ("trimmed", "trim_whitespace", {"columns": ["city"]}),
    ("lowered", "change_case", {"columns": ["city"], "case": "lower"}),
    ("dated", "extract_date_parts", {"columns": ["issued_on"], "parts": ["year", "month", "weekday"]}),
    ("logged", "formula_column", {"output": "log_installment", "expression": "log1p(installment)"}),
    ("binned", "bin_custom", {"columns": ["score"], "edges": [0, 500, 600, 700, 2000], "outside": "null"}),
    ("kept", "filter_rows", {"condition": {"column": "open_lines", "op": "at_least", "value": 5}}),
    ("narrowed", "drop_columns", {"columns": ["late", "revolving"]}),
)


def write_ten_steps(folder: Path) -> Path:
    """The ten-step flow over ``rows.parquet`` of a folder; its path."""
    flow = edits.add_source(
        Flow(name="Ten steps"), "rows", Source(connector="parquet", params={"path": "rows.parquet"})
    )
    last = "rows"
    for id, transform, params in TEN_STEPS:
        flow = edits.add_step(flow, id, transform, [last], params)
        last = id
    out = Destination(input=last, connector="parquet", params={"path": "out.parquet"})
    path = folder / "ten_steps.flow.json"
    save(edits.add_destination(flow, "out", out), path)
    return path


def write_joined(folder: Path) -> Path:
    """A join of ``rows.parquet`` with ``customers.parquet``, a formula and a group-by; its path."""
    flow = Flow(name="Joined")
    for name in ("rows", "customers"):
        flow = edits.add_source(flow, name, Source(connector="parquet", params={"path": f"{name}.parquet"}))
    flow = edits.add_step(
        flow, "both", "join_datasets", ["rows", "customers"], {"how": "inner", "left_on": ["id"], "right_on": ["id"]}
    )
    load = {"output": "load", "expression": "installment * 12 / annual_income"}
    flow = edits.add_step(flow, "load", "formula_column", ["both"], load)
    measures = [
        {"function": "rows", "output": "rows"},
        {"column": "interest_rate", "function": "mean", "output": "rate"},
        {"column": "loan_amount", "function": "sum", "output": "amount"},
        {"column": "load", "function": "mean", "output": "load"},
    ]
    grouped = {"by": ["region", "grade"], "aggregations": measures}
    flow = edits.add_step(flow, "grouped", "group_aggregate", ["load"], grouped)
    out = Destination(input="grouped", connector="parquet", params={"path": "grouped.parquet"})
    path = folder / "joined.flow.json"
    save(edits.add_destination(flow, "out", out), path)
    return path


def write_fits(folder: Path) -> Path:
    """Eight fitted steps over different columns of ``rows.parquet``; its path."""
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("impute_mean", {"columns": ["annual_income"]}),
        ("impute_median", {"columns": ["dti"]}),
        ("outlier_std", {"columns": ["loan_amount"], "fix": "clip"}),
        ("one_hot_encode", {"columns": ["purpose"]}),
        ("scale_standard", {"columns": ["interest_rate"]}),
        ("scale_minmax", {"columns": ["installment"]}),
        ("ordinal_encode", {"columns": ["grade"]}),
        ("count_encode", {"columns": ["city"]}),
    )
    flow = edits.add_source(Flow(name="Fits"), "rows", Source(connector="parquet", params={"path": "rows.parquet"}))
    last = "rows"
    for i, (transform, params) in enumerate(steps):
        flow = edits.add_step(flow, f"s{i}", transform, [last], params)
        last = f"s{i}"
    flow = edits.add_step(flow, "few", "keep_first_rows", [last], {"rows": 10})
    out = Destination(input="few", connector="parquet", params={"path": "few.parquet"})
    path = folder / "fits.flow.json"
    save(edits.add_destination(flow, "out", out), path)
    return path
