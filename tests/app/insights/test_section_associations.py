"""Which columns go together, against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from dataprep_app.insights.sections.associations import associations, pearson_matrix, spearman_matrix
from dataprep_app.insights.sections.facts import Associations, Matrix, Pair
from dataprep_app.insights.sections.strength import correlation_ratio, cramers_v, uncertainty
from flows.engines.base import Cancelled, Control
from tests.app.insights.tables import clean_table, odd_tables, odd_types, sample_of

RANDOM = np.random.default_rng(3)
ROWS = 2_000


def of(table: pl.DataFrame, target: str | None = None) -> Associations:
    return associations(sample_of(table, target), Control())


def matrix(found: Associations, measure: str) -> Matrix:
    return next(each for each in found.matrices if each.measure == measure)


def value(found: Matrix, first: str, second: str) -> float | None:
    return found.values[found.columns.index(first)][found.columns.index(second)]


def pairs(found: Associations) -> dict[frozenset[str], Pair]:
    return {frozenset((each.first, each.second)): each for each in found.pairs}


def with_gaps() -> np.ndarray:
    values = RANDOM.normal(size=(400, 6))
    values[:, 1] += values[:, 0]
    values[:, 2] = np.round(values[:, 0] * 2)
    values[:, 3] = values[:, 3] * 1e-9 + 1e3
    values[RANDOM.random((400, 6)) < 0.1] = np.nan
    values[:, 5] = np.where(np.isnan(values[:, 5]), np.nan, 7.0)
    return values


@pytest.mark.parametrize(("ours", "theirs"), [(pearson_matrix, stats.pearsonr), (spearman_matrix, stats.spearmanr)])
def test_correlations_are_those_of_scipy_on_the_rows_where_both_are_there(ours: object, theirs: object) -> None:
    values = with_gaps()
    found = ours(values)  # type: ignore[operator]
    for i in range(5):
        for j in range(5):
            both = np.isfinite(values[:, i]) & np.isfinite(values[:, j])
            expected = theirs(values[both, i], values[both, j])[0]  # type: ignore[operator]
            assert found[i, j] == pytest.approx(expected, abs=1e-6)
    assert np.isnan(found[5]).all(), "a constant has no correlation"


def test_cramers_v_is_that_of_scipy_with_the_correction_of_bergsma() -> None:
    first, second = RANDOM.integers(0, 4, ROWS), RANDOM.integers(0, 3, ROWS)
    second = np.where(RANDOM.random(ROWS) < 0.4, first % 3, second)
    table = stats.contingency.crosstab(first, second).count
    plain = stats.contingency.association(table, method="cramer")
    phi2 = max(0.0, plain**2 * 2 - 3 * 2 / (ROWS - 1))
    r, k = 4 - 9 / (ROWS - 1), 3 - 4 / (ROWS - 1)
    found = cramers_v(first, second)
    assert found.value == pytest.approx(np.sqrt(phi2 / (min(r, k) - 1)))
    assert found.chance == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_correlation_ratio_is_that_of_the_analysis_of_variance() -> None:
    groups = RANDOM.integers(0, 5, ROWS)
    numbers = RANDOM.normal(size=ROWS) + groups * 0.3
    between = sum((groups == g).sum() * (numbers[groups == g].mean() - numbers.mean()) ** 2 for g in range(5))
    share = between / ((numbers - numbers.mean()) ** 2).sum()
    found = correlation_ratio(groups, numbers)
    assert found.value == pytest.approx(np.sqrt(1 - (1 - share) * (ROWS - 1) / (ROWS - 5)))
    expected = stats.f_oneway(*(numbers[groups == g] for g in range(5))).pvalue
    assert found.chance == pytest.approx(expected, rel=1e-6)


def test_uncertainty_is_mutual_information_as_a_share_of_the_entropies() -> None:
    first = RANDOM.integers(0, 6, 50_000)
    second = np.where(RANDOM.random(50_000) < 0.5, first, RANDOM.integers(0, 6, 50_000))
    shares = [np.bincount(each) / len(each) for each in (first, second)]
    expected = 2 * mutual_info_score(first, second) / sum(stats.entropy(each) for each in shares)
    assert uncertainty(first, second).value == pytest.approx(expected, abs=5e-4)
    assert uncertainty(first, first).value == pytest.approx(1, abs=1e-3)


def test_many_categories_do_not_go_with_anything_by_having_many() -> None:
    information = [uncertainty(RANDOM.integers(0, 10, 300), RANDOM.integers(0, 10, 300)).value for _ in range(20)]
    assert np.mean([each or 0 for each in information]) < 0.02
    many = RANDOM.integers(0, 300, ROWS)
    assert (cramers_v(many, RANDOM.integers(0, 200, ROWS)).value or 0) < 0.15
    assert (correlation_ratio(many, RANDOM.normal(size=ROWS)).value or 0) < 0.2


def planted() -> pl.DataFrame:
    x = RANDOM.normal(size=ROWS)
    kind = RANDOM.choice(["a", "b", "c"], ROWS)
    return clean_table(ROWS).with_columns(
        x=x,
        twice=pl.Series(np.exp(x) + RANDOM.normal(size=ROWS) * 0.01),
        bowl=pl.Series(x**2 + RANDOM.normal(size=ROWS) * 0.05),
        kind=pl.Series(kind),
        label=pl.Series([f"label {each}" for each in kind]),
        level=pl.Series((kind == "a") * 5.0 + RANDOM.normal(size=ROWS)),
        y=pl.Series(np.where(x > 0, "yes", "no")),
    )


def test_each_planted_pair_is_told_once_by_the_measure_that_suits_it() -> None:
    table = planted()
    found = pairs(of(table, "y"))
    assert found[frozenset(("x", "twice"))].measure == "spearman"
    expected = stats.spearmanr(table["x"], table["twice"])[0]
    assert found[frozenset(("x", "twice"))].value == pytest.approx(expected, abs=1e-6)
    assert found[frozenset(("x", "bowl"))].measure == "mutual_information"
    assert found[frozenset(("kind", "label"))].measure == "cramers_v"
    assert found[frozenset(("kind", "level"))].measure == "correlation_ratio"
    assert found[frozenset(("x", "y"))].measure == "correlation_ratio"
    assert len(found) == len(of(table, "y").pairs)
    values = [abs(each.value) for each in of(table, "y").pairs]
    assert values == sorted(values, reverse=True)
    known = {"x", "twice", "bowl", "kind", "label", "level", "y"}
    assert set().union(*found) <= known, "nothing is told of columns that are independent"


def test_clean_table_has_no_pair() -> None:
    for seed in range(5):
        assert of(clean_table(400, seed), "y").pairs == ()


def test_what_chance_gives_among_many_pairs_of_few_rows_is_no_pair() -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        table = pl.DataFrame({f"c{i}": random.normal(size=40) for i in range(12)})
        assert (np.abs(np.triu(np.corrcoef(table.to_numpy().T), k=1)) >= 0.3).any()
        assert of(table).pairs == ()


def test_places_are_kept_for_the_target() -> None:
    x = RANDOM.normal(size=ROWS)
    table = pl.DataFrame({f"c{i}": x + RANDOM.normal(size=ROWS) * 0.1 for i in range(8)})
    table = table.with_columns(price=pl.Series(x + RANDOM.normal(size=ROWS) * 1.5))
    found = of(table, "price").pairs
    assert len(found) == 20
    assert sum("price" in (each.first, each.second) for each in found) == 8


def test_whole_numbers_that_are_few_are_categories_beside_categories() -> None:
    table = planted().with_columns(code=pl.col("kind").replace_strict({"a": 2, "b": 9, "c": 5}))
    assert pairs(of(table))[frozenset(("kind", "code"))].measure == "cramers_v"


def test_few_rows_have_no_pair() -> None:
    assert of(pl.DataFrame({"a": range(20), "b": range(20), "c": ["x", "y"] * 10})).pairs == ()


def test_one_extreme_value_makes_no_pair() -> None:
    table = clean_table().with_columns(
        mass=pl.when(pl.int_range(pl.len()) == 0).then(1e6).otherwise(pl.lit(pl.Series(RANDOM.normal(size=1_000)))),
        kind=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("odd")).otherwise(pl.col("city")),
    )
    assert frozenset(("mass", "kind")) not in pairs(of(table))


def test_columns_that_tell_nothing_are_left_out_and_named() -> None:
    table = clean_table().with_columns(
        pl.lit("same").alias("constant"),
        pl.int_range(pl.len()).alias("id"),
        pl.Series("words", [f"a text of its own {i}" for i in range(1_000)]),
        pl.Series("list", [[i] for i in range(1_000)]),
    )
    found = of(table, "y")
    assert found.left_out == ("constant", "id", "words", "list")
    assert matrix(found, "association").columns == ("age", "height", "city", "member", "day", "many", "y")
    assert matrix(found, "pearson").columns == ("age", "height", "day")


def test_wide_table_keeps_the_target_what_goes_with_it_and_the_columns_that_are_there() -> None:
    wide = {f"c{i}": np.where(np.arange(200) < i, np.nan, RANDOM.normal(size=200)) for i in range(35)}
    table = pl.DataFrame({**wide, "y": np.where(np.nan_to_num(wide["c34"]) > 0, "a", "b")})
    found = of(table, "y")
    assert len(matrix(found, "association").columns) == 30
    assert set(found.left_out) == {f"c{i}" for i in range(28, 34)}
    assert set(of(table.drop("y")).left_out) == {f"c{i}" for i in range(30, 35)}


def test_matrices_are_symmetric_with_ones_on_the_diagonal() -> None:
    for each in of(planted(), "y").matrices:
        numbers = np.array(each.values, dtype=float)
        assert (numbers == numbers.T).all()
        assert (np.diag(numbers) == 1).all()


def test_dates_are_numbers_and_a_numeric_class_is_a_category() -> None:
    table = clean_table().with_columns(price=pl.col("day").to_physical() * 2.5, y=pl.col("age") % 2)
    found = of(table, "y")
    assert pairs(found)[frozenset(("day", "price"))].value == 1
    assert "y" not in matrix(found, "pearson").columns


@pytest.mark.parametrize("name", odd_tables())
def test_odd_tables_do_not_fail_and_give_the_same_twice(name: str) -> None:
    table = odd_tables()[name]
    assert of(table) == of(table)
    assert Associations.model_validate_json(of(table).model_dump_json()) == of(table)


def test_odd_columns_can_go_with_a_target_and_be_stopped() -> None:
    assert "^.*$" in matrix(of(odd_types(), "target"), "association").columns
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        associations(sample_of(clean_table()), control)
