from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from connectors.catalog import sources
from dataprep_app.ui.forms.checks import model_problems, step_problems
from dataprep_app.ui.forms.condition_field import operators_for, shape_of
from dataprep_app.ui.forms.fields import FormField, fields_of, label_of
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.forms.values import ANY, read, shown, typed_for, words
from transforms.catalog import catalog
from transforms.reference import schema

NUMBERS = frozenset({"integer", "number"})


def field(transform: str, name: str) -> FormField:
    return next(each for each in fields_of(schema(catalog()[transform])) if each.name == name)


def draw_examples() -> None:
    """The form of every transform of a family, for each of its examples."""
    import streamlit as st

    from dataprep_app.ui.forms.fields import fields_of
    from dataprep_app.ui.forms.form import draw_form
    from transforms.catalog import catalog
    from transforms.reference import schema

    found = {}
    for kind in catalog().families[st.session_state["family"]]:
        for number, example in enumerate(kind.examples):
            settings = kind.model_validate(example.params).model_dump(mode="json", by_alias=True)
            schemas = [table.schema for table in example.tables()]
            drawn = draw_form(f"{kind.id}{number}", fields_of(schema(kind)), settings, schemas)
            found[f"{kind.id} {number}"] = (
                settings,
                kind.model_validate(drawn.values).model_dump(mode="json", by_alias=True),
            )
    st.session_state["found"] = found


@pytest.mark.parametrize("family", list(catalog().families))
def test_the_form_of_every_transform_gives_back_the_settings_it_was_given(family: str) -> None:
    page = AppTest.from_function(draw_examples, default_timeout=60)
    page.session_state["family"] = family
    page.run()
    assert not page.exception
    found = page.session_state["found"]
    assert {name.split()[0] for name in found} == {each.id for each in catalog().families[family]}
    for name, (given, got) in found.items():
        assert got == given, name


def test_every_field_of_every_transform_has_a_label_and_help() -> None:
    for kind in catalog().values():
        for each in fields_of(schema(kind)):
            assert each.label, (kind.id, each.name)
            assert each.help, (kind.id, each.name)


def test_hidden_settings_of_a_source_are_not_drawn() -> None:
    names = [each.name for each in fields_of(sources()["csv"].model_json_schema(by_alias=True))]
    assert "path" in names
    assert "part" not in names


def test_settings_that_people_seldom_change_come_last() -> None:
    fields = fields_of(schema(catalog()["join_datasets"]))
    assert [each.name for each in fields if each.rare] == ["suffix", "validate_keys"]
    assert [each.rare for each in fields] == sorted(each.rare for each in fields)
    assert not any(each.rare for each in fields_of(schema(catalog()["duplicate_column"])) if each.required)


@pytest.mark.parametrize(
    ("transform", "name", "widget"),
    [
        ("filter_rows", "condition", "condition"),
        ("sort_rows", "by", "rows"),
        ("rename_columns", "mapping", "mapping"),
        ("impute_median", "columns", "columns"),
        ("split_column", "column", "column"),
        ("formula_column", "expression", "area"),
        ("replace_regex", "pattern", "text"),
        ("extract_date_parts", "parts", "choices"),
        ("fill_constant", "value", "value"),
        ("bin_custom", "edges", "values"),
        ("sample_random", "share", "number"),
        ("vectorize_count", "stop_words", "choice"),
        ("union_rows", "distinct", "switch"),
    ],
)
def test_each_kind_of_setting_has_its_widget(transform: str, name: str, widget: str) -> None:
    assert field(transform, name).widget == widget


def test_columns_of_the_second_input_are_told_apart() -> None:
    assert [field("join_datasets", name).table for name in ("left_on", "right_on")] == [0, 1]


def test_labels_are_words() -> None:
    assert label_of("ignore_case") == "Ignore case"
    assert label_of("output") == "Name of the new column"
    assert words("drop_rows") == "Drop rows"
    assert words("1:n") == "1:n"


