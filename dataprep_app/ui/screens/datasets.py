"""Datasets: upload a file, look at it, say how it is read."""

from __future__ import annotations

import streamlit as st

from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.dataset_details import dataset_details
from dataprep_app.ui.parts.dataset_list import add_data, dataset_list
from transforms.core.errors import DataprepError


def _all_datasets() -> None:
    space = session.workspace()
    st.title("Datasets", anchor=False)
    session.show_notices()
    try:
        datasets = space.datasets()
    except DataprepError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    add_data(space, expanded=not datasets)
    dataset_list(space, list(datasets.values()))


chosen = st.query_params.get("dataset")
if chosen:
    dataset_details(session.workspace(), chosen)
else:
    _all_datasets()
