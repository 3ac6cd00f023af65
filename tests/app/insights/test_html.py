"""The page of a report: whole, escaped, and in need of nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import get_args

import pytest

from dataprep_app.insights.drawing import charts
from dataprep_app.insights.drawing.heat import heat_map
from dataprep_app.insights.drawing.rows import MOST_COLUMNS, row_table
from dataprep_app.insights.drawing.scales import Scale, tick_text, ticks
from dataprep_app.insights.drawing.text import cut, moment, rounded, shown
from dataprep_app.insights.drawing.tiles import tiles, valid_share
from dataprep_app.insights.drawing.warnings import columns_of, evidence_of, safe_fixes, warned
from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.html import as_html, contents
from dataprep_app.insights.sections.facts import Bin, Dependency, ExampleRow, Level, Matrix, Pair
from dataprep_app.insights.words import MATRICES, PAIRS, TERMS, dependency, meaning
from tests.app.insights.made_up import BASIS, Kind, made_up, poisoned, without_sections

KINDS: list[Kind | None] = ["binary", "multiclass", "regression", None]
VOID = {"meta", "br", "img"}
POISON = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}&lt;"


class Seen(HTMLParser):
    """The elements of a page, and whether each is closed where it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page.replace("<wbr>", ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        found = dict(attrs)
        assert not [name for name in found if name.startswith("on")]
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        # The end of a paragraph, a row and a cell is never left out, so that each end has its beginning.
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


@pytest.mark.parametrize("kind", KINDS)
def test_page_has_every_section_and_its_contents_lead_there(kind: Kind | None) -> None:
    report = made_up(kind)
    seen = Seen(as_html(report))
    assert not seen.open
    assert len(seen.ids) == len(set(seen.ids))
    assert {each.removeprefix("#") for each in seen.links} <= set(seen.ids)
    anchors = {each.anchor for each in contents(report)}
    assert anchors <= set(seen.ids)
    assert len(anchors) == (11 if kind else 9)
    text = " ".join(" ".join(seen.text).split())
    # One of each card, each section, and of the target when there is one.
    assert text.count(BASIS) == len(report.cards) + 6 + (kind == "regression")
    for each in TERMS.values():
        assert each.name in text
    assert "None" not in re.sub(r"None of|> None", "", text)


def test_page_shows_what_was_found() -> None:
    text = " ".join(" ".join(Seen(as_html(made_up("binary"))).text).split())
    for said in (
        "Low quick-model score", "212 rows of 'employer' hold 'n/a'", "Turn into missing values", "Share: 1.1 %",
        "quick model 0.730", "no model 0.500", "share of 'default'", "grade interest_rate Correlation ratio 0.91",
        "nothing: the row is complete", "interest_rate decides grade, but not in 38 rows", "median 9.8",
        "{name:3-12} {lower:3-12}", "Prediction power", "25 November 2026, 12:00 UTC", "2 numeric, 2 categorical",
    ):  # fmt: skip
        assert said in text, said


def test_page_of_a_number_shows_predictions_and_outliers() -> None:
    report = made_up("regression")
    page = as_html(report)
    text = " ".join(" ".join(Seen(page).text).split())
    assert "Values that are no numbers" in text
    assert "Rows farthest from the median" in text
    assert report.model is not None
    assert report.model.residuals is not None
    assert page.count('class="dot"') == len(report.model.residuals.actual)


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_values_are_text_wherever_they_stand(kind: Kind | None) -> None:
    page = as_html(poisoned(made_up(kind), POISON))
    plain = Seen(as_html(made_up(kind)))
    seen = Seen(page)
    assert seen.names == plain.names
    assert "script" not in seen.names
    assert not seen.open
    assert "49" not in "".join(seen.text).split("{{7*7}}")[1][:2]
    assert page.count("&lt;script&gt;") > 300


@pytest.mark.parametrize("kind", KINDS)
def test_page_needs_nothing_from_anywhere(kind: Kind | None) -> None:
    page = as_html(made_up(kind))
    assert not re.search(r'(src|href)\s*=\s*"(?!#)', page)
    assert not re.search(r"url\(|@import|<script|<link|<iframe|https?:", page)


@pytest.mark.parametrize("kind", KINDS)
def test_page_without_sections_says_so_and_nothing_more(kind: Kind | None) -> None:
    report = without_sections(kind)
    seen = Seen(as_html(report))
    text = " ".join(seen.text)
    assert "No warning: every rule was looked at and found nothing." in text
    assert {"together", "missing", "duplicates", "unusual", "dependencies", "drift"}.isdisjoint(seen.ids)
    assert ("There are only 12 rows to learn from." in text) is bool(kind)


def test_a_report_of_an_empty_table_can_be_drawn() -> None:
    bare = without_sections(None)
    empty = bare.model_copy(
        update={
            "features": (),
            "table": bare.table.model_copy(update={"rows": 0, "columns": 0, "missing_cells": 0, "types": {}}),
        }
    )
    assert not Seen(as_html(empty)).open
    assert valid_share(empty) == 1.0


def test_charts_hold_finite_numbers_for_odd_data() -> None:
    odd = [
        charts.histogram([Bin(low=3, high=3, rows=0)]),
        charts.histogram([Bin(low=-1e300, high=1e300, rows=2, target=0.0), Bin(low=1e300, high=1.5e300, rows=0)]),
        charts.columns([Level(name="", rows=0, target=-2.0)], "mean of y"),
        charts.spark([0, 0]),
        heat_map(Matrix(measure="pearson", columns=("a" * 300,), values=((None,),))),
    ]
    for each in odd:
        assert not re.search(r'"(nan|inf|-inf)"', each)
        assert not Seen(each).open
    assert charts.histogram([]) == charts.columns([]) == ""


def test_bars_are_as_high_as_their_rows() -> None:
    picture = charts.histogram([Bin(low=0, high=1, rows=10), Bin(low=1, high=2, rows=5)])
    heights = [float(each) for each in re.findall(r'<rect[^>]* height="([\d.]+)"', picture)]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0, 1234, [0, 500, 1000]), (0, 1, [0, 0.5, 1]), (5, 5, [5]), (-10, 10, [-10, -5, 0, 5, 10])],
)
def test_ticks_are_round_and_few(low: float, high: float, wanted: list[float]) -> None:
    assert ticks(low, high, 5 if low < 0 else 4) == pytest.approx(wanted)


