"""The app: navigation, and what every page has."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parent / "assets"
PAGES = Path(__file__).parent / "pages"


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Dataprep", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
    page = st.navigation(
        {
            "Prepare": [
                st.Page(PAGES / "home.py", title="Home", icon=":material/home:", default=True),
                st.Page(PAGES / "datasets.py", title="Datasets", icon=":material/database:", url_path="datasets"),
                st.Page(PAGES / "flow.py", title="Data flows", icon=":material/account_tree:", url_path="flow"),
            ],
            "Build": [
                st.Page(PAGES / "models.py", title="Models", icon=":material/model_training:", url_path="models"),
            ],
            "Operate": [
                st.Page(PAGES / "jobs.py", title="Jobs", icon=":material/schedule:", url_path="jobs"),
                st.Page(PAGES / "settings.py", title="Settings", icon=":material/settings:", url_path="settings"),
            ],
        },
        expanded=True,
    )
    page.run()


main()
