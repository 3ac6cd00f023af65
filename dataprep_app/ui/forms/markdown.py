"""Text of the data, such as names of columns, where Streamlit takes Markdown."""

from __future__ import annotations

SPECIAL = "\\`*_{}[]()#+-!|<>$~:"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{each}" if each in SPECIAL else each for each in text)
