"""Code in a flow is refused everywhere until its owner trusts it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.cli import main
from flows import edits, trust
from flows.cache import PreviewCache
from flows.document import Destination, Flow, Parameter, Source
from flows.engines.polars_engine import PolarsEngine
from flows.files import save
from flows.planning import Planner
from flows.preview import preview
from flows.problems import check
from flows.result import RunResult
from flows.spark.main import main as spark_main
from flows.steps import InvalidFlowError
from flows.store import Memory

REFUSED = "runs Python code that you have not trusted"
DOUBLED = "def transform(batch):\n    return batch * 2\n"


@pytest.fixture(autouse=True)
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of nobody's, so that what a developer trusts changes no test."""
    path = tmp_path / "private" / "trusted.json"
    monkeypatch.setenv(trust.VARIABLE, str(path))
    return path


@pytest.fixture
def coded(folder: Path) -> Flow:
    """people.csv -> doubled (code) -> out.parquet."""
    source = Source(connector="csv", params={"path": "people.csv", "types": {"age": "integer"}})
    made = edits.add_source(Flow(name="Coded"), "people", source)
    params = {"columns": ["age"], "code": DOUBLED, "output": "twice", "type": "integer"}
    made = edits.add_step(made, "doubled", "python_column_function", ["people"], params)
    out = Destination(input="doubled", connector="parquet", params={"path": "out.parquet"})
    return edits.add_destination(made, "out", out)


def agreed(flow: Flow) -> None:
    trust.owner().add(trust.code_steps(flow, {}), "here")


def test_planning_preview_run_and_check_refuse(coded: Flow, folder: Path, run_flow: Callable[..., RunResult]) -> None:
    with pytest.raises(InvalidFlowError, match=REFUSED):
        run_flow(coded)
    with pytest.raises(InvalidFlowError, match=REFUSED):
        preview(coded, folder, "doubled", PreviewCache())
    keys = dict.fromkeys(coded.steps, "")
    people = pl.DataFrame({"age": [1]})
    planner = Planner(coded, {}, PolarsEngine.over({"people": people}), {"people": people.schema}, keys, keys, Memory())
    with pytest.raises(InvalidFlowError, match=REFUSED):
        planner.plan(["doubled"])
    (problem,) = check(coded, folder).problems
    assert (problem.step, problem.field, problem.severity) == ("doubled", "code", "error")
    assert "dataprep trust FLOW" in problem.advice
    assert not (folder / "out.parquet").exists()
    assert preview(coded, folder, "people", PreviewCache()).table.height == 200, "what does not need the code is there"


def test_columns_behind_code_are_known_all_the_same(coded: Flow, folder: Path) -> None:
    assert check(coded, folder).prediction.schemas["doubled"]["twice"] == pl.Int64


def test_trusted_code_runs_until_it_is_changed(coded: Flow, folder: Path, run_flow: Callable[..., RunResult]) -> None:
    agreed(coded)
    assert check(coded, folder).problems == ()
    run_flow(coded)
    assert pl.read_parquet(folder / "out.parquet")["twice"].max() == 2 * 69
    renamed = coded.model_copy(update={"name": "Other"})
    other_settings = edits.change_step(renamed, "doubled", params={**coded.steps["doubled"].params, "output": "x"})
    assert preview(other_settings, folder, "doubled", PreviewCache()).table["x"].max() == 138
    changed = edits.change_step(coded, "doubled", params={**coded.steps["doubled"].params, "code": DOUBLED + "\n"})
    with pytest.raises(InvalidFlowError, match=REFUSED):
        run_flow(changed)


def test_code_of_another_transform_is_other_code(coded: Flow) -> None:
    agreed(coded)
    table = edits.add_step(coded, "all", "python_frame_code", ["doubled"], {"code": DOUBLED})
    assert [each.id for each in trust.untrusted(table, {})] == ["all"]


def test_parameters_in_code_count_with_their_values(coded: Flow, folder: Path) -> None:
    params = {**coded.steps["doubled"].params, "code": "def transform(batch):\n    return batch * ${by}\n"}
    step = coded.steps["doubled"].model_copy(update={"params": params})
    given = coded.model_copy(
        update={"steps": {"doubled": step}, "parameters": {"by": Parameter(type="number", default=3)}}
    )
    trust.owner().add(trust.code_steps(given, {"by": 3}), "here")
    assert preview(given, folder, "doubled", PreviewCache()).table["twice"].max() == 3 * 69
    with pytest.raises(InvalidFlowError, match=REFUSED):
        preview(given, folder, "doubled", PreviewCache(), parameters={"by": 4})


