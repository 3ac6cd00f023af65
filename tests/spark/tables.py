"""Tables with everything that goes wrong, for comparing engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl

NAN, INF = float("nan"), float("inf")
N = 48
SPECIAL = (NAN, INF, -INF, 0.0, -0.0, 1e300, 5e-324)
TEXTS = ("", " ", "é", "z", "Z", "𝄞 music", "\u0000", "line\nbreak", "'\"`\\")
BIG = 2**63 - 1

NASTY = pl.DataFrame(
    {
        "id": pl.Series([(i * 37) % N for i in range(N)], dtype=pl.Int64),
        "g": [("a", "b", None, "a", "é")[i % 5] if i else "alone" for i in range(N)],
        "h": [(1.5, NAN, None, 0.0, -0.0)[i % 5] for i in range(N)],
        "k": [None if i % 11 == 0 else NAN if i % 13 == 0 else (i * 7) % 4 - 1.0 for i in range(N)],
        "m": [None if i % 7 == 0 else (i * 3) % 5 for i in range(N)],
        "x": [None if i % 4 == 0 else NAN if i % 9 == 0 else (i * 31) % 17 / 7 for i in range(N)],
        "wild": [None if i % 5 == 0 else SPECIAL[i % 7] for i in range(N)],
        "f32": pl.Series([None if i % 6 == 0 else NAN if i % 8 == 0 else i / 3 for i in range(N)], dtype=pl.Float32),
        "i8": pl.Series([None if i % 5 == 0 else (i * 13) % 255 - 127 for i in range(N)], dtype=pl.Int8),
        "i32": pl.Series([None if i % 5 == 0 else (-(2**31), 2**31 - 1, i)[i % 3] for i in range(N)], dtype=pl.Int32),
        "i64": [None if i % 6 == 0 else (BIG, -BIG, i, -1)[i % 4] for i in range(N)],
        "b": [None if i % 6 == 0 else i % 4 == 1 for i in range(N)],
        "t": [None if i % 3 == 0 else TEXTS[i % 9] for i in range(N)],
        "d": [None if i % 8 == 0 else date(2024, 1 + i % 12, 1 + i % 28) for i in range(N)],
        "naive": [None if i % 9 == 0 else datetime(1 + i * 99, 3, 4, 5, 6, 7, 8 * i) for i in range(N)],
        "zoned": [None if i % 9 == 0 else datetime(2024, 3, 31, i % 24, tzinfo=UTC) for i in range(N)],
        "time": [None if i % 7 == 0 else time(i % 24, 1, 2, i % 5) for i in range(N)],
        "span": [None if i % 7 == 0 else timedelta(days=i - 9, microseconds=i % 3) for i in range(N)],
        "dec": pl.Series([None if i % 4 == 0 else Decimal(i * 7 % 11) / 4 for i in range(N)], dtype=pl.Decimal(12, 2)),
        "bytes": [None if i % 5 == 0 else bytes([i, 0, 255]) for i in range(N)],
        "nothing": [None] * N,
        "list": [None if i % 5 == 0 else [i % 3, None][: i % 3] for i in range(N)],
        "struct": [None if i % 6 == 0 else {"a.b": i % 3, "c": [f"{i % 2}"]} for i in range(N)],
    }
).with_columns(pl.col("zoned").dt.convert_time_zone("Europe/Oslo"))
TABLES = {
    "rows": NASTY,
    "empty": NASTY.clear(),
    "one": NASTY[:1],
    "missing": NASTY.clear(5).with_columns(id=pl.int_range(5)),
}
COMPARABLE = [name for name, dtype in NASTY.schema.items() if not dtype.is_nested()]
NUMBERS = ["m", "x", "f32", "i8", "i32", "b", "dec"]
