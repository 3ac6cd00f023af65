from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TOY = '''
import polars as pl
from transforms.core.columns import NumericColumns
from transforms.core.transform import Example, RowTransform


class Halve(RowTransform):
    """Halve numbers."""

    id = "halve"
    title = "Halve"
    terms = ("divide by two",)
    examples = (Example(params={"columns": ["n"]}, before={"n": [4, None]}, after={"n": [2.0, None]}),)

    columns: NumericColumns
    """Columns to halve."""

    def exprs(self):
        return (pl.col(name) / 2 for name in self.columns)


TRANSFORMS = (Halve,)
'''


def test_plugin_of_one_file_is_in_the_catalog_the_schema_and_the_reference(tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(TOY)
    info = tmp_path / "toy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dataprep.transforms]\nToys = toy\n")
    command = [sys.executable, "-m", "dataprep_app.cli", "catalog"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    listed = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=True).stdout
    catalog = json.loads(listed)
    assert catalog["families"][-1] == {"title": "Toys", "ids": ["halve"]}
    assert catalog["transforms"]["halve"]["schema"]["properties"]["columns"]["kinds"] == ["numeric"]
    assert catalog["transforms"]["halve"]["terms"] == ["divide by two"]
    helped = subprocess.run([*command, "halve"], env=environment, capture_output=True, text=True, check=True).stdout
    assert "Columns to halve." in helped
    script = (
        "from transforms.reference import markdown, vocabulary; assert '### Halve' in markdown(); "
        "assert 'divide by two' in vocabulary()['halve']"
    )
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
