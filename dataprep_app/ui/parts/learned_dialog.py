"""What a step learned: every value of it, of which rows, what changed since the time before, and changes by hand."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from flows.learned import EditError, differences, edited, tables, values
from flows.preview import learned_on_sample
from flows.store import LearnedFolder, Record, learned_folder
from transforms.catalog import catalog
from transforms.core.errors import DataprepError


@st.dialog("What this step learned", width="large")
def learned_dialog(flow_id: str, id: str) -> None:
    """Show it; what a run learned can be changed."""
    opened = session.editor(flow_id)
    kind, place = catalog()[opened.flow.steps[id].transform], opened.path.parent
    folder = LearnedFolder(learned_folder(opened.path))
    try:
        record = folder.load(id, kind)
        saved = record is not None
        if record is None:
            record = learned_on_sample(opened.flow, place, id, session.previews(), session.sampling(flow_id))
    except DataprepError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    if record is None:
        st.info("This step has nothing to learn from these rows.")
        return
    st.caption(_about(record, saved=saved))
    _values(record, folder if saved else None)
    for name, table in tables(record.learned).items():
        st.markdown(f"**{escaped(name)}**, {table.height:,} rows")
        st.dataframe(table.head(200), hide_index=True, height=260)
    before = folder.previous(id, kind) if saved else None
    if before is not None:
        st.markdown(f"**Since {escaped(_when(before.fitted_at))}**")
        found = differences(before.learned, record.learned)
        st.dataframe(
            [{"value": each.place, "before": _text(each.before), "now": _text(each.after)} for each in found],
            hide_index=True,
        )


def _about(record: Record, *, saved: bool) -> str:
    if not saved:
        return "Learned on the sample that you see here. A job learns from all rows and keeps that with the flow."
    of = "all rows" if record.fitted_on == "full" else "a sample of the rows"
    by_hand = f" Changed by hand {_when(record.edited_at)}." if record.edited_at else ""
    return f"Learned on {of}, {_when(record.fitted_at)}, and used again until a job learns anew.{by_hand}"


def _values(record: Record, folder: LearnedFolder | None) -> None:
    """The values as a table; with a folder they can be edited, and are saved there."""
    skipped = set(tables(record.learned))
    found = {
        place: value
        for place, value in values(record.learned).items()
        if place.partition(".")[0] not in skipped and value not in ({}, [])
    }
    rows = pl.DataFrame(
        {"value": list(found), "learned": [_text(each) for each in found.values()]},
        schema={"value": pl.String, "learned": pl.String},
    )
    columns = {
        "value": st.column_config.TextColumn("Value", width="medium"),
        "learned": st.column_config.TextColumn("Learned", width="large"),
    }
    if folder is None:
        st.dataframe(rows, hide_index=True, column_config=columns)
        return
    key = f"learned:{record.step}:{record.fitted_at}:{record.edited_at}"
    st.data_editor(rows, hide_index=True, column_config=columns, disabled=["value"], num_rows="fixed", key=key)
    edits: dict[int, dict[str, Any]] = st.session_state.get(key, {}).get("edited_rows", {})
    wanted = [(rows["value"][int(row)], str(change["learned"])) for row, change in edits.items() if "learned" in change]
    if wanted and st.button(f"Save {len(wanted)} changed", type="primary", icon=":material/save:"):
        try:
            for place, text in wanted:
                record = edited(record, place, text)
        except EditError as error:
            st.error(escaped(str(error)), icon=":material/error:")
            return
        folder.save(record)
        session.tell("Saved. The next run uses the changed values.")
        st.rerun()
    if not wanted:
        st.caption("Double-click a value to change it: a category list, a bound, a value to fill in.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _when(text: str) -> str:
    return text.replace("T", " ")[:16] + " UTC" if text else ""
