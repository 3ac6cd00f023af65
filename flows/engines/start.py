"""Starting an engine for a run, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, assert_never

from flows.engines.base import Control, RunEngine
from flows.engines.polars_engine import PolarsEngine
from flows.tables import OpenSource

EngineName = Literal["polars", "spark"]


def start_engine(name: EngineName, sources: Mapping[str, OpenSource], control: Control) -> RunEngine:
    """An engine over the sources of a flow; Spark uses the session there is, or starts a local one.

    Raises:
        DataprepError: Spark cannot be started; the text says what is missing.
    """
    match name:
        case "polars":
            return PolarsEngine(lambda name: sources[name].scan(), control)
        case "spark":
            from flows.engines.spark_start import start_spark

            return start_spark(sources, control)
        case _:
            assert_never(name)
