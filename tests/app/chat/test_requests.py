from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from dataprep_app.chat.engine import respond
from dataprep_app.chat.table import TableFacts, facts_of
from dataprep_app.chat.turn import (
    AnalysisResult,
    ChatTurn,
    ClarifyResult,
    CommandResult,
    PlanResult,
    RefuseResult,
)

SHOP = pl.DataFrame(
    {
        "order_id": [1, 2, 3, 4, 5, 6],
        "customer_name": ["Ann", "Bo", "Cy", "Di", "Ed", "Flo"],
        "order_status": ["sent", "open", "sent back", "open", "sent", "sent"],
        "payment_status": ["paid", "due", "paid", "paid", "due", "paid"],
        "unit_price": [9.5, 20.0, None, 4.0, 120.0, 7.0],
        "quantity": [1, 2, 3, 1, 2, 1],
        "ordered_on": pl.Series(
            ["2024-01-05", "2024-02-01", "2024-02-09", "2024-03-01", None, "2024-05-05"]
        ).str.to_date(),
    }
)
FACTS = facts_of("orders", SHOP)
FLAGSHIP = {
    "columns": ["order_status"], "find": ["sent", "sent back"], "replacement": "done", "match": "whole",
}  # fmt: skip


def steps(text: str, facts: TableFacts = FACTS) -> list[tuple[str, dict[str, Any]]]:
    found = respond(text, facts).result
    assert isinstance(found, PlanResult), f"{text!r} gave {found}"
    return [(each.transform, dict(each.params)) for each in found.steps]


@pytest.mark.parametrize(
    "text",
    [
        'replace "sent" and "sent back" in order_status with "done"',
        "replace “sent” and “sent back” in order_status with “done”",
        "Replace 'Sent' and 'SENT BACK' in Order Status with 'done'",
        'repalce "sent" and "sent bak" in ordr_status with "done"',
        'please replace "sent" and "sent back" in the order status column with "done".',
        "replace sent and sent back in orderStatus with 'done'",
    ],
)
def test_several_values_are_replaced_by_one_in_a_single_step(text: str) -> None:
    assert steps(text) == [("replace_text", FLAGSHIP)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drop customer_name and order_id", [("drop_columns", {"columns": ["customer_name", "order_id"]})]),
        ("get rid of the customer name", [("drop_columns", {"columns": ["customer_name"]})]),
        ("keep only quantity", [("select_columns", {"columns": ["quantity"]})]),
        ("rename unit_price to price", [("rename_columns", {"mapping": {"unit_price": "price"}})]),
        ("fill missing unit_price with the median", [("impute_median", {"columns": ["unit_price"]})]),
        ("fill unit_price with 0", [("fill_constant", {"columns": ["unit_price"], "value": 0})]),
        ("drop rows with missing unit price", [("drop_missing_rows", {"columns": ["unit_price"]})]),
        ("sort by quantity descending", [("sort_rows", {"by": [{"column": "quantity", "descending": True}]})]),
        ("convert order_id to text", [("change_type", {"columns": ["order_id"], "type": "text"})]),
        ("one-hot encode order_status", [("one_hot_encode", {"columns": ["order_status"]})]),
        ("standardize quantity", [("scale_standard", {"columns": ["quantity"]})]),
        (
            "log1p of quantity",
            [("logarithm", {"columns": ["quantity"], "shift": 1.0, "base": pytest.approx(2.718281828)})],
        ),
        ("extract year from ordered_on", [("extract_date_parts", {"columns": ["ordered_on"], "parts": ["year"]})]),
        ("remove accents from customer_name", [("remove_accents", {"columns": ["customer_name"]})]),
        ("hash customer_name with md5", [("hash_column", {"columns": ["customer_name"], "algorithm": "md5"})]),
        (
            "add total = unit_price * quantity",
            [("formula_column", {"output": "total", "expression": "unit_price * quantity"})],
        ),
        (
            "subtract quantity from unit_price as rest_price",
            [("formula_column", {"output": "rest_price", "expression": "unit_price - quantity"})],
        ),
        (
            "map payment_status: paid -> 1, due -> 0",
            [("map_values", {"columns": ["payment_status"], "mapping": {"paid": 1, "due": 0}})],
        ),
    ],
)
def test_a_request_becomes_the_step_it_asks_for(text: str, expected: list[tuple[str, dict[str, Any]]]) -> None:
    assert steps(text) == expected


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("keep rows where unit_price is at least 9.5", [1, 2, 5]),
        ("drop rows where quantity is 1 or unit_price > 100", [2, 3]),
        ("keep rows where order_status is open and payment_status is not due", [4]),
        ("keep rows where quantity between 2 and 3", [2, 3, 5]),
        ("keep rows where customer_name starts with 'A'", [1]),
        ("keep orders that are open", [2, 4]),
        ("exclude open orders", [1, 3, 5, 6]),
        ("keep rows where ordered_on is after 2024-02-05", [3, 4, 6]),
        ("keep rows with quantity > 1 and < 3", [2, 5]),
        ("keep rows where unit_price is missing", [3]),
    ],
)
def test_conditions_keep_the_rows_they_say(text: str, rows: list[int]) -> None:
    from transforms.catalog import catalog

    ((id, params),) = steps(text)
    bound = catalog()[id].model_validate(params).bind(SHOP.schema)
    found = bound.apply(SHOP.lazy(), None).collect()  # type: ignore[attr-defined]
    assert found["order_id"].to_list() == rows


def test_steps_of_one_request_see_the_columns_made_before() -> None:
    found = steps("rename unit_price to price, then fill missing price with 0 and sort by price")
    assert [id for id, _ in found] == ["rename_columns", "fill_constant", "sort_rows"]
    assert found[1][1]["columns"] == ["price"]


