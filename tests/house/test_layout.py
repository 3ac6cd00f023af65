from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("transforms", "connectors", "flows", "dataprep_app")
LONGEST_FILE = 420
LONGEST_FUNCTION = 60


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", sources(*PACKAGES, "tests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_one_room(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE, f"{len(lines)} lines: split it by what it is about"
    assert path.stem not in ("utils", "helpers", "common", "misc"), "name it after what it is about"


@pytest.mark.parametrize("path", sources(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_are_short_and_modules_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module begins with what it is about"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", sources(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_evaluated_or_pickled(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    assert not {each.id for each in calls if isinstance(each, ast.Name)} & {"eval", "exec"}
    assert not re.search(r"^\s*(import|from) pickle", text, re.MULTILINE)


def test_top_level_is_what_was_agreed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    top = {each.split("/")[0] for each in tracked if each}
    files = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile", ".ci", ".gitignore"}
    assert top <= {*PACKAGES, "tests", "requirements.lock", *files}


def test_lock_holds_versions_and_no_address() -> None:
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[A-Za-z0-9_.+!-]+( ; .+)?", line), line
