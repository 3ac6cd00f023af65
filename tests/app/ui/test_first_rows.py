from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.profile import profiles
from dataprep_app.sample import write_sample
from dataprep_app.ui.parts.data_rows import Rows
from dataprep_app.ui.parts.first_rows import ROWS, packed_first, references_of
from dataprep_app.workspace import Settings, Workspace
from flows.files import load
from flows.problems import check


def test_a_node_is_looked_at_by_its_outputs_and_a_destination_by_what_it_writes(tmp_path: Path) -> None:
    path = write_sample(tmp_path, rows=200)
    flow = load(path)
    checked = check(flow, tmp_path)
    assert references_of(flow, "loans_1", checked) == ["loans_1"]
    assert references_of(flow, "split", checked) == ["split.train", "split.test"]
    assert references_of(flow, "test", checked) == ["split.test"]


@pytest.mark.parametrize(
    ("height", "status"), [(0, "0 rows"), (1, "1 row"), (ROWS, "50 rows"), (1_234, "The first 50 of 1,234 rows")]
)
def test_only_the_first_rows_are_sent_and_all_are_counted(height: int, status: str) -> None:
    table = pl.DataFrame({"a": range(height)}, schema={"a": pl.Int64})
    packed = packed_first(Rows(table, profiles(table)), 300)
    found = json.loads(packed[packed.index(b"{") :])
    assert found["status"] == status
    assert found["cells"] == [list(range(min(height, ROWS)))]
    assert found["columns"][0]["rows"] == height


def test_settings_are_kept_and_what_cannot_be_read_is_as_by_default(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    assert space.settings() == Settings(20_000, "first")
    space.change_settings(Settings(5_000, "random"))
    assert Workspace(tmp_path).settings() == Settings(5_000, "random")
    for text in ("{", "[]", '{"sample_rows": "many"}', '{"sample_method": "last"}'):
        (tmp_path / "settings.json").write_text(text, encoding="utf-8")
        assert space.settings() == Settings()