def test_it_means_the_columns_of_the_clause_before() -> None:
    assert [params["columns"] for _, params in steps("round unit_price and standardize it")] == [["unit_price"]] * 2


def test_before_and_after_turn_the_order_of_steps() -> None:
    ids = ["fill_constant", "logarithm"]
    assert [id for id, _ in steps("take log of unit_price after filling its gaps with 1")] == ids
    assert [id for id, _ in steps("before taking log of unit_price, fill its gaps with 1")] == ids


def test_an_unknown_column_is_asked_for_and_never_replaced_by_another() -> None:
    found = respond("drop the salary column", FACTS).result
    assert isinstance(found, ClarifyResult)
    assert found.about == "column"
    assert "salary" in found.question


def test_a_part_of_two_names_gives_both_as_options_with_their_plans() -> None:
    found = respond("uppercase the status column", FACTS).result
    assert isinstance(found, ClarifyResult)
    assert [each.column for each in found.options] == ["order_status", "payment_status"]
    assert all(isinstance(each.result, PlanResult) for each in found.options)


def test_a_part_of_one_name_is_taken_and_said() -> None:
    found = respond("standardize the price", FACTS).result
    assert isinstance(found, PlanResult)
    assert found.steps[0].params["columns"] == ["unit_price"]
    assert any("unit_price" in each for each in found.assumptions)


def test_a_value_that_no_row_has_is_asked_about() -> None:
    found = respond('replace "lost" in order_status with "open"', FACTS).result
    assert isinstance(found, ClarifyResult)
    assert found.about == "value"
    assert "lost" in found.question


@pytest.mark.parametrize(
    "text",
    [
        "drop order_id unless quantity is 3",
        "fill missing unit_price with the mean by order_status",
        "sort by quantity and email it to me",
        "standardize unit_price using the wibble method",
        "replace open with done in order_status for large orders",
        "do not drop quantity",
        "drop quantity but keep order_id until friday",
    ],
)
def test_nothing_is_done_when_a_part_of_the_request_is_not_understood(text: str) -> None:
    assert not isinstance(respond(text, FACTS).result, PlanResult | AnalysisResult)


@pytest.mark.parametrize("text", ["run os.system('rm -rf /')", "import os", "__import__('os')", "eval(1)"])
def test_code_is_refused(text: str) -> None:
    found = respond(text, FACTS).result
    assert isinstance(found, RefuseResult)
    assert found.reason == "unsafe"


@pytest.mark.parametrize("text", ["who wrote Hamlet", "hello", "sing me a song", "???", "", "   "])
def test_what_is_not_about_the_table_is_refused_with_examples_that_work(text: str) -> None:
    found = respond(text, FACTS).result
    assert isinstance(found, RefuseResult)
    assert found.examples
    for each in found.examples:
        assert isinstance(respond(each, FACTS).result, PlanResult | AnalysisResult), each


@pytest.mark.parametrize(
    ("text", "name", "n"),
    [("undo", "undo", 1), ("go back two steps", "undo", 2), ("redo", "redo", 1), ("what can you do?", "help", 1)],
)
def test_commands_are_known(text: str, name: str, n: int) -> None:
    found = respond(text, FACTS).result
    assert isinstance(found, CommandResult)
    assert (found.name, found.n) == (name, n)


def answer(text: str, history: list[ChatTurn] | None = None) -> AnalysisResult:
    found = respond(text, FACTS, history or [], rows=SHOP).result
    assert isinstance(found, AnalysisResult), f"{text!r} gave {found}"
    assert found.answer is not None
    return found


def table(text: str) -> dict[str, list[Any]]:
    found = answer(text).answer
    assert found is not None
    return dict(found.table)


def test_answers_are_those_of_the_rows() -> None:
    assert table("how many rows are there") == {"rows": [6]}
    assert table("average quantity") == {"quantity mean": [SHOP["quantity"].mean()]}
    assert table("how many distinct order_status") == {"order_status count distinct": [3]}
    assert table("how many rows where quantity is 1") == {"rows": [3]}
    assert table("how many missing in unit_price")["missing"] == [1]
    assert table("what is the highest unit_price") == {"unit_price max": [120.0]}
    expected = SHOP.group_by("payment_status").agg(pl.col("quantity").sum()).sort("payment_status")
    assert table("total quantity by payment_status")["quantity sum"] == expected["quantity"].to_list()
    pair = SHOP.drop_nulls("unit_price").select(pl.corr("unit_price", "quantity")).item()
    assert table("correlation between unit_price and quantity")["correlation"] == [pytest.approx(pair)]


def test_an_answer_says_what_it_was_computed_on() -> None:
    found = answer("average quantity where order_status is open").answer
    assert found is not None
    assert found.basis == "Computed on 2 of 6 rows, where order_status is open."


def test_a_question_can_be_asked_again_for_another_group() -> None:
    first = respond("average quantity by order_status", FACTS, rows=SHOP)
    found = answer("now by payment_status", [first])
    assert found.spec["by"] == ["payment_status"]
    assert found.spec["aggregations"] == [{"column": "quantity", "function": "mean"}]


def test_an_answer_to_a_question_completes_the_request() -> None:
    first = respond("fill missing unit_price", FACTS)
    assert isinstance(first.result, ClarifyResult)
    found = respond("with the median", FACTS, [first]).result
    assert isinstance(found, PlanResult)
    assert found.steps[0].transform == "impute_median"


def test_the_same_can_be_asked_for_another_column() -> None:
    first = respond("standardize unit_price", FACTS)
    found = respond("same for quantity", FACTS, [first]).result
    assert isinstance(found, PlanResult)
    assert found.steps[0].params["columns"] == ["quantity"]
