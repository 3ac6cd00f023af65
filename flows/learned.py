"""What steps learned, for people: as a list of values, as the difference of two, and changed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

import polars as pl
from pydantic import ValidationError

from flows.store import Record, field_json
from transforms.core.errors import DataprepError, did_you_mean
from transforms.core.transform import Learned

MISSING: Any = None
"""What a place holds where one of two records has none."""


class EditError(DataprepError):
    """A learned value cannot be changed like this."""


@dataclass(frozen=True)
class Difference:
    """A place where two records differ."""

    place: str
    before: Any
    after: Any


def values(learned: Learned) -> dict[str, Any]:
    """Every value by its place, such as ``low.income.overall`` or ``words.3``; a table is one value, its text."""
    found: dict[str, Any] = {}
    for name in type(learned).model_fields:
        value = getattr(learned, name)
        found |= dict(
            _leaves(name, f"{value.height:,} rows" if isinstance(value, pl.DataFrame) else field_json(learned, name))
        )
    return found


def tables(learned: Learned) -> dict[str, pl.DataFrame]:
    """The tables among what was learned."""
    named = ((name, getattr(learned, name)) for name in type(learned).model_fields)
    return {name: value for name, value in named if isinstance(value, pl.DataFrame)}


def key(learned: Learned) -> str:
    """Twelve characters that are the same for the same values."""
    digest = sha256(
        json.dumps(
            [field_json(learned, name) for name in type(learned).model_fields if name not in tables(learned)]
        ).encode()
    )
    for table in tables(learned).values():
        buffer = BytesIO()
        table.write_ipc(buffer)
        digest.update(buffer.getvalue())
    return digest.hexdigest()[:12]


def differences(before: Learned, after: Learned) -> list[Difference]:
    """Where two records differ, in the order of the places; a place that one lacks holds ``None`` there."""
    old, new = values(before), values(after)
    found = [
        Difference(place, old.get(place, MISSING), new.get(place, MISSING))
        for place in dict.fromkeys([*old, *new])
        if old.get(place, MISSING) != new.get(place, MISSING)
    ]
    named = {each.place for each in found}
    for name, table in tables(after).items():
        other = tables(before).get(name)
        if name not in named and (other is None or not table.equals(other)):
            found.append(Difference(name, "other rows", f"{table.height:,} rows"))
    return found


def edited(record: Record, place: str, text: str) -> Record:
    """A record with one value changed.

    Args:
        record: what the step learned.
        place: as in :func:`values`; a place that holds several values may be given as a whole.
        text: the new value as JSON; text that is no JSON stands for itself.

    Raises:
        EditError: there is no such place, or the step cannot use the value.
    """
    learned = record.learned
    if place.partition(".")[0] in tables(learned):
        raise EditError(f"{place!r} is a table and cannot be changed by hand. Run with --fit refit to learn it again.")
    fields = {name: field_json(learned, name) for name in type(learned).model_fields if name not in tables(learned)}
    _put(fields, place, _parsed(text), values(learned))
    try:
        changed = type(learned).model_validate({**fields, **tables(learned)})
    except ValidationError as error:
        first = error.errors()[0]
        raise EditError(f"{place} cannot be {text}: {first['msg'][0].lower()}{first['msg'][1:]}.") from error
    return replace(record, learned=changed, edited_at=datetime.now(UTC).isoformat(timespec="seconds"))


def _put(fields: dict[str, Any], place: str, value: Any, known: Mapping[str, Any]) -> None:
    """Change one place of nested values; names may hold dots, so the longest name that fits is taken."""
    holder: Any = fields
    rest = place
    while True:
        names = [str(each) for each in (range(len(holder)) if isinstance(holder, list) else holder)]
        fitting = [each for each in names if rest == each or rest.startswith(f"{each}.")]
        if not fitting:
            hint = did_you_mean(place, known) or f"It has: {', '.join(list(known)[:10])}."
            raise EditError(f"Nothing was learned under {place!r}. {hint}")
        name: Any = max(fitting, key=len)
        where = int(name) if isinstance(holder, list) else name
        if rest == name:
            holder[where] = value
            return
        rest, holder = rest[len(name) + 1 :], holder[where]
        if not isinstance(holder, dict | list):
            raise EditError(f"{place!r} goes beyond a single value.")


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(f"{place}.{name}", each)
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for i, each in enumerate(value):
            yield from _leaves(f"{place}.{i}", each)
    else:
        yield place, value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
