from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.base import Cancelled, Control
from flows.files import save
from flows.problems import check
from flows.result import RunResult
from flows.sampling import Sampling
from flows.steps import InvalidFlowError
from flows.store import LearnedFolder, StoreError
from transforms.core.errors import DataprepError, StepError

Run = Callable[..., RunResult]


def leftovers(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name.endswith(".partial")]


def test_rows_are_written_and_counted(flow: Flow, folder: Path, run_flow: Run) -> None:
    result = run_flow(flow)
    written = pl.read_parquet(folder / "out.parquet")
    assert written.height == 200
    assert written["age"].null_count() == 0
    assert [each.rows for each in result.written] == [200]
    assert result.sources == {"people": 200}
    assert {each.id: each.rows_out for each in result.steps} == {
        "typed": {"table": 200},
        "filled": {"table": 200},
        "encoded": {"table": 200},
    }
    assert json.loads(json.dumps(result.as_json()))["format"] == 1
    assert leftovers(folder) == []


def test_lost_values_are_counted_and_shown(flow: Flow, run_flow: Run) -> None:
    (failure,) = run_flow(flow).steps[0].failures
    assert (failure.column, failure.rows, failure.samples) == ("score", 10, ("n/a",))


def test_a_failure_that_stops_leaves_the_old_output_alone(flow: Flow, folder: Path, run_flow: Run) -> None:
    (folder / "out.parquet").write_text("the old one")
    params = {**flow.steps["typed"].params, "on_error": "fail"}
    with pytest.raises(
        StepError, match=r'Step "typed": values of column \'score\' .*\'n/a\' \(10 rows\). Nothing was written'
    ):
        run_flow(edits.change_step(flow, "typed", params=params))
    assert (folder / "out.parquet").read_text() == "the old one"
    assert leftovers(folder) == []


def test_rows_in_and_out_follow_filters_and_disabled_steps(flow: Flow, run_flow: Run) -> None:
    shorter = edits.insert_step(flow, "known", "drop_missing_rows", "people", {"columns": ["age"]})
    steps = {each.id: each for each in run_flow(shorter).steps}
    assert (steps["known"].rows_in, steps["known"].rows_out) == ((200,), {"table": 180})
    assert steps["encoded"].rows_out == {"table": 180}
    off = {each.id: each for each in run_flow(edits.change_step(shorter, "known", disabled=True)).steps}
    assert (off["known"].skipped, off["known"].rows_out) == ("disabled", {"table": 200})


def test_what_was_learned_is_reused_until_something_before_it_changes(flow: Flow, folder: Path, run_flow: Run) -> None:
    remember = LearnedFolder(folder / "people.learned")
    first = {each.id: each.fitted for each in run_flow(flow, remember=remember).steps}
    again = {each.id: each.fitted for each in run_flow(flow, remember=remember).steps}
    assert (first["filled"], again["filled"]) == ("now", "reused")
    assert {each.id: each.fitted for each in run_flow(flow, remember=remember, fit="refit").steps}["filled"] == "now"
    other = edits.insert_step(flow, "known", "drop_missing_rows", "people", {"columns": ["id"]})
    assert {each.id: each.fitted for each in run_flow(other, remember=remember).steps}["filled"] == "now"


def test_reused_state_is_applied_to_other_rows(flow: Flow, folder: Path, run_flow: Run) -> None:
    remember = LearnedFolder(folder / "people.learned")
    run_flow(flow, remember=remember)
    mean = pl.read_csv(folder / "people.csv")["age"].mean()
    pl.DataFrame(
        {"id": [1], "age": [None], "city": ["Lima"], "score": ["1"]}, schema_overrides={"age": pl.Int64}
    ).write_csv(folder / "people.csv")
    run_flow(flow, remember=remember)
    row = pl.read_parquet(folder / "out.parquet")
    assert row["age"].to_list() == [pytest.approx(mean)]
    assert row.select(pl.col("^city_.*$")).row(0) == (0, 0, 0), "an unseen city has no column"


def test_what_was_learned_on_a_sample_is_not_taken_for_what_was_learned_on_all(
    flow: Flow, folder: Path, run_flow: Run
) -> None:
    remember = LearnedFolder(folder / "people.learned")
    sampled = run_flow(flow, remember=remember, sampling=Sampling(rows=20))
    assert {each.fitted_on for each in sampled.steps} == {"", "sample"}
    assert sampled.sample == {"rows": 20, "method": "first", "by": None, "seed": 0}
    whole = {each.id: (each.fitted, each.fitted_on) for each in run_flow(flow, remember=remember).steps}
    assert whole["filled"] == ("now", "full")


