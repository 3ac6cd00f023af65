"""Taking parts out of text, finding, counting and comparing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.transform import RowTransform
from transforms.text_compare import CompareText
from transforms.text_extract import (
    CountMatches,
    ExtractBetween,
    ExtractRegex,
    ExtractSubstring,
    FindPosition,
    FlagTextMatch,
    TextLength,
)

TEXTS = st.lists(st.text(max_size=10), max_size=5)


def measured(kind: Callable[..., RowTransform], values: list[str | None], **params: Any) -> list[Any]:
    """What a step finds in the values of one column."""
    table = pl.DataFrame({"t": values}, schema={"t": pl.String})
    return result(kind(column="t", output="out", **params), table)["out"].to_list()


def lost(step: RowTransform, values: list[str | None]) -> list[int]:
    """How many rows each failure of a step counts."""
    table = pl.DataFrame({"t": values}, schema={"t": pl.String})
    return [table.select(each.where.sum()).item() for each in step.bind(table.schema).failures()]


def test_first_match_is_that_of_the_first_group() -> None:
    assert measured(ExtractRegex, ["id=5 id=6", "x", None], pattern=r"id=(\d)") == ["5", None, None]
    assert measured(ExtractRegex, ["ID=5"], pattern="id=.", ignore_case=True) == ["ID=5"]


def test_all_matches_are_a_list_of_whole_matches() -> None:
    assert measured(ExtractRegex, ["id=5 id=6", "", None], pattern=r"id=(\d)", how="all") == [
        ["id=5", "id=6"],
        [],
        None,
    ]


def test_groups_make_columns_by_name_and_number() -> None:
    table = pl.DataFrame({"t": ["a1", "b", None]})
    found = result(ExtractRegex(column="t", pattern=r"(?<letter>[ab])(\d)?", how="groups", output="part"), table)
    assert found.drop("t").to_dict(as_series=False) == {"letter": ["a", "b", None], "part_2": ["1", None, None]}


def test_values_without_a_match_are_counted() -> None:
    assert lost(ExtractRegex(column="t", pattern="a"), ["a", "b", None]) == [1]
    assert lost(ExtractRegex(column="t", pattern="a", how="all"), ["a", "b", None]) == []
    assert lost(ExtractBetween(column="t", left="(", right=")"), ["(a)", "(", "", None]) == [2]


def test_columns_of_groups_must_be_free() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 'n' already"):
        ExtractRegex(column="t", pattern="(?<n>a)", how="groups").bind(pl.Schema({"t": pl.String(), "n": pl.Int64()}))
    with pytest.raises(InvalidStepError, match="Two groups of the pattern make a column 't_2'"):
        ExtractRegex(column="t", pattern="(?<t_2>a)(b)", how="groups").bind(pl.Schema({"t": pl.String()}))


def test_groups_are_needed_to_make_columns() -> None:
    with pytest.raises(ValidationError, match="has no group"):
        ExtractRegex(column="t", pattern="a", how="groups")


def test_pairs_of_delimiters_are_counted_from_either_end() -> None:
    texts = ["<a> <b> <>", "<a", None]
    assert measured(ExtractBetween, texts, left="<", right=">", occurrence=2) == ["b", None, None]
    assert measured(ExtractBetween, texts, left="<", right=">", occurrence=-1) == ["", None, None]
    assert measured(ExtractBetween, texts, left="<", right=">", occurrence=4) == [None, None, None]
    assert measured(ExtractBetween, ['"a" and "b"'], left='"', right='"', occurrence=2, inclusive=True) == ['"b"']
    assert measured(ExtractBetween, ["aXaXb"], left="aXa", right="") == ["Xb"]
    assert measured(ExtractBetween, ["é\n.b"], left="", right=".") == ["é\n"]


@pytest.mark.parametrize(("left", "occurrence", "message"), [("", 1, "no delimiter"), ("a", 0, "0 is none")])
def test_delimiters_that_cannot_be_found_are_refused(left: str, occurrence: int, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ExtractBetween(column="t", left=left, right="", occurrence=occurrence)


@given(TEXTS, st.integers(-12, 12).filter(bool), st.none() | st.integers(1, 8))
def test_substrings_are_those_of_python(values: list[str], start: int, length: int | None) -> None:
    def expected(text: str) -> str:
        first = start - 1 if start > 0 else len(text) + start
        last = len(text) if length is None else first + length
        return text[max(first, 0) : max(last, 0)]

    assert measured(ExtractSubstring, [*values], start=start, length=length) == [expected(each) for each in values]


@given(TEXTS, st.text(min_size=1, max_size=2))
def test_positions_and_counts_are_those_of_python(values: list[str], find: str) -> None:
    values = [*values, f"é{find}\n{find}"]
    assert measured(FindPosition, [*values], find=find) == [v.find(find) + 1 or None for v in values]
    assert measured(FindPosition, [*values], find=find, from_end=True) == [v.rfind(find) + 1 or None for v in values]
    assert measured(CountMatches, [*values], pattern=find) == [v.count(find) for v in values]


def test_counting_is_literal_unless_asked() -> None:
    assert measured(CountMatches, ["a.ab", None], pattern="a.") == [1, None]
    assert measured(CountMatches, ["a.ab", ""], pattern="A.", regex=True, ignore_case=True) == [2, 0]


def test_counting_can_be_bounded_by_delimiters() -> None:
    texts = ["a(aa)a", "aaa", None]
    assert measured(CountMatches, texts, pattern="a", left="(", right=")") == [2, 0, None]
    assert measured(CountMatches, texts, pattern="a", left="(") == [3, 0, None]
    assert measured(CountMatches, texts, pattern="a", right="(") == [1, 0, None]


@pytest.mark.parametrize(
    ("match", "patterns", "expected"),
    [
        ("contains", ["b.", "z"], [True, False, False]),
        ("starts_with", ["x", "a"], [True, True, False]),
        ("ends_with", ["C"], [False, False, True]),
        ("equals", ["ab.c", ""], [True, False, False]),
        ("regex", ["b.c$", "^ÉC$"], [True, True, True]),
    ],
)
def test_texts_match_in_every_way(match: str, patterns: list[str], expected: list[bool]) -> None:
    assert measured(FlagTextMatch, ["ab.c", "abxc", "ÉC", None], match=match, patterns=patterns) == [*expected, None]


@pytest.mark.parametrize("match", ["contains", "starts_with", "ends_with", "equals", "regex"])
def test_case_is_ignored_when_asked(match: str) -> None:
    found = measured(FlagTextMatch, ["ÉC", "ec", None], match=match, patterns=["éc"], ignore_case=True)
    assert found == [True, False, None]
    found = measured(FlagTextMatch, ["ÉC", None], match=match, patterns=["éc"], handle_missing="false")
    assert found == [False, False]


def test_bad_patterns_are_refused() -> None:
    with pytest.raises(ValidationError, match="not a pattern the engine can run"):
        FlagTextMatch(column="t", match="regex", patterns=("a", "("))
    with pytest.raises(ValidationError, match="Empty text is found everywhere"):
        FlagTextMatch(column="t", patterns=("",))


@given(TEXTS)
def test_lengths_are_those_of_python(values: list[str]) -> None:
    assert measured(TextLength, [*values]) == [len(v) for v in values]
    assert measured(TextLength, [*values], unit="bytes") == [len(v.encode()) for v in values]
    plain = [re.sub("[\x0b\x0c\x1c-\x1e\x85]", "", v) for v in values] + ["a\r\nb\n", "\n\n", "a\u2028b", ""]
    assert measured(TextLength, [*plain], unit="lines") == [len(v.splitlines()) for v in plain]


def test_a_number_with_signs_inside_is_one_word() -> None:
    assert measured(TextLength, ["Sunrise 11.7.90", "10:30, 1,200", "3. 4"], unit="words") == [2, 2, 2]


def test_words_and_sentences_are_counted() -> None:
    texts = ["It's a well-known fact. Is it? Yes!!", "no end", "  ", "これ。それ。", None]
    assert measured(TextLength, texts, unit="words") == [8, 2, 0, 2, None]
    assert measured(TextLength, texts, unit="sentences") == [3, 1, 0, 2, None]


def test_new_column_is_named_after_what_it_holds() -> None:
    assert result(TextLength(column="t"), pl.DataFrame({"t": ["a"]})).columns == ["t", "t_length"]
    with pytest.raises(InvalidStepError, match="There is a column 't_length' already"):
        TextLength(column="t").bind(pl.Schema({"t": pl.String(), "t_length": pl.Int64()}))


@pytest.mark.parametrize(
    "step",
    [
        TextLength(column="*", unit="lines"),
        FlagTextMatch(column="*", match="equals", patterns=("a",), ignore_case=True),
        ExtractRegex(column="*", pattern="(a)", how="groups"),
        ExtractBetween(column="*", left="a", right=""),
        CountMatches(column="*", pattern="a", left="("),
        CompareText(left="*", right="*", metric="cosine"),
    ],
    ids=lambda step: step.id,
)
def test_columns_of_nulls_and_odd_names_are_fine(step: RowTransform) -> None:
    found = result(step, pl.DataFrame({"*": [None, None]}))
    assert found.to_series(1).to_list() == [None, None]


def compared(metric: str, pairs: list[tuple[str | None, str | None]], **params: Any) -> list[Any]:
    table = pl.DataFrame(pairs, schema={"a": pl.String, "b": pl.String}, orient="row")
    return result(CompareText(left="a", right="b", metric=metric, output="out", **params), table)["out"].to_list()


def test_jaccard_is_the_share_of_common_words() -> None:
    pairs = [("a b b", "b c"), ("a", "b"), ("", ""), ("a", ""), ("a", None), (None, None)]
    assert compared("jaccard", pairs) == [1 / 3, 0.0, 1.0, 0.0, None, None]


def test_cosine_is_that_of_scikit_learn() -> None:
    pairs = [("new york new", "new york city"), ("a b", "b a a"), ("x", "y")]
    vectors = CountVectorizer(token_pattern=r"\w+").fit([text for pair in pairs for text in pair])
    expected = [cosine_similarity(vectors.transform([a]), vectors.transform([b]))[0, 0] for a, b in pairs]
    assert compared("cosine", [*pairs]) == pytest.approx(expected)
    assert compared("cosine", [("", ""), ("", "a")]) == [1.0, 0.0]


def edits(left: str, right: str) -> int:
    """Levenshtein's distance by its definition."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


