from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def upload(app: App, name: str, content: bytes) -> None:
    app.open("/datasets")
    app.page.get_by_text("Add data", exact=True).click()
    app.page.locator('input[type="file"]').set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def test_an_uploaded_file_is_shown_and_used_in_a_new_flow(app: App) -> None:
    upload(app, "cities.csv", "city;people\nÅlesund;67114\nOslo;717710\n".encode("windows-1252"))
    expect(app.page).to_have_url(re.compile(r"dataset=cities_csv"), timeout=30_000)
    expect(app.page.get_by_test_id("grid")).to_contain_text("Ålesund", timeout=30_000)
    app.page.get_by_role("button", name="Use in a flow").click()
    app.page.get_by_role("button", name="Use it").click()
    expect(app.page).to_have_url(re.compile(r"/flow\?flow=cities"), timeout=30_000)
    expect(app.page.get_by_test_id("node-cities_csv")).to_be_visible(timeout=30_000)


def test_a_file_that_is_no_table_is_refused_in_words(app: App) -> None:
    upload(app, "junk.csv", bytes(range(256)) * 20)
    expect(app.page.get_by_text("junk.csv is not text")).to_be_visible(timeout=30_000)
    assert not (app.server.workspace / "data" / "junk.csv").exists()


def test_a_file_that_cannot_be_read_is_mended_by_its_settings(app: App) -> None:
    upload(app, "odd.csv", b"a#b\n1,5#2\n3#4,0,0\n")
    expect(app.page.get_by_text("a row has more values than there are columns")).to_be_visible(timeout=30_000)
    delimiter = app.page.get_by_role("textbox", name="Delimiter")
    delimiter.fill("#")
    delimiter.press("Enter")
    expect(app.page.get_by_test_id("grid")).to_contain_text("4,0,0", timeout=30_000)
