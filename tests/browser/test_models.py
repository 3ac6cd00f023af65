from __future__ import annotations

import os
import re
import shutil
import signal
import time

import polars as pl
import pytest
from playwright.sync_api import expect

from dataprep_app.jobs import store as jobs
from dataprep_app.modeling.store import models
from tests.browser.conftest import App

pytestmark = pytest.mark.browser

SLOW = 120_000
"""Milliseconds that a job may take on a busy machine."""


def test_model_is_built_judged_asked_and_deleted(app: App) -> None:
    space = app.server.workspace
    shutil.copy(space / "loan_default.flow.json", space / "to_model.flow.json")
    app.open("/flow?flow=to_model")
    page = app.page
    page.get_by_test_id("plus-features").click(force=True)
    page.get_by_text("Create model", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("holds two different values")).to_be_visible(timeout=SLOW)
    dialog.get_by_role("textbox", name="Name").fill("Browser model")
    dialog.get_by_role("textbox", name="Name").press("Enter")
    app.settle()
    dialog.get_by_role("button", name="Quick build").click()

    expect(page).to_have_url(re.compile(r"/models\?model=browser_model"), timeout=SLOW)
    expect(page.get_by_text("rows the model never saw")).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)

    page.get_by_text("What if", exact=True).click()
    page.get_by_role("button", name="The first row").click()
    app.settle()
    field = page.get_by_test_id("stNumberInput").filter(has_text="interest_rate").locator("input")
    field.fill("29.5")
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text(re.compile(r"interest_rate: .* → 29.5"))).to_be_visible(timeout=10_000)

    page.get_by_text("Predict a table", exact=True).click()
    page.get_by_role("button", name="Predict all rows").click()
    button = page.get_by_role("button", name="Download")
    expect(button).to_be_visible(timeout=SLOW)
    with page.expect_download() as download:
        button.click()
    assert {"prediction", "probability_default"} <= set(pl.read_csv(download.value.path()).columns)

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the model").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible(timeout=30_000)
    assert "browser_model" not in {each.id for each in models(space / "models")}


def test_build_can_be_cancelled(app: App) -> None:
    space = app.server.workspace
    arguments = {
        "path": str(space / "loan_default.flow.json"),
        "reference": "balanced",
        "target": "loan_status",
        "name": "Endless",
        "models": str(space / "models"),
    }
    job = jobs.start(space / "jobs", jobs.Ask("build", "Build model Endless", arguments, "loan_default"))
    end = time.monotonic() + 60
    while not (pid := job.status().pid):
        assert time.monotonic() < end, job.log()
        time.sleep(0.01)
    os.killpg(pid, signal.SIGSTOP)  # so that it is not done before it can be cancelled
    app.open(f"/models?job={job.id}")
    button = app.page.get_by_role("button", name="Cancel")
    expect(button).to_be_visible(timeout=30_000)
    os.killpg(pid, signal.SIGCONT)
    button.click()
    expect(app.page.get_by_text(re.compile(r"^Cancelled\."))).to_be_visible(timeout=30_000)
    assert job.status().state == "cancelled"
    assert "Endless" not in {each.facts.name for each in models(space / "models")}
    app.page.get_by_role("link", name="All models").click()
    expect(app.page.get_by_role("heading", name="Models")).to_be_visible(timeout=30_000)
    expect(app.page.get_by_text("Build model Endless")).to_have_count(0)