@pytest.mark.parametrize(
    "value",
    [0, -3, 1.5, 1e300, float("inf"), True, False, "", " ", "Oslo", "3", "1.5", "true", "inf", '"', '"a"', "Å\n"],
)
def test_a_value_as_text_is_read_as_the_same_value(value: Any) -> None:
    again = read(shown(value))
    assert again == value
    assert type(again) is type(value)


def test_text_is_read_by_what_may_be_there() -> None:
    assert read("3", {"string"}) == "3"
    assert read("3", NUMBERS) == 3
    assert read("three", NUMBERS) == "three"
    assert read("1_000", NUMBERS) == "1_000"
    assert read("nan", ANY) == "nan"
    assert read("1.5", {"integer"}) == "1.5"


def test_values_are_typed_as_the_column_they_are_compared_with() -> None:
    assert typed_for(pl.Int64()) == NUMBERS
    assert typed_for(pl.Boolean()) == {"boolean"}
    assert "plain" in typed_for(pl.String())
    assert "contains" not in operators_for(typed_for(pl.Float64()))
    assert operators_for(typed_for(pl.Boolean()))[0] == "is_true"


def test_conditions_that_rows_cannot_say_are_json() -> None:
    compare = {"column": "a", "op": "is_missing"}
    assert shape_of(compare, 0) == "compare"
    assert shape_of({"any": [compare]}, 1) == "group"
    assert shape_of({"any": [compare]}, 2) == "json"
    assert shape_of({"not": compare}, 0) == "json"


def test_markdown_of_a_column_is_shown_as_it_is() -> None:
    assert escaped("a_b*[x]") == r"a\_b\*\[x\]"


def draw_one() -> None:
    """One form, with what is wrong with it."""
    import streamlit as st

    from dataprep_app.ui.forms.checks import step_problems
    from dataprep_app.ui.forms.fields import fields_of
    from dataprep_app.ui.forms.form import draw_form
    from transforms.catalog import catalog
    from transforms.reference import schema

    kind, columns = catalog()[st.session_state["kind"]], st.session_state["columns"]
    if st.session_state.get("elsewhere"):
        return
    drawn = draw_form("one", fields_of(schema(kind)), st.session_state.get("settings", {}), [columns])
    problems = step_problems(kind, drawn.values, [columns], {})
    drawn.say(problems)
    st.session_state["values"] = drawn.values


def form(kind: str, columns: dict[str, Any], settings: dict[str, Any] | None = None) -> AppTest:
    page = AppTest.from_function(draw_one, default_timeout=30)
    page.session_state["kind"] = kind
    page.session_state["columns"] = pl.Schema(columns)
    page.session_state["settings"] = settings or {}
    return page.run()


def test_a_pattern_that_cannot_run_is_said_and_stays() -> None:
    page = form("replace_regex", {"name": pl.String()}, {"columns": ["name"], "pattern": "(?=a)", "replacement": ""})
    assert "is not a pattern the engine can run" in page.error[0].value.replace("\\", "")
    assert page.text_input(key="one:pattern").value == "(?=a)"
    page.text_input(key="one:pattern").set_value("a+").run()
    assert not page.error
    assert page.session_state["values"]["pattern"] == "a+"


def test_settings_that_do_not_go_together_are_said_below_the_form() -> None:
    page = form("sample_random", {"a": pl.Int64()}, {"rows": 5, "share": 0.5})
    assert page.error


def test_a_column_that_is_gone_stays_chosen_and_is_said() -> None:
    page = form("drop_columns", {"age": pl.Int64()}, {"columns": ["agee"]})
    assert page.multiselect(key="one:columns:names").value == ["agee"]
    assert "Did you mean 'age'" in page.error[0].value.replace("\\", "")


def test_only_columns_of_the_right_type_are_offered() -> None:
    page = form("impute_median", {"age": pl.Int64(), "city": pl.String()}, {"columns": ["age"]})
    assert page.multiselect(key="one:columns:names").options == ["#  age"]


