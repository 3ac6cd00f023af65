"""The evaluation set, scored by its own scorer where it is present; the share of wrong actions is held as firmly."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from tests.app.chat.neutral import respond

FOLDER = Path(__file__).parents[4] / "shared" / "chat"
EXACT, WRONG = 0.85, 0.02

pytestmark = pytest.mark.skipif(not (FOLDER / "dev.jsonl").is_file(), reason="the evaluation set is not here")


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chat_score", FOLDER / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_most_requests_are_read_right_and_hardly_any_wrong() -> None:
    score = scorer()
    items = [json.loads(line) for line in (FOLDER / "dev.jsonl").read_text(encoding="utf-8").splitlines()]
    schemas = json.loads((FOLDER / "schemas.json").read_text(encoding="utf-8"))
    found = score.report(*score.run(items, schemas, respond))
    assert found["exact"] >= EXACT
    assert found["wrong_action"] <= WRONG
    assert found["abstain_recall"] == 1
    assert found["by_tag"]["flagship"][0] == 1
    assert found["ms_p50"] < 30
