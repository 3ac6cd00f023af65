"""Tables whose truth is known."""

from __future__ import annotations

import numpy as np
import polars as pl


def planted(rows: int = 2_000, seed: int = 1) -> pl.DataFrame:
    """Whether somebody leaves depends on age, city and a word in a note, and a little on chance."""
    random = np.random.default_rng(seed)
    age, city = random.integers(18, 80, rows), random.choice(["Oslo", "Rome", "Bonn"], rows)
    late = random.random(rows) < 0.3
    names = random.choice(["anna", "bert", "cleo", "dora", "emil"], rows)
    notes = [
        f"{name} called {'late' if on else 'early'} on day {i}"
        for i, (name, on) in enumerate(zip(names, late, strict=True))
    ]
    pull = (age > 50) * 1.5 + (city == "Rome") * 1.5 + late * 1.5 - 2.2
    leaves = random.random(rows) < 1 / (1 + np.exp(-2.5 * pull))
    return pl.DataFrame(
        {
            "customer_id": random.permutation(rows) * 3 + 10_000,
            "age": pl.Series(age).cast(pl.Int64),
            "city": city,
            "note": notes,
            "since": pl.Series(12_000 + random.integers(0, 2_000, rows)).cast(pl.Int32).cast(pl.Date),
            "leaves": np.where(leaves, "yes", "no"),
        }
    )


def noise(rows: int = 6_000, share: float = 0.5, seed: int = 2) -> pl.DataFrame:
    """Numbers that say nothing of the target."""
    random = np.random.default_rng(seed)
    columns = {f"x{i}": random.normal(size=rows) for i in range(6)}
    return pl.DataFrame({**columns, "target": np.where(random.random(rows) < share, "rare", "common")})
