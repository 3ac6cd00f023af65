"""Numbers, names and steps as warnings write them."""

from __future__ import annotations

from collections.abc import Sequence

from dataprep_app.insights.findings import Fix


def percent(share: float) -> str:
    """A share for people: whole percents, one decimal below 10, never 0 for what is there nor 100 for what is not."""
    if share == 0:
        return "0 %"
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.995 <= share < 1:
        return "over 99.9 %" if share >= 0.9995 else f"{share:.1%}".replace("%", " %")
    return f"{share:.0%}".replace("%", " %") if share >= 0.1 else f"{share:.1%}".replace("%", " %")


def dropped(*columns: str, safe: bool = False) -> Fix:
    """The step that drops columns."""
    what = columns[0] if len(columns) == 1 else f"{len(columns)} columns"
    return Fix(label=f"Drop {what}", transform="drop_columns", params={"columns": list(columns)}, safe=safe)


def shown(values: Sequence[tuple[str, int]], most: int = 3) -> str:
    """Texts in quotes, the first few of them: ``'a', 'b' and 4 more``."""
    return listed([quoted(text) for text, _ in values], most)


def such_as(values: Sequence[tuple[str, int]], most: int = 3) -> str:
    """The first few of some texts in quotes; how many more there are is not known."""
    return listed([quoted(text) for text, _ in values[:most]], most)


def quoted(text: str, most: int = 60) -> str:
    """A text in quotes, as it is but for signs that cannot be seen, and not too long to read."""
    cut = text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
    return repr(cut).replace("\\\\", "\\")


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few of some names, and how many more there are."""
    names = list(names)
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most:,} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def rows_of(count: int) -> str:
    """``1 row``, ``1,200 rows``."""
    return f"{count:,} {'row' if count == 1 else 'rows'}"
