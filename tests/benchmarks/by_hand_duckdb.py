"""The ten steps as a DuckDB user would write them: ``python -m tests.benchmarks.by_hand_duckdb FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def main() -> None:
    """The ten steps over ``rows.parquet``."""
    folder = Path(sys.argv[1])
    rows = f"read_parquet('{folder / 'rows.parquet'}')"
    income, dti, rate, spread = duckdb.execute(
        f"select avg(annual_income), avg(dti), avg(interest_rate), stddev_pop(interest_rate) from {rows}"
    ).fetchall()[0]
    purposes = [each for (each,) in duckdb.execute(f"select distinct purpose from {rows} order by 1").fetchall()]
    flags = ", ".join(
        f"coalesce((purpose = '{each}')::bigint, 0) as purpose_{each.replace(' ', '_')}" for each in purposes
    )
    query = f"""
        select id, least(greatest(loan_amount, 500), 35000) as loan_amount,
            coalesce(annual_income, {income}) as annual_income, (interest_rate - {rate}) / {spread} as interest_rate,
            installment, coalesce(dti, {dti}) as dti, open_lines, term, lower(trim(city)) as city, grade, issued_on,
            case when score < 500 then '0-500' when score < 600 then '500-600' when score < 700 then '600-700'
                else '700-2000' end as score,
            {flags}, year(issued_on) as issued_on_year, month(issued_on) as issued_on_month,
            isodow(issued_on) as issued_on_weekday, ln(1 + installment) as log_installment
        from {rows} where open_lines >= 5
    """
    duckdb.execute("set preserve_insertion_order = true")
    duckdb.execute(f"copy ({query}) to '{folder / 'by_hand.parquet'}' (format parquet, compression zstd)")


if __name__ == "__main__":
    main()