def test_scoring_passes_by_training_only_steps_and_fits_nothing(flow: Flow, folder: Path, run_flow: Run) -> None:
    balanced = edits.insert_step(flow, "more", "oversample_random", "encoded", {"target": "city_rome"})
    remember = LearnedFolder(folder / "people.learned")
    with pytest.raises(DataprepError, match="has not learned anything yet"):
        run_flow(balanced, remember=remember, purpose="scoring")
    assert run_flow(balanced, remember=remember).written[0].rows > 200
    scored = run_flow(balanced, remember=remember, purpose="scoring")
    assert scored.written[0].rows == 200
    assert {each.id: each.skipped for each in scored.steps}["more"] == "training only"


def test_damaged_state_says_what_to_do(flow: Flow, folder: Path, run_flow: Run) -> None:
    remember = LearnedFolder(folder / "people.learned")
    run_flow(flow, remember=remember)
    (folder / "people.learned" / "filled.json").write_text("{}")
    with pytest.raises(StoreError, match="Delete it, or run with --fit refit"):
        run_flow(flow, remember=remember)
    assert run_flow(flow, remember=remember, fit="refit").written[0].rows == 200


def test_several_destinations_are_written_together(flow: Flow, folder: Path, run_flow: Run) -> None:
    raw = Destination(input="people", connector="csv", params={"path": "raw/copy.csv"})
    both = edits.add_destination(flow, "raw", raw)
    assert {each.destination: each.rows for each in run_flow(both).written} == {"out": 200, "raw": 200}
    assert pl.read_csv(folder / "raw" / "copy.csv").height == 200
    (folder / "out.parquet").unlink()
    assert [each.destination for each in run_flow(both, only=("raw",)).written] == ["raw"]
    assert not (folder / "out.parquet").exists()


def test_two_destinations_with_one_target_are_refused(flow: Flow, run_flow: Run) -> None:
    twice = edits.add_destination(flow, "again", flow.destinations["out"])
    with pytest.raises(InvalidFlowError, match="Two destinations write"):
        run_flow(twice)


def test_cancelled_run_leaves_nothing(flow: Flow, folder: Path, run_flow: Run) -> None:
    control = Control()
    with pytest.raises(Cancelled):
        run_flow(flow, control=control, on_event=lambda event: control.cancel() if event.kind == "write" else None)
    assert not (folder / "out.parquet").exists()
    assert leftovers(folder) == []


def test_problems_are_found_without_running(flow: Flow, folder: Path) -> None:
    assert check(flow, folder).problems == ()
    wrong = edits.change_step(flow, "filled", params={"columns": ["aeg"]})
    (problem,) = check(wrong, folder).problems
    assert str(problem) == "Step \"filled\": Column 'aeg' is not in the table. Did you mean 'age'?"
    gone = edits.add_source(flow, "other", Source(connector="csv", params={"path": "peple.csv"}))
    assert "people.csv" in str(check(gone, folder).problems[0])


def test_columns_that_come_from_data_are_open_until_learned(flow: Flow, folder: Path, run_flow: Run) -> None:
    later = edits.add_step(flow, "scaled", "scale_minmax", ["encoded"], {"columns": ["city_oslo"]})
    before = check(later, folder)
    assert before.ok
    assert "encoded" in before.prediction.open
    assert [each.severity for each in before.problems] == ["warning"]
    remember = LearnedFolder(folder / "people.learned")
    run_flow(flow, remember=remember)
    after = check(later, folder, remember=remember)
    assert after.problems == ()
    assert "city_oslo" in after.prediction.schemas["scaled"]