def test_numbers_beside_an_axis_are_short() -> None:
    assert [tick_text(each, 500) for each in (0, 500, 1_000, 1_500)] == ["0", "500", "1k", "1.5k"]
    assert tick_text(2_015, 1) == "2015", "a year has no thousands"
    assert tick_text(0.05, 0.05) == "0.05"
    assert Scale(0, 10, 100, 0).at(5) == 50


def test_values_are_written_as_people_read_them() -> None:
    assert shown(None) == "–"
    assert [shown(each) for each in (1_234.56, 0.123456, 3.0, float("inf"), "x", 12_000)] == [
        "1,235", "0.1235", "3", "inf", "x", "12,000",
    ]  # fmt: skip
    assert cut("a\n  b") == "a b"
    assert cut("  ") == "(blank)"
    assert cut("x" * 100, 10) == "x" * 9 + "…"
    assert rounded(-0.001) == "0.00"
    assert moment("yesterday") == "yesterday"


def test_tiles_count_valid_cells_of_the_target_too() -> None:
    report = made_up("binary")
    assert report.target is not None
    cells = [*report.features, report.target.feature]
    assert valid_share(report) == sum(e.rows - e.missing - e.invalid for e in cells) / sum(e.rows for e in cells)
    assert [each.label for each in tiles(report)][-1] == "Model score"
    assert "Model score" not in [each.label for each in tiles(made_up(None))]


def test_rows_of_few_columns_are_a_table_with_marked_columns_first() -> None:
    row = ExampleRow(values={"a": "1", "b": None, "c": "3"}, marked=("c",))
    table = row_table([row, ExampleRow(values={"a": "2"})])
    assert table.columns == ("c", "a", "b")
    assert [(each.column, each.text, each.marked) for each in table.rows[0]] == [
        ("c", "3", True), ("a", "1", False), ("b", None, False),
    ]  # fmt: skip
    assert len(table.rows[1]) == 1
    assert not table.wide
    wide = row_table([ExampleRow(values={f"{i}": "" for i in range(MOST_COLUMNS + 1)}, marked=("3",)), row])
    assert wide.wide
    assert [each.column for each in wide.rows[0]][:2] == ["3", "0"]
    assert [each.column for each in wide.rows[1]] == ["c", "a", "b"]


def finding(*fixes: Fix, **more: object) -> Finding:
    facts = {"rule": "r", "title": "t", "scope": "feature", "priority": "low", "text": "x", "fixes": fixes, **more}
    return Finding.model_validate(facts)


def fix(transform: str, *columns: str, safe: bool = True, **params: object) -> Fix:
    return Fix(label=transform, transform=transform, params={"columns": list(columns), **params}, safe=safe)


