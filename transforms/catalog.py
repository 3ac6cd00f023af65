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
    "Combine": ("combine", "combine_near", "combine_rows", "combine_changes"),
    "Columns": (
        "columns",
        "columns_names",
        "columns_text",
        "columns_values",
        "columns_fitted",
        "columns_schema",
        "columns_header",
        "columns_source",
    ),
    "Rows": ("rows_filter", "rows_where", "rows", "rows_place", "duplicates", "duplicates_marked", "duplicates_merged"),
    "Sort, sample, split": ("sort_sample", "sort_sample_draws", "splits"),
    "Missing values": (
        "missing",
        "missing_statistics",
        "missing_models",
        "missing_columns",
        "missing_lookup",
        "missing_neighbours",
        "missing_values",
        "missing_shares",
    ),
    "Outliers": ("outliers", "outliers_clip", "outliers_models"),
    "Types": (
        "types",
        "types_infer",
        "types_parse",
        "types_durations",
        "types_units",
        "types_category",
        "types_format",
    ),
    "Text: clean": (
        "text_clean",
        "text_replace",
        "text_edit",
        "text_unicode",
        "text_markup",
        "text_encoding",
        "text_words",
        "text_wording",
    ),
    "Text: extract": ("text_extract", "text_parts", "text_find", "text_pairs", "text_language", "text_compare"),
    "Text: features": (
        "text_features",
        "text_tokens",
        "text_sentiment",
        "text_vectors",
        "text_topics",
        "text_hashing",
    ),
    "Categories": (
        "categorical",
        "categorical_counts",
        "categorical_target",
        "categorical_evidence",
        "categorical_groups",
        "categorical_lookup",
        "categorical_labels",
    ),
    "Numbers": (
        "numeric_arithmetic",
        "numeric_ratios",
        "numeric",
        "numeric_functions",
        "numeric_compare",
        "numeric_rows",
        "numeric_combinations",
    ),
    "Scale": ("scaling", "scaling_quantiles", "scaling_shape", "scaling_rows"),
    "Bins": ("binning", "binning_learned", "binning_steps"),
    "Dates and times": (
        "date_parse",
        "date_guess",
        "date_build",
        "date_numbers",
        "datetime",
        "date_periods",
        "date_parts",
        "date_calendar",
        "date_holidays",
        "date_math",
        "date_ages",
        "date_business",
    ),
    "Time series": (
        "time_series",
        "time_series_changes",
        "time_series_windows",
        "time_series_smoothing",
        "time_series_events",
        "time_series_resample",
        "time_series_gaps",
        "time_series_whole",
    ),
    "Group and aggregate": ("aggregate", "aggregate_groups", "aggregate_tables"),
    "Reshape": (
        "reshape",
        "reshape_rows",
        "reshape_pivots",
        "reshape_transpose",
        "reshape_nested",
        "reshape_json",
        "reshape_lists",
        "reshape_list_items",
    ),
    "Balance classes": (
        "balance",
        "balance_synthesis",
        "balance_border",
        "balance_cleaning",
        "balance_combined",
        "balance_sizes",
    ),
    "Features": (
        "features",
        "features_components",
        "features_clusters",
        "features_selection",
        "features_best",
        "features_importance",
        "features_leakage",
    ),
    "Formulas": (
        "custom",
        "custom_expression",
        "custom_examples",
        "custom_clean",
        "custom_recipe",
        "custom_model",
        "custom_code",
        "custom_sql",
    ),
    "Check": (
        "validate",
        "validate_rules",
        "validate_format",
        "validate_table",
        "validate_schema",
        "validate_statistics",
        "validate_learned",
    ),
    "Quality": (
        "quality",
        "quality_near",
        "quality_duplicates",
        "quality_names",
        "quality_words",
        "quality_semantic",
    ),
    "Web, names, codes": (
        "domain",
        "domain_urls",
        "domain_paths",
        "domain_network",
        "domain_email",
        "domain_phone",
        "domain_names",
        "domain_countries",
        "domain_postal",
        "domain_currency",
        "domain_exchange",
        "domain_identifiers",
    ),
    "Places": ("geo_points", "geo_checks", "geo", "geo_cells", "geo_areas"),
    "Privacy": (
        "privacy",
        "privacy_keyed",
        "privacy_mask",
        "privacy_random",
        "privacy_detect",
    ),
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
