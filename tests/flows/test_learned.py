"""What steps learned, shown, compared and changed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.cli import main
from flows import edits
from flows.document import Destination, Flow, Source
from flows.files import save
from flows.learned import EditError, differences, edited, key, values
from flows.store import LearnedFolder, Record, learned_folder
from transforms.catalog import catalog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A flow that clips and encodes, after its first run."""
    rows = {"income": [10.0, 20.0, 30.0, 40.0, 1000.0] * 4, "a.b": ["x", "y", "x", None, "z"] * 4}
    pl.DataFrame(rows).write_parquet(tmp_path / "rows.parquet")
    flow = Flow(name="Loans", sources={"rows": Source(connector="parquet", params={"path": "rows.parquet"})})
    flow = edits.add_step(flow, "clipped", "outlier_quantile", ["rows"], {"columns": ["income"], "fix": "clip"})
    flow = edits.add_step(flow, "graded", "ordinal_encode", ["clipped"], {"columns": ["a.b"]})
    out = Destination(input="graded", connector="parquet", params={"path": "out.parquet"})
    save(edits.add_destination(flow, "out", out), tmp_path / "loans.flow.json")
    assert main(["run", str(tmp_path / "loans.flow.json")]) == 0
    return tmp_path / "loans.flow.json"


def record(path: Path, step: str = "clipped", transform: str = "outlier_quantile") -> Record:
    """What a step learned."""
    found = LearnedFolder(learned_folder(path)).load(step, catalog()[transform])
    assert found is not None
    return found


def test_a_changed_value_is_used_by_the_next_run(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learned", str(path), "clipped", "--set", "high.income.overall=25"]) == 0
    assert "high.income.overall" in capsys.readouterr().out
    assert main(["run", str(path)]) == 0
    assert pl.read_parquet(path.with_name("out.parquet"))["income"].max() == 25
    assert "changed by hand" in (main(["learned", str(path)]), capsys.readouterr().out)[1]


def test_learning_again_is_compared_with_the_time_before(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = record(path)
    rows = pl.read_parquet(path.with_name("rows.parquet"))
    rows.with_columns(pl.col("income") * 2).write_parquet(path.with_name("rows.parquet"))
    assert main(["run", str(path), "--fit", "refit"]) == 0
    capsys.readouterr()
    assert main(["learned", str(path), "--diff"]) == 0
    shown = capsys.readouterr().out
    old, new = values(before.learned)["high.income.overall"], values(record(path).learned)["high.income.overall"]
    assert new == 2 * old
    assert f"high.income.overall: {old} -> {new}" in shown
    assert "It learned only once" in shown, "the codes are the same, so there is nothing before them"


def test_the_same_fit_again_keeps_what_was_before(path: Path) -> None:
    assert main(["run", str(path), "--fit", "refit"]) == 0
    assert LearnedFolder(learned_folder(path)).previous("clipped", catalog()["outlier_quantile"]) is None


def test_a_run_says_what_it_used(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["run", str(path), "--json"]) == 0
    steps = {each["id"]: each["learned"] for each in json.loads(capsys.readouterr().out)["steps"]}
    assert steps["clipped"] == key(record(path).learned)
    assert steps["clipped"] != steps["graded"] != ""


def test_names_with_dots_are_found(path: Path) -> None:
    graded = record(path, "graded", "ordinal_encode")
    place = next(each for each in values(graded.learned) if each.endswith(".x"))
    changed = edited(graded, place, "7")
    (found,) = differences(graded.learned, changed.learned)
    assert (found.place, found.after) == (place, 7)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("high.income.overall", '"much"', "cannot be"),
        ("high.incom.overall", "1", "Did you mean 'high.income.overall'"),
        ("high.income.overall.x", "1", "beyond a single value"),
        ("nothing", "1", "Nothing was learned under 'nothing'"),
    ],
)
def test_what_cannot_be_changed_is_told(path: Path, place: str, value: str, said: str) -> None:
    with pytest.raises(EditError, match=said):
        edited(record(path), place, value)


def test_unknown_step_is_told(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learned", str(path), "clip"]) == 1
    assert "Did you mean 'clipped'" in capsys.readouterr().err
