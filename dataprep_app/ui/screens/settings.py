"""Settings: what new sessions begin with, where things are kept, and what is installed."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import streamlit as st

from connectors.catalog import destinations, sources
from connectors.core.connections import connections_path
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.flow_header import SAMPLES
from dataprep_app.workspace import Settings, Workspace
from transforms.catalog import catalog

PACKAGES = {"Dataprep": "dataprep-app", "polars": "polars", "Spark": "pyspark", "Streamlit": "streamlit"}
METHODS = {"first": "The first", "random": "Random"}


def _sampling(space: Workspace) -> None:
    st.subheader("Previews", anchor=False)
    now = space.settings()

    def change() -> None:
        rows: int = st.session_state["setting:rows"]
        method: Literal["first", "random"] = st.session_state["setting:method"]
        try:
            space.change_settings(Settings(rows, method))
        except OSError as error:
            session.tell(f"The settings cannot be saved: {error.strerror}. Check the folder.", "error")
        else:
            session.tell("Saved. Flows that are open keep the sample they have.")

    with st.container(border=True):
        left, right = st.columns(2)
        left.selectbox(
            "Rows of each dataset",
            sorted({*SAMPLES, now.sample_rows}),
            index=sorted({*SAMPLES, now.sample_rows}).index(now.sample_rows),
            format_func=lambda each: f"{each:,}",
            key="setting:rows",
            on_change=change,
            help="Previews, insights and analyses are computed on so many rows; more take longer. Jobs take all rows.",
        )
        right.segmented_control(
            "Which rows",
            list(METHODS),
            default=now.sample_method,
            required=True,
            format_func=METHODS.__getitem__,
            key="setting:method",
            on_change=change,
            help="Random rows are the same ones each time.",
        )
        st.caption("What a flow begins with when it is opened; its header has the sample of that flow.")


def _places(space: Workspace) -> None:
    st.subheader("Where things are kept", anchor=False)
    connections = connections_path()
    _table(
        [
            ("Workspace", f"{space.folder}"),
            ("Uploaded files", f"{space.data}"),
            ("What steps learned", f"{space.folder / '<flow>.learned'}"),
            ("Models", f"{space.models}"),
            ("Jobs", f"{space.jobs}"),
            ("Connections", f"{connections}{'' if connections.exists() else ' (none saved yet)'}"),
        ]
    )
    if not os.access(space.folder, os.W_OK):
        st.error("The workspace cannot be written to, so no change can be saved.", icon=":material/error:")


def _installed() -> None:
    st.subheader("Installed", anchor=False)
    known = catalog()
    _table(
        [
            *((name, _version(package)) for name, package in PACKAGES.items()),
            ("Python", platform.python_version()),
            ("Transforms", f"{len(known)} in {len(known.families)} groups"),
            ("Connectors to read", f"{', '.join(sources())}"),
            ("Connectors to write", f"{', '.join(destinations())}"),
        ]
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _table(rows: Iterable[tuple[str, str]]) -> None:
    with st.container(border=True, gap="xsmall"):
        for name, value in rows:
            left, right = st.columns([1, 5])
            left.markdown(f"**{name}**")
            right.markdown(escaped(value))


st.title("Settings", anchor=False)
session.show_notices()
_sampling(session.workspace())
_places(session.workspace())
_installed()
