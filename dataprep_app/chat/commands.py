"""``dataprep chat``: a request in words about a table file, answered in the terminal."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from dataprep_app.chat.turn import AnalysisResult, ChatTurn, ClarifyResult, CommandResult, PlanResult

DONE, OPEN = 0, 1
SHOWN = 20
"""Rows of an answer that are printed."""


def chat(given: argparse.Namespace) -> int:
    """Answer one request; 1 when it was not understood or something is open."""
    from dataprep_app.chat.engine import respond
    from dataprep_app.chat.table import facts_of
    from dataprep_app.modeling.training import file_table
    from flows.engines.base import Control

    rows = file_table(given.table, Control())
    turn = respond(given.text, facts_of(given.table.name.partition(".")[0], rows), rows=rows)
    sys.stdout.write((json.dumps(turn.as_json(), indent=2, default=str) if given.json else summary(turn)) + "\n")
    return DONE if isinstance(turn.result, PlanResult | AnalysisResult | CommandResult) else OPEN


def chat_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``chat`` takes."""
    parser.add_argument("text", metavar="TEXT", help="what to do, or what to answer")
    parser.add_argument("--table", type=Path, required=True, metavar="FILE", help="the table that it is about")
    parser.add_argument("--json", action="store_true", help="print the steps or the answer as JSON")


def summary(turn: ChatTurn) -> str:
    """A turn for the terminal."""
    result = turn.result
    if isinstance(result, PlanResult):
        notes = [f"  assumed: {each}" for each in result.assumptions]
        steps = [f"  {json.dumps({'transform': each.transform, 'params': dict(each.params)})}" for each in result.steps]
        return "\n".join([result.explanation, *notes, "", *steps])
    if isinstance(result, AnalysisResult):
        answer = result.answer
        return "\n".join([answer.sentence, answer.basis, *_lines(answer.table)]) if answer else result.analysis
    if isinstance(result, ClarifyResult):
        options = [f"  {each.label}{': ' + each.effect if each.effect else ''}" for each in result.options]
        return "\n".join([result.question, *options])
    examples = [f"  {each}" for each in result.examples]
    return "\n".join(
        [result.message or result.name if isinstance(result, CommandResult) else result.message, *examples]
    )


def _lines(table: object) -> list[str]:
    """A small table as aligned text."""
    assert isinstance(table, dict)
    names = list(table)
    rows = [[str(table[name][i]) for name in names] for i in range(min(SHOWN, len(table[names[0]]) if names else 0))]
    if len(rows) < 2 and len(names) < 2:
        return []
    widths = [max(len(name), *(len(row[i]) for row in rows)) if rows else len(name) for i, name in enumerate(names)]
    return [
        "",
        *(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [names, *rows]
        ),
    ]
