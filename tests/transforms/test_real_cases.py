"""Steps on rows of real tables, which are messier than those one thinks of.

Each file of ``tests/data/real_cases`` belongs to a menu group: a case names the public table that its rows come
from, the step and its settings, then what came out and what was counted as lost. The outputs are snapshots, read
by eye when they were taken: ``python -m tests.transforms.test_real_cases`` writes them anew, and also fills those
of a case that has none yet. Rows of steps that promise no order are written sorted.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import plain, results
from transforms.catalog import catalog
from transforms.core.dtypes import type_name
from transforms.core.relations import Source
from transforms.core.transform import TableTransform

PLACE = Path(__file__).parents[1] / "data" / "real_cases"
FILES = sorted(PLACE.glob("*.json"))
TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "datetime UTC": pl.Datetime("us", "UTC"),
}
"""Types that inputs have."""
MOST_BYTES = 150_000
MOST_ROWS, MOST_COLUMNS = 12, 4
ORDERED = "Sort, sample, split"
"""The group whose steps are about the order of rows."""


def slug(family: str) -> str:
    """The name of the file of a menu group."""
    return (
        "".join(each if each.isalnum() else " " for each in family.lower()).strip().replace(" ", "_").replace("__", "_")
    )


def read(path: Path) -> list[dict[str, Any]]:
    """The cases of a file."""
    return list(json.loads(path.read_text(encoding="utf-8")))


def table(given: dict[str, Any]) -> pl.DataFrame:
    """An input as a table."""
    found = pl.DataFrame(
        given["rows"], schema=list(given["columns"]), orient="row", strict=False, infer_schema_length=None
    )
    return found.select(typed(name, TYPES[kind], found[name].dtype) for name, kind in given["columns"].items())


def typed(name: str, to: pl.DataType, held: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if held == pl.String and to == pl.Date:
        return value.str.to_date()
    if held == pl.String and isinstance(to, pl.Datetime):
        return value.str.to_datetime(time_unit="us", time_zone=to.time_zone)
    return value.cast(to)


def taken(case: dict[str, Any]) -> dict[str, Any]:
    """The case with its outputs, and what was lost, as they are now."""
    kind, inputs = catalog()[case["transform"]], [table(each) for each in case["inputs"]]
    step = kind.model_validate(case["params"])
    in_order = not issubclass(kind, TableTransform) or catalog().family(kind.id) == ORDERED
    outputs = []
    for one in results(step, *inputs):
        rows = [[plain(value) for value in row] for row in one.rows()]
        rows = rows if in_order else sorted(rows, key=lambda row: json.dumps(row, ensure_ascii=False))
        columns = {name: type_name(dtype) for name, dtype in one.schema.items()}
        outputs.append({"columns": columns, "rows": rows})
    return {**{name: case[name] for name in ("case", "transform", "params", "inputs")}, "outputs": outputs} | lost(case)


def lost(case: dict[str, Any]) -> dict[str, list[str]]:
    """What the step counts as lost or refused."""
    inputs = [table(each) for each in case["inputs"]]
    engine = PolarsEngine.over({f"in{i}": each for i, each in enumerate(inputs)})
    bound = catalog()[case["transform"]].model_validate(case["params"]).bind(*(each.schema for each in inputs))
    learned = bound.fit(Asking(engine, tuple(Source(f"in{i}") for i in range(len(inputs)))))
    counted = ((each, inputs[0].select(each.where.sum()).item()) for each in bound.failures(learned))
    found = [f"{each.column}: {rows} {each.what}" for each, rows in counted if rows]
    return {"failures": found} if found else {}


def written(cases: list[dict[str, Any]]) -> str:
    """The text of a file: a row on a line."""
    return "[\n" + ",\n".join(map(block, cases)) + "\n]\n"


def block(case: dict[str, Any]) -> str:
    lines = [f' {{\n  "case": {text(case["case"])},\n  "transform": {text(case["transform"])},']
    lines.append(f'  "params": {text(case["params"])},')
    for place in ("inputs", "outputs"):
        tables = ",\n".join(map(rows_block, case[place]))
        lines.append(f'  "{place}": [\n{tables}\n  ],')
    if "failures" in case:
        lines.append('  "failures": [\n   ' + ",\n   ".join(map(text, case["failures"])) + "\n  ],")
    return "\n".join(lines).rstrip(",") + "\n }"


def rows_block(given: dict[str, Any]) -> str:
    head = "".join(f'"{name}": {text(given[name])}, ' for name in ("table",) if name in given)
    rows = ",\n    ".join(map(text, given["rows"]))
    return f'   {{{head}"columns": {text(given["columns"])}, "rows": [\n    {rows}\n   ]}}'


def text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


CASES = [pytest.param(path, case, id=f"{path.stem}-{case['case']}") for path in FILES for case in read(path)]


@pytest.mark.parametrize(("path", "case"), CASES)
def test_outcome_on_real_rows_is_the_one_that_was_read(path: Path, case: dict[str, Any]) -> None:
    expected, found = block(case).splitlines(), block(taken(case)).splitlines()
    changes = "\n".join(difflib.unified_diff(expected, found, path.name, "now", lineterm="", n=1))
    assert not changes, (
        f"{case['case']}:\n{changes}\nRead it; python -m tests.transforms.test_real_cases takes it over."
    )


def test_every_menu_group_has_cases_of_its_own_steps() -> None:
    assert {path.stem for path in FILES} == {slug(each) for each in catalog().families}
    for family, members in catalog().families.items():
        cases = read(PLACE / f"{slug(family)}.json")
        assert 2 <= len(cases) <= 4
        assert {each["transform"] for each in cases} <= {each.id for each in members}


def test_cases_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < MOST_BYTES
    for path in FILES:
        for given in (each for case in read(path) for each in case["inputs"]):
            assert given["table"]
            assert len(given["rows"]) <= MOST_ROWS
            assert len(given["columns"]) <= MOST_COLUMNS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_is_laid_out_with_a_row_on_a_line(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == written(read(path))


def main() -> None:
    """Take all snapshots anew."""
    for path in FILES:
        path.write_text(written([taken(each) for each in read(path)]), encoding="utf-8")
        print(f"wrote {path.relative_to(PLACE.parents[2])}")


if __name__ == "__main__":
    main()
