"""Every analysis by its id, in the order of the menu."""

from __future__ import annotations

from dataprep_app.analyses.analysis import Analysis
from dataprep_app.analyses.bar import Bar
from dataprep_app.analyses.bias import BiasReport
from dataprep_app.analyses.box import Box
from dataprep_app.analyses.cohort import Cohort
from dataprep_app.analyses.column_profile import ColumnProfile
from dataprep_app.analyses.correlation import Association, Correlation
from dataprep_app.analyses.duplicate_rows import DuplicateRows
from dataprep_app.analyses.group_chart import GroupChart
from dataprep_app.analyses.histogram import Histogram
from dataprep_app.analyses.importance import FeatureImportance
from dataprep_app.analyses.leakage import TargetLeakage
from dataprep_app.analyses.line import Line
from dataprep_app.analyses.missing_patterns import MissingPatterns
from dataprep_app.analyses.multicollinearity import Multicollinearity
from dataprep_app.analyses.outlier_view import OutlierView
from dataprep_app.analyses.quick_model import QuickModel
from dataprep_app.analyses.scatter import Scatter
from dataprep_app.analyses.table_summary import TableSummary
from dataprep_app.analyses.text_overview import TextOverview
from dataprep_app.analyses.time_series import TimeSeriesAnomalies, TimeSeriesDecomposition
from transforms.core.errors import DataprepError, did_you_mean

KINDS: tuple[type[Analysis], ...] = (
    Histogram,
    Scatter,
    Bar,
    Line,
    Box,
    GroupChart,
    TableSummary,
    ColumnProfile,
    TextOverview,
    MissingPatterns,
    DuplicateRows,
    OutlierView,
    Correlation,
    Association,
    QuickModel,
    TargetLeakage,
    FeatureImportance,
    Multicollinearity,
    BiasReport,
    TimeSeriesDecomposition,
    TimeSeriesAnomalies,
    Cohort,
)
"""What analysts open first comes first."""
ANALYSES: dict[str, type[Analysis]] = {each.id: each for each in KINDS}


class UnknownAnalysisError(DataprepError):
    """A saved analysis of a kind that this version does not have."""


def kind_of(id: str) -> type[Analysis]:
    """The kind of analysis of an id.

    Raises:
        UnknownAnalysisError: there is none.
    """
    if id not in ANALYSES:
        hint = did_you_mean(id, ANALYSES) or f"There are: {', '.join(ANALYSES)}."
        raise UnknownAnalysisError(f"There is no analysis {id!r}. {hint}")
    return ANALYSES[id]