def test_every_kind_of_broken_flow_is_described(flow: Flow, folder: Path) -> None:
    def problems(flow: Flow) -> str:
        return "\n".join(map(str, check(flow, folder).problems))

    step = flow.steps["filled"]
    broken: dict[str, dict[str, Any]] = {
        "There is no transform 'impute_meen'. Did you mean 'impute_mean'": {"transform": "impute_meen"},
        "no setting 'colums'. Did you mean 'columns'": {"params": {"colums": ["age"]}},
        "needs 'columns'": {"params": {}},
        "There is no node 'typd' to take rows from. Did you mean 'typed'": {"inputs": ("typd",)},
        "has no output 'test'": {"inputs": ("typed.test",)},
        "takes 1 table, found 2": {"inputs": ("typed", "people")},
        "made by a newer version": {"version": 99},
        "holds text values, but numeric is needed": {"params": {"columns": ["city"]}},
        "in a circle": {"inputs": ("encoded",)},
        "There is no parameter 'x'": {"params": {"columns": ["${x}"]}},
    }
    for expected, change in broken.items():
        changed = flow.model_copy(update={"steps": {**flow.steps, "filled": step.model_copy(update=change)}})
        assert expected in problems(changed)


def test_a_rule_that_found_no_column_when_it_was_fitted_is_reused(flow: Flow, folder: Path, run_flow: Run) -> None:
    none = {"columns": {"type": "numeric", "regex": "^nothing"}}
    lazy = edits.insert_step(flow, "more", "impute_mean", "filled", none)
    remember = LearnedFolder(folder / "people.learned")
    run_flow(lazy, remember=remember)
    assert {each.id: each.fitted for each in run_flow(lazy, remember=remember).steps}["more"] == "reused"


def test_rows_that_cannot_be_computed_are_put_down_to_their_step(flow: Flow, folder: Path, run_flow: Run) -> None:
    pl.DataFrame({"id": [2**62] * 3, "city": ["Oslo"] * 3}).write_csv(folder / "people.csv")
    summed = {"by": ["city"], "aggregations": [{"column": "id", "function": "sum", "output": "sum"}]}
    source = Source(connector="csv", params={"path": "people.csv"})
    made = edits.add_source(Flow(name="Sums"), "people", source)
    made = edits.add_step(made, "total", "group_aggregate", ["people"], summed)
    made = edits.add_step(made, "upper", "change_case", ["total"], {"columns": ["city"], "case": "upper"})
    made = edits.add_destination(made, "out", flow.destinations["out"].model_copy(update={"input": "upper"}))
    with pytest.raises(StepError, match=r'^Step "total" \(Group and aggregate\): A sum is too large'):
        run_flow(made)
    learning = edits.insert_step(made, "scaled", "scale_minmax", "upper", {"columns": ["sum"]})
    with pytest.raises(StepError, match=r'^Step "total" \(Group and aggregate\): A sum is too large'):
        run_flow(learning)


def test_a_source_that_is_damaged_inside_is_named(flow: Flow, folder: Path, run_flow: Run) -> None:
    pl.DataFrame({"city": [f"city {i * 7919 % 10007}" for i in range(50_000)]}).write_parquet(
        folder / "in.parquet", row_group_size=5_000
    )
    content = bytearray((folder / "in.parquet").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_000] = bytes(range(250)) * 16
    (folder / "in.parquet").write_bytes(content)
    made = edits.add_source(Flow(name="D"), "people", Source(connector="parquet", params={"path": "in.parquet"}))
    made = edits.add_step(made, "upper", "change_case", ["people"], {"columns": ["city"], "case": "upper"})
    made = edits.add_destination(made, "out", flow.destinations["out"].model_copy(update={"input": "upper"}))
    with pytest.raises(StepError, match=r'^Source "people" \(in.parquet\) cannot be read: .*Write it anew'):
        run_flow(made)
    assert leftovers(folder) == []


@pytest.mark.parametrize("connector", ["parquet", "csv"])
def test_a_full_disk_is_told_with_what_was_to_be_written(connector: str, folder: Path) -> None:
    pl.DataFrame({"x": [f"{i * 7919 % 100_003}" for i in range(200_000)]}).write_csv(folder / "people.csv")
    made = edits.add_source(Flow(name="Full"), "people", Source(connector="csv", params={"path": "people.csv"}))
    out = Destination(input="people", connector=connector, params={"path": f"out.{connector}"})
    save(edits.add_destination(made, "out", out), folder / "full.flow.json")
    # A limit on the size of files stands for a full disk: the system refuses to write more either way.
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    script = f"{limited}; from dataprep_app.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", script, "run", str(folder / "full.flow.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"There is no room to write {folder}/out.{connector}: files may not be larger" in done.stderr
    assert "Traceback" not in done.stderr
    assert leftovers(folder) == []
