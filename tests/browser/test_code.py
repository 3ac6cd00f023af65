"""Code in a step: it is written, refused, looked at, trusted, and then its rows are there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dataprep_app.sample import write_sample
from flows.files import load
from flows.trust import VARIABLE
from tests.browser.conftest import App
from tests.browser.serving import Server, serving

pytestmark = pytest.mark.browser
CODE = "def transform(batch):\n    return (batch / 1000).round(1)\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a record of trust of its own, so that nothing is noted for who runs the tests."""
    workspace, aside = tmp_path_factory.mktemp("workspace"), tmp_path_factory.mktemp("server")
    write_sample(workspace, rows=2_000)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(VARIABLE, str(aside / "trusted.json"))
        with serving(workspace, aside / "log") as found:
            yield found


def test_code_is_tried_once_it_is_trusted(app: App) -> None:
    app.open("/flow?flow=loan_default")
    page = app.page
    page.get_by_role("radio", name="Data", exact=True).click()
    expect(page.get_by_role("button", name="Add step")).to_be_visible(timeout=60_000)
    app.settle()
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Search").or_(page.get_by_placeholder("Search: fill")).first.fill(
        "python function"
    )
    page.get_by_role("button", name="Python function", exact=True).click()
    page.get_by_role("combobox", name="Columns").click()
    page.get_by_role("option", name="loan_amount").first.click()
    page.keyboard.press("Escape")
    code = page.get_by_role("textbox", name="Code")
    code.fill("def transform(batch):\n    retrun batch")
    page.get_by_role("textbox", name="Name of the new column").fill("thousands")
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_text("Line 2 of the code is not valid Python")).to_be_visible(timeout=30_000)
    assert "monospace" in code.evaluate("each => getComputedStyle(each).fontFamily")
    code.fill(CODE)
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_text("It runs Python code that you have not trusted")).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("col-thousands")).to_have_count(0)
    page.get_by_role("button", name="I trust this code").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("return (batch / 1000).round(1)")).to_be_visible(timeout=30_000)
    expect(dialog.get_by_text("it can read, change and delete your files")).to_be_visible()
    dialog.get_by_role("button", name="Trust this code").click()
    expect(page.get_by_test_id("col-thousands")).to_be_in_viewport(timeout=30_000)
    app.settle()
    page.locator('[class*="st-key-step"]').get_by_role("button", name="Add", exact=True).last.click()
    expect(page.get_by_role("button", name="Add step")).to_be_visible(timeout=30_000)
    app.settle()
    path = app.server.workspace / "loan_default.flow.json"
    step = load(path).steps["python_column_function"]
    assert step.params["code"] == CODE
    assert "trust" not in json.dumps(json.loads(path.read_text(encoding="utf-8"))), "the flow says nothing of trust"
    expect(page.get_by_role("button", name="I trust this code")).to_have_count(0)
