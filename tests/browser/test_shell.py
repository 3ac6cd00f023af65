from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dataprep_app.jobs import store
from flows import edits
from flows.files import load, save
from tests.browser.conftest import App

pytestmark = pytest.mark.browser

FIRST_PAGE = 10
"""Seconds the first page may take on a busy machine; on an idle one it is there in less than 3."""


def sample(app: App, name: str) -> Path:
    """A copy of the sample flow, so that other tests keep theirs."""
    space = app.server.workspace
    path = space / f"{name}.flow.json"
    shutil.copy(space / "loan_default.flow.json", path)
    return path


def test_the_first_page_is_there_soon(app: App) -> None:
    app.open("/")
    start = time.monotonic()
    app.page.goto(app.server.url)
    expect(app.page.get_by_text(re.compile("steps? · edited")).first).to_be_visible(timeout=30_000)
    expect(app.page.get_by_role("heading", name="Datasets")).to_be_visible()
    took = time.monotonic() - start
    print(f"The first page took {took:.1f} s")
    assert took < FIRST_PAGE


def test_links_lead_to_a_view_and_a_reload_stays_there(app: App) -> None:
    sample(app, "shell_links")
    app.open("/flow?flow=shell_links&view=analyses")
    chosen = app.page.get_by_role("radio", name="Analyses")
    expect(chosen).to_be_checked()
    app.page.get_by_role("radio", name="Data flow").click()
    expect(app.page).to_have_url(re.compile("flow=shell_links&view=graph"))
    app.page.get_by_role("radio", name="Data", exact=True).click()
    expect(app.page).to_have_url(re.compile("flow=shell_links&view=data"))
    app.page.reload()
    app.settle()
    expect(app.page.get_by_role("radio", name="Data", exact=True)).to_be_checked()
    expect(app.page.get_by_test_id("grid")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/flow?flow=nowhere", "There is no flow"),
        ("/flow?flow=../secrets", "is not the id of a flow"),
        ("/jobs?job=nowhere", "There is no job"),
        ("/models?model=nowhere", "no model"),
        ("/datasets?dataset=nowhere", "There is no dataset"),
    ],
)
def test_a_link_to_nothing_says_so(app: App, address: str, sentence: str) -> None:
    app.open(address)
    expect(app.page.get_by_text(sentence).first).to_be_visible()


@pytest.fixture
def other(app: App) -> Iterator[Page]:
    """A second tab."""
    page = app.page.context.new_page()
    yield page
    page.close()


def test_an_edit_in_two_tabs_offers_both_versions_and_loses_none(app: App, other: Page) -> None:
    path = sample(app, "shell_tabs")
    original = load(path)
    app.open("/flow?flow=shell_tabs")
    second = App(other, app.server, app.errors).open("/flow?flow=shell_tabs")
    for tab, id in ((app, "unique"), (second, "complete")):
        tab.page.get_by_test_id(f"node-{id}").click()
        expect(tab.page.get_by_role("button", name="Delete")).to_be_visible()
        tab.settle()
    for tab in (app, second):
        tab.page.get_by_role("button", name="Delete").click()
        tab.settle()
    first_edit = load(path)
    assert "unique" not in first_edit
    assert "complete" in first_edit
    expect(other.get_by_text("This flow was changed somewhere else")).to_be_visible()
    expect(other.get_by_text("Not saved", exact=True)).to_be_visible()
    other.reload()
    expect(other.get_by_text("This flow was changed somewhere else")).to_be_visible(timeout=30_000)
    expect(other.get_by_test_id("node-complete")).to_have_count(0)
    second.settle()
    other.get_by_role("button", name="Keep my version").click()
    expect(other.get_by_text("This flow was changed somewhere else")).to_have_count(0)
    second.settle()
    assert set(load(path).steps) == set(original.steps) - {"complete"}
    assert load(path.with_name("shell_tabs-2.flow.json")).steps == first_edit.steps


def test_a_tab_without_edits_of_its_own_shows_what_another_saved(app: App) -> None:
    path = sample(app, "shell_quiet")
    app.open("/flow?flow=shell_quiet")
    expect(app.page.get_by_test_id("node-unique")).to_be_visible()
    save(edits.remove(load(path), "unique"), path)
    app.page.get_by_test_id("node-complete").click()
    expect(app.page.get_by_test_id("node-unique")).to_have_count(0)
    expect(app.page.get_by_text("This flow was changed somewhere else")).to_have_count(0)


def held(app: App, name: str) -> tuple[store.Job, int]:
    """A job whose process is stopped on its way, so that it does not end before it is looked at; and its number."""
    path = sample(app, name)
    job = store.start(app.server.workspace / "jobs", store.Ask("run", f"Job {name}", {"path": str(path)}, name))
    end = time.monotonic() + 60
    while not (status := store.read_status(job.folder)).pid:
        assert time.monotonic() < end, job.log()
        time.sleep(0.01)
    os.killpg(status.pid, signal.SIGSTOP)
    assert store.read_status(job.folder).state == "running"
    return job, status.pid


def reap(job: store.Job) -> None:
    """Take note of its end, as the process that started it has to."""
    end = time.monotonic() + 30
    while store.alive(store.read_status(job.folder).pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_job_says_so(app: App) -> None:
    job, process = held(app, "shell_killed")
    app.open(f"/jobs?job={job.id}")
    expect(app.page.get_by_text("Running")).to_be_visible()
    os.killpg(process, signal.SIGKILL)
    reap(job)
    expect(app.page.get_by_text("The process ended without a word: it was killed")).to_be_visible(timeout=30_000)
    app.open("/jobs")
    expect(app.page.get_by_text("Stopped").first).to_be_visible()


def test_a_cancelled_job_says_so(app: App) -> None:
    job, process = held(app, "shell_cancelled")
    app.open(f"/jobs?job={job.id}")
    app.page.get_by_role("button", name="Cancel").click()
    app.page.wait_for_timeout(500)
    os.killpg(process, signal.SIGCONT)
    reap(job)
    expect(app.page.get_by_text("Nothing was written").first).to_be_visible(timeout=30_000)
    app.settle()
    assert store.read_status(job.folder).state == "cancelled"


def test_the_settings_are_what_a_new_session_begins_with(app: App) -> None:
    app.open("/settings")
    expect(app.page.get_by_text(str(app.server.workspace), exact=True)).to_be_visible()
    try:
        app.page.get_by_role("combobox", name="Rows of each dataset").click()
        app.page.get_by_role("option", name="5,000", exact=True).click()
        expect(app.page.get_by_text("Saved.")).to_be_visible()
        app.settle()
        app.open("/flow?flow=loan_default")
        expect(app.page.get_by_text("Sample: first 5,000 rows")).to_be_visible()
    finally:
        (app.server.workspace / "settings.json").unlink(missing_ok=True)