def test_columns_can_be_chosen_by_a_rule() -> None:
    page = form("drop_columns", {"a_x": pl.Int64(), "b": pl.Float64(), "a_y": pl.String()}, {"columns": ["b"]})
    page.segmented_control(key="one:columns:how").set_value("By rule").run()
    page.text_input(key="one:columns:regex").set_value("^a_").run()
    page.multiselect(key="one:columns:types").set_value(["text"]).run()
    assert page.session_state["values"]["columns"] == {"type": "text", "regex": "^a_"}
    assert any("1 of 3 columns: a_y" in each.value for each in page.caption)
    page.segmented_control(key="one:columns:how").set_value("By name").run()
    assert page.session_state["values"]["columns"] == ["b"]


def test_rows_are_added_and_removed() -> None:
    page = form("sort_rows", {"a": pl.Int64(), "b": pl.Int64()}, {"by": [{"column": "a"}]})
    page.button(key="one:by:list:rows:add").click().run()
    assert [each["descending"] for each in page.session_state["values"]["by"]] == [False, False]
    assert page.error  # the second has no column yet
    page.selectbox(key="one:by:list:1:column").set_value("b").run()
    assert not page.error
    page.button(key="one:by:list:rows:remove:0").click().run()
    assert page.session_state["values"]["by"] == [{"column": "b", "descending": False}]


def test_a_condition_grows_by_rows_and_groups() -> None:
    first = {"column": "age", "op": "at_least", "value": 18}
    page = form("filter_rows", {"age": pl.Int64(), "city": pl.String()}, {"condition": first})
    assert page.session_state["values"]["condition"] == first
    page.button(key="one:condition:members:rows:add").click().run()
    page.selectbox(key="one:condition:members:1:column").set_value("city").run()
    page.text_input(key="one:condition:members:1:value").set_value("3").run()
    second = {"column": "city", "op": "equals", "value": "3"}
    assert page.session_state["values"]["condition"] == {"all": [first, second]}
    page.segmented_control(key="one:condition:joined").set_value("any").run()
    assert page.session_state["values"]["condition"] == {"any": [first, second]}
    page.button(key="one:condition:members:rows:extra").click().run()
    assert list(page.session_state["values"]["condition"]["any"][2]) == ["all"]


def test_a_condition_that_rows_cannot_say_is_kept_as_it_is() -> None:
    deep = {
        "not": {"all": [{"column": "age", "op": "is_missing"}, {"not": {"column": "age", "op": "less", "value": 3}}]}
    }
    page = form("filter_rows", {"age": pl.Int64()}, {"condition": deep})
    assert page.session_state["values"]["condition"] == deep
    page.text_area(key="one:condition:json").set_value("{").run()
    assert page.error
    assert page.text_area(key="one:condition:json").value == "{"
    assert json.loads(json.dumps(deep)) == deep


def test_what_was_typed_is_there_after_looking_elsewhere() -> None:
    page = form("outlier_std", {"age": pl.Int64()}, {"columns": ["age"]})
    page.number_input(key="one:n").set_value(2.5).run()
    page.session_state["elsewhere"] = True
    page.run()
    page.session_state["elsewhere"] = False
    page.run()
    assert page.number_input(key="one:n").value == 2.5


def test_a_parameter_of_the_flow_stands_for_a_number() -> None:
    page = form("outlier_std", {"age": pl.Int64()}, {"columns": ["age"], "n": "${spread}"})
    assert page.session_state["values"]["n"] == "${spread}"
    kind, values = catalog()["outlier_std"], page.session_state["values"]
    assert step_problems(kind, values, [pl.Schema({"age": pl.Int64()})], {"spread": 3.0}) == []
    assert "spread" in str(step_problems(kind, values, [], {})[0])


def test_a_problem_inside_a_list_names_the_row() -> None:
    kind = catalog()["sort_rows"]
    found = step_problems(kind, {"by": [{"column": "a"}, {"descending": True}]}, [], {})
    assert [each.field for each in found] == ["by"]
    assert found[0].found.startswith("Row 2, column")


def test_problems_of_a_source_are_sentences() -> None:
    found = model_problems(sources()["csv"], {"path": "a.csv", "encoding": "klingon", "delimiter": ",,"})
    assert {each.field for each in found} == {"encoding", "delimiter"}
    assert all(each.found.endswith(".") for each in found)
