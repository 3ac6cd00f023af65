"""The ten steps as a pandas user would write them: ``python -m tests.benchmarks.by_hand_pandas FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    """The ten steps over ``rows.parquet``."""
    folder = Path(sys.argv[1])
    rows = pd.read_parquet(folder / "rows.parquet", dtype_backend="pyarrow")
    rows = rows.fillna({name: rows[name].mean() for name in ("annual_income", "dti")})
    rows["loan_amount"] = rows["loan_amount"].clip(500, 35_000)
    rows = pd.get_dummies(rows, columns=["purpose"], dtype="int64")
    rows["interest_rate"] = (rows["interest_rate"] - rows["interest_rate"].mean()) / rows["interest_rate"].std(ddof=0)
    rows["city"] = rows["city"].str.strip().str.lower()
    issued = rows["issued_on"].astype("datetime64[s]")
    for part in ("year", "month", "weekday"):
        rows[f"issued_on_{part}"] = getattr(issued.dt, part)
    rows["log_installment"] = np.log1p(rows["installment"])
    rows["score"] = pd.cut(rows["score"].astype(float), [0, 500, 600, 700, 2000], right=False).astype(str)
    rows = rows[rows["open_lines"] >= 5].drop(columns=["late", "revolving"])
    rows.to_parquet(folder / "by_hand.parquet", index=False)


if __name__ == "__main__":
    main()
