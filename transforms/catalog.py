"""Every transform, by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from transforms.core.errors import DataprepError, did_you_mean
from transforms.core.transform import Transform

FAMILIES: dict[str, tuple[str, ...]] = {
    "Combine": ("combine",),
    "Columns": ("columns", "columns_text", "columns_fitted"),
    "Rows": ("rows_filter", "rows", "duplicates"),
    "Sort, sample, split": ("sort_sample", "splits"),
    "Missing values": ("missing", "missing_columns", "missing_neighbours", "missing_values"),
    "Outliers": ("outliers",),
    "Types": ("types", "types_infer", "types_parse"),
    "Text: clean": ("text_clean", "text_replace", "text_words"),
    "Text: extract": ("text_extract", "text_compare"),
    "Text: features": ("text_features", "text_vectors", "text_hashing"),
    "Categories": ("categorical", "categorical_target", "categorical_groups"),
    "Numbers": ("numeric_arithmetic", "numeric", "numeric_rows"),
    "Scale": ("scaling",),
    "Bins": ("binning",),
    "Dates and times": ("date_parse", "date_guess", "datetime", "date_parts", "date_math"),
    "Time series": ("time_series", "time_series_windows", "time_series_resample"),
    "Group and aggregate": ("aggregate",),
    "Reshape": ("reshape", "reshape_nested"),
    "Balance classes": ("balance", "balance_synthesis"),
    "Features": ("features",),
    "Formulas": ("custom",),
    "Check": ("validate", "validate_rules", "validate_table"),
    "Quality": ("quality",),
    "Places, web, privacy": ("geo", "domain", "privacy"),
}
"""Menu groups, and the modules of this package that hold them."""


class UnknownTransform(DataprepError):
    """No transform has this id."""


class Catalog(Mapping[str, type[Transform]]):
    """Transforms by id, in menu order."""

    def __init__(self, families: Mapping[str, tuple[type[Transform], ...]]) -> None:
        self.families = dict(families)
        self._by_id: dict[str, type[Transform]] = {}
        for members in families.values():
            for each in members:
                if each.id in self._by_id:
                    raise DataprepError(f"Two transforms have the id {each.id!r}: {self._by_id[each.id]} and {each}.")
                self._by_id[each.id] = each

    def __getitem__(self, id: str) -> type[Transform]:
        if id not in self._by_id:
            hint = did_you_mean(id, self._by_id) or "See dataprep catalog for the list."
            raise UnknownTransform(f"There is no transform {id!r}. {hint}")
        return self._by_id[id]

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def family(self, id: str) -> str:
        """The menu group of a transform."""
        return next(name for name, members in self.families.items() if self[id] in members)


@cache
def catalog() -> Catalog:
    """Built-in transforms, then those of installed plugins (entry points ``dataprep.transforms``)."""
    families: dict[str, tuple[type[Transform], ...]] = {}
    for title, modules in FAMILIES.items():
        members = (import_module(f"transforms.{module}").TRANSFORMS for module in modules)
        families[title] = tuple(each for group in members for each in group)
    for plugin in entry_points(group="dataprep.transforms"):
        families[plugin.name] = (*families.get(plugin.name, ()), *plugin.load().TRANSFORMS)
    return Catalog(families)
