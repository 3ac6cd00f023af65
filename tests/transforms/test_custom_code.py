"""Steps that run code, with code that is clumsy and code that is hostile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from threading import Event, Timer

import polars as pl
import psutil
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from flows.engines.base import Cancelled, Control
from flows.engines.polars_engine import PolarsEngine
from flows.steps import output_schemas
from tests.checks import outcome, result
from transforms.code import pool
from transforms.code.failures import Limits
from transforms.code.stopping import stoppable
from transforms.code.worker import Program, Worker
from transforms.core.errors import InvalidStepError, StepError
from transforms.custom_code import PythonColumnFunction, PythonFrameCode

PEOPLE = pl.DataFrame({"name": ["Ann", None, "Øyvind"], "age": [31, 40, None], "score": [1.5, float("nan"), -2.0]})


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    pool.POOL.close()
    assert [each for each in psutil.Process().children(recursive=True) if _runs_code(each)] == []


def _runs_code(process: psutil.Process) -> bool:
    try:
        return "runner.py" in " ".join(process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return False  # it has ended


def column(code: str, **settings: object) -> PythonColumnFunction:
    given = {"columns": ["age"], "output": "out", "time_limit": 20, **settings}
    return PythonColumnFunction.model_validate({"code": code, **given})


def values(code: str, **settings: object) -> list[object]:
    """What a function gives, value by value."""
    return result(column(code, mode="value", **settings), PEOPLE)["out"].to_list()


def table(code: str, **settings: object) -> pl.DataFrame:
    return result(PythonFrameCode.model_validate({"code": code, "time_limit": 20, **settings}), PEOPLE)


def failure(code: str, **settings: object) -> str:
    with pytest.raises(StepError) as error:
        values(code, **settings)
    return str(error.value)


def table_failure(code: str, **settings: object) -> str:
    with pytest.raises(StepError) as error:
        table(code, **settings)
    return str(error.value)


# What the function is given, and gives


def test_missing_values_are_left_out_or_given_as_none() -> None:
    assert values("def transform(v):\n return v + 1") == [32.0, 41.0, None]
    assert values("def transform(v):\n return -1 if v is None else v", skip_missing=False) == [31.0, 40.0, -1.0]
    assert values("def transform(v):\n return v", columns=["score"]) == [1.5, None, -2.0]


def test_several_columns_are_arguments_in_their_order() -> None:
    code = "def transform(age, name, more=0):\n return f'{name} {age}'"
    assert values(code, columns=["age", "name"], type="text") == ["Ann 31", None, None]


def test_a_batch_is_a_series_or_a_table() -> None:
    assert result(column("def transform(batch: pl.Series):\n return batch * 2"), PEOPLE)["out"].to_list() == [
        62,
        80,
        None,
    ]
    code = "def transform(rows):\n return rows.select(pl.col('age') + pl.col('score').fill_null(0)).to_series()"
    assert result(column(code, columns=["age", "score"]), PEOPLE)["out"].to_list() == [32.5, 40.0, None]


@pytest.mark.parametrize(
    ("type", "given", "expected"),
    [
        ("integer", "3.0", 3),
        ("number", "1", 1.0),
        ("number", "float('nan')", None),
        ("text", "'Øl \\n 𝄞'", "Øl \n 𝄞"),
        ("boolean", "v > 5", True),
        ("date", "date(2024, 2, 29)", date(2024, 2, 29)),
        ("integer", "__import__('numpy').int64(7)", 7),
        ("text", "None", None),
    ],
)
def test_values_are_of_the_declared_type(type: str, given: str, expected: object) -> None:
    code = f"from datetime import date\ndef transform(v):\n return {given}"
    assert values(code, type=type)[0] == expected


def test_the_column_is_replaced_and_its_type_known_beforehand() -> None:
    step = column("def transform(batch):\n return batch", output="age").bind(PEOPLE.schema)
    assert output_schemas(step, [PEOPLE.schema], None)["table"] == {
        "name": pl.String,
        "age": pl.Float64,
        "score": pl.Float64,
    }
    assert result(step, PEOPLE)["age"].to_list() == [31.0, 40.0, None]
    assert pool.POOL.running() == 1, "one process, and none to know the columns"


def test_a_million_rows_take_one_process_and_a_small_batch_at_a_time() -> None:
    rows = pl.DataFrame({"age": range(200_001)})
    found = result(column("import os\ndef transform(batch):\n return pl.Series([os.getpid()] * len(batch))"), rows)[
        "out"
    ]
    assert found.n_unique() == 1
    assert found[0] != os.getpid()
    sizes = result(column("def transform(batch):\n return pl.Series([len(batch)] * len(batch))"), rows)["out"]
    assert 1 <= sizes.min() <= sizes.max() <= pool.BATCH  # type: ignore[operator]


def test_a_table_goes_in_and_another_comes_out() -> None:
    code = "def transform(df):\n return df.drop('score').with_columns(n=pl.len()).lazy()"
    found = table(code, output_columns={"n": "integer", "name": "same", "age": "number"})
    expected = pl.DataFrame({"n": [3, 3, 3], "name": PEOPLE["name"], "age": [31.0, 40.0, None]})
    assert_frame_equal(found, expected)


def test_pandas_gives_back_whole_numbers_and_missing_values_as_they_were() -> None:
    found = table("def transform(df):\n return df[['score', 'age', 'name']]", engine="pandas")
    assert_frame_equal(found, PEOPLE.with_columns(pl.col("score").fill_nan(None)))


def test_a_table_without_rows_is_not_given_to_the_code() -> None:
    step = PythonFrameCode(code="def transform(df):\n return 1 / 0")
    assert_frame_equal(result(step, PEOPLE.clear()), PEOPLE.clear())
    assert result(column("def transform(batch):\n return 1 / 0"), PEOPLE.clear())["out"].dtype == pl.Float64


def test_columns_may_have_any_name() -> None:
    rows = pl.DataFrame({"": [1], "a.b": [2], "ø \n": [3], "*": [4]})
    assert_frame_equal(result(PythonFrameCode(code="def transform(df):\n return df"), rows), rows)
    code = "def transform(a, b, c, d):\n return a + b + c + d"
    step = PythonColumnFunction(
        columns=("ø \n", "a.b", "*"), code=code.replace(", d", "").replace("+ d", ""), mode="value", output="s"
    )
    assert result(step, rows)["s"].to_list() == [9.0]


# What is wrong while it is typed


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def transform(v):\n return (v", r"Line 2 of the code is not valid Python: '\(' was never closed"),
        ("return 1", "Line 1 .*'return' outside function"),
        ("def transfrom(v):\n return v", "does not define the function 'transform'.*'transfrom'.*rename"),
        ("transform = 3", "does not define"),
        ("async def transform(v):\n return v", "async"),
        ("def transform(v): return v\x00", "null"),
        ("x = " + "(" * 500 + ")" * 500, "cannot be read|not valid"),
    ],
)
def test_code_is_checked_to_be_python_that_defines_the_function(code: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PythonFrameCode(code=code)


def test_arguments_are_counted() -> None:
    for step in (
        column("def transform(a, b):\n return a", mode="value"),
        column("def transform():\n return 1"),
        column("def transform(a, *, b):\n return a"),
    ):
        with pytest.raises(InvalidStepError, match="cannot be called with 1 argument"):
            step.bind(PEOPLE.schema)
    column("def transform(*all):\n return 1", mode="value", columns=["age", "score"]).bind(PEOPLE.schema)
    with pytest.raises(InvalidStepError, match="no column 'wage'"):
        PythonFrameCode(code="def transform(df):\n return df", output_columns={"wage": "same"}).bind(PEOPLE.schema)


# What goes wrong while it runs


def test_an_error_names_the_line_the_value_and_what_was_printed() -> None:
    code = "def transform(v):\n    print('looking at', v)\n    return 1 / (v - 40)"
    said = failure(code)
    assert "'transform' failed in line 3 (return 1 / (v - 40)): ZeroDivisionError" in said
    assert "It was given 40." in said
    assert said.endswith("It printed last: looking at 31 / looking at 40")


def test_an_error_in_a_batch_or_table_names_its_line() -> None:
    with pytest.raises(StepError, match=r"line 2 .*ColumnNotFoundError.*wage"):
        result(column("def transform(rows):\n return rows['wage']", columns=["age", "name"]), PEOPLE)
    assert "in line 2" in table_failure("def transform(df):\n return df['wage']", engine="pandas")
    assert "in line 1 (import nonsense_package)" in table_failure(
        "import nonsense_package\ndef transform(df):\n return df"
    )


@pytest.mark.parametrize(
    ("code", "settings", "said"),
    [
        ("def transform(v):\n return 'x'", {}, "has to give a number or None, but gave 'x' (str) for 31"),
        (
            "def transform(v):\n return 1.5",
            {"type": "integer"},
            "has to give a whole number or None, but gave 1.5 (float)",
        ),
        ("def transform(v):\n return 2**63", {"type": "integer"}, "but gave 9223372036854775808 (int)"),
        ("def transform(v):\n return True", {"type": "integer"}, "but gave True (bool)"),
        ("def transform(v):\n return [v]", {"type": "text"}, "has to give text or None, but gave [31] (list)"),
        ("def transform(b):\n return 1", {"mode": "batch"}, "has to give a polars Series, but gave a int"),
        ("def transform(b):\n pass", {"mode": "batch"}, "but gave None: is there a return at its end"),
        ("def transform(b):\n return b[:0]", {"mode": "batch"}, "gave 0 values for a batch of "),
        ("def transform(b):\n return b.cast(str)", {"mode": "batch"}, "such as '31', where number is declared"),
        ("def transform(b):\n return b + 0.5", {"mode": "batch", "type": "integer"}, "such as 31.5, where integer"),
    ],
)
def test_what_is_no_value_of_the_column_is_refused(code: str, settings: dict[str, object], said: str) -> None:
    with pytest.raises(StepError) as error:
        result(column(code, **{"mode": "value", **settings}), PEOPLE)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("code", "settings", "said"),
    [
        ("def transform(df):\n return 3", {}, "has to give a polars DataFrame, but gave a int"),
        ("def transform(df):\n return df.drop('age')", {}, "gave no column 'age', which is declared"),
        ("def transform(df):\n return df.with_columns(x=1)", {}, "gave a column 'x' that is not declared"),
        ("def transform(df):\n return df.with_columns(pl.col('age').cast(str))", {}, "such as '31', where integer"),
        (
            "def transform(df):\n return df.with_columns(age=pl.Series([print] * 3))",
            {},
            "of values that are no one type",
        ),
        ("def transform(df):\n return df.set_index('age')", {"engine": "pandas"}, "End with reset_index"),
        (
            "def transform(df):\n df['age'] = [1, 'a', 2]\n return df",
            {"engine": "pandas"},
            "of values that are no one type",
        ),
        (
            "def transform(df):\n return pd.concat([df, df], axis=1)",
            {"engine": "pandas"},
            "gave two columns named 'name'",
        ),
    ],
)
def test_what_is_not_the_declared_table_is_refused(code: str, settings: dict[str, object], said: str) -> None:
    assert said in table_failure(code, **settings)


# Code that does harm, by accident or not


def test_a_loop_without_an_end_is_stopped() -> None:
    began = time.monotonic()
    said = "was not done after 1 s. Look for a loop without an end"
    assert said in failure("def transform(v):\n while True: pass", time_limit=1)
    assert said in table_failure("import time\ntime.sleep(99)\ndef transform(df):\n return df", time_limit=1)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "bomb", ["bytearray(1 << 40)", "[0] * (1 << 36)", "pl.Series([1]).extend_constant(0, 1 << 36)", "'x' * (1 << 31)"]
)
def test_memory_has_an_end(bomb: str) -> None:
    code = f"def transform(v):\n x = {bomb}\n return len(x)"
    assert "needs more memory than its limit of 200 MB" in failure(code, memory_limit=200)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import sys; sys.exit(3)", "ended itself (sys.exit) in line 2"),
        ("import os; os._exit(3)", "ended its process with exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed (SIGSEGV)"),
        ("import os, signal; os.kill(0, signal.SIGKILL)", "was killed from outside"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return transform(v)", "RecursionError"),
        ("import os; os.close(0); os.close(1); os.close(2); raise ValueError('closed')", "ValueError: closed"),
        ("globals().update(transform=None); import os; os.closerange(0, 99); return 1", "gave no rows"),
    ],
)
def test_a_process_that_ends_is_an_error_and_not_the_end(line: str, said: str) -> None:
    assert said in failure(f"def transform(v):\n {line}")


def test_copies_of_the_process_have_no_say_and_do_not_live_on() -> None:
    code = "import os, time\ndef transform(v):\n if os.fork() == 0:\n  return -1\n return v"
    assert values(code) == [31.0, 40.0, None]
    pool.POOL.close()
    left = "import os, time\ndef transform(v):\n if os.fork() == 0:\n  time.sleep(600)\n return v"
    assert values(left) == [31.0, 40.0, None]


def test_a_process_that_leaves_its_group_holds_nobody_up() -> None:
    leave = "os.setsid(); time.sleep(20); os._exit(0)"
    code = f"import os, time\ndef transform(v):\n if os.fork() == 0:\n  {leave}\n while True: pass"
    began = time.monotonic()
    assert "was not done after 1 s" in failure(code, time_limit=1)
    assert time.monotonic() - began < 18


def test_what_is_printed_harms_nothing() -> None:
    flood = "import os\ndef transform(v):\n print('x' * 5_000_000)\n os.write(1, b'\\x00' * 100_000)\n return v"
    assert values(flood) == [31.0, 40.0, None]
    read = "import sys\ndef transform(v):\n return len(sys.stdin.read())"
    assert values(read) == [0.0, 0.0, None]


def test_a_huge_message_is_cut() -> None:
    said = failure("def transform(v):\n raise ValueError('y' * 10_000_000)")
    assert "ValueError: yyy" in said
    assert len(said) < 3_000
    silent = "class Mute(LookupError):\n def __str__(self): raise OSError\ndef transform(v):\n raise Mute"
    assert "failed in line 4 (raise Mute): Mute." in failure(silent)


def test_the_environment_and_the_folder_are_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    code = "import os, sys\ndef transform(v):\n return repr([dict(os.environ), os.listdir(), sys.path, os.getcwd()])"
    said = str(values(code, type="text")[0])
    assert "hush" not in said
    assert "PYTHONPATH" not in said
    assert f"'{Path.cwd()}'" not in said
    assert "}, [], [" in said


def test_large_files_cannot_be_written_and_small_ones_go_away() -> None:
    code = "def transform(v):\n open('f', 'w').write('x' * {size})\n import os\n return os.path.abspath('f')"
    assert "OSError" in failure(code.format(size=40_000_000), type="text")
    place = Path(str(values(code.format(size=9), type="text")[0]))
    assert place.exists()
    pool.POOL.close()
    assert not place.parent.parent.exists()


def test_changes_of_the_input_in_place_reach_nobody() -> None:
    code = "def transform(df):\n df['age'] = 0\n df.drop(columns='name', inplace=True)\n df['name'] = 'x'\n return df"
    before = PEOPLE.clone()
    assert table(code, engine="pandas")["age"].to_list() == [0, 0, 0]
    assert_frame_equal(PEOPLE, before)


def test_turned_off_by_the_administrator_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAPREP_CODE", "off")
    assert "turned off" in failure("def transform(v):\n return v")


# The processes


def test_a_run_that_is_cancelled_ends_its_code() -> None:
    control = Control()
    engine = PolarsEngine.over({"in0": PEOPLE}, control)
    plan = outcome(PythonFrameCode(code="def transform(df):\n while True: pass"), engine)
    Timer(0.5, control.cancel).start()
    with pytest.raises(Cancelled):
        engine.collect(plan)
    until = time.monotonic() + 10
    while psutil.Process().children() and time.monotonic() < until:
        time.sleep(0.05)


def test_code_that_is_stopped_says_so() -> None:
    stop = Event()
    Timer(0.3, stop.set).start()
    with stoppable(stop.is_set), pytest.raises(StepError, match="was stopped, since the run was cancelled"):
        pool.call(
            Program("def transform(v):\n while True: pass", Limits()),
            "values",
            PEOPLE.select("age"),
            type="number",
            skip_missing=False,
        )


def test_a_process_that_nobody_uses_is_ended() -> None:
    mine = pool.Pool(idle=0.2)
    program = Program("def transform(b):\n return b", Limits())
    assert mine.call(program, "batch", PEOPLE.select("age")).height == 3
    assert mine.running() == 1
    until = time.monotonic() + 10
    while mine.running() and time.monotonic() < until:
        time.sleep(0.05)
    assert mine.running() == 0
    assert mine.call(program, "batch", PEOPLE.select("age")).height == 3, "and begins anew when it is wanted again"
    mine.close()


def test_a_process_ends_with_the_one_that_started_it() -> None:
    worker = Worker(Program("import time\ndef transform(b):\n time.sleep(99)", Limits()))
    child = psutil.Process(worker._process.pid)
    assert worker._process.stdin is not None
    worker._process.stdin.close()  # which is what happens when this process dies, however it does
    assert psutil.wait_procs([child], timeout=10)[1] == [] or not child.is_running()
    worker.close()
