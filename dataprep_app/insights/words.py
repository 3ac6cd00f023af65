"""What a report means by its words: one source for the page, the app and their help texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dataprep_app.insights.sections.facts import Associations, Matrix


@dataclass(frozen=True)
class Term:
    """A word and what is meant by it."""

    name: str
    text: str
    source: str = ""
    """Where the method or its threshold comes from."""


ANCHOR = "Data Quality and Insights Report of SageMaker Data Wrangler"
TERMS: Mapping[str, Term] = {
    "priority": Term(
        "Priority of a warning",
        "High: models or conclusions are probably wrong until it is mended. Medium: it costs quality. "
        "Low: good to know. Warnings are ordered by it.",
    ),
    "missing": Term("Missing", "A cell without a value, or with an empty text where numbers or dates are expected."),
    "valid": Term("Valid", "A cell whose value is there and is of the type that its column is of."),
    "invalid": Term("Invalid", "A value that is not of the type of its column, such as a word among numbers."),
    "duplicates": Term("Duplicate rows", "Rows that equal another row in every column; all copies are counted."),
    "near_duplicates": Term(
        "Nearly equal rows", "Rows that equal another one but for case, white space, punctuation or the last digits."
    ),
    "power": Term(
        "Prediction power",
        "What a small model learns of the target from one column alone, as a share of what there is to gain, 0 to 1. "
        "Above 0.95 the column probably holds the answer; such a column is not known when it has to be predicted.",
        ANCHOR,
    ),
    "quick_model": Term(
        "Quick model",
        "Boosted trees on all columns, to see what the table is good for. They are scored on rows that they never saw; "
        "synthetic rows are never among those.",
    ),
    "score": Term(
        "Quick-model score",
        "0 is no better than no model, 1 is perfect. It is R² of numbers, AUC of two classes and accuracy of several, "
        "as a share of what there is to gain over no model.",
        ANCHOR,
    ),
    "no_model": Term(
        "No model", "Always saying the mean or the most frequent class, or guessing. A model has to beat it."
    ),
    "interval": Term("Interval of a score", "Where the score would lie on other rows, in 95 of 100 cases."),
    "precision": Term("Precision", "Of the rows predicted as a class, the share that are of it."),
    "recall": Term("Recall", "Of the rows of a class, the share that are predicted as it."),
    "f1": Term("F1", "Precision and recall in one number (their harmonic mean): low as soon as one of them is low."),
    "confusion": Term(
        "Actual and predicted classes",
        "Rows by their class and the class predicted; on the diagonal both are the same.",
    ),
    "error": Term("Error", "The actual number less the predicted one (residual)."),
    "outlier": Term(
        "Outlier",
        "A number farther than 5 robust standard deviations from the median. The robust standard deviation is that of "
        "the values cut off at their 5th and 95th percentile, so that outliers do not hide themselves.",
        ANCHOR,
    ),
    "skew": Term("Skewness", "0 for a symmetric distribution; above 3 or below -3, one side reaches far out."),
    "kurtosis": Term("Kurtosis", "How heavy the tails are: 0 for a normal distribution (excess kurtosis)."),
    "pattern": Term("Pattern of a text", "A shape that most texts of a column have, such as five digits and a dash."),
    "association": Term(
        "Association",
        "How firmly two columns go together, 0 to 1, whatever their types: Pearson correlation of two numbers, "
        "Cramér's V of two categories, the correlation ratio of a number and a category. It says nothing of the cause.",
        "Cramér 1946; Pearson 1903",
    ),
    "missing_together": Term(
        "Missing together",
        "1: two columns are always missing in the same rows; 0: unrelated; -1: exactly one of them is there.",
        "Phi coefficient",
    ),
    "unusual": Term(
        "Unusual row",
        "A row that random cuts of the table part from the others quickly. Its score is 0.5 for an ordinary row and "
        "nears 1 for one like no other.",
        "Isolation forest; Liu, Ting and Zhou 2008",
    ),
    "dependency": Term(
        "Dependency",
        "What holds between columns in nearly all rows: one decides the other, is never above it, equals it, or is a "
        "sum. Rows that break it are probably wrong.",
    ),
    "drift": Term(
        "Change over the rows",
        "How far the values of the first rows are from those of the last, 0 (the same) to 1 (nothing in common).",
        "Kolmogorov-Smirnov distance of numbers and dates, total variation distance of categories",
    ),
    "synthetic": Term("Synthetic row", "A row made by a step to balance classes. Columns are described without them."),
}
MATRICES: Mapping[str, Term] = {
    "association": Term("All columns", TERMS["association"].text),
    "pearson": Term(
        "Numbers, straight line",
        "Pearson correlation: 1 or -1 where one number is a straight line of the other, 0 where no line says anything.",
    ),
    "spearman": Term(
        "Numbers, same order",
        "Spearman correlation: 1 where both rise together, straight or not; -1 where one falls as the other rises.",
    ),
    "mutual_information": Term(
        "Shared information",
        "What one column tells of the other, in any form, as a share of what there is to know (uncertainty "
        "coefficient), 0 to 1.",
    ),
}
"""Measures of a matrix of columns."""
PAIRS: Mapping[str, str] = {
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "cramers_v": "Cramér's V",
    "correlation_ratio": "Correlation ratio",
    "mutual_information": "Shared information",
}
"""Measures of a pair of columns."""
KINDS: Mapping[str, str] = {
    "regression": "a number",
    "binary": "one of two classes",
    "multiclass": "one of several classes",
}
"""What a target asks for."""
TYPES: Mapping[str, str] = {
    "numeric": "numeric",
    "categorical": "categorical",
    "binary": "binary",
    "text": "text",
    "datetime": "date",
    "other": "other",
}
"""Types of columns."""
PRIORITY: Mapping[str, str] = {"high": "High", "medium": "Medium", "low": "Low"}
SCORES: Mapping[str, str] = {"AUC": "AUC", "accuracy": "Accuracy", "R2": "R²"}
"""Metrics that scores are of."""
MODELS: Mapping[str, str] = {"no model": "No model", "linear": "Linear model"}
METRICS: Mapping[str, str] = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "log_loss": "Log loss (less is better)",
    "precision": "Precision of the rarer class",
    "recall": "Recall of the rarer class",
    "f1": "F1 of the rarer class",
    "macro_precision": "Precision, classes equal",
    "macro_recall": "Recall, classes equal",
    "macro_f1": "F1, classes equal",
    "weighted_precision": "Precision, by rows",
    "weighted_recall": "Recall, by rows",
    "weighted_f1": "F1, by rows",
    "auc_one_vs_rest": "AUC, each class against the rest",
    "auc_one_vs_rest_weighted": "AUC, each class against the rest, by rows",
    "r2": "R²",
    "rmse": "Root of the mean squared error",
    "mse": "Mean squared error",
    "mae": "Mean absolute error",
    "median_absolute_error": "Median absolute error",
    "max_error": "Largest error",
    "mape": "Mean absolute error, as a share",
}
"""Titles of metrics."""
METRIC_TEXTS: Mapping[str, str] = {
    "auc": "Share of pairs of rows, one of each class, in which the right one gets the higher probability.",
    "accuracy": "Share of rows whose class is predicted.",
    "balanced_accuracy": "Recall, averaged over classes: rare ones count as much as others.",
    "log_loss": "How far probabilities are from what happened; less is better.",
    "precision": "Share of the rows predicted as the rarer class that are.",
    "recall": "Share of the rows of the rarer class that are found.",
    "f1": "Harmonic mean of precision and recall.",
    "macro_precision": "Precision, averaged over classes.",
    "macro_recall": "Recall, averaged over classes.",
    "macro_f1": "F1, averaged over classes.",
    "weighted_precision": "Precision, averaged over classes by their rows.",
    "weighted_recall": "Recall, averaged over classes by their rows.",
    "weighted_f1": "F1, averaged over classes by their rows.",
    "auc_one_vs_rest": "Mean over classes.",
    "auc_one_vs_rest_weighted": "Mean over classes by their rows.",
    "r2": "Share of the variation of the target that predictions explain.",
    "rmse": "Root of the mean squared error, in units of the target.",
    "mse": "Mean squared error.",
    "mae": "In units of the target.",
    "median_absolute_error": "Half of the predictions are off by less.",
    "max_error": "In units of the target.",
    "mape": "As a share of the actual value.",
}
"""What metrics say."""
CHARACTERS: Mapping[str, str] = {
    "length_min": "Shortest",
    "length_mean": "Mean length",
    "length_max": "Longest",
    "words_mean": "Words, mean",
    "digits": "Digits",
    "upper": "Capital letters",
    "spaces": "White space",
    "special": "Other signs",
}
"""What is measured of the characters of a text; the last four are shares."""
SHARES = frozenset({"digits", "upper", "spaces", "special"})


def matrices(found: Associations) -> list[Matrix]:
    """Matrices in the order in which they are shown, those of no column left out."""
    return sorted(
        (each for each in found.matrices if each.columns), key=lambda each: list(MATRICES).index(each.measure)
    )


def meaning(term: str) -> str:
    """What is meant by a term, with its source."""
    found = TERMS[term]
    return f"{found.text} Source: {found.source}." if found.source else found.text


def dependency(determinant: tuple[str, ...], dependent: str, kind: str) -> str:
    """A dependency as a sentence."""
    names = ", ".join(determinant)
    match kind:
        case "decides":
            return f"{names} decides {dependent}"
        case "at_most":
            return f"{names} is at most {dependent}"
        case "equals":
            return f"{dependent} equals {names}"
        case _:
            return f"{dependent} is the sum of {names}"
