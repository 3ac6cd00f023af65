"""The loan story, from two uploaded files to a model, as a person does it: clicking, dragging and typing.

The real loan files are used when they are there, the generated ones otherwise. With the environment variable
``DATAPREP_SCREENSHOTS`` a picture of each stage is kept in the folder it names.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from dataprep_app.sample import loans
from dataprep_app.workspace import Workspace
from flows.files import load
from tests.browser.conftest import App

pytestmark = pytest.mark.browser

REAL = Path(__file__).parents[3] / "shared" / "data"
SLOW = 180_000
"""Milliseconds that a job may take on a busy machine."""
SENTENCE = 'replace "charged off" and "current" in loan_status with "default"'


def pictured(page: Page, name: str) -> None:
    folder = os.environ.get("DATAPREP_SCREENSHOTS")
    if not folder:
        return
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_timeout(700)
        page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")


@pytest.fixture
def uploads(tmp_path: Path) -> list[Path]:
    """Two loan files under names of their own."""
    paths = [tmp_path / "loan-terms.csv", tmp_path / "loan-people.csv"]
    if (REAL / "loans-part-1.csv").exists():
        for part, path in enumerate(paths, 1):
            shutil.copy(REAL / f"loans-part-{part}.csv", path)
    else:
        for table, path in zip(loans(6_000), paths, strict=True):
            table.write_csv(path)
    return paths


class Story:
    """What a person does on the pages of the app."""

    def __init__(self, app: App) -> None:
        self.app, self.page = app, app.page

    def upload(self, files: list[Path]) -> None:
        self.app.open("/datasets")
        self.page.get_by_text("Add data").first.click()
        self.app.settle()
        self.page.locator("input[type=file]").first.set_input_files(files)
        space = Workspace(self.app.server.workspace)
        end = time.monotonic() + 60
        while not {each.name for each in files} <= {each.label for each in space.datasets().values()}:
            assert time.monotonic() < end, "both files become datasets"
            self.page.wait_for_timeout(200)
        self.app.settle()
        pictured(self.page, "1-datasets")

    def join(self) -> None:
        self.app.open("/")
        self.page.get_by_role("button", name="New data flow").click()
        self.page.get_by_label("Name").fill("Story")
        self.page.get_by_role("button", name="Create").click()
        stage = self.page.get_by_test_id("flow-stage")
        expect(stage).to_be_visible(timeout=30_000)
        self.app.settle()
        box = stage.bounding_box()
        assert box is not None
        self.app.drag(self.page.get_by_test_id("palette-loan-terms_csv").locator("b"), (box["x"] + 200, box["y"] + 120))
        expect(self.page.get_by_test_id("node-loan_terms_csv")).to_be_visible()
        self.app.settle()
        self.app.drag(
            self.page.get_by_test_id("palette-loan-people_csv").locator("b"),
            self.page.get_by_test_id("node-loan_terms_csv"),
        )
        joined = self.page.get_by_test_id("node-joined")
        expect(joined.get_by_role("img", name="needs attention")).to_be_visible()
        pictured(self.page, "2-join-without-keys")
        self.page.get_by_role("button", name="Choose keys").click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog.get_by_text("How well they match")).to_be_visible(timeout=30_000)
        expect(dialog.get_by_text("Counted on all rows.")).to_be_visible(timeout=30_000)
        pictured(self.page, "3-join-dialog")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)
        expect(joined.get_by_role("img", name="needs attention")).to_have_count(0)
        self.app.settle()

    def view(self, name: str) -> None:
        self.page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True).click()
        self.app.settle()

    def report(self, target: str) -> None:
        self.view("Insights")
        chosen = self.page.get_by_role("combobox", name="Target")
        if chosen.input_value() != target:  # the second time it is still chosen
            chosen.fill(target)
            self.page.get_by_role("option", name=target, exact=True).click()
            self.app.settle()
        self.page.get_by_role("button", name="Make report").click()
        expect(self.page.get_by_role("button", name="Cancel")).to_be_visible(timeout=30_000)
        expect(self.page.get_by_role("heading", name="Warnings")).to_be_visible(timeout=SLOW)
        self.app.settle()

    def add(self, search: str, title: str, fill: Callable[[], None] = lambda: None) -> None:
        """Find a step, fill its form in, look at its preview, add it."""
        self.page.get_by_role("button", name="Add step").click()
        self.page.get_by_placeholder("Search: fill, split, date").fill(search)
        self.app.settle()
        self.page.get_by_role("button", name=title, exact=True).first.click()
        self.app.settle()
        fill()
        self.page.get_by_role("button", name="Preview", exact=True).click()
        expect(self.page.get_by_text(re.compile(r"^Preview:")).first).to_be_visible(timeout=60_000)
        pictured(self.page, f"5-preview-{search.replace(' ', '-')}")
        self.page.get_by_role("button", name="Add", exact=True).last.click()
        expect(self.page.get_by_role("button", name="Add step")).to_be_visible(timeout=60_000)
        self.app.settle()

    def choose(self, field: str, column: str) -> None:
        box = self.page.get_by_role("combobox", name=re.compile(f"^{field}\\b")).first
        box.fill(column)
        self.page.get_by_role("option", name=column).first.click()
        if field in ("Columns", "All but"):
            self.page.keyboard.press(
                "Escape"
            )  # a list of several stays open; in one of one it would take the choice away
        self.app.settle()

    def say(self, sentence: str) -> None:
        """Ask the chat, and add what it proposes."""
        self.page.get_by_text("Chat for data prep").click()
        box = self.page.get_by_test_id("stChatInputTextArea")
        box.fill(sentence)
        box.press("Enter")
        add = self.page.get_by_role("button", name="Add to steps")
        expect(add).to_be_visible(timeout=30_000)
        self.app.settle()
        pictured(self.page, "6-chat")
        add.click()
        expect(add).to_have_count(0, timeout=30_000)
        self.app.settle()

    def run_on_spark(self) -> Path:
        self.page.get_by_role("button", name="Create job").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Add destination").click()
        expect(dialog).to_have_count(0)
        self.app.settle()
        self.page.get_by_role("button", name="Create job").click()
        dialog.get_by_text("Spark", exact=True).click()
        self.app.settle()
        pictured(self.page, "8-create-job")
        dialog.get_by_role("button", name="Start job").click()
        expect(self.page.get_by_text("Written", exact=True)).to_be_visible(timeout=SLOW)
        self.app.settle()
        pictured(self.page, "9-job")
        (written,) = self.app.server.workspace.glob("story_*.parquet")
        return written

    def build(self) -> None:
        self.app.open("/flow?flow=story&view=graph")
        self.page.get_by_test_id("plus-smote").click(force=True)
        self.page.get_by_test_id("menu-model").click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog.get_by_text("holds two different values")).to_be_visible(timeout=SLOW)
        dialog.get_by_role("button", name="Quick build").click()
        expect(self.page.get_by_text("rows the model never saw")).to_be_visible(timeout=SLOW)
        self.app.settle()
        pictured(self.page, "10-model")
        self.page.get_by_text("What if", exact=True).click()
        self.page.get_by_role("button", name="The first row").click()
        self.app.settle()
        field = self.page.get_by_test_id("stNumberInput").filter(has_text="interest_rate").locator("input")
        field.fill("24.5")
        self.page.get_by_role("button", name="Update").click()
        expect(self.page.get_by_text(re.compile(r"interest_rate: .* → 24.5"))).to_be_visible(timeout=30_000)
        pictured(self.page, "11-what-if")


def test_the_loan_story(app: App, uploads: list[Path]) -> None:
    story, page = Story(app), app.page
    story.upload(uploads)
    story.join()

    story.report("loan_status")
    expect(page.get_by_text("Very low quick-model score").first).to_be_visible()
    expect(page.get_by_text("Weak minority classes").first).to_be_visible()
    pictured(page, "4-report")

    story.view("Data")
    story.add("drop rows with missing", "Drop rows with missing values")
    story.add("outliers standard", "Outliers: standard deviations", lambda: story.choose("Columns", "annual_income"))
    story.add("one-hot", "One-hot encode", lambda: story.choose("Columns", "purpose"))
    story.add("tf-idf", "Vectorize: TF-IDF", lambda: story.choose("Column", "employer_title"))
    story.say(SENTENCE)
    replaced = load(app.server.workspace / "story.flow.json").steps["replace_text"].params
    assert (replaced["find"], replaced["replacement"]) == (["charged off", "current"], "default")
    assert replaced["match"] == "whole"

    def smote() -> None:
        story.choose("Target", "loan_status")
        page.get_by_text("By rule", exact=True).first.click()
        app.settle()
        story.choose("All but", "id")

    story.add("smote", "SMOTE", smote)
    story.report("loan_status")
    expect(page.get_by_text("Very low quick-model score")).to_have_count(0)
    expect(page.get_by_text("synthetic and left out")).to_be_visible()
    pictured(page, "7-report-after")

    written = story.run_on_spark()
    rows = pl.read_parquet(written / "*.parquet" if written.is_dir() else written)
    assert set(rows["loan_status"]) == {"fully paid", "default"}
    assert len(set(rows["loan_status"].value_counts()["count"])) == 1
    assert rows["is_synthetic"].any()

    story.build()
