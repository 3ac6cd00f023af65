"""Registers our components with Streamlit: JavaScript modules as they are, without a build step."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

PACKAGE = "dataprep-app"
"""The distribution whose manifest, ``dataprep_app/pyproject.toml``, names the folders of assets."""


@cache
def component(name: str, script: str, style: str) -> Any:
    """The function that draws a component whose files are in ``<name>/assets``."""
    return st.components.v2.component(f"{PACKAGE}.{name}", js=script, css=style)
