from __future__ import annotations

import polars as pl
import pytest

from dataprep_app.chat.engine import respond
from dataprep_app.chat.table import facts_of
from dataprep_app.chat.turn import ClarifyResult, PlanResult
from transforms.catalog import catalog
from transforms.core.dtypes import TYPES, is_kind
from transforms.core.transform import Transform
from transforms.reference import schema

FACTS = facts_of(
    "things",
    pl.DataFrame(
        {
            "note": ["a b", "c d"],
            "amount": [1.5, 2.5],
            "pieces": [1, 2],
            "ready": [True, False],
            "day": pl.Series(["2024-01-05", "2024-02-01"]).str.to_date(),
        }
    ),
)


def subject(kind: type[Transform]) -> str | None:
    """A column that fits a transform whose only needed setting is one column or several."""
    fields = schema(kind)["properties"]
    required = schema(kind).get("required", [])
    if (
        kind.inputs != ("table",)
        or len(required) != 1
        or fields[required[0]].get("widget") not in ("column", "columns")
    ):
        return None
    kinds = fields[required[0]]["kinds"]
    return next((each.name for each in FACTS.columns if any(is_kind(TYPES[each.type], k) for k in kinds)), None)  # type: ignore[index]


SAID_FOR = {"log_transform": "logarithm"}
"""Where the same words are a request of their own: a log transform is the logarithm when no offset is named."""
REACHED = [each for each in catalog().values() if subject(each) is not None]


def test_there_are_many_of_them() -> None:
    assert len(REACHED) > 60


@pytest.mark.parametrize("kind", REACHED, ids=lambda kind: kind.id)
def test_a_transform_is_reached_by_its_title_and_its_id(kind: type[Transform]) -> None:
    column = subject(kind)
    for name in (kind.title, kind.id, kind.id.replace("_", " ")):
        found = respond(f"apply {name} to {column}", FACTS).result
        plans = [found] if isinstance(found, PlanResult) else []
        if isinstance(found, ClarifyResult):
            plans = [each.result for each in found.options if isinstance(each.result, PlanResult)]
        reached = [(step.transform, step.params) for plan in plans for step in plan.steps]
        if isinstance(found, ClarifyResult) and not plans:
            # It needs more than a column: it says what.
            assert kind.title in found.question
            continue
        wanted = {kind.id, SAID_FOR.get(kind.id, kind.id)}
        assert wanted & {id for id, _ in reached}, f"{name!r} gave {found}"
        params = next(params for id, params in reached if id in wanted)
        assert column in params.values() or [column] in params.values()


def test_a_term_that_may_mean_a_setting_is_asked_about() -> None:
    found = respond("swap case of note", FACTS).result
    assert isinstance(found, ClarifyResult)


def test_a_word_of_a_choice_and_a_number_find_their_settings() -> None:
    found = respond("apply hash values to note with algorithm md5", FACTS).result
    assert isinstance(found, PlanResult)
    assert found.steps[0].params == {"columns": ["note"], "algorithm": "md5"}
    found = respond("apply bins of equal width to amount with bins 7", FACTS).result
    assert isinstance(found, PlanResult)
    assert found.steps[0].params["bins"] == 7
