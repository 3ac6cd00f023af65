"""Datasets: upload a file, look at it, say how it is read."""

from __future__ import annotations

import streamlit as st

from dataprep_app.ui import session

st.title("Datasets", anchor=False)
session.show_notices()