def test_a_preview_that_is_known_is_not_shown_once_trust_is_gone(coded: Flow, folder: Path) -> None:
    agreed(coded)
    cache = PreviewCache()
    preview(coded, folder, "doubled", cache)
    trust.owner().remove(trust.code_steps(coded, {}))
    with pytest.raises(InvalidFlowError, match=REFUSED):
        preview(coded, folder, "doubled", cache)


def test_a_step_that_is_off_needs_no_trust(coded: Flow, run_flow: Callable[..., RunResult]) -> None:
    assert run_flow(edits.change_step(coded, "doubled", disabled=True)).written[0].rows == 200


def test_the_flow_cannot_say_of_itself_that_it_is_trusted(coded: Flow, folder: Path) -> None:
    save(coded, folder / "coded.flow.json")
    (folder / "coded.trusted.json").write_text(json.dumps({each.digest: {} for each in trust.code_steps(coded, {})}))
    assert [each.found for each in check(coded, folder).problems] == [f"It {REFUSED}."]


def test_the_administrator_has_the_last_word(
    coded: Flow, folder: Path, monkeypatch: pytest.MonkeyPatch, run_flow: Callable[..., RunResult]
) -> None:
    agreed(coded)
    monkeypatch.setenv("DATAPREP_CODE", "off")
    with pytest.raises(InvalidFlowError, match="turned off on this machine"):
        run_flow(coded, trust=trust.EVERYTHING)
    assert "turned off" in check(coded, folder, trust=trust.EVERYTHING).problems[0].found


def test_the_record_is_its_owners_alone(coded: Flow, record: Path) -> None:
    agreed(coded)
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    record.chmod(0o666)
    with pytest.raises(trust.TrustError, match="others may change it"):
        trust.untrusted(coded, {})
    record.chmod(0o600)
    record.write_text("{")
    with pytest.raises(trust.TrustError, match="cannot be read"):
        trust.untrusted(coded, {})


def test_the_command_line_shows_trusts_and_revokes(
    coded: Flow, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "coded.flow.json"
    save(coded, path)
    assert main(["run", str(path)]) == 1
    assert REFUSED in capsys.readouterr().err
    assert main(["trust", str(path)]) == 1, "there is nobody to ask"
    shown = capsys.readouterr()
    assert (
        "doubled: Python function, not trusted\n    1  def transform(batch):\n    2      return batch * 2" in shown.out
    )
    assert "--yes" in shown.err
    assert main(["trust", str(path), "--yes"]) == 0
    assert main(["run", str(path)]) == 0
    capsys.readouterr()
    assert main(["trust", str(path)]) == 0
    assert "All of this code is trusted." in capsys.readouterr().out
    assert main(["trust", str(path), "--revoke"]) == 0
    assert main(["run", str(path)]) == 1


def test_code_may_be_trusted_for_one_run(coded: Flow, folder: Path, record: Path) -> None:
    path = folder / "coded.flow.json"
    save(coded, path)
    assert main(["run", str(path), "--trust-code"]) == 0
    assert not record.exists()
    assert main(["run", str(path)]) == 1


def test_what_a_terminal_would_obey_is_written_out(
    coded: Flow, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = {**coded.steps["doubled"].params, "code": f"{DOUBLED}# \x1b[2K\x08 \u202eharmless"}
    save(edits.change_step(coded, "doubled", params=params), folder / "coded.flow.json")
    main(["trust", str(folder / "coded.flow.json")])
    assert "# \\x1b[2K\\x08 \\u202eharmless" in capsys.readouterr().out


def test_a_spark_job_refuses_before_it_starts(coded: Flow, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    agreed(coded)  # on this machine, which says nothing of where the job runs
    save(coded, folder / "coded.flow.json")
    assert spark_main(["--flow", str(folder / "coded.flow.json"), "--folder", str(folder)]) == 1
    assert REFUSED in caplog.text
    assert "--trust-code" in caplog.text
