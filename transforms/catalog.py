"""Every transform, by id."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

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
INDEX = Path(__file__).with_name("index.json")
"""The module of each transform by id; made from the code by ``make docs``."""


class UnknownTransform(DataprepError):
    """No transform has this id."""


class Catalog(Mapping[str, type[Transform]]):
    """Transforms by id, in menu order.

    A transform that the index places is had by importing its module alone, since a flow uses a few of them
    and importing all takes longer than many runs; whatever else is asked imports all.
    """

    @cached_property
    def families(self) -> dict[str, tuple[type[Transform], ...]]:
        """Built-in transforms by menu group, then those of installed plugins (entry points ``dataprep.transforms``)."""
        found: dict[str, tuple[type[Transform], ...]] = {}
        for title, modules in FAMILIES.items():
            members = (import_module(f"transforms.{module}").TRANSFORMS for module in modules)
            found[title] = tuple(each for group in members for each in group)
        for plugin in entry_points(group="dataprep.transforms"):
            found[plugin.name] = (*found.get(plugin.name, ()), *plugin.load().TRANSFORMS)
        return found

    @cached_property
    def _by_id(self) -> dict[str, type[Transform]]:
        found: dict[str, type[Transform]] = {}
        for members in self.families.values():
            for each in members:
                if each.id in found:
                    raise DataprepError(f"Two transforms have the id {each.id!r}: {found[each.id]} and {each}.")
                found[each.id] = each
        return found

    @cached_property
    def _modules(self) -> dict[str, str]:
        return dict(json.loads(INDEX.read_text(encoding="utf-8"))) if INDEX.exists() else {}

    def _indexed(self, id: str) -> type[Transform] | None:
        """The transform, from its module alone; ``None`` when the index does not have it there."""
        module = self._modules.get(id)
        if module is None or "_by_id" in self.__dict__:
            return None
        return next((each for each in import_module(f"transforms.{module}").TRANSFORMS if each.id == id), None)

    def __getitem__(self, id: str) -> type[Transform]:
        found = self._indexed(id) or self._by_id.get(id)
        if found is None:
            hint = did_you_mean(id, self._by_id) or "See dataprep catalog for the list."
            raise UnknownTransform(f"There is no transform {id!r}. {hint}")
        return found

    def __contains__(self, id: object) -> bool:
        return id in self._modules or id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def family(self, id: str) -> str:
        """The menu group of a transform."""
        return next(name for name, members in self.families.items() if self[id] in members)


@cache
def catalog() -> Catalog:
    """Every transform there is."""
    return Catalog()


def index() -> dict[str, str]:
    """The module of each built-in transform, as the index file has it."""
    modules = (module for group in FAMILIES.values() for module in group)
    return {each.id: module for module in modules for each in import_module(f"transforms.{module}").TRANSFORMS}
