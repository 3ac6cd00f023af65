"""Jobs: how far they are, how they ended, what they wrote."""

from __future__ import annotations

import streamlit as st

from dataprep_app.jobs import store
from dataprep_app.ui import session
from dataprep_app.ui.parts.job_list import job_details, job_list
from transforms.core.errors import DataprepError

st.title("Jobs", anchor=False)
session.show_notices()

folder = session.workspace().jobs
chosen = st.query_params.get("job")
if chosen:
    try:
        job_details(store.job(folder, chosen))
    except DataprepError as error:
        st.error(str(error), icon=":material/error:")
    st.page_link("screens/jobs.py", label="All jobs", icon=":material/arrow_back:")
else:
    job_list(folder)
