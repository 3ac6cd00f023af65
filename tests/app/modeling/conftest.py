"""A flow that joins two files, learns, and balances."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows import edits
from flows.document import Flow, Source
from tests.app.modeling.tables import planted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``people.csv`` and ``calls.csv``, of the same 1,200 customers."""
    table = planted(1_200).with_columns(age=pl.when(pl.col("age") % 17 == 0).then(None).otherwise("age"))
    table.select("customer_id", "age", "city", "leaves").write_csv(tmp_path / "people.csv")
    table.select("customer_id", "note", "since").sample(fraction=1, shuffle=True, seed=1).write_csv(
        tmp_path / "calls.csv"
    )
    return tmp_path


@pytest.fixture
def flow() -> Flow:
    """people and calls -> joined -> filled -> coded -> balanced."""
    made = Flow(name="Customers")
    for name in ("people", "calls"):
        made = edits.add_source(made, name, Source(connector="csv", params={"path": f"{name}.csv"}))
    keys = {"left_on": ["customer_id"], "right_on": ["customer_id"]}
    made = edits.add_step(made, "joined", "join_datasets", ["people", "calls"], keys)
    made = edits.add_step(made, "filled", "impute_mean", ["joined"], {"columns": ["age"]})
    made = edits.add_step(made, "coded", "one_hot_encode", ["filled"], {"columns": ["city"]})
    return edits.add_step(made, "balanced", "smote", ["coded"], {"target": "leaves", "features": ["age"]})
