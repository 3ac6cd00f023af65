"""How soon the pages of a flow answer, measured in the page: from the user's event to the content it asked for.

Run ``python -m tests.benchmarks.page [URL]``: on the sample flow, on a server of its own or on the one at URL.
Each line is an action: the time until what it asked for is in the page, and until the page is settled, which is
when the server's script is done too. Times are the medians of so many, after two that are not counted, looked at
in every frame (about 16 ms).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import JSHandle, Locator, Page

from dataprep_app.sample import write_sample
from tests.browser.serving import browser_path, browsing, serving, settle

TIMES = 11
UNCOUNTED = 2
PATIENCE = 100
"""Tenths of a second that an action may take to be taken back."""
FLOW = "/flow?flow=loan_default"
WATCH = """([event, there]) => {
  const find = (query, root = document) => {
    const found = root.querySelector(query);
    if (found) return found;
    for (const each of root.querySelectorAll("*")) {
      const inside = each.shadowRoot && find(query, each.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const says = (query, text) => [...document.querySelectorAll(query)].some((each) => each.textContent === text);
  const rows = () => find("[data-ready]")?.dataset.ready;
  const before = rows();
  const other = () => rows() !== undefined && rows() !== before;
  const holds = new Function("find", "says", "other", `return ${there}`).bind(null, find, says, other);
  const app = document.querySelector('[data-testid="stApp"]');
  let begin, seen;
  addEventListener(event, (given) => (begin ??= given.timeStamp), { capture: true, once: true });
  const already = holds();
  const done = new Promise((tell, fail) => {
    setTimeout(() => fail(new Error(`It never came: ${there}`)), 20_000);
    const look = () => {
      if (begin && !seen && holds()) seen = performance.now() - begin;
      if (seen && holds() && app.dataset.testScriptState === "notRunning") tell([seen, performance.now() - begin]);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  return { already, done };
}"""


def nothing(_page: Page) -> None:
    """Leaves the page as it is."""


@dataclass(frozen=True)
class Way:
    """One way of doing an action."""

    do: Callable[[Page], None]
    there: str
    """An expression of JavaScript that holds when what was asked for is in the page, and not before."""


@dataclass(frozen=True)
class Action:
    """Something people do."""

    name: str
    ways: Sequence[Way]
    """Done in turn, so that each finds another page than it makes."""
    event: str = "pointerdown"
    begin: Callable[[Page], None] = nothing
    """Brings the page to where it can be done."""
    back: Callable[[Page], None] = nothing
    """Makes the page what it was; not measured."""


def clicked(of: Callable[[Page], Locator]) -> Callable[[Page], None]:
    """A click."""
    return lambda page: of(page).click()


def on_head(column: str) -> Way:
    """A click on the head of a column, which describes it."""
    return Way(
        lambda page: page.get_by_test_id(f"col-{column}").click(position={"x": 60, "y": 60}),
        f"""says('[data-testid="stText"]', "{column}")""",
    )


def to_view(name: str, there: str) -> Way:
    """A click on a view of the flow."""
    return Way(clicked(lambda page: page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True)), there)


def on_node(id: str, said: str, *, rows: bool = False) -> Way:
    """A click on a node, which describes it or shows its first rows."""
    there = "other()" if rows else f"""says('[data-testid="stCaptionContainer"]', "{id} · {said}")"""
    return Way(clicked(lambda page: page.get_by_test_id(f"node-{id}")), there)


def clear_search(page: Page) -> None:
    """Nothing is searched for any more."""
    page.locator(SEARCH).press("Backspace")
    page.get_by_text("All steps", exact=True).wait_for()


def open_search(page: Page) -> None:
    """From the form of a step back to the search."""
    BACK(page)
    ADD_STEP(page)


SEARCH = "input[placeholder^='Search: fill']"
ADD_STEP = clicked(lambda page: page.get_by_role("button", name="Add step"))
BACK = clicked(lambda page: page.get_by_role("button", name="Back"))
FILL = clicked(lambda page: page.get_by_role("button", name="Fill with median"))
NODES = (("income", "annual_income"), ("words", "employer_title"), ("unique", "id"))
TO_DATA = to_view("Data", "find('[data-testid=col-loan_status]')")
TO_GRAPH = to_view("Data flow", "find('[data-testid=node-income]')")
ACTIONS = (
    Action("column click to panel", [on_head(each) for each in ("loan_status", "loan_amount", "loan_term")]),
    Action("open Add step", [Way(ADD_STEP, f'find("{SEARCH}")')], back=BACK),
    Action(
        "type into the search of Add step",
        [Way(lambda page: page.locator(SEARCH).press("s"), """find('[class*="-found-"]')""")],
        event="keydown",
        begin=ADD_STEP,
        back=clear_search,
    ),
    Action("open the form of a step", [Way(FILL, """find('[class*="-footer"]')""")], back=open_search),
    Action("switch view to Data flow", [TO_GRAPH], begin=BACK, back=TO_DATA.do),
    Action("switch view to Data", [TO_DATA], begin=TO_GRAPH.do, back=TO_GRAPH.do),
    Action("canvas click to panel", [on_node(*each) for each in NODES]),
    Action("canvas click to first rows", [on_node(*each, rows=True) for each in reversed(NODES)]),
)


def measured(page: Page, action: Action) -> list[tuple[float, float]]:
    """Milliseconds until it is there and until the page is settled, each time."""
    action.begin(page)
    found: list[tuple[float, float]] = []
    for i in range(TIMES + UNCOUNTED):
        settle(page)
        way = action.ways[i % len(action.ways)]
        watch = _watching(page, action.event, way.there)
        way.do(page)
        seen, settled = watch.evaluate("each => each.done")
        found.append((seen, settled))
        action.back(page)
    return found[UNCOUNTED:]


def _watching(page: Page, event: str, there: str) -> JSHandle:
    """The watch over the page, which begins once the page is not that way."""
    for _ in range(PATIENCE):
        watch = page.evaluate_handle(WATCH, [event, there])
        if not watch.evaluate("each => each.already"):
            return watch
        page.wait_for_timeout(100)
    raise SystemExit(f"The page is that way before anything is done: {there}")


def measure(url: str) -> None:
    """Measure every action, and print a line of each."""
    path = browser_path()
    if path is None:
        raise SystemExit("There is no Chromium on this machine: apt-get install chromium-headless-shell")
    with browsing(path) as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.goto(f"{url}{FLOW}&view=data")
        page.get_by_test_id("col-loan_status").wait_for(timeout=60_000)
        print(f"medians of {TIMES}, ms            there   (least to most)   settled")
        for each in ACTIONS:
            there, settled = zip(*measured(page, each), strict=True)
            middle, all_of_it = statistics.median(there), statistics.median(settled)
            print(
                f"{each.name:34} {middle:5.0f}   ({min(there):.0f} to {max(there):.0f})   {all_of_it:5.0f}", flush=True
            )


def main() -> None:
    """Measure the app that is named, or one of our own."""
    if sys.argv[1:]:
        measure(sys.argv[1])
        return
    with tempfile.TemporaryDirectory(prefix="dataprep-page-") as scratch:
        workspace = Path(scratch) / "sample"
        write_sample(workspace)
        with serving(workspace, Path(scratch) / "log") as server:
            measure(server.url)


if __name__ == "__main__":
    main()
