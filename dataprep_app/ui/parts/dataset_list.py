"""The datasets of the workspace as a list, and the ways to add one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st
from pydantic import ValidationError

from connectors.catalog import sources
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.dataset_upload import LARGEST_MB, Added, UploadError, add_by_path, upload
from dataprep_app.workspace import Dataset, Workspace
from transforms.core.errors import DataprepError

WIDTHS = [5, 2, 2, 2, 3]
PAGE = 50
SCREEN = "screens/datasets.py"


@dataclass(frozen=True)
class Facts:
    """What a list says of a dataset."""

    size: str
    columns: int | None
    """``None`` when it cannot be opened."""
    problem: str = ""


@st.cache_resource
def _known() -> dict[tuple[str, str, str], Facts]:
    return {}


def facts_of(space: Workspace, dataset: Dataset) -> Facts:
    """What can be said of a dataset without reading its rows; opened again only when its file changes."""
    path = space.folder / str(dataset.params.get("path", ""))
    try:
        connector, context = space.open_dataset(dataset.id)
        key = (str(space.folder), repr(connector), connector.fingerprint(context))
        if key not in _known():
            _known()[key] = Facts(_size(path), len(connector.columns(context)))
        return _known()[key]
    except DataprepError as error:
        return Facts(_size(path), None, str(error))
    except ValidationError as error:
        return Facts(_size(path), None, error.errors()[0]["msg"])


def dataset_list(space: Workspace, datasets: Sequence[Dataset]) -> None:
    """Draw the list; a click opens a dataset."""
    if not datasets:
        st.info("There is no dataset yet. Add a file above.", icon=":material/database:")
        return
    wanted = st.text_input(
        "Search", key="find_dataset", type="search", live=True, placeholder="Find a dataset",
        label_visibility="collapsed", width=320,
    )  # fmt: skip
    words = (wanted or "").lower().split()
    found = [each for each in reversed(datasets) if all(word in each.label.lower() for word in words)]
    if not found:
        st.caption("No dataset is called that.")
        return
    pages = -(-len(found) // PAGE)
    page = int(st.session_state.get("dataset_page", 1)) if pages > 1 else 1
    with st.container(border=True, gap="small"):
        for column, head in zip(st.columns(WIDTHS), ("Name", "Type", "Size", "Columns", "Added"), strict=True):
            column.caption(head)
        for each in found[(page - 1) * PAGE : page * PAGE]:
            _row(space, each)
    if pages > 1:
        st.pagination(pages, key="dataset_page")


def add_data(space: Workspace, *, expanded: bool) -> None:
    """Draw the ways to add a dataset: through the browser, or by the path of a file that is there."""
    number = st.session_state.get("uploads", 0)
    with st.expander("Add data", icon=":material/add:", expanded=expanded, key="add_data"):
        left, right = st.columns(2, gap="large")
        with left:
            files = st.file_uploader(
                "Upload files",
                accept_multiple_files=True,
                max_upload_size=LARGEST_MB,
                key=f"upload:{number}",
                help=f"CSV, TSV and other text, Parquet, JSON, NDJSON and Excel, up to {LARGEST_MB} MB each.",
            )
            if files:
                _take(space, files, number)
        with right, st.form("by path", border=False, clear_on_submit=False):
            path = st.text_input(
                "Add a file by its path",
                placeholder="data/loans-*.csv",
                help="A file, a folder or a pattern, whole or relative to the workspace. Nothing is copied.",
            )
            st.caption(
                f"Files of more than {LARGEST_MB} MB: put them into the folder `{space.data}`, then add them here."
            )
            if st.form_submit_button("Add file"):
                _add_path(space, path)


def _take(space: Workspace, files: Sequence[st.runtime.uploaded_file_manager.UploadedFile], number: int) -> None:
    """Make datasets of what was uploaded, and open the one there is, or list them."""
    added: list[Added] = []
    for file in files:
        try:
            added.append(upload(space, file.name, file))
        except UploadError as error:
            session.tell(str(error), "error")
    # Another key empties the uploader, so that the next run does not take the same files again.
    st.session_state["uploads"] = number + 1
    for each in added:
        _tell(each, opened=len(files) == 1)
    if len(added) == 1 and len(files) == 1:
        st.switch_page(SCREEN, query_params={"dataset": added[0].dataset.id})
    st.rerun()


def _add_path(space: Workspace, path: str) -> None:
    try:
        added = add_by_path(space, path)
    except UploadError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    _tell(added, opened=True)
    st.switch_page(SCREEN, query_params={"dataset": added.dataset.id})


def _tell(added: Added, *, opened: bool) -> None:
    """Say what was added; the page of a dataset says itself why it cannot be read."""
    label = added.dataset.label
    if added.rows is not None:
        session.tell(f"{label} was added: {added.rows:,} row{'' if added.rows == 1 else 's'}.")
    elif opened:
        session.tell(f"{label} was added, but cannot be read yet.")
    else:
        session.tell(f"{label} was added, but cannot be read yet: {added.problem}", "error")


def _row(space: Workspace, dataset: Dataset) -> None:
    facts = facts_of(space, dataset)
    name, kind, size, columns, added = st.columns(WIDTHS, vertical_alignment="center")
    with name:
        st.page_link(
            SCREEN, label=escaped(dataset.label), icon=":material/table:", query_params={"dataset": dataset.id}
        )
    kind.text(sources()[dataset.connector].label if dataset.connector in sources() else dataset.connector)
    size.text(facts.size)
    if facts.columns is None:
        columns.markdown(":red[:material/error: Cannot be read]", help=escaped(facts.problem))
    else:
        columns.text(f"{facts.columns:,}")
    added.text(_when(dataset.added_at))


def _size(path: Path) -> str:
    if not path.is_file():
        return "–"
    size = float(path.stat().st_size)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _when(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone():%d %b %Y, %H:%M}"
    except ValueError:
        return ""
