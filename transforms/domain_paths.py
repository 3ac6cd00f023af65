"""Paths of files."""

from __future__ import annotations

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import column as exactly
from transforms.core.transform import Example, Transform
from transforms.domain_parts import READ, TextParts, from_groups

PathPart = Literal["folder", "name", "stem", "extension"]
SLASH, ANY_SLASH = "/", r"/\\"
DRIVE = "[A-Za-z]:"
PARTS: dict[str, pl.DataType] = dict.fromkeys(("folder", "name", "stem", "extension"), pl.String())


class ParseFilePath(TextParts):
    r"""Take paths of files apart: folder, name, name without extension, extension.

    A path that ends in a separator is a folder and has no name. The extension is what follows the last
    point, in small letters; a point at the beginning of a name, as in .profile, begins none.
    """

    id = "parse_file_path"
    title = "Split file path"
    terms = ("file name", "extension", "directory", "basename", "dirname", "folder")
    missing = "Missing and empty text has no parts; parts that a path lacks are missing."
    examples = (
        Example(
            params={"column": "path", "parts": ["folder", "name", "stem", "extension"]},
            before={"path": ["/data/2024/sales.tar.GZ", r"C:\Users\ann\.profile", "notes", "logs/", None]},
            after={
                "path": ["/data/2024/sales.tar.GZ", r"C:\Users\ann\.profile", "notes", "logs/", None],
                "path_folder": ["/data/2024", r"C:\Users\ann", None, "logs", None],
                "path_name": ["sales.tar.GZ", ".profile", "notes", None, None],
                "path_stem": ["sales.tar", ".profile", "notes", None, None],
                "path_extension": ["gz", None, None, None, None],
            },
        ),
    )
    types: ClassVar = PARTS
    lost = "have no parts"

    parts: tuple[PathPart, ...] = Field(("folder", "name", "extension"), min_length=1)
    """What to add."""
    style: Literal["auto", "posix", "windows"] = "auto"
    r"""What separates folders: / (posix), / and \ (windows), or for each path by what it looks like: with a \ or
    a drive letter it is one of Windows."""

    def text(self) -> pl.Expr:
        text = exactly(self.column).cast(pl.String)
        return pl.when(text != "").then(text)

    def found(self) -> pl.Expr:
        text = self.text()
        posix, windows = _split(text, SLASH, ""), _split(text, ANY_SLASH, DRIVE)
        match self.style:
            case "posix":
                return posix
            case "windows":
                return windows
            case "auto":
                return pl.when(text.str.contains(rf"\\|^{DRIVE}")).then(windows).otherwise(posix)


def _split(text: pl.Expr, slash: str, drive: str) -> pl.Expr:
    """The parts of a path; the separators at the end of a folder go, unless it is a root.

    Args:
        text: the path.
        slash: what separates, inside brackets of a pattern.
        drive: a pattern for what may stand before a root.
    """
    pattern = rf"(?s)^(?P<root>(?:{drive})?[{slash}]*)(?P<folder>(?:.*[{slash}])?)(?P<name>[^{slash}]*)$"
    root, folder, name = pl.col("root"), pl.col("folder"), pl.col("name")
    first = root.str.extract(rf"^((?:{drive})?[{slash}]?)")
    below = folder.str.replace(rf"[{slash}]+$", "")
    dotted = name.str.extract_groups(r"(?s)^(?P<stem>.*[^.].*?)\.(?P<extension>[^.]+)$")
    steps = (
        {
            "folder": pl.when(below == "").then(first).otherwise(pl.concat_str(root, below)),
            "name": pl.when(name != "").then(name),
            "dotted": dotted,
        },
        {
            "folder": pl.when(folder != "").then(folder),
            "stem": pl.coalesce(pl.col("dotted").struct.field("stem"), name),
            "extension": pl.col("dotted").struct.field("extension").str.to_lowercase(),
            READ: pl.col("text").is_not_null(),
        },
    )
    return from_groups(text, pattern, {**PARTS, READ: pl.Boolean()}, *steps)


TRANSFORMS: tuple[type[Transform], ...] = (ParseFilePath,)
