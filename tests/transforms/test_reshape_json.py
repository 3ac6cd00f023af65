"""JSON read into columns and by paths: what is particular to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.json_shapes import Shape
from transforms.reshape_json import ExtractJsonPath, ParseJson

DOCUMENTS = [
    '{"user": {"name": "Zoë", "tags": ["a", "b"]}, "n": 1, "a key": true}',
    '{"user": {"name": null}, "n": 2.5, "items": [{"id": 1}, {"id": "x"}]}',
    '[{"id": 7}, [1, 2, 3]]',
    '"text"',
    "17",
]
TABLE = pl.DataFrame({"doc": [*DOCUMENTS, None, " ", "{bad", '{"a": NaN}']})


def extracted(path: str, table: pl.DataFrame = TABLE, **params: Any) -> list[Any]:
    return result(ExtractJsonPath(column="doc", path=path, output="x", **params), table)["x"].to_list()


def by_duckdb(path: str) -> list[Any]:
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT json_extract_string(unnest(?), ?)", [DOCUMENTS, path]).fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    "path",
    ["$.user.name", "$.user", "$.n", '$."a key"', "$.user.tags[0]", "$.user.tags[#-1]", "$[0].id", "$[1]", "$.no"],
)
def test_paths_lead_where_those_of_duckdb_do(path: str) -> None:
    mine = path.replace('."a key"', "['a key']").replace("[#-1]", "[-1]")
    expected = by_duckdb(path)
    found = extracted(mine)
    assert found[: len(DOCUMENTS)] == expected
    assert found[len(DOCUMENTS) :] == [None] * 4


def test_all_matches_of_wildcards_slices_and_depths() -> None:
    assert extracted("$.items[*].id", all_matches=True)[:3] == [[], ["1", "x"], []]
    assert extracted("$..id", all_matches=True)[:4] == [[], ["1", "x"], ["7"], []]
    assert extracted("$[1][1:]", all_matches=True)[2] == ["2", "3"]
    assert extracted("user.*", all_matches=True)[0] == ["Zoë", '["a","b"]']
    assert extracted("$..id", all_matches=True)[5:] == [None, None, None, None]


def test_what_is_found_has_the_type_asked_for_and_what_has_not_is_counted() -> None:
    step = ExtractJsonPath(column="doc", path="$.n", output="x", type="integer", on_error="fail")
    assert result(step, TABLE)["x"].to_list() == [1] + [None] * 8
    (failure,) = step.bind(TABLE.schema).failures()
    assert failure.stop
    assert TABLE.filter(failure.where)["doc"].to_list() == [DOCUMENTS[1], "{bad", '{"a": NaN}']
    (every,) = ExtractJsonPath(column="doc", path="$..id", output="x", type="integer", all_matches=True).failures()
    assert TABLE.filter(every.where)["doc"].to_list() == [DOCUMENTS[1], "{bad", '{"a": NaN}']


@pytest.mark.parametrize("path", ["$.", "$[x]", "$.a[", "$.a b", "$['a", "$..", "$.a[1.5]"])
def test_what_is_no_path_is_refused_while_it_is_written(path: str) -> None:
    with pytest.raises(ValidationError, match="cannot be read as a path"):
        ExtractJsonPath(column="doc", path=path, output="x")


def parsed(texts: Sequence[str | None], **params: Any) -> pl.DataFrame:
    return result(ParseJson(column="doc", **params), pl.DataFrame({"doc": pl.Series(texts, dtype=pl.String)}))


def fitted(texts: Sequence[str | None], **params: Any) -> tuple[Any, Any]:
    table = pl.DataFrame({"doc": pl.Series(texts, dtype=pl.String)})
    bound = ParseJson(column="doc", **params).bind(table.schema)
    return bound, bound.fit(Asking(PolarsEngine.over({"t": table}), [Source("t")]))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(value=VALUES)
@settings(max_examples=examples(60), deadline=None)
def test_every_value_is_read_as_what_python_reads(value: Any) -> None:
    """A value alone has one shape, so nothing is lost but what no column type holds."""

    def same(found: Any, wanted: Any) -> bool:
        if isinstance(found, str) and not isinstance(wanted, str):
            return bool(json.loads(found) == wanted)  # what does not mix is JSON text
        if isinstance(wanted, dict):
            return all(same(found[key], each) for key, each in wanted.items())
        if isinstance(wanted, list):
            return len(found) == len(wanted) and all(map(same, found, wanted))
        return bool(found == wanted)

    (found,) = parsed([json.dumps(value)])["doc"].to_list()
    assert same(found, value)


def test_types_that_mix_become_numbers_or_text() -> None:
    texts = ['{"a": 1, "b": 1, "c": [1]}', '{"a": 2.5, "b": "x", "c": [null, true], "d": {}}']
    found = parsed(texts, form="columns")
    assert found.schema == {"doc_a": pl.Float64, "doc_b": pl.String, "doc_c": pl.List(pl.String), "doc_d": pl.String}
    assert found.rows() == [(1.0, "1", ["1"], None), (2.5, "x", [None, "true"], "{}")]


def test_what_was_not_there_in_the_fit_is_left_out_and_counted() -> None:
    step, learned = fitted(['{"a": 1}'], on_error="fail")
    assert learned.shape == Shape(kind="object", fields={"a": Shape(kind="integer")})
    later = pl.DataFrame({"doc": ['{"a": 2, "new": 1}', '{"a": "x"}', '{"a": 3.0}', "{bad", None]})
    plan = step.plan(Source("t"), learned=learned)
    assert PolarsEngine.over({"t": later}).collect(plan)["doc"].to_list() == [
        {"a": 2},
        {"a": None},
        {"a": 3},
        None,
        None,
    ]
    bad, other = step.failures(learned)
    assert later.select(bad.where.sum(), other=other.where.sum()).row(0) == (1, 2)
    assert bad.stop
    assert other.stop


def test_chosen_fields_are_read_and_others_left_alone() -> None:
    step, learned = fitted(['{"a": 1, "b": {"c": 1}}'], fields={"b": "text", "z": "integer"}, form="columns", prefix="")
    table = pl.DataFrame({"doc": ['{"a": 1, "b": {"c": 1}}', '{"z": "x"}']})
    found = PolarsEngine.over({"t": table}).collect(step.plan(Source("t"), learned=learned))
    assert found.rows(named=True) == [{"b": '{"c":1}', "z": None}, {"b": None, "z": None}]
    _, other = step.failures(learned)
    assert table.select(other.where).to_series().to_list() == [False, True]


def test_columns_need_objects_and_not_too_many_fields() -> None:
    with pytest.raises(StepError, match="holds list values as JSON, not only objects"):
        parsed(["[1]"], form="columns")
    with pytest.raises(StepError, match="have 1,001 fields in all, more than the 1,000"):
        parsed([json.dumps({str(i): 1 for i in range(1_001)})])


def test_columns_take_free_names_in_the_place_of_the_text() -> None:
    table = pl.DataFrame({"doc_a": [0], "doc": ['{"a": 1, "b": 2}'], "z": [9]})
    found = result(ParseJson(column="doc", form="columns"), table)
    assert found.to_dicts() == [{"doc_a": 0, "doc_a_2": 1, "doc_b": 2, "z": 9}]
    with pytest.raises(InvalidStepError, match="There is a column 'z' already"):
        result(ExtractJsonPath(column="doc", path="$.a", output="z"), table)


def test_numbers_beyond_the_range_are_numbers_or_missing() -> None:
    assert parsed(["9223372036854775808"])["doc"].to_list() == [2.0**63]
    step, learned = fitted(["1.5"])
    huge = pl.DataFrame({"doc": ["1" + "0" * 400, "[" * 100_000]})
    assert (
        PolarsEngine.over({"t": huge}).collect(step.plan(Source("t"), learned=learned))["doc"].to_list() == [None] * 2
    )
