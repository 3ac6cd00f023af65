"""Sample data: two loan files shaped like real ones, made from a seed, and a flow that prepares them.

What makes the real files worth preparing is there: few charged-off and very few current loans, employers
missing and written in every case, skewed incomes with a few absurd ones, loans listed twice, and ids
that are in one file only. A loan's end depends on its terms a little, so that a model finds something,
but not much.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng

from dataprep_app.workspace import Workspace
from flows.files import parse, save

SEED = 20_240_229
FLOW = "loan_default.flow.json"
NAMES = ("loans-part-1.csv", "loans-part-2.csv")
EMPLOYERS = (
    "us army", "wal-mart", "bank of america", "kaiser permanente", "self employed", "ups", "home depot", "verizon",
    "city of new york", "state of california", "general motors", "target", "best buy", "ibm", "cvs pharmacy",
    "city school district", "county hospital", "lone star steel", "blue river farms", "harbor freight lines",
)  # fmt: skip
PURPOSES = {
    "debt consolidation": 0.47,
    "credit card": 0.13,
    "other": 0.1,
    "home improvement": 0.08,
    "major purchase": 0.06,
    "small business": 0.05,
    "car": 0.04,
    "wedding": 0.03,
    "medical": 0.02,
    "moving": 0.02,
}
GRADES = "abcdefg"


def write_sample(folder: Path, *, rows: int = 10_000, seed: int = SEED) -> Path:
    """Put two loan files, as datasets, and the flow that prepares them into a folder; the flow's path.

    A flow of that name that is there already stays as it is: somebody may have worked on it.
    """
    space = Workspace(folder)
    space.data.mkdir(parents=True, exist_ok=True)
    known = {each.label for each in space.datasets().values()}
    for name, table in zip(NAMES, loans(rows, seed), strict=True):
        table.write_csv(space.data / name)
        if name not in known:
            space.add_dataset(name, "csv", {"path": f"data/{name}", "try_parse_dates": True})
    if not (folder / FLOW).exists():
        text = (files("dataprep_app") / "sample_flows" / FLOW).read_text(encoding="utf-8")
        save(parse(text, FLOW), folder / FLOW)
    return folder / FLOW


def loans(rows: int, seed: int = SEED) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two tables: terms and end of each loan, and who took it; joined on ``id``."""
    random = default_rng(seed)
    ids = random.permutation(np.arange(1, rows + 1) * 37 + 54_000)
    grade = random.choice(7, rows, p=(0.26, 0.3, 0.2, 0.13, 0.07, 0.03, 0.01))
    term = random.choice((36, 60), rows, p=(0.73, 0.27))
    income = np.round(np.exp(random.normal(10.98, 0.55, rows)), -1)
    amount = np.round(np.clip(random.gamma(2.4, 4_700, rows), 500, 35_000) / 25) * 25
    rate = np.round(np.clip(6.2 + grade * 2.3 + (term == 60) * 1.1 + random.normal(0, 1.1, rows), 5.4, 24.6), 2)
    terms = pl.DataFrame(
        {
            "id": ids,
            "loan_status": _status(random, grade, term, amount / income),
            "loan_amount": amount,
            "loan_term": term,
            "interest_rate": rate,
            "grade": [GRADES[each] for each in grade],
            "purpose": random.choice(list(PURPOSES), rows, p=list(PURPOSES.values())),
            "issued_on": pl.Series(14_000 + random.integers(0, 1_600, rows)).cast(pl.Int32).cast(pl.Date),
            "dti": np.round(np.clip(random.normal(13.3, 6.7, rows), 0, 30), 2),
            "open_credit_lines": 2 + random.poisson(7.3, rows),
        }
    )
    absurd = random.random(rows) < 0.002
    people = pl.DataFrame(
        {
            "id": ids,
            "employment_length": pl.Series(random.integers(0, 11, rows).astype(float)).set(
                pl.Series(random.random(rows) < 0.027), None
            ),
            "employer_title": _employers(random, rows),
            "home_ownership": random.choice(("rent", "mortgage", "own"), rows, p=(0.48, 0.44, 0.08)),
            "annual_income": np.where(absurd, income * 40, income),
        }
    )
    only_second = people.head(rows // 35).with_columns(pl.col("id") + 10_000_000)
    repeated = terms.head(rows // 100)
    return (
        pl.concat([terms, repeated]).sample(fraction=1, shuffle=True, seed=seed),
        pl.concat([people, only_second]).sample(fraction=1, shuffle=True, seed=seed + 1),
    )


def _status(random: Generator, grade: np.ndarray, term: np.ndarray, burden: np.ndarray) -> list[str]:
    """How each loan ended: about 87 % fully paid, 10 % charged off, 3 % current."""
    risk = 1 / (1 + np.exp(3.0 - 0.28 * grade - 0.5 * (term == 60) - 0.9 * burden))
    draw = random.random(len(risk))
    current = (term == 60) & (random.random(len(risk)) < 0.11)
    return [
        "current" if now else "charged off" if d < r else "fully paid"
        for now, d, r in zip(current, draw, risk, strict=True)
    ]


def _employers(random: Generator, rows: int) -> list[str | None]:
    """Employers as people write them: in any case, with stray blanks, and often not at all."""
    styles = (str.lower, str.title, str.upper, lambda name: f" {name} ")
    names = random.choice(
        EMPLOYERS, rows, p=np.linspace(2, 0.4, len(EMPLOYERS)) / np.linspace(2, 0.4, len(EMPLOYERS)).sum()
    )
    style = random.choice(len(styles), rows, p=(0.6, 0.25, 0.1, 0.05))
    missing = random.random(rows) < 0.062
    return [None if gone else styles[how](name) for name, how, gone in zip(names, style, missing, strict=True)]
