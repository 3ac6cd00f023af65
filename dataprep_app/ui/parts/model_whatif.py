"""What a model would say of one row, and how that changes when values of the row do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from dataprep_app.modeling.model import TABLE, InputColumn, Model, load
from dataprep_app.modeling.predict import Contribution, Predictor, WhatIf
from dataprep_app.modeling.real_rows import RawRow, RealRows, Value, first_that_predicts
from dataprep_app.modeling.store import SavedModel
from dataprep_app.ui import session
from dataprep_app.ui.forms.markdown import escaped
from dataprep_app.ui.parts.model_report import BAR, NUMBERS
from transforms.core.errors import DataprepError

SHOWN = 12
"""Columns whose contributions are drawn."""
CLASSES = 6
"""Classes whose probabilities are drawn."""
LARGEST_NUMBER = 2**53
"""Whole numbers that a browser holds exactly."""
MISSING = "(missing)"
FOR, AGAINST = "#2f6fed", "#e8833a"
Choices = Mapping[tuple[str, str], list[Value]]


@dataclass(frozen=True)
class Case:
    """A row that is played with, and what the model says of it."""

    number: int
    """Of the rows that were taken so far: a new one gives the form new fields."""
    start: RawRow
    now: RawRow
    first: WhatIf
    """What the model says of the row as it is in the data."""
    found: WhatIf
    error: str = ""
    """Why there is no prediction for the latest values."""

    def changes(self) -> list[tuple[str, str, Any, Any]]:
        """Source, column, value in the data and value now, of what was edited."""
        return [
            (source, name, value, self.now.rows[source][name])
            for source, row in self.start.rows.items()
            for name, value in row.items()
            if self.now.rows[source][name] != value
        ]


@st.cache_resource(max_entries=8, show_spinner="Loading the model")
def predictor(folder: str, age: float) -> Predictor:
    """A model at work, shared by all sessions; ``age`` is that of its file."""
    return Predictor(load(Path(folder)))


@st.cache_resource(max_entries=8, ttl="1h", show_spinner="Looking at the data")
def choices(folder: str, age: float, _rows: RealRows) -> Choices:
    """What columns of text with few values can be set to."""
    return _rows.choices()


def model_whatif(model: SavedModel) -> None:
    """Draw it."""
    try:
        working = predictor(str(model.folder), model.age)
        rows = real_rows(model, working.model)
        offered = choices(str(model.folder), model.age, rows)
    except DataprepError as error:
        st.error(str(error), icon=":material/error:")
        return
    _panel(model, working, rows, offered)


def real_rows(model: SavedModel, loaded: Model) -> RealRows:
    """Where rows to start from are taken.

    Raises:
        DataprepError: the data that the model was built from is no longer there.
    """
    space = session.workspace()
    if loaded.flow is not None:
        return RealRows.of_flow(loaded, space.folder)
    if model.built_from.dataset is None:
        raise DataprepError("It is not known where the rows of this model are. Predict a table instead.")
    connector, context = space.open_dataset(model.built_from.dataset)
    return RealRows.of_table(connector.scan(context))


@st.fragment
def _panel(model: SavedModel, working: Predictor, rows: RealRows, offered: Choices) -> None:
    key = f"what_if:{model.id}:{model.age}"

    def take(find: Callable[[], list[RawRow]]) -> None:
        before: Case | None = st.session_state.get(key)
        try:
            row, found = first_that_predicts(working, find())
        except DataprepError as error:
            st.session_state[f"{key}:error"] = str(error)
            return
        st.session_state[key] = Case(before.number + 1 if before else 0, row, row, found, found)

    if key not in st.session_state and f"{key}:error" not in st.session_state:
        take(rows.random)
    _starts(model, rows, take)
    error = st.session_state.pop(f"{key}:error", None)
    if error:
        st.error(error, icon=":material/error:")
    case: Case | None = st.session_state.get(key)
    if case is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _form(model, working, rows, offered, key, case)
    with right:
        _outcome(model, case)


def _starts(model: SavedModel, rows: RealRows, take: Callable[[Callable[[], list[RawRow]]], None]) -> None:
    """Where the row comes from."""
    columns = rows.scans[rows.main].collect_schema().names()
    ids = [name for name in columns if (rows.main, name) in rows.keys]
    wanted = f"what_if_value:{model.id}"

    def find() -> None:
        column, value = st.session_state[f"what_if_column:{model.id}"], st.session_state[wanted]
        take(lambda: rows.where(column, value))

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("A random row", icon=":material/casino:", on_click=take, args=(rows.random,))
        st.button("The first row", icon=":material/first_page:", on_click=take, args=(rows.first,))
        with st.popover("A row by its value", icon=":material/search:"), st.form("find", border=False):
            st.selectbox("Column", columns, index=columns.index(ids[0]) if ids else 0, key=f"what_if_column:{model.id}")
            st.text_input("Value", key=wanted, help="The first row that has it is taken.")
            st.form_submit_button("Take this row", on_click=find)


def _form(model: SavedModel, working: Predictor, rows: RealRows, offered: Choices, key: str, case: Case) -> None:
    fields = [
        (source, column)
        for source in case.start.rows
        for column in working.inputs[source]
        if column.needed and (source, column.name) not in rows.keys
    ]

    def update() -> None:
        given = {
            (source, column.name): _read(st.session_state[_field_key(key, case, source, column)], column)
            for source, column in fields
        }
        st.session_state[key] = predicted(working, case, given)

    with st.form(f"{key}:form", border=True):
        for source in case.start.rows:
            title = model.facts.built_from if source == TABLE and not model.facts.reference else source
            st.markdown(f"**{escaped(title)}** {_named(rows, case, source)}")
            columns = [column for of, column in fields if of == source]
            with st.grid(3):
                for column in columns:
                    value = case.now.rows[source][column.name]
                    _field(column, value, offered.get((source, column.name)), _field_key(key, case, source, column))
        for source, table in case.start.others.items():
            st.caption(f"{escaped(source)}: {table.height:,} rows go with it, taken as they are.")
        st.form_submit_button("Update", type="primary", icon=":material/refresh:", on_click=update)
    st.caption("Raw values, before any step of the flow; only those that the prediction needs.")


def predicted(working: Predictor, case: Case, given: Mapping[tuple[str, str], Any]) -> Case:
    """The case with other values; what was said of it before stays when there is no prediction for them."""
    now = case.start.changed(given)
    try:
        return replace(case, now=now, found=working.what_if(now.rows, now.others), error="")
    except DataprepError as error:
        return replace(case, now=now, error=str(error))


def _field_key(key: str, case: Case, source: str, column: InputColumn) -> str:
    return f"{key}:{case.number}:{source}:{column.name}"


def _named(rows: RealRows, case: Case, source: str) -> str:
    """The keys of a row, which are not to be edited."""
    row = case.start.rows[source]
    keys = [f"{name} {row[name]}" for of, name in sorted(rows.keys) if of == source and name in row]
    return f":small[{escaped(', '.join(keys))}]" if keys else ""


def _field(column: InputColumn, value: Any, offered: list[Value] | None, key: str) -> None:
    """A field for a value; an empty one is missing."""
    label, dtype = escaped(column.name), column.dtype
    if dtype == pl.Boolean:
        offered = [True, False]
    if offered is not None:
        options = [None, *offered, *([value] if value is not None and value not in offered else [])]
        st.selectbox(label, options, index=options.index(value), format_func=_said, key=key)
    elif dtype.is_integer() and (value is None or abs(value) < LARGEST_NUMBER):
        st.number_input(label, value=value, step=1, key=key, placeholder=MISSING)
    elif dtype.is_float():
        st.number_input(label, value=value, step=_step(value), format="%0.12g", key=key, placeholder=MISSING)
    elif dtype == pl.Date:
        st.date_input(label, value=value, key=key, min_value=date(1, 1, 1), max_value=date(9999, 12, 31))
    else:
        st.text_input(label, value=None if value is None else str(value), key=key, placeholder=MISSING)


def _step(value: float | None) -> float:
    """A step that suits a number: about a hundredth of it."""
    if not value:
        return 1.0
    return float(10.0 ** (len(str(int(abs(value)))) - 2)) if abs(value) >= 1 else 0.01


def _read(value: Any, column: InputColumn) -> Any:
    """What was put into a field, in the type of the column; text that cannot be read is said by the prediction."""
    dtype = column.dtype
    if value is None or (value == "" and dtype != pl.String):
        return None
    if isinstance(value, str) and isinstance(dtype, pl.Datetime):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def _outcome(model: SavedModel, case: Case) -> None:
    target = model.facts.result.problem.target
    if case.error:
        st.error(f"There is no prediction for these values. {case.error}", icon=":material/error:")
    with st.container(border=True):
        found, first = case.found, case.first
        said = _said(found.prediction)
        st.markdown(f":small[Prediction of {escaped(target)}]  \n### {escaped(said)}")
        _probabilities(found, first)
        actual = next((row[target] for row in case.start.rows.values() if target in row), None)
        if actual is not None:
            st.caption(
                f"In the data, {escaped(target)} of this row is {escaped(_said(actual))}. The model may have been "
                "trained on this very row; how good it is on others is in the report."
            )
        _changes(case)
    st.markdown("**Why**")
    towards = f"the log-odds of {found.towards!r}" if found.towards else f"{target}, in its own units"
    st.caption(
        escaped(
            f"What each column adds to (blue) or takes from (orange) {towards}, for this row; all rows start at "
            f"{found.start:+.2f}."
        )
    )
    st.altair_chart(contribution_chart(found), width="stretch")


def _probabilities(found: WhatIf, first: WhatIf) -> None:
    """The likeliest classes, with how far each went from what it was for the row as it is in the data."""
    likeliest = sorted(found.probabilities.items(), key=lambda each: -each[1])
    for name, chance in likeliest[:CLASSES]:
        moved = chance - first.probabilities[name]
        more = f" ({moved:+.1%})" if abs(moved) >= 0.0005 else ""
        st.progress(min(max(chance, 0.0), 1.0), text=f"{escaped(name)} {chance:.1%}{escaped(more)}")
    rest = likeliest[CLASSES:]
    if rest:
        st.caption(f"{len(rest)} other classes together: {sum(chance for _, chance in rest):.1%}")


def _changes(case: Case) -> None:
    changes = case.changes()
    if not changes:
        st.caption("Change values on the left and press Update to see what they do.")
        return
    lines = [f"- {escaped(name)}: {escaped(_said(old))} → **{escaped(_said(new))}**" for _, name, old, new in changes]
    before, now = _said(case.first.prediction), _said(case.found.prediction)
    effect = f"The prediction went from {before} to {now}." if before != now else f"The prediction stays {now}."
    st.markdown("\n".join(["**What changed**", "", *lines, "", escaped(effect if not case.error else "")]))


def shown_contributions(found: WhatIf) -> list[Contribution]:
    """Those that did most, and all others together."""
    shown = list(found.contributions[:SHOWN])
    rest = found.contributions[SHOWN:]
    if rest:
        total = sum(each.amount for each in rest)
        shown.append(Contribution(column=f"{len(rest)} other columns", value=None, amount=total))
    return shown


def contribution_chart(found: WhatIf) -> alt.LayerChart | alt.FacetChart:
    """Bars to both sides of nothing."""
    shown = shown_contributions(found)
    rows = [
        {
            "Column": each.column if each.column.endswith("other columns") else f"{each.column} = {_said(each.value)}",
            "Amount": each.amount,
            "side": FOR if each.amount >= 0 else AGAINST,
            "text": signed(each.amount),
        }
        for each in shown
    ]
    reach = max(1e-9, *(abs(each.amount) for each in shown)) * 1.45  # room for the numbers behind the longest bar
    base = alt.Chart(pl.DataFrame(rows).to_pandas()).encode(
        x=alt.X("Amount:Q", axis=None, scale=alt.Scale(domain=[-reach, reach], nice=False)),
        y=alt.Y("Column:N", sort=None, title=None, axis=alt.Axis(labelLimit=240, ticks=False, domain=False)),
        tooltip=["Column", alt.Tooltip("Amount:Q", format="+.4f")],
    )
    bars = base.mark_bar(cornerRadius=2).encode(color=alt.Color("side:N", scale=None))
    texts = [
        base.transform_filter(f"datum.Amount {sign} 0")
        .mark_text(align=align, dx=shift, color=NUMBERS)  # type: ignore[arg-type]
        .encode(text="text:N")
        for sign, align, shift in ((">=", "left", 4), ("<", "right", -4))
    ]
    return alt.layer(bars, *texts).properties(height=BAR * len(rows) + 10)


def signed(amount: float) -> str:
    """An amount with its sign, short."""
    if amount and abs(amount) < 0.1:
        return f"{amount:+.1g}" if abs(amount) >= 0.0001 else f"{amount:+.0e}"
    return f"{amount:+.2f}" if abs(amount) < 1_000 else f"{amount:+,.0f}"


def _said(value: Any) -> str:
    match value:
        case None:
            return MISSING
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.01 or value == 0 else f"{value:.3g}"
        case int():
            return str(value)
        case _:
            return str(value)
