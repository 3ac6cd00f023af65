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