def test_safe_fixes_can_all_be_taken_one_after_the_other() -> None:
    found = safe_fixes(
        [
            finding(fix("drop_columns", "a")),
            finding(fix("values_to_missing", "a", values=["?"])),
            finding(fix("values_to_missing", "b", values=["?"])),
            finding(fix("values_to_missing", "c", values=["?"])),
            finding(fix("values_to_missing", "c", values=["-"])),
            finding(fix("drop_columns", "a"), fix("drop_columns", "z")),
            finding(fix("drop_columns", "d")),
            finding(fix("impute_median", "e", safe=False)),
        ]
    )
    assert [(each.transform, each.params["columns"]) for each in found] == [
        ("values_to_missing", ["b", "c"]),
        ("values_to_missing", ["c"]),
        ("drop_columns", ["a", "d"]),
    ]


def test_a_step_on_all_columns_is_kept() -> None:
    whole = Fix(label="Drop duplicates", transform="drop_duplicates", params={}, safe=True)
    assert safe_fixes([finding(whole), finding(whole)]) == [whole]


def test_a_shared_warning_is_one_of_each_of_its_columns() -> None:
    report = made_up(None)
    shared = finding(
        fix("impute_median", "grade", "issued", safe=False), evidence={"columns": 3, "loan_amount": 0.2},
        examples=("loan_amount", "grade"), rule="missing",
    )  # fmt: skip
    report = report.model_copy(update={"findings": (shared,)})
    assert columns_of(shared, report) == ("loan_amount", "grade", "issued")
    assert set(warned(report)) == {"loan_amount", "grade", "issued"}
    assert "employer" not in warned(report)


def test_evidence_is_in_words_and_shares_are_percent() -> None:
    found = finding(evidence={"top_share": 0.123, "rows": 1_200, "of": "all"}, column="a")
    assert evidence_of(found) == [("Top share", "12 %"), ("Rows", "1,200"), ("Of", "all")]


def test_every_measure_and_dependency_has_its_words() -> None:
    assert set(PAIRS) == set(get_args(Pair.model_fields["measure"].annotation))
    assert set(MATRICES) == set(get_args(Matrix.model_fields["measure"].annotation))
    kinds = get_args(Dependency.model_fields["kind"].annotation)
    assert len({dependency(("a", "b"), "c", each) for each in kinds}) == len(kinds)
    assert meaning("outlier").endswith("Source: Data Quality and Insights Report of SageMaker Data Wrangler.")


def test_only_classes_of_the_test_are_drawn() -> None:
    report = made_up("multiclass")
    assert report.model is not None
    names = tuple(f"kind {place}" for place in range(40))
    rows = tuple(tuple(5 * (i == j) * (i % 10 == 0) for j in range(40)) for i in range(40))
    known = [report.model.classes[0].model_copy(update={"name": name, "test_rows": sum(row)})
             for name, row in zip(names, rows, strict=True)]  # fmt: skip
    problem = report.model.problem.model_copy(update={"classes": names})
    model = report.model.model_copy(update={"problem": problem, "confusion": rows, "classes": tuple(known)})
    page = as_html(report.model_copy(update={"model": model}))
    assert [name for name in names if f">predicted {name}<" in page] == ["kind 0", "kind 10", "kind 20", "kind 30"]
    assert "Classes that are neither there nor predicted are left out." in page
    assert "36 more classes without a row in the test." in page


def test_long_lists_of_columns_are_cut() -> None:
    names = tuple(f"week {place}" for place in range(80))
    report = made_up()
    assert report.missing is not None
    pattern = report.missing.patterns[0].model_copy(update={"columns": names})
    missing = report.missing.model_copy(
        update={"patterns": (pattern,), "by_column": tuple((name, 3) for name in names)}
    )
    page = as_html(report.model_copy(update={"missing": missing}))
    assert "week 7 and 72 more" in page
    assert "50 more columns." in page
    assert "week 30<" not in page.split('id="missing"')[1].split("</section>")[0]


def test_a_score_on_rows_trained_on_is_explained_only_where_it_is_far_above() -> None:
    report = made_up()
    assert report.model is not None
    for train, said in ((0.74, False), (0.99, True)):
        page = as_html(report.model_copy(update={"model": report.model.model_copy(update={"train_score": train})}))
        assert ("by heart" in page) == said


def test_names_of_classes_and_columns_are_evidence_as_they_are() -> None:
    finding = Finding(
        rule="imbalanced", title="t", scope="target", priority="low", text="t.", evidence={"fully_paid": 3}
    )
    assert evidence_of(finding) == [("fully_paid", "3")]


def test_years_are_written_without_a_comma() -> None:
    report = made_up()
    named = report.features[0].model_copy(update={"stored_as": "integer", "top": (), "min": 1_975, "max": 2_022})
    page = as_html(report.model_copy(update={"features": (named, *report.features[1:])}))
    assert "1975 to 2022" in page
