"""Pages and snapshots that are made from the code: ``python -m tests.house.generated`` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from dataprep_app.insights.reference import json_schema, rules_page
from transforms import reference
from transforms.catalog import catalog, index

ROOT = Path(__file__).parents[2]


def ids() -> str:
    """Ids and versions of every built-in transform: released ones never change or go away."""
    return (
        json.dumps({each.id: each.version for each in sorted(catalog().values(), key=lambda each: each.id)}, indent=2)
        + "\n"
    )


def places() -> str:
    """The module of every built-in transform."""
    return json.dumps(index(), indent=0, sort_keys=True) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "transforms/REFERENCE.md": reference.markdown,
    "transforms/index.json": places,
    "tests/data/ids.json": ids,
    "dataprep_app/insights/RULES.md": rules_page,
    "dataprep_app/insights/report.schema.json": json_schema,
}


def main() -> None:
    """Write everything that is generated."""
    for name, make in GENERATED.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
