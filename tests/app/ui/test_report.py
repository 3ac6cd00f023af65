"""A report in the app: every part of it, of every kind of target and of none."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.insights.drawing.text import unlike
from dataprep_app.insights.findings import Fix
from dataprep_app.insights.sections.facts import ExampleRow, Matrix
from dataprep_app.sample import write_sample
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.report import PARTS, parts
from dataprep_app.ui.parts.report_cells import cells
from dataprep_app.ui.parts.report_charts import matrix_cells
from dataprep_app.ui.parts.report_columns import column_rows
from dataprep_app.ui.parts.report_rows import ROW_PARTS
from dataprep_app.ui.parts.report_warnings import with_fixes
from dataprep_app.ui.session import WORKSPACE
from flows.files import load
from flows.problems import check
from tests.app.insights.made_up import BASIS, Kind, made_up, poisoned, without_sections

KINDS: list[Kind | None] = ["binary", "multiclass", "regression", None]
FLOW = "loan_default"
POISON = "](x) **b** $x$ :red[y] `"


def _page(report_json: str) -> None:
    from dataprep_app.insights.findings import Report
    from dataprep_app.ui import session
    from dataprep_app.ui.parts.report import draw_report

    session.show_notices()
    draw_report("loan_default", "loans_1", Report.model_validate_json(report_json))


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    write_sample(tmp_path, rows=200)
    return tmp_path


def page(report: object, part: str = "overview", **state: str) -> AppTest:
    made = AppTest.from_function(_page, default_timeout=60, args=(report.model_dump_json(),))  # type: ignore[attr-defined]
    made.session_state[f"report part:{FLOW}"] = part
    for key, value in state.items():
        made.session_state[f"report {key}:{FLOW}"] = value
    return made.run()


def texts(shown: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*shown.markdown, *shown.caption, *shown.subheader, *shown.success))


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_can_be_drawn_and_says_what_it_was_computed_on(space: Path, kind: Kind | None) -> None:
    report = made_up(kind)
    assert parts(report) == [each for each in PARTS if kind or each not in ("target", "model")]
    shown = page(report)
    for part in parts(report):
        shown.session_state[f"report part:{FLOW}"] = part
        shown.run()
        assert not shown.exception, part
        if part in ("target", "columns", "together", "rows"):
            assert escaped(BASIS) in texts(shown), part
    if kind:
        shown.session_state[f"report part:{FLOW}"] = "model"
        assert escaped("Scored on 3,839 rows the model never saw") in texts(shown.run())


@pytest.mark.parametrize("chosen", ROW_PARTS)
def test_every_part_about_rows_can_be_drawn(space: Path, chosen: str) -> None:
    shown = page(made_up("binary"), "rows", rows=chosen)
    assert not shown.exception
    assert escaped(BASIS) in texts(shown)
    assert len(shown.dataframe) + len(shown.table) >= 1


@pytest.mark.parametrize("name", ["interest_rate", "grade", "employer", "issued", "note"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_column_has_a_card(space: Path, kind: Kind | None, name: str) -> None:
    shown = page(made_up(kind), "columns", column=name)
    assert not shown.exception
    charts = shown.get("vega_lite_chart")
    assert len(charts) == (0 if name == "note" else 1)
    assert ("Says of the target" in str([list(each.value.columns) for each in shown.dataframe])) == (
        kind is not None and name == "employer"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_without_sections_is_drawn_as_far_as_it_goes(space: Path, kind: Kind | None) -> None:
    report = without_sections(kind)
    assert set(parts(report)) == {"overview", "columns", "words", *(["target"] if kind else [])}
    shown = page(report)
    for part in parts(report):
        shown.session_state[f"report part:{FLOW}"] = part
        shown.run()
        assert not shown.exception, part
    shown.session_state[f"report part:{FLOW}"] = "overview"
    shown.run()
    assert "Every rule was looked at and found nothing." in texts(shown)
    assert [each.value for each in shown.info] == ([escaped("There are only 12 rows to learn from.")] if kind else [])


def test_a_part_that_another_report_had_is_not_asked_for(space: Path) -> None:
    shown = page(without_sections(None), "rows")
    assert not shown.exception
    assert shown.session_state[f"report part:{FLOW}"] == "overview"


def test_names_are_text_in_every_part(space: Path) -> None:
    report = poisoned(made_up("binary"), POISON)
    shown = page(report)
    places = [("report part", part) for part in parts(report)]
    places += [("report rows", each) for each in ROW_PARTS]
    places += [("report column", each.name) for each in report.features]
    for key, value in places:
        part = {"report rows": "rows", "report column": "columns"}.get(key, value)
        shown.session_state[f"report part:{FLOW}"] = part
        shown.session_state[f"{key}:{FLOW}"] = value
        shown.run()
        assert not shown.exception, value
        labels = (each.label for each in (*shown.button, *shown.checkbox, *shown.expander))
        tables = (str(cell) for each in shown.table for cell in each.value.to_numpy().ravel())
        every = "\n".join([texts(shown), *labels, *tables])
        assert escaped(POISON) in every or part in ("words", "model"), value
        assert POISON not in every, value
        assert ":red[y]" not in every, value


def test_warnings_can_be_narrowed_to_a_priority(space: Path) -> None:
    shown = page(made_up("binary"))
    assert "Low quick\\-model score" in texts(shown)
    shown.session_state[f"report priorities:{FLOW}"] = ["low"]
    shown.run()
    assert "Low quick\\-model score" not in texts(shown)
    assert "A rule that is no more" in texts(shown)


def test_many_warnings_are_shown_once_asked_for(space: Path) -> None:
    report = made_up("binary")
    many = report.model_copy(update={"findings": report.findings * 4})
    shown = page(many)
    more = next(each for each in shown.button if each.label == "Show 6 more")
    before = texts(shown).count("A rule that is no more")
    more.click().run()
    assert texts(shown).count("A rule that is no more") == before + 2


def test_a_fix_opens_its_form(space: Path) -> None:
    shown = page(made_up("binary"))
    next(each for each in shown.button if each.label == "Drop note").click().run()
    form = shown.session_state[f"form:{FLOW}"]
    assert (form.transform, form.initial, form.after) == ("drop_columns", {"columns": ["note"]}, "loans_1")
    assert shown.session_state["view"] == "data"


def test_safe_fixes_are_added_but_for_those_left_out(space: Path) -> None:
    before = load(space / f"{FLOW}.flow.json")
    shown = page(made_up("binary"))
    assert [each.label for each in shown.checkbox] == [
        escaped("Turn into missing values: employer"), escaped("Drop: note"),
    ]  # fmt: skip
    shown.checkbox[1].uncheck().run()
    next(each for each in shown.button if each.label == "Add these steps").click().run()
    after = load(space / f"{FLOW}.flow.json")
    added = [each for id, each in after.steps.items() if id not in before.steps]
    assert [each.transform for each in added] == ["values_to_missing"]
    assert added[0].inputs == ("loans_1",)


def test_steps_stand_one_behind_the_other(space: Path) -> None:
    flow = load(space / f"{FLOW}.flow.json")
    fixes = [Fix(label="x", transform="drop_columns", params={"columns": [each]}) for each in ("grade", "purpose")]
    longer = with_fixes(flow, "loans_1", fixes)
    first, second = (id for id in longer.steps if id not in flow.steps)
    assert longer.steps[first].inputs == ("loans_1",)
    assert longer.steps[second].inputs == (first,)
    assert len(check(longer, space).problems) >= len(check(flow, space).problems)


def test_marked_cells_have_a_color_and_added_columns_never_hide_one_of_the_data() -> None:
    rows = [ExampleRow(values={"Times": "7", "a": None}, marked=("a",), count=3)]
    frame = cells(rows, pairs=True)
    assert frame.columns == ["Pair", "Times", "a", escaped("Times (2)")]
    assert frame.row(0) == ("1", "3", ":orange-background[:gray[missing]]", "7")


def test_warnings_are_counted_with_their_column() -> None:
    rows = {each["Column"]: each for each in column_rows(made_up("binary"))}
    assert rows["note"]["Warnings"] == 1
    assert rows["grade"]["Warnings"] is None
    assert "Power" not in column_rows(made_up(None))[0]


def test_long_names_that_begin_alike_stay_apart() -> None:
    names = unlike(["x" * 50, "x" * 49, "y", "y"], 28)
    assert len(set(names)) == 4
    matrix = Matrix(measure="pearson", columns=("x" * 50, "x" * 49), values=((1.0, -1.0), (-1.0, None)))
    found = matrix_cells(matrix, "dark")
    assert found.select(pl.struct("first", "second").n_unique()).item() == 4
    assert found["fill"].n_unique() == 3
