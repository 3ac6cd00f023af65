"""Help, JSON schemas and the chat's vocabulary, all derived from the catalog."""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.catalog import catalog
from transforms.core.transform import Example, Transform


def as_json() -> dict[str, Any]:
    """Every transform with what a form, a chat or a generated page needs to know of it."""
    families = catalog().families
    return {
        "count": len(catalog()),
        "families": [{"title": title, "ids": [each.id for each in members]} for title, members in families.items()],
        "transforms": {each.id: entry(each) for each in catalog().values()},
    }


def entry(kind: type[Transform]) -> dict[str, Any]:
    """One transform as plain JSON values."""
    return {
        "title": kind.title,
        "help": sentence(kind),
        "terms": list(kind.terms),
        "version": kind.version,
        "inputs": list(kind.inputs),
        "outputs": list(kind.outputs),
        "fitted": kind.learned_type() is not None,
        "training_only": kind.training_only,
        "changes_rows": kind.changes_rows,
        "missing": kind.missing,
        "unseen": kind.unseen,
        "schema": schema(kind),
        "examples": [each.params for each in kind.examples],
    }


def schema(kind: type[Transform]) -> dict[str, Any]:
    """JSON schema of the settings; extra keys ``widget``, ``kinds`` and ``table`` say how to draw a field."""
    return kind.model_json_schema(by_alias=True)


def sentence(kind: type[Transform]) -> str:
    """The first sentence of the class's docstring."""
    return (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ").replace("    ", "")


def vocabulary() -> dict[str, tuple[str, ...]]:
    """Words that people use for each transform: its title, its terms and its id."""
    return {each.id: (each.title.lower(), *each.terms, each.id.replace("_", " ")) for each in catalog().values()}


def listing() -> str:
    """Families, and the transforms of each with their sentence."""
    lines = []
    for title, members in catalog().families.items():
        lines += [f"{title} ({len(members)})"]
        lines += [f"  {each.id:26} {sentence(each)}" for each in members]
        lines += [""]
    return "\n".join([*lines, f"{len(catalog())} transforms"])


def help_text(id: str) -> str:
    """One transform, for the terminal."""
    kind = catalog()[id]
    lines = [f"{kind.title} ({kind.id})", "", sentence(kind), "", "Settings"]
    for name, field in kind.model_fields.items():
        default = "" if field.is_required() else f" (default: {_shown(field.get_default(call_default_factory=True))})"
        lines.append(f"  {field.alias or name}{default}: {kind.field_help(name).replace(chr(10), ' ')}")
    lines += ["", f"Missing values: {kind.missing}"]
    if kind.unseen:
        lines.append(f"Unseen values: {kind.unseen}")
    for each in kind.examples:
        lines += ["", f"Example: {each.params}", *_before_and_after(each)]
    return "\n".join(lines)


def markdown() -> str:
    """The reference page: every transform with its settings and examples."""
    lines = [
        "# Transforms",
        "",
        f"{len(catalog())} transforms. This page is made from the code by `make docs`; a test holds it to it.",
        "",
    ]
    for title, members in catalog().families.items():
        lines += [f"- [{title}](#{_anchor(title)}): {', '.join(f'`{each.id}`' for each in members)}"]
    for title, members in catalog().families.items():
        lines += ["", f"## {title}"]
        for each in members:
            lines += ["", *_markdown_entry(each)]
    return "\n".join(lines) + "\n"


def _markdown_entry(kind: type[Transform]) -> list[str]:
    marks = [
        mark
        for mark, on in (("learns from the table", kind.learned_type()), ("training only", kind.training_only))
        if on
    ]
    lines = [
        f"### {kind.title}",
        "",
        f"`{kind.id}`{' · ' + ' · '.join(marks) if marks else ''}",
        "",
        sentence(kind),
        "",
    ]
    lines += ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in kind.model_fields.items():
        default = "" if field.is_required() else f"`{_shown(field.get_default(call_default_factory=True))}`"
        lines.append(
            f"| `{field.alias or name}` | {_cell(default)} | {_cell(kind.field_help(name).replace(chr(10), ' '))} |"
        )
    lines += ["", f"Missing values: {kind.missing}"]
    if kind.unseen:
        lines += ["", f"Unseen values: {kind.unseen}"]
    for each in kind.examples:
        lines += ["", f"`{each.params}`", ""]
        for number, table in enumerate(each.tables()):
            lines += [
                *_markdown_table(f"input {number + 1}" if each.others else "before", table.to_dict(as_series=False)),
                "",
            ]
        lines += _markdown_table("after", each.after)
    return lines


def _markdown_table(caption: str, columns: dict[str, list[Any]]) -> list[str]:
    rows = list(zip(*columns.values(), strict=True))
    head = [f"| {caption} | " + " | ".join(_cell(name) for name in columns) + " |", "|---|" + "---|" * len(columns)]
    return head + ["| | " + " | ".join(_cell(_shown(value)) for value in row) + " |" for row in rows]


def _before_and_after(example: Example) -> list[str]:
    with pl.Config(tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_cols=-1, tbl_width_chars=200):
        lines = [str(table) for table in example.tables()]
        return [*lines, "becomes", str(pl.DataFrame(example.after, strict=False))]


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    dump = getattr(value, "model_dump", None)
    return str(dump(mode="json", by_alias=True, exclude_defaults=True) or "all columns") if dump else str(value)


def _cell(text: str) -> str:
    """Text that stays in its cell; control characters are written out, as they would not be seen."""
    shown = "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode() for each in text
    )
    return shown.replace("|", "\\|").replace("\n", " ")


def _anchor(title: str) -> str:
    return "".join(each for each in title.lower().replace(" ", "-") if each.isalnum() or each == "-")