@given(st.lists(st.tuples(st.text("abé", max_size=6), st.text("abé", max_size=6)), min_size=1, max_size=5))
def test_edits_are_counted_by_definition(pairs: list[tuple[str, str]]) -> None:
    pytest.importorskip("rapidfuzz")
    assert compared("levenshtein", [*pairs], normalize=False) == [edits(a, b) for a, b in pairs]
    shares = [1 - edits(a, b) / max(len(a), len(b), 1) for a, b in pairs]
    assert compared("levenshtein", [*pairs]) == pytest.approx(shares)


def test_every_metric_has_its_own_view() -> None:
    pytest.importorskip("rapidfuzz")
    assert compared("damerau", [("ab", "ba")], normalize=False) == [1]
    assert compared("hamming", [("abc", "abd"), ("ab", "abcd")], normalize=False) == [1, 2]
    assert compared("lcs", [("abcd", "acxd")], normalize=False) == [3]
    # Winkler's own example: Jaro's 0.944 raised by a common beginning of three letters.
    assert compared("jaro_winkler", [("MARTHA", "MARHTA")]) == pytest.approx([0.9611], abs=1e-4)
    assert compared("token_sort", [("new york", "york new")]) == [1.0]
    assert compared("token_set", [("new york", "york new city of")]) == [1.0]
    assert compared("levenshtein", [("ABC", "abc")], ignore_case=True) == [1.0]


@pytest.mark.parametrize(
    "metric", ["levenshtein", "damerau", "hamming", "lcs", "jaro_winkler", "token_sort", "token_set"]
)
def test_similarities_lie_between_0_and_1(metric: str) -> None:
    pytest.importorskip("rapidfuzz")
    found = compared(metric, [("same", "same"), ("abc", "xyz"), ("", ""), (None, "a")])
    assert found[0] == 1.0
    assert found[1] == 0.0
    assert not math.isnan(found[2])
    assert found[3] is None


def test_missing_package_is_found_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.core.text.find_spec", lambda name: None)
    schema = pl.Schema({"a": pl.String(), "b": pl.String()})
    with pytest.raises(InvalidStepError, match=r"needs the Python package 'rapidfuzz'.*pip install rapidfuzz"):
        CompareText(left="a", right="b").bind(schema)
    # What needs no package is not refused.
    assert list(CompareText(left="a", right="b", metric="jaccard").bind(schema).failures()) == []
