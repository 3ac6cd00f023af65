"""Settings of a new analysis, so that there is something to see at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from dataprep_app.analyses.analysis import Analysis
from transforms.core.dtypes import is_kind


def suggested(kind: type[Analysis], schema: pl.Schema, column: str | None = None) -> dict[str, Any]:
    """Columns for the required fields: the one that is selected where it fits, else the first that fits best.

    Columns that number the rows are taken last; no column is taken twice.

    Args:
        kind: the analysis.
        schema: columns of the table.
        column: the column that is selected.
    """
    found: dict[str, Any] = {}
    described = kind.model_json_schema(by_alias=True)
    required = described.get("required", ())
    for name, field in described.get("properties", {}).items():
        if field.get("widget") == "column" and name in required:
            fitting = [each for each in _fitting(field, schema) if each not in found.values()]
            if fitting:
                found[name] = column if column in fitting else fitting[0]
    return found


def _fitting(field: Mapping[str, Any], schema: pl.Schema) -> list[str]:
    """The columns that a field takes, those of the kind that is offered first at the beginning."""
    ranked = {}
    for name, dtype in schema.items():
        place = next((at for at, kind in enumerate(field["kinds"]) if is_kind(dtype, kind)), None)
        if place is not None:
            ranked[name] = (_is_number_of_row(name), place)
    return sorted(ranked, key=ranked.__getitem__)


def _is_number_of_row(name: str) -> bool:
    return re.search(r"(^|[_ ])(id|index|key|row)$", name, flags=re.IGNORECASE) is not None
