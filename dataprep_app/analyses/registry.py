"""Every analysis by its id, in the order of the menu."""

from __future__ import annotations

from dataprep_app.analyses.analysis import Analysis
from dataprep_app.analyses.bar import Bar
from dataprep_app.analyses.box import Box
from dataprep_app.analyses.correlation import Association, Correlation
from dataprep_app.analyses.histogram import Histogram
from dataprep_app.analyses.scatter import Scatter
from dataprep_app.analyses.table_summary import TableSummary
from transforms.core.errors import DataprepError, did_you_mean

ANALYSES: dict[str, type[Analysis]] = {
    each.id: each for each in (Histogram, Scatter, Bar, Box, TableSummary, Correlation, Association)
}


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
