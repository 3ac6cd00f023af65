"""The app: navigation, and what every page has."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parent / "assets"
SCREENS = Path(__file__).parent / "screens"  # not "pages", which Streamlit would serve on its own
STYLE = """<style>
.stMainBlockContainer { padding-left: 2rem; padding-right: 2rem; }
[class*="st-key-code_field"] textarea { font-family: "Source Code Pro", monospace; font-size: 0.85rem;
  white-space: pre; overflow-x: auto; tab-size: 4; }
[data-testid="stBottomBlockContainer"] { padding: 0.5rem 2rem 0.75rem; }
</style>"""
SECTIONS = {
    "Prepare": (
        ("home", "Home", ":material/home:"),
        ("datasets", "Datasets", ":material/database:"),
        ("flow", "Data flows", ":material/account_tree:"),
    ),
    "Build": (("models", "Models", ":material/model_training:"),),
    "Operate": (("jobs", "Jobs", ":material/schedule:"), ("settings", "Settings", ":material/settings:")),
}


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Dataprep", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.html(STYLE)
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
    pages = {
        section: [
            st.Page(SCREENS / f"{name}.py", title=title, icon=icon, url_path=name, default=name == "home")
            for name, title, icon in members
            if (SCREENS / f"{name}.py").exists()
        ]
        for section, members in SECTIONS.items()
    }
    st.navigation({section: members for section, members in pages.items() if members}, expanded=True).run()


main()
