"""``dataprep learned``: what the steps of a flow learned, what changed since the time before, and changes by hand."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.document import Flow
from flows.files import load
from flows.learned import differences, edited, key, tables, values
from flows.store import LearnedFolder, Record, learned_folder
from transforms.catalog import catalog
from transforms.core.errors import DataprepError, did_you_mean

SHOWN = 60
"""Characters of a value that are printed."""


def learned(given: argparse.Namespace) -> int:
    """Show, compare or change what steps learned."""
    flow, folder = load(given.flow), LearnedFolder(learned_folder(given.flow))
    records = dict(_records(flow, folder))
    if given.step is not None and given.step not in records:
        known = did_you_mean(given.step, records) or f"Steps that have: {', '.join(records) or 'none; run the flow'}."
        raise DataprepError(f"Step {given.step!r} has not learned anything. {known}")
    if given.set:
        return _change(given, records, folder)
    chosen = {given.step: records[given.step]} if given.step else records
    if given.json:
        print(json.dumps({id: _as_json(each) for id, each in chosen.items()}, indent=2, ensure_ascii=False))
        return 0
    for id, record in chosen.items():
        by_hand = f", changed by hand {record.edited_at}" if record.edited_at else ""
        whole = "all rows" if record.fitted_on == "full" else "a sample"
        print(f"{id}: {record.transform}, of {whole}, {record.fitted_at}{by_hand}, key {key(record.learned)}")
        lines = _changes(flow, folder, id, record) if given.diff else _shown(record, whole=bool(given.step))
        for line in lines:
            print(f"  {line}")
    if not chosen:
        print("No step has learned anything yet. Run the flow first.")
    return 0


def learned_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``learned`` takes."""
    parser.add_argument("flow", type=Path, help="a .flow.json file")
    parser.add_argument("step", nargs="?", help="one step; all by default")
    parser.add_argument("--diff", action="store_true", help="what changed since the step learned the time before")
    parser.add_argument(
        "--set", metavar="PLACE=VALUE", help="change a value of the step, such as high.income.overall=90000"
    )
    parser.add_argument("--json", action="store_true")


def _records(flow: Flow, folder: LearnedFolder) -> Iterator[tuple[str, Record]]:
    for id, step in flow.steps.items():
        record = folder.load(id, catalog()[step.transform])
        if record is not None:
            yield id, record


def _change(given: argparse.Namespace, records: dict[str, Record], folder: LearnedFolder) -> int:
    place, equals, value = given.set.partition("=")
    if given.step is None or not equals:
        raise DataprepError("--set changes one value of one step: dataprep learned FLOW STEP --set PLACE=VALUE.")
    changed = edited(records[given.step], place, value)
    found = differences(records[given.step].learned, changed.learned)
    folder.save(changed)
    for each in found:
        print(f"{each.place}: {_short(each.before)} -> {_short(each.after)}")
    if not found:
        print("That is the value already.")
    return 0


def _shown(record: Record, *, whole: bool) -> Iterator[str]:
    found = {place: value for place, value in values(record.learned).items() if value not in ({}, [])}
    few = list(found.items()) if whole else list(found.items())[:5]
    for place, value in few:
        yield f"{place} = {json.dumps(value, ensure_ascii=False) if whole else _short(value)}"
    if len(few) < len(found):
        yield f"... and {len(found) - len(few)} more: name the step to see all"
    if whole:
        for name, table in tables(record.learned).items():
            yield from (f"{name}:", *str(table).splitlines())


def _changes(flow: Flow, folder: LearnedFolder, id: str, record: Record) -> Iterator[str]:
    before = folder.previous(id, catalog()[flow.steps[id].transform])
    if before is None:
        yield "It learned only once."
        return
    yield f"since {before.fitted_at}:"
    for each in differences(before.learned, record.learned):
        yield f"{each.place}: {_short(each.before)} -> {_short(each.after)}"


def _as_json(record: Record) -> dict[str, Any]:
    shown = {name: getattr(record, name) for name in ("transform", "params", "fitted_on", "fitted_at", "edited_at")}
    rows = {name: table.to_dicts() for name, table in tables(record.learned).items()}
    return {**shown, "key": key(record.learned), "learned": values(record.learned), "tables": rows}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
